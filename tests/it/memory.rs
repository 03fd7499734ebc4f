//! What a training is said to take before it begins, beside what it takes.
use std::error::Error;
use std::process::Command;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::models::Memory;
use baeum::train::Checkpoint;
use baeum::{Context, Hooks, NoHooks, Recipe, Stages, data};
use baeum_tests::campaign::SUBJECTS;

use crate::ALLOCATOR;

/// How far what is said may be from what is taken: the promise of `baeum_models::Memory`.
const BOUND: f64 = 0.2;

/// The subjects of campaigns, so large that examples and names count little beside the network: where parameters are most of it,
/// where values are, and where parts of a batch keep them few.
const CASES: [(usize, &[&str]); 6] = [
    (0, &["models.mlp.hidden=[1024, 1024]", "train.batch_size=16", "train.micro_batch=16"]),
    (
        0,
        &[
            "models.mlp.hidden=[1024]",
            "train.batch_size=128",
            "train.micro_batch=128",
            "train.optimizer=muon",
        ],
    ),
    (1, &["models.cnn.filters=[128, 128]", "models.cnn.dense=[512]", "train.batch_size=32"]),
    (2, &["train.batch_size=64", "models.lstm.units=[256]"]),
    (3, &["models.gpt.units=192", "models.gpt.blocks=4", "train.batch_size=64"]),
    (3, &["models.gpt.units=192", "models.gpt.blocks=4", "train.batch_size=64", "train.micro_batch=8"]),
];

/// The counter counts every thread of the process, so the test has a process of its own.
#[test]
fn what_a_training_takes_is_told_before_it_begins() {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "memory::one_process", "--ignored", "--nocapture"]);
    let output = process.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn one_process() {
    let mut wrong = vec![];
    for (subject, sets) in CASES {
        let (said, taken) = said_and_taken(subject, sets);
        let [said, taken] = [said, taken].map(|bytes| bytes as f64 / f64::from(1 << 20));
        if (said / taken - 1.0).abs() > BOUND {
            wrong.push(format!(
                "{}, {sets:?}: {said:.1} MiB were said, {taken:.1} taken",
                SUBJECTS[subject].name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bytes that two epochs are said to take, and those they took at most.
fn said_and_taken(subject: usize, sets: &[&str]) -> (u64, u64) {
    let (folder, recipe) = (SUBJECTS[subject].folder(), SUBJECTS[subject].recipe);
    let sets = [sets, &["train.epochs=2", "train.checkpoint={every_steps=3}", "run.threads=2"]].concat();
    let sets: Vec<String> = sets.into_iter().map(str::to_owned).collect();
    let plans = Recipe::parse("recipe.toml", recipe, &sets).unwrap().check();
    let plans = plans.unwrap_or_else(|error| panic!("{}", error.render(false)));
    let (limits, seed) = (plans.run.limits().clone(), plans.run.seed());
    let (fs, base) = (Arc::new(RealFs), folder.path().to_owned());
    let place =
        data::Place { fs, base, folders: vec![], limits, seed, progress: Default::default(), cache: None };
    let (context, stages) = (Context { plans: &plans, place: &place, hooks: &NoHooks }, Stages::default());
    let dataset = (stages.data)(&context, ()).unwrap().dataset;
    let model = (stages.models)(&context, dataset.clone()).unwrap();
    let said = Memory::of(&model.graph, &plans.train.largest_update(), plans.train.part_rows()).total();
    let learn = || (stages.train)(&Context { hooks: &AsFiles, ..context }, (model, dataset)).unwrap();
    let (_, taken) = ALLOCATOR.peak(learn);
    (said, taken as u64)
}

/// Makes files of checkpoints, as a session does.
struct AsFiles;

impl Hooks for AsFiles {
    fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Box<dyn Error + Send + Sync>> {
        std::hint::black_box(checkpoint.files()?);
        Ok(())
    }
}
