//! Whole runs of five stages that compute next to nothing.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod clean;
mod damage;
mod faults;
mod names;
mod races;
mod reuse;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use baeum_core::Fs;
use baeum_core::clock::ManualClock;
use baeum_core::commit::{MANIFEST, read_set};
use baeum_core::fs::{CrashFs, RealFs};
use serde_json::{Value, json};

use super::*;

const RECIPE: &str = "# as the user wrote it\n";

/// A folder on the real disk that is removed with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("baeum-run-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        RealFs.create_dir(&path).unwrap();
        Scratch(path)
    }

    fn runs(&self) -> Runs {
        runs(Arc::new(RealFs), self.0.join("runs"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        RealFs.remove_dir_all(&self.0).unwrap();
    }
}

fn runs(fs: Arc<dyn Fs>, root: impl Into<PathBuf>) -> Runs {
    Runs::new(fs, Arc::new(ManualClock::new(Duration::from_secs(1_795_356_360))), root)
}

/// Runs on a disk in memory, which is fast and can lose its power.
fn in_memory() -> (CrashFs, Runs) {
    let fs = CrashFs::new();
    (fs.clone(), runs(Arc::new(fs), "/runs"))
}

fn identity(epochs: u32) -> Identity {
    let recipe = json!({
        "data": {"source": "a.csv"}, "models": {"layers": ["relu"]}, "train": {"epochs": epochs},
        "evaluate": {}, "export": {}, "run": {"seed": 7},
    });
    Identity::here(CpuClass::here(), recipe, [("a.csv".to_owned(), "1".to_owned())].into())
}

fn with(path: [&str; 2], value: Value) -> Identity {
    let mut identity = identity(5);
    identity.recipe[path[0]][path[1]] = value;
    identity
}

/// What a stage puts out: a function of its settings, and a file in a folder of its own.
fn work(stage: Stage, identity: &Identity) -> Files {
    let settings = identity.slice(stage).recipe.to_string().into_bytes();
    [("settings.json".to_owned(), settings), ("deep/er/bytes".to_owned(), vec![stage as u8; 1000])].into()
}

/// Does a stage unless it is done; says why, and whether it was done.
fn step(run: &mut Run, stage: Stage) -> Result<(Vec<Reason>, bool), RunError> {
    let begun = run.begin(stage)?;
    let reasons = begun.reasons.clone();
    let expect = work(stage, &run.record().identity);
    let worked = begun.output.is_none();
    let files = match &begun.output {
        Some(files) => files.clone(),
        None => {
            if stage == Stage::Train {
                let done = begun.checkpoints.newest()?.checkpoint.map_or(0, |point| point.epoch);
                (done + 1..=3).try_for_each(|epoch| begun.checkpoints.save(epoch, &expect, 2))?;
            }
            run.finish(begun, expect.clone())?
        }
    };
    assert_eq!(files, expect);
    Ok((reasons, worked))
}

/// Does all stages; says which of them had work to do.
fn drive(run: &mut Run) -> Result<Vec<Stage>, RunError> {
    let mut worked = vec![];
    for stage in Stage::ALL {
        if step(run, stage)?.1 {
            worked.push(stage);
        }
    }
    Ok(worked)
}

/// Opens a run and does all stages.
fn whole(runs: &Runs, identity: &Identity) -> Result<(PathBuf, Vec<Stage>), RunError> {
    let mut run = runs.open("toy", RECIPE, identity.clone())?;
    let worked = drive(&mut run)?;
    Ok((run.path().to_owned(), worked))
}

/// Nothing partial stands under a final name: every set that has a manifest is whole.
#[track_caller]
fn assert_nothing_partial(fs: &dyn Fs, folder: &Path) {
    for name in fs.list(folder, u64::MAX).unwrap() {
        let path = folder.join(&name);
        let hidden = name.to_string_lossy().ends_with(".tmp");
        if !hidden && fs.list(&path, u64::MAX).is_ok() {
            if fs.exists(&path.join(MANIFEST)).unwrap() {
                read_set(fs, &path).unwrap();
            }
            assert_nothing_partial(fs, &path);
        }
    }
}

/// The bytes of every file that the stages of a run have put out, by their paths. Points to go on from are left out: they
/// stay where a stage was computed, and a third one may be there after a failure.
fn outputs(fs: &dyn Fs, run: &Path) -> Files {
    let output = |name: &String| name.contains('/') && !name.contains("/checkpoints/");
    let names = disk::tree(fs, run).unwrap().into_iter().filter(output);
    names.map(|name| (name.clone(), fs.read(&run.join(name), u64::MAX).unwrap())).collect()
}

fn texts(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(Reason::to_string).collect()
}
