//! Our side of a job: files to the numbers of all batches, in one process.
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use baeum::data::{DataBlueprint, DataPlan, Place, open, prepare};
use baeum::fs::RealFs;
use baeum::{Ahead, Dataset, Limits};

use super::job::{Files, Job};
use crate::bench::process::Measured;
use crate::bench::{BenchError, DataWorkerArguments, machine};

/// What was fitted, in the folder that both sides share.
pub(super) const BLUEPRINT: &str = "blueprint.json";

/// Measures, and prints what `data` reads.
pub(in crate::bench) fn print(arguments: &DataWorkerArguments) -> Result<(), BenchError> {
    let DataWorkerArguments { job, twice, files, folder, passes } = arguments;
    let files_of = Files { job: *job, twice: *twice };
    let (plan, place) = (files_of.plan()?, place(files));
    let pass = || match job {
        Job::Images | Job::Texts => read(&open(&plan, &place, &blueprint(folder.as_deref())?)?, job.batch()),
        Job::Table | Job::LargeTable | Job::ManyIdx | Job::ManyFiles => fit_and_read(&plan, &place, *job),
    };
    let (mut step_ms, mut rows) = (vec![], 0);
    if *passes > 1 {
        pass()?; // the other side warms up too
    }
    for _ in 0..*passes {
        let since = Instant::now();
        rows = pass()?;
        step_ms.push(since.elapsed().as_secs_f64() * 1e3);
    }
    let versions = BTreeMap::from([("baeum".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    let (peak_kib, figure) = (machine::peak_kib(), rows as f64);
    let measured = Measured { step_ms, peak_kib, figure, compile_s: None, versions };
    let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// Where a recipe of the bench is run.
pub(super) fn place(files: &Path) -> Place {
    Place {
        fs: Arc::new(RealFs),
        base: files.to_owned(),
        folders: vec![],
        limits: Limits::default(),
        seed: 7,
        progress: Default::default(),
        cache: None,
    }
}

fn blueprint(folder: Option<&Path>) -> Result<DataBlueprint, BenchError> {
    let path = folder.unwrap_or(Path::new(".")).join(BLUEPRINT);
    let text = fs::read(&path).map_err(BenchError::file("read", &path))?;
    Ok(serde_json::from_slice(&text)?)
}

fn fit_and_read(plan: &DataPlan, place: &Place, job: Job) -> Result<usize, BenchError> {
    read(&prepare(plan, place)?.dataset, job.batch())
}

/// All rows in their order, batch by batch; how many came.
fn read(data: &Dataset, batch: usize) -> Result<usize, BenchError> {
    let all = data.source.len();
    let batches = move || (0..all).step_by(batch).map(move |first| (first..all.min(first + batch)).collect());
    let mut ahead = Ahead::new(&data.source, None, batches());
    batches().try_fold(0, |read, rows: Vec<usize>| Ok(read + ahead.take(&rows)?.rows))
}
