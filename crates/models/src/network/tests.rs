//! What holds for both runners of graphs: each test runs once on candle and once on the processor's own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod heads;

use baeum_core::{
    Batch, ChannelAxis, DType, Graph, Layer, Loss, Network, Part, Shape, State, Tensor, Update,
};

use crate::testing::{
    ADAM, CLASSES, ROWS, add_parts, batch, cases, chain, chain_of, embedding, updates, weights,
};
use crate::{CpuRunner, Runner, RunnerConfig};

type Build = fn(&Graph) -> Box<dyn Network>;

const BOTH: [Build; 2] = [
    |graph| Box::new(Runner::new(graph, &weights(graph), CONFIG).unwrap()),
    |graph| Box::new(CpuRunner::new(graph, &weights(graph), CONFIG).unwrap()),
];

const CONFIG: RunnerConfig = RunnerConfig {
    seed: 11,
    dtype: crate::Float::F32,
    device: crate::Device::Cpu,
    threads: 2,
    isa: None,
    precision: crate::Precision::Highest,
};

/// Three updates.
fn train(net: &mut dyn Network, batch: &Batch) -> State {
    train_by(net, batch, &ADAM)
}

fn train_by(net: &mut dyn Network, batch: &Batch, update: &Update) -> State {
    for _ in 0..3 {
        net.loss_and_grad(batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        net.update(update).unwrap();
    }
    net.state().unwrap()
}

#[test]
fn outputs_have_the_inferred_shape() {
    for build in BOTH {
        for (name, graph) in cases() {
            let mut net = build(&graph);
            for rows in [1, 3] {
                let outputs = net.predict(&batch(&graph, rows)).unwrap();
                assert_eq!(outputs[0].shape(), [rows, CLASSES], "{name}");
                assert!(outputs[0].f32s().unwrap().iter().all(|x| x.is_finite()), "{name}");
            }
        }
    }
}

/// There is nothing to answer, and no mean of no losses.
#[test]
fn a_batch_of_no_rows_is_refused() {
    for build in BOTH {
        for (name, graph) in cases() {
            let mut none = batch(&graph, 1);
            none.rows = 0;
            for x in none.inputs.values_mut() {
                let sizes = [&[0], &x.shape()[1..]].concat();
                *x = match x.dtype() {
                    DType::I64 => Tensor::new(sizes, Vec::<i64>::new()).unwrap(),
                    DType::F32 | DType::F64 | DType::U8 => Tensor::new(sizes, Vec::<f32>::new()).unwrap(),
                };
            }
            let mut net = build(&graph);
            let learning = net.loss_and_grad(&none, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap_err();
            for error in [net.predict(&none).unwrap_err(), learning] {
                let error = chain_of(&error);
                assert!(
                    error.contains("input `x` wants shape [") && error.contains("got [0, "),
                    "{name}: {error}"
                );
            }
        }
    }
}

/// An image as an answer comes back in the graph's layout.
#[test]
fn images_leave_with_channels_first() {
    for build in BOTH {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[2, 2, 3]), DType::F32).unwrap();
        let y = graph.add("y", Layer::Relu, &[x]).unwrap();
        graph.output(y);
        let mut batch = batch(&graph, 2);
        let numbers: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let x = Tensor::new([2, 2, 2, 3], numbers).unwrap();
        batch.inputs.insert("x".to_owned(), x.clone());
        assert_eq!(build(&graph).predict(&batch).unwrap(), [x]);
    }
}

#[test]
fn running_statistics_are_those_of_the_whole_batch() {
    for build in BOTH {
        let graph = chain(
            &[2],
            DType::F32,
            vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.25, axis: ChannelAxis::Second }],
        );
        let mut batch = batch(&graph, 5);
        let x = vec![1.0f32, 10.0, 2.0, 20.0, 3.0, 60.0, 4.0, 40.0, 10.0, 20.0];
        batch.inputs.insert("x".to_owned(), Tensor::new([5, 2], x).unwrap());
        let mut net = build(&graph);
        let running = |net: &dyn Network| {
            let weights = net.state().unwrap().weights;
            ["l0.running_mean", "l0.running_var"].map(|name| weights[name].to_f64s())
        };
        add_parts(&mut *net, &batch, &Loss::CROSS_ENTROPY, &[0, 2, 5]);
        assert_eq!(running(&*net), [[0.0, 0.0], [1.0, 1.0]], "nothing moves before the update");
        net.update(&ADAM).unwrap();
        // Means 4 and 30; variances over n - 1: 50 / 4 and 1600 / 4.
        assert_eq!(running(&*net), [[1.0, 7.5], [0.75 + 3.125, 0.75 + 100.0]]);
    }
}

