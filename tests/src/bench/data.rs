//! `bench data`: files to the numbers of batches, ours and the tools that people know for it; and how much memory it takes.
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use baeum::data::{DataBlueprint, prepare};
use baeum::{Transform, weights_file};
use serde_json::json;

use super::process::{Agreed, Measured, ask};
use super::turns::{Runs, busy, each, near, say, timing};
use super::{BenchError, Contest, DataArguments, PeerTiming, Record};
use crate::{Scratch, root};

mod job;
mod worker;

use job::Files;
pub use job::Job;
pub(super) use worker::print;
use worker::{BLUEPRINT, place};

/// Name the Pythons that have the other tools; `cargo xtask` sets them.
const PYTHON: &str = "BAEUM_PYTHON";
const PYTHON_TORCH: &str = "BAEUM_PYTHON_TORCH";

/// How often a process goes through the files, after once that does not count; a table is read once, as people do.
const PASSES: usize = 2;

/// How many rows are compared.
const COMPARED: usize = 512;

/// Measures what was asked for, one job after the other.
pub(super) fn data(arguments: &DataArguments) -> Result<(), BenchError> {
    let jobs: Vec<Job> = match arguments.only {
        Some(job) => vec![job],
        None => Job::ALL.to_vec(),
    };
    let bench = Bench { arguments, files: files()? };
    each(Contest::Data, arguments.print_only, &jobs, |job| match job.is_about_memory() {
        true => bench.memory(*job),
        false => bench.race(*job),
    })
}

/// Where the files lie that are read; made once.
fn files() -> Result<PathBuf, BenchError> {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(env::temp_dir);
    let folder = cache.join("baeum/bench-data");
    fs::create_dir_all(&folder).map_err(BenchError::file("write", &folder))?;
    Ok(folder)
}

struct Bench<'a> {
    arguments: &'a DataArguments,
    files: PathBuf,
}

