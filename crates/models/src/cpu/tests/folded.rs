//! What becomes part of what stands in front of it.

use super::*;
use crate::cpu::op::{Folded, Op};

/// A batch norm becomes part of the convolution that it alone reads, and of nothing else.
#[test]
fn a_norm_behind_a_convolution_is_folded_in() {
    let flatten = Layer::Flatten { axis: 1 };
    for bias in [false, true] {
        for (folded, between) in [
            (true, vec![NORM]),
            (true, vec![NORM, Layer::Relu]),
            (true, vec![NORM, Layer::Relu, conv(13, bias), NORM]),
            (true, vec![NORM, NORM]),
            (false, vec![Layer::Relu, NORM]),
            (false, vec![Layer::Sigmoid, NORM]),
            (false, vec![flatten.clone(), NORM]),
        ] {
            let name = format!("{bias} {between:?}");
            let graph = chain(
                &[12, 5, 6],
                DType::F32,
                [vec![conv(12, bias)], between, vec![flatten.clone()]].concat(),
            );
            check(&name, &graph, &batch(&graph, ROWS), &Loss::CROSS_ENTROPY);
            let plan = Plan::of(&graph, &Params::of(&graph), &Rng::new(1), Purpose::Predict, ROWS);
            let is_folded =
                matches!(&plan.steps[1].op, Op::Conv2d { folded: Folded { norm: Some(_), .. }, .. });
            assert_eq!(is_folded, folded, "{name}");
        }
    }
}

#[test]
fn a_relu_behind_a_sum_is_part_of_it() {
    for count in [2, 3] {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
        let dense = |graph: &mut Graph, i: usize| {
            graph.add(&format!("y{i}"), Layer::Dense { units: 7, bias: true }, &[x]).unwrap()
        };
        let terms: Vec<NodeId> = (0..count).map(|i| dense(&mut graph, i)).collect();
        let sum = graph.add("sum", Layer::Add, &terms).unwrap();
        let relu = graph.add("relu", Layer::Relu, &[sum]).unwrap();
        let graph = with_head(graph, relu);
        check("sum", &graph, &batch(&graph, ROWS), &Loss::CROSS_ENTROPY);
        let plan = Plan::of(&graph, &Params::of(&graph), &Rng::new(1), Purpose::Train, ROWS);
        assert!(matches!(plan.steps[count + 1].op, Op::Add { relu: true }), "{:?}", plan.steps[count + 1]);
    }
}

/// Whether the plan for answers has no sums left.
fn adds_nothing(graph: &Graph) -> bool {
    let plan = Plan::of(graph, &Params::of(graph), &Rng::new(1), Purpose::Predict, ROWS);
    plan.steps.iter().all(|step| !matches!(step.op, Op::Add { .. }))
}

/// An image, two convolutions of it and what `build` makes of the three.
fn two_convolutions(branch: Vec<Layer>, build: impl Fn(&mut Graph, [NodeId; 3]) -> NodeId) -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[13, 5, 6]), DType::F32).unwrap();
    let a = graph.add("a", conv(13, true), &[x]).unwrap();
    let layers = [vec![conv(13, true)], branch].concat();
    let b =
        (0..).zip(layers).fold(x, |last, (i, layer)| graph.add(&format!("b{i}"), layer, &[last]).unwrap());
    let last = build(&mut graph, [x, a, b]);
    let row = graph.add("row", Layer::Flatten { axis: 1 }, &[last]).unwrap();
    with_head(graph, row)
}

