//! The start that both sides share: weights, one batch, and what our first step makes of them.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baeum::models::{CpuRunner, RunnerConfig, initial};
use baeum::weights_file;
use baeum::{Adam, Batch, Method, Network, Part, Tensor, Update};
use serde_json::{Value, json};

use super::BenchError;
use crate::Workload;

/// Our network at the start.
pub(super) fn network(workload: &Workload, threads: usize) -> Result<CpuRunner, BenchError> {
    let config = RunnerConfig { seed: Workload::SEED, threads, ..RunnerConfig::default() };
    Ok(CpuRunner::new(&workload.graph, &initial(&workload.graph, Workload::SEED), config)?)
}

/// One training step; gives the loss before it.
pub(super) fn step(network: &mut CpuRunner, workload: &Workload, batch: &Batch) -> Result<f64, BenchError> {
    let loss = network.loss_and_grad(batch, &workload.loss, Part::WHOLE)?;
    network.update(&workload.update)?;
    Ok(loss.mean())
}

/// Takes our first step and writes what PyTorch's side needs to repeat it; gives the loss before that step.
pub(super) fn write(folder: &Path, workload: &Workload, threads: usize) -> Result<f64, BenchError> {
    let batch = workload.batch();
    let mut network = network(workload, threads)?;
    let start = network.state()?.weights;
    let loss = step(&mut network, workload, &batch)?;
    let targets = batch.targets.into_iter().map(|target| ("target".to_owned(), target));
    tensors(&folder.join("start.safetensors"), &start)?;
    tensors(&folder.join("batch.safetensors"), &batch.inputs.into_iter().chain(targets).collect())?;
    tensors(&folder.join("step.safetensors"), &network.state()?.weights)?;
    let said = json!({
        "name": workload.name,
        "loss": workload.loss.name(),
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

/// An optimizer's step in JSON, under its name; decay is on all parameters there.
fn update(update: &Update) -> Value {
    let (name, mut numbers) = match update.method {
        Method::Sgd { momentum, nesterov } => ("sgd", json!({ "momentum": momentum, "nesterov": nesterov })),
        Method::Adam(numbers) => ("adam", adam(numbers)),
        Method::AdamW(numbers) => ("adamw", adam(numbers)),
        Method::RmsProp { alpha, eps, momentum, centered } => {
            ("rmsprop", json!({ "alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered }))
        }
        Method::Lion { beta1, beta2 } => ("lion", json!({ "beta1": beta1, "beta2": beta2 })),
        Method::Muon { momentum, nesterov, others } => {
            ("muon", json!({ "momentum": momentum, "nesterov": nesterov, "others": adam(others) }))
        }
    };
    numbers["learning_rate"] = update.learning_rate.into();
    numbers["weight_decay"] = update.weight_decay.into();
    numbers["clip"] = update.clip.into();
    json!({ name: numbers })
}

fn adam(Adam { beta1, beta2, eps }: Adam) -> Value {
    json!({ "beta1": beta1, "beta2": beta2, "eps": eps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_written_with_all_its_numbers() {
        let sgd = Update::of(Method::Sgd { momentum: 0.9, nesterov: true }, 0.1);
        let numbers = json!({
            "momentum": 0.9, "nesterov": true, "learning_rate": 0.1, "weight_decay": 1e-4, "clip": null,
        });
        assert_eq!(update(&Update { weight_decay: 1e-4, ..sgd }), json!({ "sgd": numbers }));
    }
}