impl Bench<'_> {
    /// Both sides in turn, once they have given the same.
    fn race(&self, job: Job) -> Result<Record, BenchError> {
        self.make(Files { job, twice: false })?;
        let shared = Scratch::new("bench-data");
        self.fit(job, shared.path())?;
        let passes = if job == Job::Table { 1 } else { PASSES };
        let checked: Agreed = ask(job.way(), &mut self.peer(job, "check", shared.path(), 1)?)?;
        let (what, bound) = job.bound();
        near(job.name(), what.to_owned(), bound, checked.relative_error)?;
        say(&format!("{}: {what} differs by {:.1e}", job.name(), checked.relative_error));
        let busy = busy();
        let mut ours = || self.ours(Files { job, twice: false }, Some(shared.path()), passes);
        let mut theirs = || ask::<Measured>(job.way(), &mut self.peer(job, "run", shared.path(), passes)?);
        let runs = Runs::in_turn(job.name(), self.arguments.pairs.get(), &mut ours, Some(&mut theirs))?;
        runs.same_figure(job.name())?;
        let peer = PeerTiming { timing: timing(&runs.theirs), way: job.way().to_owned(), compile_s: None };
        let record = runs.record(job.name(), job.rows(), passes, self.arguments.threads.get());
        Ok(Record { peer: Some(peer), notes: busy.into_iter().collect(), ..record })
    }

    /// The most memory that reading takes, and how much more when there are twice as many rows.
    fn memory(&self, job: Job) -> Result<Record, BenchError> {
        let [once, twice] = [false, true].map(|twice| {
            self.make(Files { job, twice })?;
            self.ours(Files { job, twice }, None, 1)
        });
        let (once, twice) = (once?, twice?);
        let more = (twice.peak_kib as f64 - once.peak_kib as f64) * 1024.0 / job.rows() as f64;
        let note = format!(
            "twice as many rows take {} MiB, {more:.0} bytes more for each row more",
            twice.peak_kib / 1024
        );
        let runs = Runs { ours: vec![once], theirs: vec![] };
        let record = runs.record(job.name(), job.rows(), 1, self.arguments.threads.get());
        Ok(Record { notes: vec![note], ..record })
    }

    /// Makes files that are not there yet.
    fn make(&self, files: Files) -> Result<(), BenchError> {
        if self.files.join(files.name()).exists() {
            return Ok(());
        }
        say(&format!("making `{}`; this happens once", files.name()));
        let mut command = Command::new(python(PYTHON)?);
        command.arg(root().join("tests/interop/bench_data_files.py"));
        command.args([&self.arguments.data, &self.files]).arg(files.name());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                Err(BenchError::Ended { what: "the files".to_owned(), status, said: String::new() })
            }
            Err(source) => Err(BenchError::Start { what: "the files".to_owned(), source }),
        }
    }

    /// Fits on our side and writes what both sides share: what was fitted, and the first rows to compare.
    fn fit(&self, job: Job, shared: &Path) -> Result<(), BenchError> {
        say(&format!("{}: fitted, then compared", job.name()));
        let prepared = prepare(&Files { job, twice: false }.plan()?, &place(&self.files))?;
        let source = prepared.dataset.source;
        let step = source.len() / COMPARED;
        let rows: Vec<usize> = (0..COMPARED).map(|place| place * step).collect();
        let write = |name: &str, bytes: &[u8]| {
            let path = shared.join(name);
            fs::write(&path, bytes).map_err(BenchError::file("write", &path))
        };
        let batch = source.batch(&rows)?;
        write("batch.safetensors", &weights_file::write(&batch.inputs, &BTreeMap::new())?)?;
        write("settings.json", settings(&prepared.blueprint, &rows).to_string().as_bytes())?;
        write(BLUEPRINT, &serde_json::to_vec(&prepared.blueprint)?)
    }

    /// Our side in a process of its own.
    fn ours(&self, files: Files, shared: Option<&Path>, passes: usize) -> Result<Measured, BenchError> {
        let what = "our side";
        let itself =
            env::current_exe().map_err(|source| BenchError::Start { what: what.to_owned(), source })?;
        let mut command = Command::new(itself);
        command.args(["data-worker", files.job.name(), "--passes", &passes.to_string(), "--files"]);
        command.arg(&self.files);
        if files.twice {
            command.arg("--twice");
        }
        if let Some(shared) = shared {
            command.arg("--folder").arg(shared);
        }
        ask(what, self.threaded(&mut command))
    }

    fn peer(&self, job: Job, verb: &str, shared: &Path, passes: usize) -> Result<Command, BenchError> {
        let mut command = Command::new(python(if job == Job::Images { PYTHON_TORCH } else { PYTHON })?);
        let files = Files { job, twice: false };
        command.arg(root().join("tests/interop/bench_data.py")).args([verb, job.name()]);
        command.arg(self.files.join(files.name())).arg(shared);
        command.args(["--passes", &passes.to_string(), "--batch", &job.batch().to_string()]);
        command.args(["--threads", &self.arguments.threads.to_string()]);
        command.env("TOKENIZERS_PARALLELISM", "true").env("CUDA_VISIBLE_DEVICES", "");
        self.threaded(&mut command);
        Ok(command)
    }

    /// The libraries of either side read these before anybody can say anything.
    fn threaded<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let threads = self.arguments.threads.to_string();
        for name in ["RAYON_NUM_THREADS", "POLARS_MAX_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(name, &threads);
        }
        command
    }
}

fn python(variable: &'static str) -> Result<PathBuf, BenchError> {
    env::var_os(variable).map(PathBuf::from).ok_or(BenchError::NoPython { variable })
}

/// What the other side has to know of what was fitted.
fn settings(blueprint: &DataBlueprint, rows: &[usize]) -> serde_json::Value {
    let steps = blueprint.inputs.iter().flat_map(|input| &input.columns).flat_map(|column| &column.steps);
    let (mut centre, mut spread, mut text): (Vec<f64>, Vec<f64>, _) = (vec![], vec![], None);
    for step in steps {
        if let Transform::Standardise { centre: centres, spread: spreads } = step {
            centre.extend(centres);
            spread.extend(spreads);
        }
        if let Transform::Tokenise { tokenizer, padding, length, .. } = step {
            text = Some(json!({ "tokenizer": tokenizer, "padding": padding, "length": length }));
        }
    }
    json!({ "rows": rows, "centre": centre, "spread": spread, "text": text })
}
