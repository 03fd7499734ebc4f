//! `bench predict`: answers of one row and of many, beside ONNX Runtime on the network's ONNX file.
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use baeum::export::network_file;
use baeum::{Network, weights_file};

use super::process::{Agreed, Measured, ask};
use super::turns::{Runs, alone, busy, chosen, each, near, python_of, timing, worker};
use super::{BenchError, Contest, PeerTiming, Record, TrainArguments, start};
use crate::{Scratch, Workload, root};

/// Names the Python that has ONNX Runtime; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON";

/// How far the answers may be apart, relative to the largest: some hundred roundings in another order.
const BOUND: f64 = 1e-4;

/// Measures what was asked for, each workload with each number of rows.
pub(super) fn predict(arguments: &TrainArguments) -> Result<(), BenchError> {
    let python = python_of(Contest::Predict, PYTHON);
    let mut cases = vec![];
    for workload in chosen(arguments.only.as_deref())? {
        let with = |&rows: &usize| Workload { rows, steps: calls(&workload, rows), ..workload.clone() };
        cases.extend(Contest::Predict.rows().iter().map(with));
    }
    each(Contest::Predict, arguments.print_only, &cases, |workload| {
        measure(workload, arguments, python.as_deref())
    })
}

fn measure(
    workload: &Workload,
    arguments: &TrainArguments,
    python: Option<&Path>,
) -> Result<Record, BenchError> {
    let folder = Scratch::new("bench");
    let (threads, pairs) = (arguments.threads.get(), arguments.pairs.get());
    let steps = arguments.steps.map_or(workload.steps, NonZeroUsize::get);
    let mut ours = || worker(Contest::Predict, workload, steps, threads);
    let Some(python) = python else { return alone(Contest::Predict, workload, arguments, steps) };
    write(folder.path(), workload, threads)?;
    let checked: Agreed = ask("ONNX Runtime", &mut command(python, "check", folder.path(), 1, threads))?;
    near(workload.name, "the answers".to_owned(), BOUND, checked.relative_error)?;
    let busy = busy();
    let mut theirs =
        || ask::<Measured>("ONNX Runtime", &mut command(python, "run", folder.path(), steps, threads));
    let runs = Runs::in_turn(workload.name, pairs, &mut ours, Some(&mut theirs))?;
    let way = "a session with all optimisations".to_owned();
    Ok(Record {
        peer: Some(PeerTiming { timing: timing(&runs.theirs), way, compile_s: None }),
        notes: busy.into_iter().collect(),
        ..runs.record(workload.name, workload.rows, steps, threads)
    })
}

/// As many calls as go through three times the rows of a process that trains, for one of them takes a third of a training step.
fn calls(workload: &Workload, rows: usize) -> usize {
    (3 * workload.steps * workload.rows / rows).clamp(2, 2000)
}

/// What ONNX Runtime needs, and what we answer.
fn write(folder: &Path, workload: &Workload, threads: usize) -> Result<(), BenchError> {
    let (batch, mut network) = (workload.batch(), start::network(workload, threads)?);
    let model = network_file(&workload.graph, &network.state()?.weights)?;
    let answers =
        network.predict(&batch)?.iter().map(|answer| ("answers".to_owned(), answer.clone())).collect();
    let files = [
        ("model.onnx", model),
        ("inputs.safetensors", weights_file::write(&batch.inputs, &Default::default())?),
        ("answers.safetensors", weights_file::write(&answers, &Default::default())?),
    ];
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(BenchError::file("write", &path))?;
    }
    Ok(())
}

fn command(python: &Path, verb: &str, folder: &Path, steps: usize, threads: usize) -> Command {
    let (steps, threads) = (steps.to_string(), threads.to_string());
    let mut command = Command::new(python);
    command.arg(root().join("tests/interop/bench_predict.py")).arg(verb).arg(folder);
    command.args(["--steps", &steps, "--threads", &threads]);
    command
}
