use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Batch, DType, Layer, Loss, Network, Part, Shape};
use candle_core::Var;

use super::*;
use crate::Float;
use crate::testing::{
    ADAM, ROWS, add_parts, batch, cases, chain, chain_of, weighted, weights, with_fits, with_numbers,
    with_shares,
};

fn runner(graph: &Graph, dtype: Float) -> Runner {
    let config = RunnerConfig { seed: 11, dtype, ..RunnerConfig::default() };
    Runner::new(graph, &weights(graph), config).unwrap()
}

#[test]
fn every_layer_has_a_case() {
    let schema = serde_json::to_value(schemars::schema_for!(Layer)).unwrap();
    let variants = schema["oneOf"].as_array().unwrap().iter().flat_map(|variant| {
        let bare = variant["const"]
            .as_str()
            .into_iter()
            .chain(variant["enum"].as_array().into_iter().flatten().filter_map(|v| v.as_str()));
        let full =
            variant["properties"].as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
        bare.chain(full).map(str::to_owned).collect::<Vec<_>>()
    });
    let all: BTreeSet<String> = variants.collect();
    let graphs = cases();
    let covered = graphs.iter().flat_map(|(_, graph)| graph.nodes()).map(|node| node.layer.name().to_owned());
    assert_eq!(covered.collect::<BTreeSet<String>>(), all);
}

#[test]
fn gradients_agree_with_differences() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        check_gradients(name, &graph, &batch, &Loss::CROSS_ENTROPY);
        check_gradients(name, &graph, &with_numbers(batch.clone()), &Loss::Mse);
        check_gradients(name, &graph, &with_fits(batch), &Loss::BINARY_CROSS_ENTROPY);
    }
}

#[test]
fn gradients_of_weighted_and_smoothed_losses_agree_with_differences() {
    let graph = chain(&[5], DType::F32, vec![Layer::Dense { units: 4, bias: true }, Layer::Tanh]);
    for loss in weighted() {
        check_gradients("weighted", &graph, &batch(&graph, ROWS), &loss);
        check_gradients("soft", &graph, &with_shares(batch(&graph, ROWS)), &loss);
    }
}

/// The loss of an f64 network changes by the gradient where one parameter changes: central differences with a
/// step of 1e-5 are off by its square, 1e-10 of the third derivative, and by rounding, 1e-16 / 1e-5; 1e-6 of
/// the tensor's largest gradient is far above both.
fn check_gradients(name: &str, graph: &Graph, batch: &Batch, loss: &Loss) {
    const STEP: f64 = 1e-5;
    let mut net = runner(graph, Float::F64);
    net.loss_and_grad(batch, loss, Part::WHOLE).unwrap();
    let gradients = net.gradients().unwrap();
    let mut largest_of_all = 0.0f64;
    for (parameter, gradient) in &gradients {
        let var = net.learned[parameter].var.clone();
        let start = var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let gradient = gradient.to_f64s();
        let largest = gradient.iter().fold(0.0f64, |largest, g| largest.max(g.abs()));
        largest_of_all = largest_of_all.max(largest);
        for (i, &analytic) in gradient.iter().enumerate() {
            let mut loss_at = |value: f64| {
                let mut numbers = start.clone();
                numbers[i] = value;
                place(&var, numbers);
                net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean()
            };
            let difference = (loss_at(start[i] + STEP) - loss_at(start[i] - STEP)) / (2.0 * STEP);
            let error = (difference - analytic).abs();
            // A bias in front of a norm has no gradient at all, so there is an absolute bound too: what
            // rounding of the loss comes to.
            assert!(
                error <= 1e-6 * largest || error <= 1e-9,
                "{name}, {loss:?}: {parameter}[{i}] has {analytic}, differences {difference}"
            );
        }
        place(&var, start);
    }
    assert!(largest_of_all > 1e-3, "{name}: no gradient to speak of");
}

