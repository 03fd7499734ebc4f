mod foresight;
mod told;

use std::collections::BTreeMap;

use baeum_core::{
    Counter, Decode, Graph, Init, InputSpec, Model, Param, Rng, Stream, Target, Tensor, Weights,
};

use crate::{ModelError, ModelPlan};

pub(crate) use told::check;
pub use told::{Fill, InitConfig};

/// Runs the stage: the graph for this data, and where its parameters start.
///
/// # Errors
/// As [`ModelPlan::graph`].
pub fn build(
    plan: &ModelPlan,
    seed: u64,
    inputs: &[InputSpec],
    targets: &[Target],
) -> Result<Model, ModelError> {
    let graph = plan.graph(inputs, targets)?;
    let weights = filled(&graph, seed, &plan.told_fills(&graph)?);
    if let [Target { decode: Decode::Next { .. }, .. }] = targets {
        foresight::refuse(&graph, &weights, inputs)?;
    }
    Ok(Model { graph, weights, taken: BTreeMap::new() })
}

/// Where the parameters of a graph start: each as PyTorch starts it (see [`Init`]), drawn for its full name
/// alone, so that adding a layer changes no other.
pub fn initial(graph: &Graph, seed: u64) -> Weights {
    filled(graph, seed, &BTreeMap::new())
}

/// The same, but for tensors that start as they are told to.
fn filled(graph: &Graph, seed: u64, told: &BTreeMap<String, Init>) -> Weights {
    let start = |(name, mut param): (String, Param)| {
        param.init = told.get(&name).copied().unwrap_or(param.init);
        let tensor = draw(&Rng::new(seed), &name, &param);
        (name, tensor)
    };
    graph.params().into_iter().map(start).collect()
}

#[expect(clippy::expect_used, reason = "the numbers are counted by the sizes themselves")]
fn draw(rng: &Rng, name: &str, param: &Param) -> Tensor {
    let mut tensor = vec![0.0f32; param.sizes.iter().product()];
    let stream = rng.stream("init", name);
    match param.init {
        Init::Constant(value) => tensor.fill(value),
        Init::Signs(value) => {
            stream.fill_uniform(&mut tensor, Counter::once());
            tensor.iter_mut().for_each(|drawn| *drawn = if *drawn < 0.5 { -value } else { value });
        }
        Init::Normal(deviation) => {
            stream.fill_normal(&mut tensor, Counter::once());
            tensor.iter_mut().for_each(|drawn| *drawn *= deviation as f32);
        }
        Init::Uniform(bound) => uniform(&stream, bound, &mut tensor),
        Init::Alike(bound) => {
            let block = param.sizes.last().copied().unwrap_or(1).max(1);
            let end = block.min(tensor.len());
            let (first, others) = tensor.split_at_mut(end);
            uniform(&stream, bound, first);
            others.chunks_mut(block).for_each(|other| other.copy_from_slice(&first[..other.len()]));
        }
    }
    Tensor::new(param.sizes.clone(), tensor).expect("as many numbers were drawn as the sizes want")
}

/// Numbers between minus and plus a bound.
fn uniform(stream: &Stream, bound: f64, numbers: &mut [f32]) {
    stream.fill_uniform(numbers, Counter::once());
    // A draw from [0, 1) has 24 bits, so doubling and shifting it loses none.
    numbers.iter_mut().for_each(|value| *value = (2.0 * *value - 1.0) * bound as f32);
}
