//! Our side of a measurement: one process, one workload.
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

use super::process::Measured;
use super::{BenchError, WorkerArguments, machine, start};
use crate::Workload;

/// Steps before the first that counts, no more than those that count: memory is found, and the processor has left its sleep.
/// `bench_train.py` takes as many.
const WARM_UP: usize = 10;

/// Measures, and prints what `train` reads.
pub(super) fn print(arguments: &WorkerArguments) -> Result<(), BenchError> {
    let workload = super::train::chosen(Some(&arguments.name))?.remove(0);
    let measured = measure(&workload, arguments.steps.get(), arguments.threads.get())?;
    let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&measured)?);
    Ok(())
}

fn measure(workload: &Workload, steps: usize, threads: usize) -> Result<Measured, BenchError> {
    let batch = workload.batch();
    let mut network = start::network(workload, threads)?;
    let loss = start::step(&mut network, workload, &batch)?;
    let warm_up = WARM_UP.min(steps);
    for _ in 1..warm_up {
        start::step(&mut network, workload, &batch)?;
    }
    let (mut step_ms, mut last) = (Vec::with_capacity(steps), loss);
    for _ in 0..steps {
        let since = Instant::now();
        last = start::step(&mut network, workload, &batch)?;
        step_ms.push(since.elapsed().as_secs_f64() * 1e3);
    }
    if !last.is_finite() {
        return Err(BenchError::Diverged {
            workload: workload.name.to_owned(),
            loss: last,
            steps: warm_up + steps,
        });
    }
    let versions = BTreeMap::from([("baeum".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    Ok(Measured { step_ms, peak_kib: machine::peak_kib(), loss, compile_s: None, versions })
}
