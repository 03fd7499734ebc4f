//! What holds for every training step that is measured.

use std::process::Command;

use baeum::models::{CpuRunner, RunnerConfig, initial};
use baeum::{Network, Part, Weights};
use baeum_tests::{Workload, workloads};

/// Enough that a difference in one bit has gone through every tensor.
const STEPS: usize = 20;

/// With a part of its rows: large enough that every kernel has work for several threads.
fn smaller(workload: Workload) -> Workload {
    Workload { rows: workload.rows.div_ceil(8), ..workload }
}

fn network(workload: &Workload, threads: usize) -> CpuRunner {
    let config = RunnerConfig { seed: Workload::SEED, threads, ..RunnerConfig::default() };
    CpuRunner::new(&workload.graph, &initial(&workload.graph, Workload::SEED), config).unwrap()
}

fn learn(network: &mut CpuRunner, workload: &Workload, batch: &baeum::Batch, steps: usize) {
    for _ in 0..steps {
        network.loss_and_grad(batch, &workload.loss, Part::WHOLE).unwrap();
        network.update(&workload.update).unwrap();
    }
}

fn learned(workload: &Workload, threads: usize) -> Weights {
    let mut network = network(workload, threads);
    learn(&mut network, workload, &workload.batch(), STEPS);
    network.state().unwrap().weights
}

#[track_caller]
fn same_bits(workload: &Workload) {
    let alone = learned(workload, 1);
    for threads in [2, 3, 4, 8] {
        let together = learned(workload, threads);
        for (name, tensor) in &alone {
            let bits = |weights: &Weights| {
                weights[name].f32s().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<u32>>()
            };
            assert!(
                bits(&together) == bits(&alone),
                "{}: {threads} threads change `{name}` {:?}",
                workload.name,
                tensor.shape()
            );
        }
    }
}

#[test]
fn threads_change_no_bit_of_any_workload() {
    workloads().into_iter().map(smaller).for_each(|workload| same_bits(&workload));
}

#[test]
#[ignore = "the same with all rows takes a minute and a half on two cores that do nothing else"]
fn threads_change_no_bit_of_any_workload_at_its_full_size() {
    workloads().iter().for_each(same_bits);
}

/// The counter counts every thread of the process, so the test has a process of its own.
#[test]
fn no_workload_allocates_in_a_step() {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "workloads::allocations_of_one_process", "--ignored", "--nocapture"]);
    let output = process.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn allocations_of_one_process() {
    for workload in workloads().into_iter().map(smaller) {
        let (mut network, batch) = (network(&workload, 2), workload.batch());
        // Each thread finds its work space the first time that it takes a task, and which thread takes which is left to
        // chance: on a busy machine one may come late. What asked for memory in each step would never come to rest.
        let mut round = || {
            let before = crate::ALLOCATOR.allocations();
            learn(&mut network, &workload, &batch, STEPS);
            crate::ALLOCATOR.allocations() - before
        };
        let rounds: Vec<usize> = (0..6).map(|_| round()).collect();
        assert!(rounds.iter().filter(|asked| **asked > 0).count() <= 3, "{}: {rounds:?}", workload.name);
    }
}
