//! Our side of a measurement: one process, one workload.
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use baeum::Network;

use super::generate::Text;
use super::process::Measured;
use super::turns::chosen;
use super::{BenchError, WorkerArguments, machine, start};
use crate::Workload;

/// Steps before the first that counts, no more than those that count: memory is found, and the processor has left its sleep.
/// The other side takes as many.
const WARM_UP: usize = 10;

/// Measures, and prints what `train` and `predict` read.
pub(super) fn print(arguments: &WorkerArguments) -> Result<(), BenchError> {
    let workload = chosen(Some(&arguments.name))?.remove(0);
    let (steps, threads) = (arguments.steps.get(), arguments.threads.get());
    let measured = match arguments.answer {
        None if arguments.generate => generate(&workload, steps, threads)?,
        None => train(&workload, steps, threads)?,
        Some(rows) => answer(&Workload { rows: rows.get(), ..workload }, steps, threads)?,
    };
    let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&measured)?);
    Ok(())
}

fn train(workload: &Workload, steps: usize, threads: usize) -> Result<Measured, BenchError> {
    let (batch, mut network) = (workload.batch(), start::network(workload, threads)?);
    let loss = start::step(&mut network, workload, &batch)?;
    let mut last = loss;
    let step_ms = timed(steps, || {
        last = start::step(&mut network, workload, &batch)?;
        Ok(())
    })?;
    if !last.is_finite() {
        let steps = WARM_UP.min(steps) + steps;
        return Err(BenchError::Diverged { workload: workload.name.to_owned(), loss: last, steps });
    }
    Ok(measured(step_ms, loss))
}

fn answer(workload: &Workload, steps: usize, threads: usize) -> Result<Measured, BenchError> {
    let (batch, mut network) = (workload.batch(), start::network(workload, threads)?);
    let step_ms = timed(steps, || Ok(network.predict(&batch).map(|_| ())?))?;
    let answers = network.predict(&batch)?.iter().flat_map(|answer| answer.to_f64s()).collect::<Vec<f64>>();
    Ok(measured(step_ms, answers.iter().sum::<f64>() / answers.len() as f64))
}

/// The time of a piece in each text.
fn generate(workload: &Workload, texts: usize, threads: usize) -> Result<Measured, BenchError> {
    let (mut text, mut pieces) = (Text::of(workload, threads)?, vec![]);
    let mut step_ms = timed(texts, || {
        pieces = text.whole()?;
        Ok(())
    })?;
    step_ms.iter_mut().for_each(|ms| *ms /= pieces.len() as f64);
    let sum = pieces.iter().map(|piece| u64::from(*piece)).sum::<u64>();
    Ok(measured(step_ms, sum as f64 / pieces.len() as f64))
}

/// The milliseconds of each call, after some that do not count.
fn timed(steps: usize, mut call: impl FnMut() -> Result<(), BenchError>) -> Result<Vec<f64>, BenchError> {
    for _ in 0..WARM_UP.min(steps) {
        call()?;
    }
    let mut step_ms = Vec::with_capacity(steps);
    for _ in 0..steps {
        let since = Instant::now();
        call()?;
        step_ms.push(since.elapsed().as_secs_f64() * 1e3);
    }
    Ok(step_ms)
}

fn measured(step_ms: Vec<f64>, figure: f64) -> Measured {
    let versions = BTreeMap::from([("baeum".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    Measured { step_ms, peak_kib: machine::peak_kib(), figure, compile_s: None, versions }
}
