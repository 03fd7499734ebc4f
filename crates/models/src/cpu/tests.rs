#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod folded;

use baeum_core::{Approximate, Batch, DType, Loss, LostWhat, Method, Shape, Size2};
use baeum_core::{Layer, NodeId};
use baeum_kernels::{Isa, Precision, Rung};

use super::*;
use crate::testing::{
    ADAM, ROWS, add_parts, attention, batch, cases, chain, updates, weighted, weights, with_fits, with_head,
    with_numbers, with_shares,
};
use crate::{Runner, initial};

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

/// What is found first in a step over `batch`, by a network whose parameter of this name was changed.
fn lost(graph: &Graph, batch: &Batch, loss: &Loss, change: (&str, f32)) -> Option<Lost> {
    let mut weights = weights(graph);
    if let Some(tensor) = weights.get_mut(change.0) {
        let mut numbers = tensor.f32s().unwrap().to_vec();
        numbers[0] = change.1;
        *tensor = Tensor::new(tensor.shape(), numbers).unwrap();
    }
    let mut net = CpuRunner::new(graph, &weights, config()).unwrap();
    let before = format!("{:?}", net.state()); // as text, in which NaN is NaN
    let found = net.first_lost(batch, loss, Part::WHOLE).unwrap();
    let mut candle = Runner::new(graph, &weights, config()).unwrap();
    let told = candle.first_lost(batch, loss, Part::WHOLE).unwrap();
    match &found {
        // It sees the gradients of parameters alone.
        Some(Lost { what: LostWhat::Gradient, .. }) => {
            assert_eq!(told.map(|lost| lost.what), Some(LostWhat::Gradient));
        }
        Some(_) | None => assert_eq!(told, found, "candle finds the same"),
    }
    assert_eq!(format!("{:?}", net.state()), before, "looking changes nothing");
    let mean = net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean();
    let norm = net.update(&SGD).unwrap().gradient_norm;
    assert_eq!(
        found.is_none(),
        mean.is_finite() && norm.is_finite(),
        "{found:?}, loss {mean}, gradient {norm}"
    );
    found
}

#[test]
fn what_is_not_finite_is_found_where_it_comes_from() {
    let dense = |units| Layer::Dense { units, bias: true };
    let graph = chain(&[5], DType::F32, vec![dense(4), Layer::Relu, dense(4), Layer::Relu]);
    let good = with_numbers(batch(&graph, ROWS));
    let check = |batch: &Batch, change, expect: Option<(&str, LostWhat, Vec<usize>)>| {
        let expect = expect.map(|(node, what, rows)| Lost { node: node.to_owned(), what, rows });
        assert_eq!(lost(&graph, batch, &Loss::Mse, change), expect);
    };
    let all = || (0..ROWS).collect::<Vec<usize>>();
    check(&good, ("", 0.0), None);
    let mut bad = good.clone();
    let mut numbers = bad.inputs["x"].f32s().unwrap().to_vec();
    numbers[7] = f32::NAN; // in the second row
    bad.inputs.insert("x".to_owned(), Tensor::new([ROWS, 5], numbers).unwrap());
    check(&bad, ("", 0.0), Some(("x", LostWhat::Input, vec![1])));
    check(&good, ("l2.weight", f32::NAN), Some(("l2", LostWhat::Parameter, vec![])));
    check(&good, ("l2.bias", f32::INFINITY), Some(("l2", LostWhat::Parameter, vec![])));
    // Behind a relu, too: it lets NaN pass.
    check(&good, ("l0.bias", f32::NAN), Some(("l0", LostWhat::Parameter, vec![])));
    let mut bad = good.clone();
    let mut numbers = bad.targets[0].f32s().unwrap().to_vec();
    *numbers.last_mut().unwrap() = f32::INFINITY;
    bad.targets[0] = Tensor::new(bad.targets[0].shape(), numbers).unwrap();
    check(&bad, ("", 0.0), Some(("head", LostWhat::Loss, vec![ROWS - 1])));
    // Finite numbers, whose square is not.
    let mut bad = good.clone();
    let mut numbers = bad.targets[0].f32s().unwrap().to_vec();
    numbers[2 * 3] = 1e30; // in the third row
    bad.targets[0] = Tensor::new(bad.targets[0].shape(), numbers).unwrap();
    check(&bad, ("", 0.0), Some(("head", LostWhat::Loss, vec![2])));
    // Finite numbers, whose product is not.
    let large = chain(&[5], DType::F32, vec![dense(4), dense(4)]);
    let mut batch = with_numbers(batch(&large, ROWS));
    batch.inputs.insert("x".to_owned(), Tensor::new([ROWS, 5], vec![1e30f32; ROWS * 5]).unwrap());
    let found = lost(&large, &batch, &Loss::Mse, ("l0.weight", 1e30)).unwrap();
    assert_eq!(found, Lost { node: "l0".to_owned(), what: LostWhat::Value, rows: all() });
}

