//! The k-th operation of the disk fails, for every k of a whole pipeline: a typed error, the old artefacts intact, and the
//! same command succeeds once the disk is well.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use baeum::clock::SystemClock;
use baeum::data::Place;
use baeum::fs::{Fault, FaultFs, RealFs};
use baeum::run::{Runs, Stage};
use baeum::watch::Signals;
use baeum::{Audience, Fs, Goal, Job, Recipe, Session, StageError, Told};
use baeum_tests::{Scratch, chain};

const RECIPE: &str = "\
[run]
name = \"small\"

[data]
source = { function = { expression = \"a + b\", inputs = { a = [0, 1], b = [0, 1] }, rows = 40 } }
target = \"sum\"
split = { random = { valid = 0.2, test = 0.2 } }

[models.mlp]
hidden = [2]

[train]
epochs = 2
batch_size = 16
checkpoint = { every = 1 }

[evaluate]
bootstrap = 40
";

struct Quiet;

impl Audience for Quiet {
    fn told(&mut self, _: &Told<'_>) {}
}

/// The whole pipeline on a disk; gives the run folder.
fn run_on(fs: Arc<dyn Fs>, folder: &Path) -> Result<PathBuf, StageError> {
    let parsed = Recipe::parse("recipe.toml", RECIPE, &[]).unwrap();
    let plans = parsed.check().unwrap();
    let clock = Arc::new(SystemClock::new());
    let limits = plans.run.limits().clone();
    let place = Place {
        fs: Arc::clone(&fs),
        base: folder.to_owned(),
        folders: vec![],
        limits,
        seed: 7,
        progress: Default::default(),
        cache: None,
    };
    let runs = Runs::new(fs, clock.clone(), folder.join("runs"));
    let text = parsed.recipe.to_toml().unwrap();
    let job = Job { parsed, plans, place, runs, clock, name: "small".to_owned(), text };
    let mut session = Session::open(&job, &Goal::Any, Signals::none())?;
    session.advance(Stage::Export, &mut Quiet)?;
    Ok(session.path())
}

/// The files of the outputs, by name.
fn outputs(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = ["3-train/predictor/weights.safetensors", "4-evaluate/metrics.json", "5-export/model.onnx"];
    names.iter().map(|name| ((*name).to_owned(), fs::read(run.join(name)).unwrap())).collect()
}

#[test]
fn every_operation_may_fail() {
    let undisturbed = Scratch::new("faults");
    let counting = FaultFs::over(Arc::new(RealFs));
    let wanted = outputs(&run_on(Arc::new(counting.clone()), undisturbed.path()).unwrap());
    let operations = counting.operations();
    assert!(operations > 100, "only {operations} operations go through the seam");
    let mut said = vec![];
    for fault in [Fault::NoSpace, Fault::InputOutput] {
        for k in 1..=operations {
            let folder = Scratch::new("fault");
            let disk = FaultFs::over(Arc::new(RealFs));
            disk.fail_at(k, fault);
            if let Err(error) = run_on(Arc::new(disk), folder.path()) {
                assert!(
                    [4, 7, 8].contains(&error.exit_code()),
                    "operation {k}, {fault:?}: exit {} {error}",
                    error.exit_code()
                );
                said.push(chain(&error));
            }
            let run = run_on(Arc::new(RealFs), folder.path());
            let run = run.unwrap_or_else(|error| panic!("after operation {k}, {fault:?}: {error}"));
            assert!(outputs(&run) == wanted, "after operation {k}, {fault:?}, the results differ");
        }
    }
    // A disk that is full at a checkpoint: which step is lost, and what was in the way.
    let full = |said: &String| {
        said.starts_with("could not keep the checkpoint of step ")
            && said.contains("3-train/checkpoints/000001")
            && said.contains("no storage space")
    };
    assert!(said.iter().any(full), "{said:#?}");
}

/// SIGKILL inside the commit protocol: this test starts itself again, and the child aborts at its k-th operation.
#[test]
fn a_kill_inside_a_commit_needs_no_repair() {
    let undisturbed = Scratch::new("commit");
    let counting = FaultFs::over(Arc::new(RealFs));
    let wanted = outputs(&run_on(Arc::new(counting.clone()), undisturbed.path()).unwrap());
    let operations = counting.operations();
    for kill in 0..20 {
        let k = operations * (2 * kill + 1) / 40;
        let folder = Scratch::new("killed");
        let status = Command::new(itself())
            .args(["--exact", "faults::dies_at_an_operation", "--ignored", "--nocapture"])
            .env("BAEUM_TEST_FOLDER", folder.path())
            .env("BAEUM_TEST_OPERATION", k.to_string())
            .output()
            .unwrap();
        assert!(!status.status.success(), "operation {k} of {operations} did not end the process");
        let run = run_on(Arc::new(RealFs), folder.path())
            .unwrap_or_else(|error| panic!("after a kill at {k}: {error}"));
        assert!(outputs(&run) == wanted, "killed at operation {k}, the results differ");
    }
}

/// This very program, also if a build has put another one in its place meanwhile.
fn itself() -> PathBuf {
    let linux = PathBuf::from("/proc/self/exe");
    if linux.exists() { linux } else { std::env::current_exe().unwrap() }
}

/// Not a test of its own: the child of the one above.
#[test]
#[ignore = "started by a_kill_inside_a_commit_needs_no_repair"]
fn dies_at_an_operation() {
    let variable = |name| std::env::var(name).unwrap();
    let disk = FaultFs::over(Arc::new(RealFs));
    disk.fail_at(variable("BAEUM_TEST_OPERATION").parse().unwrap(), Fault::Kill);
    let _ = run_on(Arc::new(disk), Path::new(&variable("BAEUM_TEST_FOLDER")));
}
