//! The start that both sides share: weights, one batch, and what our first step makes of them.
//!
//! The batch is the same at every step: what is measured is the step, not the reading of data.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baeum::models::{CpuRunner, RunnerConfig, initial};
use baeum::weights_file;
use baeum::{Adam, Batch, Counter, Graph, Layer, Loss, Network, Part, Rng, Shape, Tensor, Update};
use serde_json::{Value, json};

use super::BenchError;
use crate::Workload;

/// Where weights and batch are drawn from; any number would do.
const SEED: u64 = 7;

/// Our network at the start.
pub(super) fn network(workload: &Workload, threads: usize) -> Result<CpuRunner, BenchError> {
    let config = RunnerConfig { seed: SEED, threads, ..RunnerConfig::default() };
    Ok(CpuRunner::new(&workload.graph, &initial(&workload.graph, SEED), config)?)
}

/// One training step; gives the loss before it.
pub(super) fn step(network: &mut CpuRunner, workload: &Workload, batch: &Batch) -> Result<f64, BenchError> {
    let loss = network.loss_and_grad(batch, &workload.loss, Part::WHOLE)?;
    network.update(&workload.update)?;
    Ok(loss.mean())
}

/// What the network learns: noise in, noise to be said. A step takes as long whatever the numbers mean.
pub(super) fn batch(workload: &Workload) -> Batch {
    let Workload { graph, loss, rows, .. } = workload;
    let input = graph.inputs().next().expect("a workload has one input");
    let output = graph.outputs().first().map(|id| &graph[*id]).expect("a workload has one output");
    let sizes = |shape: &Shape| shape.with_batch(*rows).expect("a workload has known sizes");
    let x = match vocabulary(graph) {
        Some(ids) => below("input", ids, sizes(&input.shape)),
        None => normal("input", sizes(&input.shape)),
    };
    let target = match loss {
        Loss::CrossEntropy => below("target", output.shape.last().unwrap_or(1), vec![*rows]),
        Loss::Mse => normal("target", sizes(&output.shape)),
    };
    Batch { rows: *rows, inputs: BTreeMap::from([(input.name.clone(), x)]), targets: vec![target] }
}

/// How many ids there are, if ids come in.
fn vocabulary(graph: &Graph) -> Option<usize> {
    let of = |layer: &Layer| {
        if let Layer::Embedding { vocabulary, .. } = layer { Some(*vocabulary) } else { None }
    };
    graph.nodes().iter().find_map(|node| of(&node.layer))
}

fn normal(what: &str, sizes: Vec<usize>) -> Tensor {
    let mut numbers = vec![0.0; sizes.iter().product::<usize>()];
    Rng::new(SEED).stream(what, "").fill_normal(&mut numbers, Counter::once());
    Tensor::new(sizes, numbers).expect("as many numbers were drawn as the sizes want")
}

fn below(what: &str, bound: usize, sizes: Vec<usize>) -> Tensor {
    let stream = Rng::new(SEED).stream(what, "");
    let draw = |i: usize| i64::from(stream.below(bound as u32, Counter::once().at(i as u64)));
    let ids: Vec<i64> = (0..sizes.iter().product::<usize>()).map(draw).collect();
    Tensor::new(sizes, ids).expect("as many ids were drawn as the sizes want")
}

/// Takes our first step and writes what PyTorch's side needs to repeat it; gives the loss before that step.
pub(super) fn write(folder: &Path, workload: &Workload, threads: usize) -> Result<f64, BenchError> {
    let batch = batch(workload);
    let mut network = network(workload, threads)?;
    let start = network.state()?.weights;
    let loss = step(&mut network, workload, &batch)?;
    let targets = batch.targets.into_iter().map(|target| ("target".to_owned(), target));
    tensors(&folder.join("start.safetensors"), &start)?;
    tensors(&folder.join("batch.safetensors"), &batch.inputs.into_iter().chain(targets).collect())?;
    tensors(&folder.join("step.safetensors"), &network.state()?.weights)?;
    let said = json!({
        "name": workload.name,
        "loss": workload.loss,
        "update": update(&workload.update),
        "rows": workload.rows,
    });
    file(&folder.join("workload.json"), said.to_string().as_bytes())?;
    Ok(loss)
}

fn tensors(path: &Path, tensors: &BTreeMap<String, Tensor>) -> Result<(), BenchError> {
    file(path, &weights_file::write(tensors, &BTreeMap::new())?)
}

fn file(path: &Path, bytes: &[u8]) -> Result<(), BenchError> {
    fs::write(path, bytes).map_err(BenchError::file("write", path))
}

/// An optimizer's step in JSON, under its name.
fn update(update: &Update) -> Value {
    match update {
        Update::Sgd { learning_rate, momentum, weight_decay, clip } => json!({ "sgd": {
            "learning_rate": learning_rate, "momentum": momentum, "weight_decay": weight_decay, "clip": clip,
        } }),
        Update::Adam(numbers) => json!({ "adam": adam(numbers) }),
        Update::AdamW(numbers) => json!({ "adamw": adam(numbers) }),
    }
}

fn adam(numbers: &Adam) -> Value {
    let Adam { learning_rate, beta1, beta2, eps, weight_decay, clip } = numbers;
    json!({
        "learning_rate": learning_rate, "beta1": beta1, "beta2": beta2, "eps": eps,
        "weight_decay": weight_decay, "clip": clip,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads;

    #[test]
    fn a_batch_fits_its_network() {
        for workload in workloads() {
            let Batch { inputs, targets, .. } = batch(&workload);
            let head = workload.graph.find("head").expect("a workload ends in `head`");
            let sizes = |id| workload.graph[id].shape.with_batch(workload.rows);
            let x = workload.graph.find("x").expect("a workload begins with `x`");
            assert_eq!(sizes(x).as_deref(), Some(inputs["x"].shape()), "{}", workload.name);
            let wanted = match workload.loss {
                Loss::CrossEntropy => Some(vec![workload.rows]),
                Loss::Mse => sizes(head),
            };
            assert_eq!(wanted.as_deref(), Some(targets[0].shape()), "{}", workload.name);
        }
    }

    #[test]
    fn an_update_is_written_with_all_its_numbers() {
        let sgd = Update::Sgd { learning_rate: 0.1, momentum: 0.9, weight_decay: 1e-4, clip: None };
        let text = r#"{"sgd":{"learning_rate":0.1,"momentum":0.9,"weight_decay":0.0001,"clip":null}}"#;
        assert_eq!(update(&sgd).to_string(), text);
    }
}
