#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bits;
mod drawn;
mod folded;
mod lost;

use baeum_core::{Approximate, Batch, ChannelAxis, DType, Loss, LostWhat, Method, Shape, Size2};
use baeum_core::{Layer, NodeId};
use baeum_kernels::{Isa, Precision, Rung};

use super::*;
use crate::testing::{
    ADAM, ROWS, add_parts, attention, batch, cases, chain, updates, weighted, weights, with_fits, with_head,
    with_numbers, with_shares,
};
use crate::{Runner, initial};
use bits::wide;
use drawn::drawn;

/// Not Adam: it makes a whole step of a gradient that is rounding alone, in whichever direction.
const SGD: Update = Update {
    weight_decay: 0.01,
    clip: Some(1.0),
    ..Update::of(Method::Sgd { momentum: 0.9, nesterov: false }, 0.1)
};

fn config() -> RunnerConfig {
    RunnerConfig { seed: 11, threads: 2, ..RunnerConfig::default() }
}

fn cpu(graph: &Graph) -> CpuRunner {
    CpuRunner::new(graph, &weights(graph), config()).unwrap()
}

/// Both runners take three steps and stay together: losses, gradients, parameters and answers within 5e-5 of the largest value,
/// which is some hundred roundings in another order.
fn check(name: &str, graph: &Graph, batch: &Batch, loss: &Loss) {
    check_by(name, graph, batch, loss, &SGD);
}

fn check_by(name: &str, graph: &Graph, batch: &Batch, loss: &Loss, update: &Update) {
    let (mut ours, mut candle) = (cpu(graph), Runner::new(graph, &weights(graph), config()).unwrap());
    for _ in 0..3 {
        let losses = [
            ours.loss_and_grad(batch, loss, Part::WHOLE).unwrap(),
            candle.loss_and_grad(batch, loss, Part::WHOLE).unwrap(),
        ];
        let weights = losses.map(|parts| parts.weight);
        assert!((weights[0] - weights[1]).abs() <= 1e-6 * weights[1], "{name}: {weights:?}");
        let [a, b] = losses.map(|parts| parts.mean());
        assert!((a - b).abs() <= 5e-5 * b.abs().max(0.01), "{name}: the loss is {a}, candle's {b}");
        near(name, &ours.gradients().unwrap(), &candle.gradients().unwrap());
        let stats = [ours.update(update).unwrap(), candle.update(update).unwrap()];
        assert_eq!(stats[0].gradient_norm.is_finite(), stats[1].gradient_norm.is_finite(), "{name}");
        let [ours, candle] = [ours.state().unwrap(), candle.state().unwrap()];
        near(name, &ours.weights, &candle.weights);
        near(name, &ours.averaged(), &candle.averaged());
    }
    let (ours, candle) = (ours.predict(batch).unwrap().to_vec(), candle.predict(batch).unwrap().to_vec());
    let named = |outputs: Vec<Tensor>| {
        outputs.into_iter().enumerate().map(|(i, x)| (format!("output {i}"), x)).collect::<Weights>()
    };
    near(name, &named(ours), &named(candle));
}

#[track_caller]
fn near(name: &str, ours: &Weights, candle: &Weights) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), candle.keys().collect::<Vec<_>>(), "{name}");
    let largest = |x: &[f64]| x.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
    let largest_of_all = candle.values().map(|x| largest(&x.to_f64s())).fold(0.0, f64::max);
    for (tensor, wanted) in candle {
        let (found, wanted) = (ours[tensor].to_f64s(), wanted.to_f64s());
        let bound = (5e-5 * largest(&wanted)).max(1e-5 * largest_of_all);
        for (i, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            // A bias in front of a norm has no gradient at all: what is left is rounding of sums whose terms are as large as other
            // gradients, which the second bound is for.
            let error = (found - wanted).abs();
            assert!(error <= bound, "{name}: {tensor}[{i}] is {found}, candle has {wanted}");
        }
    }
}

#[test]
fn both_runners_agree_on_every_layer() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        check(name, &graph, &batch, &Loss::CROSS_ENTROPY);
        check(name, &graph, &with_numbers(batch.clone()), &Loss::Mse);
        check(name, &graph, &with_fits(batch), &Loss::BINARY_CROSS_ENTROPY);
    }
}

#[test]
fn both_runners_weigh_and_smooth_alike() {
    let graph = chain(&[5], DType::F32, vec![Layer::Dense { units: 4, bias: true }, Layer::Tanh]);
    for loss in weighted() {
        check("weighted", &graph, &batch(&graph, 7), &loss);
        check("soft", &graph, &with_shares(batch(&graph, 7)), &loss);
    }
    check("soft", &graph, &with_shares(batch(&graph, 7)), &Loss::CROSS_ENTROPY);
    let fits = |weights: &[f32]| Loss::BinaryCrossEntropy { weights: weights.to_vec() };
    check("fits", &graph, &with_fits(batch(&graph, 7)), &fits(&[0.5, 2.0, 7.0]));
    let loss = Loss::CrossEntropy { weights: vec![1.0; 2], smoothing: 0.0, gamma: 0.0 };
    let refused = |net: &mut dyn Network| {
        for (loss, batch) in [(&loss, batch(&graph, 7)), (&fits(&[1.0; 2]), with_fits(batch(&graph, 7)))] {
            let error = net.loss_and_grad(&batch, loss, Part::WHOLE).unwrap_err();
            assert_eq!(error.to_string(), "the loss wants one weight for each of 3 classes, got 2");
        }
    };
    refused(&mut cpu(&graph));
    refused(&mut Runner::new(&graph, &weights(&graph), config()).unwrap());
}