fn place(var: &Var, numbers: Vec<f64>) {
    var.set(&candle_core::Tensor::from_vec(numbers, var.shape(), var.device()).unwrap()).unwrap();
}

#[test]
fn parts_add_up_to_the_batch() {
    for (name, graph) in cases().into_iter().filter(|(name, _)| !name.starts_with("batch_norm")) {
        let batch = batch(&graph, 5);
        let (mut whole, mut parts) = (runner(&graph, Float::F64), runner(&graph, Float::F64));
        // What a part 0 finds there is forgotten.
        parts.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        let loss = &weighted()[0]; // what rows count together is of the whole batch as well
        let losses = [
            add_parts(&mut whole, &batch, loss, &[0, 5]),
            add_parts(&mut parts, &batch, loss, &[0, 2, 3, 5]),
        ];
        assert!((losses[0].mean() - losses[1].mean()).abs() < 1e-12, "{name}: {losses:?}");
        let (whole, parts) = (whole.gradients().unwrap(), parts.gradients().unwrap());
        for (parameter, gradient) in &whole {
            let pairs = gradient.to_f64s().into_iter().zip(parts[parameter].to_f64s());
            // The same sums in another order.
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12), "{name}: {parameter}");
        }
    }
}

#[test]
fn dropout_keeps_the_mean_and_differs_from_step_to_step() {
    let graph = {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[40_000]), DType::F32).unwrap();
        let dropped = graph.add("dropped", Layer::Dropout { p: 0.25 }, &[x]).unwrap();
        graph.output(dropped);
        graph
    };
    let inputs = BTreeMap::from([(
        "x".to_owned(),
        candle_core::Tensor::ones((1, 40_000), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap(),
    )]);
    let mut net = runner(&graph, Float::F32);
    let mut run = |pass| {
        let outputs = crate::Forward::forward(&mut net.forward, &inputs, pass).unwrap();
        outputs[0].flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let train = |step| crate::Pass::Train { step, part: Part::WHOLE };
    let first = run(train(0));
    assert_eq!(first, run(train(0)));
    assert_ne!(first, run(train(1)));
    assert_eq!(run(crate::Pass::Evaluate), vec![1.0; 40_000]);
    let kept = first.iter().filter(|&&x| x != 0.0).count();
    // Five standard deviations of a binomial count: sqrt(40,000 * 3/4 * 1/4) = 87.
    assert!(kept.abs_diff(30_000) < 435, "{kept}");
    assert!(first.iter().all(|&x| x == 0.0 || x == 4.0 / 3.0));
}

#[test]
fn dropping_everything_leaves_zeros() {
    let graph = chain(&[2], DType::F32, vec![Layer::Dropout { p: 1.0 }]);
    let mut net = runner(&graph, Float::F32);
    net.loss_and_grad(&batch(&graph, 3), &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
    assert_eq!(net.gradients().unwrap()["head.weight"].to_f64s(), vec![0.0; 6]);
}

#[test]
fn a_device_that_is_not_built_in_is_named() {
    let graph = chain(&[2], DType::F32, vec![]);
    for (device, name, built) in
        [(Device::Cuda, "cuda", cfg!(feature = "cuda")), (Device::Metal, "metal", cfg!(feature = "metal"))]
    {
        let config = RunnerConfig { device, ..RunnerConfig::default() };
        let error = Runner::new(&graph, &weights(&graph), config).err();
        if !built {
            let expect = format!(
                "`run.device` = `{name}` wants a build with `--features {name}`, got one without; `cpu` always works"
            );
            assert_eq!(error.unwrap().to_string(), expect);
        }
    }
}

#[test]
fn a_network_for_checks_does_not_train() {
    let graph = chain(&[2], DType::F32, vec![]);
    let mut net = runner(&graph, Float::F64);
    net.loss_and_grad(&batch(&graph, 2), &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
    let error = net.update(&ADAM).unwrap_err();
    assert_eq!(
        chain_of(&error),
        "could not compute the update: an update wants a network in f32, got one in f64"
    );
}