#[test]
fn a_gradient_that_overflows_is_found_where_it_does() {
    let dense = |units| Layer::Dense { units, bias: false };
    let graph = chain(&[1], DType::F32, vec![dense(1), dense(1)]);
    let mut batch = with_numbers(batch(&graph, 1));
    let one = |x: f32| Tensor::new([1, 1], vec![x]).unwrap();
    batch.inputs.insert("x".to_owned(), one(1e-30));
    batch.targets[0] = Tensor::new(batch.targets[0].shape(), vec![1e15f32; batch.targets[0].len()]).unwrap();
    // What the first one yields is small; what comes back through the large weight is 1e30 times 1e15.
    let found = lost(&graph, &batch, &Loss::Mse, ("l1.weight", 1e30)).unwrap();
    assert_eq!(found, Lost { node: "l1".to_owned(), what: LostWhat::Gradient, rows: vec![0] });
}

/// A network that is well is well to the eye as well, whatever it is made of and in whichever parts.
#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        let part = Part { index: 1, count: 2, first_row: ROWS };
        let mut candle = Runner::new(&graph, &weights(&graph), config()).unwrap();
        let networks: [&mut dyn Network; 2] = [&mut cpu(&graph), &mut candle];
        for network in networks {
            let found = network.first_lost(&batch, &Loss::CROSS_ENTROPY, part).unwrap();
            assert_eq!(found, None, "{name}");
        }
    }
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
        for layers in
            [vec![dense.clone()], vec![dense.clone(), Layer::BatchNorm { eps: 1e-5, momentum: 0.1 }]]
        {
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

const NORM: Layer = Layer::BatchNorm { eps: 1e-5, momentum: 0.1 };

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

/// A graph drawn by lot: up to eight layers over an image or a row, with branches that come together again.
fn drawn(seed: u64) -> Graph {
    let stream = Rng::new(seed).stream("graph", "");
    let mut drawn = 0;
    let mut draw = |below: usize| {
        drawn += 1;
        stream.below(below as u32, baeum_core::Counter::once().at(drawn)) as usize
    };
    let mut graph = Graph::default();
    let item = [[1, 3, 5, 17][draw(4)], 1 + draw(9), 1 + draw(9)];
    let mut nodes = vec![graph.input("x", Shape::batch(&item), DType::F32).unwrap()];
    for i in 0..1 + draw(8) {
        let x = nodes[nodes.len() - 1 - draw(nodes.len().min(2))];
        let sizes = graph[x].shape.item().unwrap();
        let side = |draw: &mut dyn FnMut(usize) -> usize| Size2 {
            height: 1 + draw(sizes[1].min(3)),
            width: 1 + draw(sizes[2].min(3)),
        };
        let kernel = side(&mut draw);
        let stride = Size2 { height: 1 + draw(2), width: 1 + draw(2) };
        let padding = Size2 { height: kernel.height / 2, width: kernel.width / 2 };
        let one = Size2::square(1);
        let looks = graph.nodes().iter().any(|node| matches!(node.layer, Layer::MultiHeadAttention { .. }));
        let (layer, inputs): (Layer, Vec<NodeId>) = match draw(20) {
            0 | 1 => {
                let (filters, groups) = (sizes[0] * (1 + draw(2)), if draw(3) == 0 { sizes[0] } else { 1 });
                let bias = draw(2) == 0;
                (Layer::Conv2d { filters, kernel, stride, padding, dilation: one, groups, bias }, vec![x])
            }
            2 => (Layer::MaxPool2d { kernel, stride: Some(stride), padding }, vec![x]),
            3 => (Layer::AvgPool2d { kernel, stride: Some(stride), padding }, vec![x]),
            4 => (Layer::BatchNorm { eps: 1e-3, momentum: 0.1 }, vec![x]),
            // Over one number a norm forgets what it reads, and those behind it blow up what rounding left.
            5 if sizes[2] > 1 => (Layer::LayerNorm { eps: 1e-3 }, vec![x]),
            6 | 7 => (Layer::Relu, vec![x]),
            8 => (Layer::Gelu { approximate: Approximate::None }, vec![x]),
            9 => (Layer::Tanh, vec![x]),
            10 => (Layer::Dropout { p: 0.3 }, vec![x]),
            11 => (Layer::Sigmoid, vec![x]),
            12 => (Layer::PositionEmbedding { length: sizes[1] + draw(2) }, vec![x]),
            14 => (Layer::Silu, vec![x]),
            15 if sizes[2] > 1 => (Layer::RmsNorm { eps: 1e-3 }, vec![x]),
            16 if sizes.iter().product::<usize>() > 1 => (Layer::GroupNorm { groups: 1, eps: 1e-3 }, vec![x]),
            17 => (Layer::SinusoidalPositions, vec![x]),
            18 => (Layer::Transpose, vec![x]),
            // One behind another blows rounding up.
            13 if !looks => (attention(1, draw(2) == 0), vec![x]),
            _ => {
                let same = nodes.iter().copied().filter(|id| graph[*id].shape == graph[x].shape);
                (Layer::Add, same.chain([x]).collect())
            }
        };
        nodes.push(graph.add(&format!("l{i}"), layer, &inputs).unwrap());
    }
    let last = *nodes.last().unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[last]).unwrap();
    with_head(graph, rows)
}