#[test]
fn both_runners_judge_numbers_alike() {
    let graph = chain(&[5], DType::F32, vec![Layer::Dense { units: 4, bias: true }, Layer::Tanh]);
    let batch = with_numbers(batch(&graph, 7));
    let huber = [0.1, 1.0].map(|delta| Loss::Huber { delta });
    let levels = [vec![0.5], vec![0.9], vec![0.1, 0.5, 0.9]];
    let quantile = levels.map(|levels| Loss::Quantile { levels });
    for loss in [Loss::Mae].into_iter().chain(huber).chain(quantile) {
        check(loss.name(), &graph, &batch, &loss);
    }
}

#[test]
fn both_runners_focus_alike() {
    let graph = chain(&[5], DType::F32, vec![Layer::Dense { units: 4, bias: true }, Layer::Tanh]);
    for gamma in [0.5, 2.0] {
        let focal = |weights: &[f32]| Loss::CrossEntropy { weights: weights.to_vec(), smoothing: 0.0, gamma };
        check("focal", &graph, &batch(&graph, 7), &focal(&[]));
        check("focal", &graph, &batch(&graph, 7), &focal(&[0.5, 4.0, 1.25]));
        let mixed = with_shares(batch(&graph, 7));
        let nets: [Box<dyn Network>; 2] =
            [Box::new(cpu(&graph)), Box::new(Runner::new(&graph, &weights(&graph), config()).unwrap())];
        for mut net in nets {
            let error = net.loss_and_grad(&mixed, &focal(&[]), Part::WHOLE).unwrap_err();
            let text = format!(
                "a loss with `gamma` {gamma} wants class indices, got probabilities; set `gamma` to 0, or mix no examples"
            );
            assert_eq!(error.to_string(), text);
        }
    }
}

/// Moments and groups of both runners; that the numbers are PyTorch's is seen in tests/it/interop.
#[test]
fn both_runners_step_alike() {
    let dense = Layer::Dense { units: 4, bias: true };
    let norm = Layer::LayerNorm { eps: 1e-5 };
    let graph = chain(&[5], DType::F32, vec![dense, Layer::Tanh, norm]);
    for update in updates() {
        check_by(&format!("{update:?}"), &graph, &batch(&graph, 7), &Loss::CROSS_ENTROPY, &update);
    }
}

/// Relu belongs to what it reads, not to what that one reads: sigmoid works in place on the product, and relu comes after it.
#[test]
fn a_relu_behind_a_function_in_place_stays_there() {
    let dense = Layer::Dense { units: 4, bias: true };
    for between in [Layer::Sigmoid, Layer::Tanh, Layer::Dropout { p: 0.3 }] {
        for layers in [
            vec![dense.clone()],
            vec![dense.clone(), Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }],
        ] {
            let graph = chain(&[5], DType::F32, [layers, vec![between.clone(), Layer::Relu]].concat());
            check(between.name(), &graph, &batch(&graph, ROWS), &Loss::CROSS_ENTROPY);
        }
    }
}

fn conv(filters: usize, bias: bool) -> Layer {
    conv_of(filters, 3, 1, bias)
}

fn conv_of(filters: usize, kernel: usize, padding: usize, bias: bool) -> Layer {
    let [one, kernel, padding] = [1, kernel, padding].map(Size2::square);
    Layer::Conv2d { filters, kernel, stride: one, padding, dilation: one, groups: 1, bias }
}

const NORM: Layer = Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second };

/// What is made ready for answers is forgotten as soon as a parameter or a running statistic moves.
#[test]
fn answers_follow_every_change() {
    let graph = wide();
    let batch = batch(&graph, 3);
    let mut net = cpu(&graph);
    let check = |net: &mut CpuRunner| {
        let mut fresh = CpuRunner::new(&graph, &net.state().unwrap().weights, config()).unwrap();
        assert_eq!(net.predict(&batch).unwrap(), fresh.predict(&batch).unwrap());
    };
    let before = net.predict(&batch).unwrap().to_vec();
    let start = net.state().unwrap();
    for _ in 0..2 {
        net.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        check(&mut net);
        net.update(&SGD).unwrap();
        check(&mut net);
    }
    assert_ne!(net.predict(&batch).unwrap(), before);
    net.load(&start).unwrap();
    assert_eq!(net.predict(&batch).unwrap(), before);
}

