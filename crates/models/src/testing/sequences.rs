//! Networks with layers that know time.
use baeum_core::{DType, Graph, Layer, Positions, Returns, Shape};

use super::{chain, with_head};

/// With and without lengths.
pub(super) fn cases() -> Vec<(&'static str, Graph)> {
    let attention = |causal| attention(2, causal);
    let rotary = |causal, bias| Layer::MultiHeadAttention {
        heads: 2,
        kv_heads: None,
        causal,
        bias,
        positions: Positions::Rotary,
    };
    let lstm = |bidirectional, returns| Layer::Lstm { units: 3, bidirectional, returns, layers: 1 };
    let gru = |bidirectional, returns| Layer::Gru { units: 3, bidirectional, returns, layers: 1 };
    let lstm_stack =
        |bidirectional, returns, layers| Layer::Lstm { units: 3, bidirectional, returns, layers };
    let gru_stack = |bidirectional, returns, layers| Layer::Gru { units: 2, bidirectional, returns, layers };
    let (all, last) = (Returns::Sequence, Returns::Last);
    let dense = || Layer::Dense { units: 4, bias: true };
    let sequence = |layers: Vec<Layer>| chain(&[5, 3], DType::F32, [vec![dense()], layers].concat());
    let flat = |layer: Layer| sequence(vec![layer, Layer::Flatten { axis: 1 }]);
    let of_images = |layers: Vec<Layer>| {
        let layers = [vec![dense()], layers, vec![Layer::Flatten { axis: 1 }]].concat();
        chain(&[2, 5, 3], DType::F32, layers)
    };
    vec![
        ("dense over images", of_images(vec![Layer::Tanh])),
        ("flatten from the second axis", of_images(vec![Layer::Flatten { axis: 2 }, dense()])),
        ("position_embedding", flat(Layer::PositionEmbedding { length: 7 })),
        ("position_embedding beside its input", beside(Layer::PositionEmbedding { length: 5 })),
        ("position_embedding of images", of_images(vec![Layer::PositionEmbedding { length: 5 }])),
        ("multi_head_attention", flat(attention(false))),
        ("multi_head_attention causal", flat(attention(true))),
        ("multi_head_attention with shared keys", flat(shared(4, 2, Positions::None))),
        ("multi_head_attention rotary with shared keys", flat(shared(2, 1, Positions::Rotary))),
        ("multi_head_attention with shared keys and lengths", with_lengths(shared(4, 1, Positions::None))),
        ("multi_head_attention of images", of_images(vec![attention(true)])),
        ("multi_head_attention with lengths", with_lengths(attention(false))),
        ("multi_head_attention causal with lengths", with_lengths(attention(true))),
        ("multi_head_attention without bias", flat(without_bias())),
        ("multi_head_attention rotary", flat(rotary(false, true))),
        ("multi_head_attention rotary of images", of_images(vec![rotary(true, false)])),
        ("multi_head_attention rotary with lengths", with_lengths(rotary(true, false))),
        ("sinusoidal_positions", flat(Layer::SinusoidalPositions)),
        ("sinusoidal_positions beside its input", beside(Layer::SinusoidalPositions)),
        ("sinusoidal_positions of images", of_images(vec![Layer::SinusoidalPositions])),
        ("lstm", flat(lstm(false, all))),
        ("lstm last", sequence(vec![lstm(false, last)])),
        ("lstm of both directions", flat(lstm(true, all))),
        ("lstm of both directions, last", sequence(vec![lstm(true, last)])),
        ("lstm with lengths", with_lengths(lstm(true, all))),
        ("lstm last with lengths", with_lengths(lstm(true, last))),
        ("gru", flat(gru(false, all))),
        ("gru last", sequence(vec![gru(false, last)])),
        ("gru of both directions", flat(gru(true, all))),
        ("gru of both directions, last", sequence(vec![gru(true, last)])),
        ("gru with lengths", with_lengths(gru(true, all))),
        ("gru last with lengths", with_lengths(gru(true, last))),
        ("lstm stacked", flat(lstm_stack(false, all, 2))),
        ("lstm stacked, last", sequence(vec![lstm_stack(true, last, 2)])),
        ("lstm stacked with lengths", with_lengths(lstm_stack(true, all, 3))),
        ("gru stacked", sequence(vec![gru_stack(false, last, 3)])),
        ("gru stacked with lengths", with_lengths(gru_stack(true, last, 2))),
        ("mean_over_time", sequence(vec![Layer::MeanOverTime])),
        ("mean_over_time with lengths", with_lengths(Layer::MeanOverTime)),
        ("max_over_time", sequence(vec![Layer::MaxOverTime])),
        ("max_over_time with lengths", with_lengths(Layer::MaxOverTime)),
        ("lengths", counted_ids()),
        ("transpose", flat(Layer::Transpose)),
        ("transpose beside its input", beside_turned()),
        ("transpose of images", of_images(vec![Layer::Transpose])),
        ("patches", flat(Layer::Patches { size: 2, stride: None })),
        ("patches overlapping", of_images(vec![Layer::Patches { size: 3, stride: Some(1) }])),
    ]
}

pub(crate) fn attention(heads: usize, causal: bool) -> Layer {
    Layer::MultiHeadAttention { heads, kv_heads: None, causal, bias: true, positions: Positions::None }
}

fn shared(heads: usize, kv_heads: usize, positions: Positions) -> Layer {
    Layer::MultiHeadAttention { heads, kv_heads: Some(kv_heads), causal: true, bias: true, positions }
}

fn without_bias() -> Layer {
    Layer::MultiHeadAttention {
        heads: 2,
        kv_heads: None,
        causal: false,
        bias: false,
        positions: Positions::None,
    }
}

/// A layer that reads a sequence and its lengths.
fn with_lengths(layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5, 3]), DType::F32).unwrap();
    let lengths = graph.input("lengths", Shape::batch(&[]), DType::I64).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let y = graph.add("y", layer, &[a, lengths]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[y]).unwrap();
    with_head(graph, rows)
}

/// A sequence of ids, how many of them count, and layers that are told.
fn counted_ids() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::I64).unwrap();
    let lengths = graph.add("lengths", Layer::Lengths { padding: 0 }, &[x]).unwrap();
    let vectors = graph.add("vectors", Layer::Embedding { vocabulary: 6, units: 4 }, &[x]).unwrap();
    let seen = graph.add("seen", attention(2, false), &[vectors, lengths]).unwrap();
    let mean = graph.add("mean", Layer::MeanOverTime, &[seen, lengths]).unwrap();
    with_head(graph, mean)
}

/// A layer whose input is read beside it as well, so that it cannot work in place.
pub(super) fn beside(layer: Layer) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5, 3]), DType::F32).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let y = graph.add("y", layer, &[a]).unwrap();
    let both = graph.add("both", Layer::Add, &[y, a]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[both]).unwrap();
    with_head(graph, rows)
}

/// What is turned twice and what is turned not at all, so that gradients are added.
fn beside_turned() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5, 3]), DType::F32).unwrap();
    let a = graph.add("a", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    let turned = graph.add("turned", Layer::Transpose, &[a]).unwrap();
    let bent = graph.add("bent", Layer::Tanh, &[turned]).unwrap();
    let back = graph.add("back", Layer::Transpose, &[bent]).unwrap();
    let both = graph.add("both", Layer::Add, &[a, back]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[both]).unwrap();
    with_head(graph, rows)
}
