//! A training step of the CPU runner asks for no memory, once the first steps have found what they need.

use std::process::Command;

use baeum_core::{Adam, Loss, Method, Network, Part, Tensor, Update};
use baeum_models::{CpuRunner, RunnerConfig, initial};

use crate::threads::{adamw, batch, graphs};

/// The counter counts every thread of the process, so the test has a process of its own.
#[test]
fn a_training_step_allocates_nothing() {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "allocations::one_process", "--ignored", "--nocapture"]);
    let output = process.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn one_process() {
    let [cnn, mlp] = graphs();
    let shares = Tensor::new([70, 10], vec![0.1f32; 700]).unwrap();
    let numbers = || Some(Tensor::new([70, 10], vec![0.5f32; 700]).unwrap());
    let focal = Loss::CrossEntropy { weights: vec![], smoothing: 0.0, gamma: 2.0 };
    let nesterov = Update::of(Method::Sgd { momentum: 0.9, nesterov: true }, 1e-3);
    let rmsprop = Update::of(Method::RmsProp { alpha: 0.99, eps: 1e-8, momentum: 0.9, centered: true }, 1e-3);
    let lion = Update { ema: Some(0.99), ..Update::of(Method::Lion { beta1: 0.9, beta2: 0.99 }, 1e-4) };
    let others = Adam { eps: 1e-6, ..Adam::USUAL };
    let muon = Update::of(Method::Muon { momentum: 0.95, nesterov: true, others }, 1e-3);
    let cases = [
        (cnn.clone(), None, Loss::CROSS_ENTROPY, muon),
        (cnn, None, Loss::CROSS_ENTROPY, adamw()),
        (mlp.clone(), None, focal, nesterov),
        (mlp.clone(), Some(shares), Loss::CROSS_ENTROPY, rmsprop),
        (mlp.clone(), numbers(), Loss::Mae, lion),
        (mlp.clone(), numbers(), Loss::Huber { delta: 1.0 }, adamw()),
        (mlp, numbers(), Loss::Quantile { levels: vec![0.9] }, adamw()),
    ];
    for ((graph, item), targets, loss, update) in cases {
        let mut batch = batch(&item, 70);
        batch.targets = targets.map_or(batch.targets, |targets| vec![targets]);
        let config = RunnerConfig { threads: 2, ..RunnerConfig::default() };
        let mut net = CpuRunner::new(&graph, &initial(&graph, 1), config).unwrap();
        let mut steps = |count: usize| {
            for _ in 0..count {
                net.loss_and_grad(&batch, &loss, Part::WHOLE).unwrap();
                net.update(&update).unwrap();
            }
        };
        // Each thread finds its work space the first time that it takes a task, and which thread takes which is left to
        // chance: on a busy machine one may come late. What asked for memory in each step would never come to rest.
        let mut round = || {
            let before = crate::ALLOCATOR.allocations();
            steps(20);
            crate::ALLOCATOR.allocations() - before
        };
        let rounds: Vec<usize> = (0..10).map(|_| round()).collect();
        assert!(rounds.iter().filter(|asked| **asked > 0).count() <= 5, "{item:?}, {update:?}: {rounds:?}");
    }
}
