//! Networks of what stands side by side, and of what is used twice.
use baeum_core::{DType, Graph, Layer, MeanOf, Shape};

use super::sequences::beside;
use super::{CLASSES, chain, embedding, with_head};

/// Fields, factors, members of an ensemble, a table that scores.
pub(super) fn cases() -> Vec<(&'static str, Graph)> {
    let dense = || Layer::Dense { units: 4, bias: true };
    let row = |layer: Layer| chain(&[5], DType::F32, vec![dense(), layer]);
    let plane = |layer: Layer| {
        chain(
            &[2, 5, 4],
            DType::F32,
            vec![super::conv(2, [1, 1], [1, 1], [0, 0], 1), layer, Layer::Flatten { axis: 1 }],
        )
    };
    vec![
        (
            "grouped_dense",
            chain(
                &[5],
                DType::F32,
                vec![
                    dense(),
                    Layer::GroupedDense { groups: vec![1, 3], units: 3 },
                    Layer::Flatten { axis: 1 },
                ],
            ),
        ),
        ("scale", row(Layer::Scale { axes: 1, start: 1.0, signs: false, bias: None })),
        ("scale of images", plane(Layer::Scale { axes: 2, start: 1.0, signs: true, bias: None })),
        ("scale with a bias", row(Layer::Scale { axes: 1, start: 1.0, signs: true, bias: Some(0.5) })),
        ("scale beside its input", beside(Layer::Scale { axes: 2, start: 1.0, signs: false, bias: None })),
        (
            "ensemble",
            chain(
                &[5],
                DType::F32,
                vec![dense(), Layer::Ensemble { members: 3 }, dense(), Layer::Flatten { axis: 1 }],
            ),
        ),
        ("member_mean", members()),
        ("unembedding", tied()),
    ]
}

/// A table that makes vectors of ids and scores ids, twice over.
fn tied() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[3]), DType::I64).unwrap();
    let vectors = graph.add("vectors", embedding(), &[x]).unwrap();
    let bent = graph.add("bent", Layer::Tanh, &[vectors]).unwrap();
    let by_table = || Layer::Unembedding { table: "vectors".to_owned(), vocabulary: 6 };
    let first = graph.add("first", by_table(), &[bent]).unwrap();
    let dense = graph.add("dense", Layer::Dense { units: 2, bias: true }, &[first]).unwrap();
    let second = graph.add("second", by_table(), &[dense]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[second]).unwrap();
    with_head(graph, rows)
}

/// An ensemble each of whose members is judged by itself, and a place that reads what they say beside it.
fn members() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let each = graph.add("each", Layer::Ensemble { members: 3 }, &[a]).unwrap();
    let scale =
        graph.add("scale", Layer::Scale { axes: 2, start: 1.0, signs: true, bias: None }, &[each]).unwrap();
    let bent = graph.add("bent", Layer::Tanh, &[scale]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[bent]).unwrap();
    let heads = Layer::GroupedDense { groups: vec![4; 3], units: CLASSES };
    let head = graph.add("head", heads, &[rows]).unwrap();
    let mean = graph.add("head_mean", Layer::MemberMean { of: MeanOf::Softmax }, &[head]).unwrap();
    graph.output(mean);
    graph
}
