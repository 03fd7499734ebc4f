//! Two steps of SGD and of AdamW on each layer, beside PyTorch: golden/make.py wrote what it makes of them.

use std::collections::BTreeMap;

use baeum_core::{
    Adam, Batch, DType, Data, Decode, InputSpec, Loss, Method, Network, Part, Target, Tensor, Update, Weights,
};
use baeum_models::{CpuRunner, ModelConfig, Runner, RunnerConfig};
use serde_json::Value;

const CLASSES: usize = 3;
/// Decay acts on all parameters, as PyTorch's does on those of one group.
const SGD: Update =
    Update { weight_decay: 0.01, ..Update::of(Method::Sgd { momentum: 0.9, nesterov: false }, 0.1) };
const ADAMW: Update = Update {
    weight_decay: 0.1,
    ..Update::of(Method::AdamW(Adam { beta1: 0.9, beta2: 0.99, eps: 1e-3 }), 0.01)
};

#[test]
fn every_layer_learns_as_pytorch_does() {
    let file: Value = serde_json::from_str(include_str!("golden/layers.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 83);
    for case in cases {
        for (name, update) in [("sgd", SGD), ("adamw", ADAMW)] {
            check(case, &case[name], update, &format!("{} {name}", case["name"]));
        }
    }
}

fn check(case: &Value, expected: &Value, update: Update, label: &str) {
    let item: Vec<usize> = serde_json::from_value(case["item"].clone()).unwrap();
    let layers = serde_json::from_value(case["layers"].clone()).unwrap();
    let ids = !case["options"]["ids"].is_null();
    let loss = loss(&case["options"]);
    let update = Update { clip: case["options"]["clip"].as_f64(), ..update };
    let plan = ModelConfig { layers: Some(layers), ..ModelConfig::default() }.check().unwrap();
    let dtype = if ids { DType::I64 } else { DType::F32 };
    let input = InputSpec { name: "x".to_owned(), dtype, shape: item.clone(), columns: vec![] };
    let target = Target { field: "y".to_owned(), decode: decode(&loss) };
    let graph = plan.graph(&[input], &[target]).unwrap();
    let (start, batch) = (weights(&case["start"]), batch(case, &item, ids, &loss));
    let (candle, cpu) = (
        Runner::new(&graph, &start, RunnerConfig::default()).unwrap(),
        CpuRunner::new(&graph, &start, RunnerConfig::default()).unwrap(),
    );
    let both: [(&str, Box<dyn Network>); 2] = [("candle", Box::new(candle)), ("cpu", Box::new(cpu))];
    for (runner, mut net) in both {
        two_steps(&mut *net, &batch, expected, (&loss, update), &format!("{label} on {runner}"));
    }
}

/// Two steps, and what they must have led to.
fn two_steps(
    net: &mut dyn Network,
    batch: &Batch,
    expected: &Value,
    (loss, update): (&Loss, Update),
    label: &str,
) {
    for wanted in expected["losses"].as_array().unwrap() {
        let found = net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean();
        near(&[found as f32], &[wanted.as_f64().unwrap() as f32], &format!("{label}: loss"));
        net.update(&update).unwrap();
    }
    let (found, wanted) = (net.state().unwrap().weights, weights(&expected["after"]));
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{label}");
    for (name, tensor) in &wanted {
        near(found[name].f32s().unwrap(), tensor.f32s().unwrap(), &format!("{label}: {name}"));
    }
    let outputs = net.predict(batch).unwrap()[0].clone();
    near(outputs.f32s().unwrap(), &floats(&expected["outputs"]), &format!("{label}: outputs"));
}

/// What is answered where such a loss is minimised.
fn decode(loss: &Loss) -> Decode {
    let names: Vec<String> = (0..CLASSES).map(|i| i.to_string()).collect();
    let (scale, offset) = (vec![1.0; CLASSES], vec![0.0; CLASSES]);
    match loss.name() {
        "mse" => Decode::Numbers { columns: names, scale, offset, unit: None },
        "binary_cross_entropy" => Decode::Labels { labels: names, thresholds: vec![0.5; CLASSES] },
        _ => Decode::Label { labels: names },
    }
}

fn loss(options: &Value) -> Loss {
    match options["loss"].as_str() {
        Some("bce") => Loss::BINARY_CROSS_ENTROPY,
        Some(_) => Loss::Mse,
        None => Loss::CrossEntropy {
            weights: options["weights"].as_array().map_or(vec![], |_| floats(&options["weights"])),
            smoothing: options["smoothing"].as_f64().unwrap_or(0.0),
            gamma: 0.0,
        },
    }
}

fn batch(case: &Value, item: &[usize], ids: bool, loss: &Loss) -> Batch {
    let whole = |value: &Value| floats(value).into_iter().map(|x| x as i64).collect::<Vec<_>>();
    let x: Data = if ids { whole(&case["x"]).into() } else { floats(&case["x"]).into() };
    let rows = x.len() / item.iter().product::<usize>();
    let by_class = matches!(loss, Loss::CrossEntropy { .. }) && case["options"]["soft"].is_null();
    let target = match by_class {
        true => Tensor::vector(whole(&case["y"])),
        false => Tensor::new([rows, CLASSES], floats(&case["y"])).unwrap(),
    };
    let x = Tensor::new([&[rows], item].concat(), x).unwrap();
    Batch { rows, inputs: BTreeMap::from([("x".to_owned(), x)]), targets: vec![target] }
}

fn weights(state: &Value) -> Weights {
    let tensor = |value: &Value| {
        let shape: Vec<usize> = serde_json::from_value(value["shape"].clone()).unwrap();
        Tensor::new(shape, floats(&value["data"])).unwrap()
    };
    state.as_object().unwrap().iter().map(|(name, value)| (name.clone(), tensor(value))).collect()
}

fn floats(values: &Value) -> Vec<f32> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

/// Within 1e-5 of the largest value: some hundred f32 roundings, in another order than PyTorch's.
#[track_caller]
fn near(found: &[f32], wanted: &[f32], label: &str) {
    assert_eq!(found.len(), wanted.len(), "{label}");
    let largest = wanted.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    for (i, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!(
            (found - wanted).abs() <= 1e-5 * largest,
            "{label}: element {i} is {found}, PyTorch has {wanted}"
        );
    }
}
