//! A network written with candle-nn by hand trains through the same trait.

use std::collections::BTreeMap;
use std::error::Error;

use baeum_core::{Adam, Batch, Counter, Loss, Method, Network, NetworkError, Part, Rng, Tensor, Update};
use baeum_models::{CandleNetwork, Forward, Pass};
use candle_core::{DType, Device};
use candle_nn::{BatchNorm, Conv2d, Linear, Module, ModuleT, VarBuilder, VarMap};

struct ByHand {
    conv: Conv2d,
    norm: BatchNorm,
    head: Linear,
}

impl Forward for ByHand {
    fn forward(
        &mut self,
        inputs: &BTreeMap<String, candle_core::Tensor>,
        pass: Pass,
    ) -> Result<Vec<candle_core::Tensor>, Box<dyn Error + Send + Sync>> {
        let x = inputs.get("pixels").ok_or(NetworkError::Input { name: "pixels".to_owned() })?;
        let x = self.norm.forward_t(&self.conv.forward(x)?, pass != Pass::Evaluate)?.tanh()?;
        Ok(vec![self.head.forward(&x.flatten_from(1)?)?])
    }
}

fn network() -> CandleNetwork<ByHand> {
    let (vars, device) = (VarMap::new(), Device::Cpu);
    let build = VarBuilder::from_varmap(&vars, DType::F32, &device);
    let conv = candle_nn::conv2d(1, 4, 3, candle_nn::Conv2dConfig::default(), build.pp("conv")).unwrap();
    let norm = candle_nn::batch_norm(4, 1e-5, build.pp("norm")).unwrap();
    let head = candle_nn::linear(16, 2, build.pp("head")).unwrap();
    let mut net = CandleNetwork::of_vars(ByHand { conv, norm, head }, &vars, device);
    // candle starts variables at random; a test does not.
    let mut state = net.state().unwrap();
    for (name, tensor) in &mut state.weights {
        let mut numbers = vec![0.0f32; tensor.len()];
        Rng::new(4).stream("init", name).fill_uniform(&mut numbers, Counter::once());
        let scale = if name.starts_with("norm") { 1.0 } else { 0.5 };
        numbers
            .iter_mut()
            .for_each(|x| *x = (*x - 0.5) * scale + if name.starts_with("norm") { 1.0 } else { 0.0 });
        *tensor = Tensor::new(tensor.shape().to_vec(), numbers).unwrap();
    }
    net.load(&state).unwrap();
    net
}

/// Images whose left or right half is bright.
fn batch(rows: usize) -> Batch {
    let mut x = vec![0.0f32; rows * 16];
    Rng::new(5).stream("test", "x").fill_normal(&mut x, Counter::once());
    for (row, image) in x.chunks_mut(16).enumerate() {
        image
            .iter_mut()
            .enumerate()
            .for_each(|(i, x)| *x += if (i % 4 < 2) == (row % 2 == 0) { 1.5 } else { 0.0 });
    }
    let x = Tensor::new([rows, 1, 4, 4], x).unwrap();
    let classes: Vec<i64> = (0..rows as i64).map(|row| row % 2).collect();
    Batch { rows, inputs: BTreeMap::from([("pixels".to_owned(), x)]), targets: vec![Tensor::vector(classes)] }
}

fn train(net: &mut CandleNetwork<ByHand>, steps: usize) -> f64 {
    let update = Update::of(Method::Adam(Adam::USUAL), 0.05);
    let mut loss = f64::NAN;
    for _ in 0..steps {
        loss = net.loss_and_grad(&batch(32), &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap().mean();
        net.update(&update).unwrap();
    }
    loss
}

#[test]
fn it_learns() {
    let mut net = network();
    let before = train(&mut net, 1);
    assert!(train(&mut net, 40) < 0.1 * before);
    let test = batch(64);
    let logits = net.predict(&test).unwrap()[0].clone();
    let right = logits
        .f32s()
        .unwrap()
        .chunks(2)
        .enumerate()
        .filter(|(row, pair)| (pair[1] > pair[0]) == (row % 2 == 1));
    assert!(right.count() >= 60);
}

#[test]
fn running_statistics_are_not_the_optimizers() {
    let mut net = network();
    train(&mut net, 2);
    let state = net.state().unwrap();
    let names: Vec<&str> = state.weights.keys().map(String::as_str).collect();
    let wanted = [
        "conv.bias",
        "conv.weight",
        "head.bias",
        "head.weight",
        "norm.bias",
        "norm.running_mean",
        "norm.running_var",
        "norm.weight",
    ];
    assert_eq!(names, wanted);
    assert_eq!(state.moments.len(), 2 * 6);
    assert!(!state.moments.keys().any(|name| name.contains("running")));
}

#[test]
fn it_goes_on_from_a_state() {
    let mut net = network();
    train(&mut net, 3);
    let (middle, mut other) = (net.state().unwrap(), network());
    train(&mut net, 3);
    other.load(&middle).unwrap();
    train(&mut other, 3);
    assert_eq!(other.state().unwrap(), net.state().unwrap());
}

#[test]
fn its_own_errors_pass_through() {
    let mut empty = batch(2);
    empty.inputs.clear();
    let error = network().predict(&empty).err().unwrap();
    assert_eq!(error.to_string(), "the network wants input `pixels`, got a batch without it");
}