/// A convolution writes the sum of what it yields and something else, if both are of no use afterwards.
#[test]
fn a_sum_behind_a_convolution_is_written_by_it() {
    let sum =
        |graph: &mut Graph, name: &str, terms: [NodeId; 2]| graph.add(name, Layer::Add, &terms).unwrap();
    let relu = |graph: &mut Graph, term| graph.add("relu", Layer::Relu, &[term]).unwrap();
    type Build = Box<dyn Fn(&mut Graph, [NodeId; 3]) -> NodeId>;
    let cases: Vec<(&str, bool, Vec<Layer>, Build)> = vec![
        ("two convolutions", true, vec![], Box::new(move |graph, [_, a, b]| sum(graph, "sum", [a, b]))),
        ("in the other order", true, vec![], Box::new(move |graph, [_, a, b]| sum(graph, "sum", [b, a]))),
        ("with a norm", true, vec![NORM], Box::new(move |graph, [_, a, b]| sum(graph, "sum", [a, b]))),
        (
            "with relu behind",
            true,
            vec![NORM],
            Box::new(move |graph, [_, a, b]| {
                let sum = sum(graph, "sum", [a, b]);
                relu(graph, sum)
            }),
        ),
        (
            "with the image of the other",
            false,
            vec![],
            Box::new(move |graph, [x, a, b]| {
                let sum = sum(graph, "sum", [x, b]);
                graph.add("all", Layer::Concat { axis: 1 }, &[sum, a]).unwrap()
            }),
        ),
        (
            "with relu behind the later",
            false,
            vec![Layer::Relu],
            Box::new(move |graph, [_, a, b]| sum(graph, "sum", [a, b])),
        ),
        (
            "with a function in place behind the later",
            false,
            vec![Layer::Sigmoid],
            Box::new(move |graph, [_, a, b]| sum(graph, "sum", [a, b])),
        ),
        (
            "with relu behind both",
            false,
            vec![Layer::Relu],
            Box::new(move |graph, [_, a, b]| {
                let a = relu(graph, a);
                sum(graph, "sum", [a, b])
            }),
        ),
        (
            "a term is read later",
            false,
            vec![],
            Box::new(move |graph, [_, a, b]| {
                let (sum_, early) = (sum(graph, "sum", [a, b]), [a, b]);
                let twice = sum(graph, "twice", early);
                graph.add("all", Layer::Concat { axis: 1 }, &[sum_, twice]).unwrap()
            }),
        ),
        (
            "a term is an answer",
            false,
            vec![],
            Box::new(move |graph, [_, a, b]| {
                graph.output(a);
                graph.output(b);
                sum(graph, "sum", [a, b])
            }),
        ),
        (
            "one sum behind the other",
            true,
            vec![],
            Box::new(move |graph, [x, a, b]| {
                let first = sum(graph, "first", [a, b]);
                let first = relu(graph, first);
                let c = graph.add("c", conv(13, false), &[first]).unwrap();
                let d = graph.add("d", conv(13, true), &[c]).unwrap();
                let second = sum(graph, "second", [first, d]);
                let e = graph.add("e", conv(13, true), &[x]).unwrap();
                sum(graph, "third", [e, second])
            }),
        ),
        (
            "over what it reads itself",
            false,
            vec![],
            Box::new(move |graph, [_, a, b]| {
                let c = graph.add("c", conv(13, false), &[a]).unwrap();
                let own = sum(graph, "own", [a, c]);
                graph.add("all", Layer::Concat { axis: 1 }, &[own, b]).unwrap()
            }),
        ),
    ];
    for (name, is_written, branch, build) in cases {
        let graph = two_convolutions(branch, build);
        let mut batch = batch(&graph, ROWS);
        if graph.outputs().len() == 1 {
            check(name, &graph, &batch, &Loss::CROSS_ENTROPY);
        } else {
            batch.targets.clear();
            let mut candle = Runner::new(&graph, &weights(&graph), config()).unwrap();
            let named =
                |outputs: &[Tensor]| (0..).map(|i| format!("{i}")).zip(outputs.iter().cloned()).collect();
            near(name, &named(cpu(&graph).predict(&batch).unwrap()), &named(candle.predict(&batch).unwrap()));
        }
        assert_eq!(adds_nothing(&graph), is_written, "{name}");
    }
}
