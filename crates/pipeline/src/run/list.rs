use std::fmt;
use std::path::Path;

use baeum_core::Fs;
use serde_json::Value;

use super::record::Record;
use super::{RunError, Runs, Stage, lock};

/// Where the score is kept, below the run folder.
const METRICS: &str = "4-evaluate/metrics.json";
/// The longest such file that is read.
const METRICS_BYTES: u64 = 16 << 20;

/// A line of `baeum runs`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The name of its folder.
    pub name: String,
    /// When it was begun, in UTC; none if its record cannot be read.
    pub started: Option<String>,
    /// What it is doing.
    pub state: State,
    /// The stages that are done, in order.
    pub done: Vec<Stage>,
    /// The first metric of its report, if it has one: its name and value.
    pub headline: Option<(String, f64)>,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process works on it.
    Running,
    /// Nobody works on it, and it would go on.
    Unfinished,
    /// One of a list of seeds, another of which was exported.
    SetAside,
    /// Every stage is done.
    Finished,
    /// Its record cannot be read.
    Damaged,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Running => "running",
            State::Unfinished => "unfinished",
            State::SetAside => "set aside",
            State::Finished => "finished",
            State::Damaged => "damaged",
        })
    }
}

impl Runs {
    /// Every run in the folder, by name and number.
    ///
    /// # Errors
    /// Whatever the disk refuses; a damaged run is no error here.
    pub fn list(&self) -> Result<Vec<Listed>, RunError> {
        let mut listed = vec![];
        for (name, number) in self.all()? {
            let path = self.folder(&name, number);
            match Record::read(&**self.fs(), &path) {
                Ok(record) => listed.push(describe(&**self.fs(), &path, &record)),
                Err(RunError::Absent { .. }) => {}
                Err(RunError::Record { .. } | RunError::Version { .. }) => listed.push(damaged(&path)),
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }
}

fn describe(fs: &dyn Fs, path: &Path, record: &Record) -> Listed {
    let state = match (record.finished(), lock::is_held(fs, path)) {
        (_, true) => State::Running,
        (true, false) => State::Finished,
        (false, false) if record.chosen.is_some() => State::SetAside,
        (false, false) => State::Unfinished,
    };
    let done = Stage::ALL.into_iter().filter(|stage| record.done(*stage).is_some()).collect();
    Listed {
        name: name(path),
        started: Some(record.started.clone()),
        state,
        done,
        headline: headline(fs, path),
    }
}

fn damaged(path: &Path) -> Listed {
    Listed { name: name(path), started: None, state: State::Damaged, done: vec![], headline: None }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The first metric that the evaluate stage has written, the one that sums up best.
fn headline(fs: &dyn Fs, run: &Path) -> Option<(String, f64)> {
    let report = fs.read(&run.join(METRICS), METRICS_BYTES).ok()?;
    let report: Value = serde_json::from_slice(&report).ok()?;
    let metric = report.get("metrics")?.get(0)?;
    Some((metric.get("name")?.as_str()?.to_owned(), metric.get("value")?.as_f64()?))
}