/// Two answers from one place: both their gradients count.
#[test]
fn a_node_may_answer_twice() {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
    let y = graph.add("y", Layer::Dense { units: 3, bias: true }, &[x]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[y]).unwrap();
    for answer in [y, rows, y] {
        graph.output(answer);
    }
    let mut batch = with_numbers(batch(&graph, ROWS));
    let shifted = |by: f32| batch.targets[0].f32s().unwrap().iter().map(|x| x + by).collect::<Vec<f32>>();
    let targets = [0.0, 0.5, 1.0].map(|by| Tensor::new([ROWS, 3], shifted(by)).unwrap());
    batch.targets = targets.to_vec();
    check("answers", &graph, &batch, &Loss::Mse);
}

#[test]
fn both_runners_agree_where_every_place_has_a_class() {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[2, 5, 3]), DType::F32).unwrap();
    let y = graph.add("y", attention(3, true), &[x]).unwrap();
    graph.output(y);
    let mut batch = batch(&graph, ROWS);
    let classes: Vec<i64> = (0..ROWS as i64 * 10).map(|place| place * 2 % 3).collect();
    batch.targets = vec![Tensor::new([ROWS, 2, 5], classes).unwrap()];
    check("places", &graph, &batch, &Loss::CROSS_ENTROPY);
}

#[test]
fn parts_add_up_to_the_batch() {
    for (name, graph) in cases().into_iter().filter(|(name, _)| !name.starts_with("batch_norm")) {
        let batch = batch(&graph, 5);
        let (mut whole, mut parts) = (cpu(&graph), cpu(&graph));
        parts.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap(); // forgotten
        let loss = &weighted()[0]; // what rows count together is of the whole batch as well
        let losses = [
            add_parts(&mut whole, &batch, loss, &[0, 5]),
            add_parts(&mut parts, &batch, loss, &[0, 2, 3, 5]),
        ];
        assert!((losses[0].mean() - losses[1].mean()).abs() < 1e-6, "{name}: {losses:?}");
        near(name, &parts.gradients().unwrap(), &whole.gradients().unwrap());
    }
}

/// A short batch takes the beginning of every place, a longer one makes new places; neither remembers the other.
#[test]
fn batches_of_any_length_follow_each_other() {
    for (name, graph) in cases() {
        let mut net = cpu(&graph);
        for rows in [4, 2, 7, 4] {
            let batch = batch(&graph, rows);
            let fresh = cpu(&graph).predict(&batch).unwrap().to_vec();
            assert_eq!(net.predict(&batch).unwrap(), fresh, "{name}: {rows} rows");
        }
    }
}

#[test]
fn nothing_alive_is_overwritten() {
    let graphs = cases().into_iter().map(|(_, graph)| graph).chain((0..64).map(drawn));
    for graph in graphs.chain([wide()]) {
        for purpose in [Purpose::Predict, Purpose::Train] {
            let plan = Plan::of(&graph, &Params::of(&graph), &Rng::new(1), purpose, 5);
            plan.check_places();
        }
    }
}

/// A border can make much of little: sizes that cannot be had, and some that cannot even be counted, are said and not tried.
#[test]
fn a_batch_without_memory_is_refused() {
    for (side, size) in
        [(1 << 28, "a batch of 2 rows wants"), (1 << 40, "wants 70368744177664 MiB of memory")]
    {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[1, 1, 1]), DType::F32).unwrap();
        let y = graph.add("y", conv_of(1, 1, side, false), &[x]).unwrap();
        graph.output(y);
        let inputs = [("x".to_owned(), Tensor::new([2, 1, 1, 1], vec![1.0f32, 2.0]).unwrap())];
        let batch = Batch { rows: 2, inputs: inputs.into(), ..Batch::default() };
        let error = cpu(&graph).predict(&batch).unwrap_err();
        let error = crate::testing::chain_of(&error);
        assert!(error.contains(size) && error.contains("make the batch or the network smaller"), "{error}");
    }
}

#[test]
fn a_batch_of_no_rows_is_refused() {
    for (name, graph) in cases() {
        let (mut net, empty) = (cpu(&graph), batch(&graph, 0));
        let learned = net.loss_and_grad(&empty, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap_err();
        let answered = net.predict(&empty).err().unwrap();
        for error in [learned, answered] {
            let error = crate::testing::chain_of(&error);
            assert!(error.contains("input `x` wants shape ["), "{name}: {error}");
            assert!(error.contains("got [0"), "{name}: {error}");
        }
    }
}

/// What is not a number stays so, all the way to the answer.
#[test]
fn nan_reaches_the_answer() {
    for (name, graph) in cases() {
        let mut batch = batch(&graph, ROWS);
        if batch.inputs["x"].dtype() == DType::I64 {
            continue;
        }
        let mut x = batch.inputs["x"].f32s().unwrap().to_vec();
        x.fill(f32::NAN);
        batch.inputs.insert("x".to_owned(), Tensor::new(batch.inputs["x"].shape(), x).unwrap());
        let answers = cpu(&graph).predict(&batch).unwrap().to_vec();
        assert!(answers[0].f32s().unwrap().iter().all(|x| x.is_nan()), "{name}");
    }
}