#[test]
fn a_value_alone_has_no_variance() {
    for build in BOTH {
        let graph = chain(
            &[2],
            DType::F32,
            vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }],
        );
        let mut net = build(&graph);
        let error = net.loss_and_grad(&batch(&graph, 1), &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap_err();
        assert_eq!(
            chain_of(&error),
            "could not compute the forward pass: node `l0`: batch_norm wants two or more values of each channel while training, got 1; make the batch larger"
        );
    }
}

#[test]
fn a_batch_without_words_enough_is_refused() {
    for build in BOTH {
        let graph = chain(&[2], DType::F32, vec![Layer::Dropout { p: 0.5 }]);
        let part = Part { index: 1, count: 2, first_row: (1 << 33) - 1 };
        let error = build(&graph).loss_and_grad(&batch(&graph, 2), &Loss::CROSS_ENTROPY, part).unwrap_err();
        assert_eq!(
            chain_of(&error),
            "could not compute the forward pass: node `l0`: dropout wants at most 17179869184 values in a batch, got 17179869186; make the batch smaller"
        );
    }
}

#[test]
fn a_length_that_no_sequence_has_is_refused() {
    for build in BOTH {
        for (name, graph) in cases().into_iter().filter(|(name, _)| name.ends_with("with lengths")) {
            for got in [0, 6, -1, i64::MAX] {
                let mut batch = batch(&graph, 3);
                batch.inputs.insert("lengths".to_owned(), Tensor::vector(vec![5, got, 1]));
                let error = build(&graph).predict(&batch).unwrap_err();
                let wanted = format!(
                    "could not compute the forward pass: node `y` wants lengths from 1 to 5, got {got} for row 1 of the batch"
                );
                assert_eq!(chain_of(&error), wanted, "{name}");
            }
        }
    }
}

/// What stands behind a sequence's end changes no answer.
#[test]
fn what_does_not_count_is_not_seen() {
    for build in BOTH {
        for (name, graph) in cases().into_iter().filter(|(name, _)| name.ends_with("with lengths")) {
            let mut batch = batch(&graph, 2);
            batch.inputs.insert("lengths".to_owned(), Tensor::vector(vec![3i64, 5]));
            let mut net = build(&graph);
            let before = net.predict(&batch).unwrap().to_vec();
            let mut x = batch.inputs["x"].f32s().unwrap().to_vec();
            x[3 * 3..5 * 3].fill(1e3);
            batch.inputs.insert("x".to_owned(), Tensor::new([2, 5, 3], x).unwrap());
            assert_eq!(net.predict(&batch).unwrap(), before, "{name}");
        }
    }
}

/// A class for each place of a sequence, as a GPT has it: the mean goes over all places.
#[test]
fn every_place_of_a_sequence_may_have_a_class() {
    for build in BOTH {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[5, 3]), DType::F32).unwrap();
        let y = graph.add("y", Layer::Dense { units: CLASSES, bias: true }, &[x]).unwrap();
        graph.output(y);
        let mut batch = batch(&graph, 2);
        let classes: Vec<i64> = (0..10).map(|place| place % CLASSES as i64).collect();
        batch.targets = vec![Tensor::new([2, 5], classes.clone()).unwrap()];
        let mut net = build(&graph);
        let parts = net.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        let logits = net.predict(&batch).unwrap()[0].to_f64s();
        let losses = logits
            .chunks(CLASSES)
            .zip(&classes)
            .map(|(row, class)| row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[*class as usize]);
        let mean = losses.sum::<f64>() / 10.0;
        assert_eq!(parts.weight, 10.0);
        assert!((parts.mean() - mean).abs() < 1e-5 * mean, "{} is not {mean}", parts.mean());
    }
}

#[test]
fn a_state_goes_on_bit_for_bit() {
    for build in BOTH {
        for (name, graph) in cases() {
            let batch = batch(&graph, ROWS);
            let mut net = build(&graph);
            let middle = train(&mut *net, &batch);
            let end = train(&mut *net, &batch);
            let mut other = build(&graph);
            train(&mut *other, &batch); // whatever it was before is forgotten
            other.load(&middle).unwrap();
            assert_eq!(other.state().unwrap(), middle, "{name}");
            assert_eq!(train(&mut *other, &batch), end, "{name}");
            assert_eq!(end.step, 6);
        }
    }
}

#[test]
fn every_method_goes_on_bit_for_bit() {
    let graph = chain(&[5], DType::F32, vec![Layer::Dense { units: 4, bias: true }, Layer::Tanh]);
    let batch = batch(&graph, ROWS);
    for build in BOTH {
        for update in updates() {
            let mut net = build(&graph);
            let middle = train_by(&mut *net, &batch, &update);
            let end = train_by(&mut *net, &batch, &update);
            let mut other = build(&graph);
            other.load(&middle).unwrap();
            assert_eq!(train_by(&mut *other, &batch, &update), end, "{update:?}");
        }
    }
}