#[test]
fn both_runners_agree_on_graphs_drawn_by_lot() {
    for seed in 0..256 {
        let graph = drawn(seed);
        // Numbers as targets: the gradient of a loss of labels that is almost zero is rounding alone.
        let batch = with_numbers(batch(&graph, 2 + seed as usize % 4));
        let text = || serde_json::to_string(&graph).unwrap();
        let outcome = std::panic::catch_unwind(|| check("drawn", &graph, &batch, &Loss::Mse));
        assert!(outcome.is_ok(), "seed {seed}: {}", text());
    }
}

/// Parameters and answers after three steps, as bits.
fn learned(graph: &Graph, batch: &Batch, config: RunnerConfig) -> Vec<u32> {
    let mut net = CpuRunner::new(graph, &initial(graph, 3), config).unwrap();
    for _ in 0..3 {
        net.loss_and_grad(batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        net.update(&ADAM).unwrap();
    }
    let outputs = net.predict(batch).unwrap().to_vec();
    let tensors = net.state().unwrap().weights.into_values().chain(outputs);
    tensors.flat_map(|tensor| tensor.f32s().unwrap().to_vec()).map(f32::to_bits).collect()
}

#[test]
fn neither_threads_nor_instructions_change_a_bit() {
    for (name, graph) in cases().into_iter().chain([("wide", wide())]) {
        let batch = batch(&graph, 33);
        let alone = learned(&graph, &batch, RunnerConfig { threads: 1, ..config() });
        for threads in [2, 3, 4, 8] {
            let more = learned(&graph, &batch, RunnerConfig { threads, ..config() });
            assert!(more == alone, "{name}: {threads} threads");
        }
        for isa in Isa::available() {
            let lower = learned(&graph, &batch, RunnerConfig { isa: Some(isa.rung()), ..config() });
            assert!(lower == alone, "{name}: {:?}", isa.rung());
        }
    }
    assert!(Isa::available().iter().any(|isa| isa.rung() == Rung::Portable));
}

#[test]
fn a_lower_precision_is_near_the_highest_and_no_thread_changes_it() {
    let (graph, limit) = (wide(), None);
    let batch = batch(&graph, 33);
    let highest = learned(&graph, &batch, config());
    for precision in Precision::ALL {
        let of = |threads| learned(&graph, &batch, RunnerConfig { threads, precision, ..config() });
        let alone = of(1);
        assert!(of(3) == alone, "{precision:?}: three threads");
        if precision.computed(limit) == Precision::Highest {
            assert!(alone == highest, "{precision:?} is computed as the highest");
        } else {
            let numbers =
                |bits: &[u32]| bits.iter().map(|x| f64::from(f32::from_bits(*x))).collect::<Vec<_>>();
            let far =
                numbers(&alone).iter().zip(numbers(&highest)).any(|(x, wanted)| (x - wanted).abs() > 0.05);
            assert!(!far && alone != highest, "{precision:?}");
        }
        let lowered = RunnerConfig { isa: Some(Rung::Avx512), precision, ..config() };
        assert!(learned(&graph, &batch, lowered) == highest, "{precision:?}: a rung leaves out tiles");
    }
}

/// Wide enough that every kernel cuts its work.
fn wide() -> Graph {
    let pool = Layer::MaxPool2d { kernel: Size2::square(2), stride: None, padding: Size2::square(0) };
    let dense = Layer::Dense { units: 200, bias: true };
    let layers = vec![
        conv(16, true),
        NORM,
        Layer::Relu,
        pool,
        conv(32, true),
        Layer::Flatten { axis: 1 },
        dense,
        Layer::Dropout { p: 0.2 },
    ];
    chain(&[3, 20, 20], DType::F32, layers)
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