#[test]
fn another_networks_state_is_refused_and_changes_nothing() {
    for build in BOTH {
        let graph = chain(&[2], DType::F32, vec![]);
        let mut net = build(&graph);
        let before = train(&mut *net, &batch(&graph, ROWS));
        let mut check = |change: &dyn Fn(&mut State), expect: &str| {
            let mut state = before.clone();
            state.step = 77;
            change(&mut state);
            assert_eq!(chain_of(&net.load(&state).unwrap_err()), expect);
            assert_eq!(net.state().unwrap(), before);
        };
        let small = || Tensor::vector(vec![1.0f32]);
        check(
            &|state| drop(state.weights.remove("head.bias")),
            "the network wants `head.bias` of shape [3], got None",
        );
        check(
            &|state| drop(state.weights.insert("head.bias".to_owned(), small())),
            "the network wants `head.bias` of shape [3], got Some([1])",
        );
        check(
            &|state| drop(state.weights.insert("tail.bias".to_owned(), small())),
            "could not compute the state: the state has `tail.bias`, which the network does not",
        );
        check(
            &|state| drop(state.moments.insert("head.bias.exp_avg".to_owned(), small())),
            "the network wants `head.bias.exp_avg` of shape [3], got Some([1])",
        );
        check(
            &|state| drop(state.moments.insert("head.bias.velocity".to_owned(), small())),
            "could not compute the state: the state has `head.bias.velocity`, which the network does not",
        );
    }
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    for build in BOTH {
        let graph = chain(
            &[2],
            DType::F32,
            vec![Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }],
        );
        let mut net = build(&graph);
        let good = batch(&graph, ROWS);
        let before = train(&mut *net, &good);
        let mut bad = good;
        let mut x = bad.inputs["x"].f32s().unwrap().to_vec();
        x[0] = f32::NAN;
        bad.inputs.insert("x".to_owned(), Tensor::new([ROWS, 2], x).unwrap());
        assert!(net.loss_and_grad(&bad, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap().sum.is_nan());
        assert!(!ADAM.takes(net.update(&ADAM).unwrap().gradient_norm));
        assert_eq!(net.state().unwrap(), before);
        let error = net.update(&ADAM).unwrap_err();
        assert_eq!(
            chain_of(&error),
            "could not compute the update: an update wants a gradient, got none since the last one"
        );
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    for build in BOTH {
        let graph = chain(&[3], DType::I64, vec![embedding(), Layer::Flatten { axis: 1 }]);
        let mut net = build(&graph);
        let mut check = |change: &dyn Fn(&mut Batch), expect: &str| {
            let mut batch = batch(&graph, 2);
            change(&mut batch);
            let error =
                net.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part { index: 0, count: 1, first_row: 10 });
            assert_eq!(chain_of(&error.unwrap_err()), expect);
        };
        let ids = |ids: Vec<i64>| Tensor::new([2, ids.len() / 2], ids).unwrap();
        check(&|batch| batch.inputs.clear(), "the network wants input `x`, got a batch without it");
        check(
            &|batch| drop(batch.inputs.insert("x".to_owned(), ids(vec![0, 1, 2, 3]))),
            "could not compute the forward pass: input `x` wants shape [batch, 3], got [2, 2]",
        );
        check(
            &|batch| drop(batch.inputs.insert("x".to_owned(), ids(vec![0, 1, 2, 3, 6, 5]))),
            "node `l0` wants ids below 6, got 6",
        );
        check(
            &|batch| batch.targets = vec![Tensor::vector(vec![0i64, 3])],
            "row 11 of the batch wants a class below 3, got 3",
        );
        check(
            &|batch| batch.targets = vec![Tensor::vector(vec![-1i64, 0])],
            "row 10 of the batch wants a class below 3, got -1",
        );
        check(&|batch| batch.targets.clear(), "the network wants 1 targets, got 0");
        check(
            &|batch| batch.targets = vec![Tensor::vector(vec![1.0f32, 0.0])],
            "the network wants tensors that fit: a tensor of shape [2] wants 6 elements, got 2",
        );
    }
}

#[test]
fn weights_of_another_graph_are_refused() {
    let graph = chain(&[2], DType::F32, vec![]);
    let other = chain(&[3], DType::F32, vec![]);
    let config = RunnerConfig::default();
    let errors = [
        Runner::new(&graph, &weights(&other), config).err().unwrap(),
        CpuRunner::new(&graph, &weights(&other), config).err().unwrap(),
    ];
    for error in errors {
        assert_eq!(
            chain_of(&error),
            "could not use the weights: weight `head.weight` wants shape [3, 2] of f32, got [3, 3] of f32"
        );
    }
}
