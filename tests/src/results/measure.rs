//! Recipes, run as people run them.
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, thread};

use baeum::clock::SystemClock;
use baeum::data::SplitConfig;
use baeum::run::utc;
use baeum::{Clock, Recipe, RecipeError};
use clap::Parser;
use serde_json::Value;

use super::{LESSONS, Lesson, Peer, RECORDS, Record, ResultError, Run, peer};
use crate::bench::machine;
use crate::root;

/// Runs recipes of `datasets`, keeps what they reach on their test rows and shows it in `docs/results.md`.
#[derive(Debug, Parser)]
#[command(name = "results", max_term_width = 100)]
pub struct Arguments {
    /// A recipe to run, such as `iris` or `function/product`; may be said again. Without it none is run, and the page is written
    /// from what is kept.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// With how many seeds, from 1 on; a recipe that is split into folds tests each of them once, with its own seed.
    #[arg(long, value_name = "N", default_value = "5")]
    pub seeds: NonZeroU64,
    /// The folder with the files of the data. Without it, what `baeum fetch` has brought is found.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Takes so many steps of the recipes in PyTorch alone, to see that it can; nothing is kept.
    #[arg(long, value_name = "STEPS")]
    pub try_peer: Option<usize>,
}

/// What one run of a recipe has of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Draw {
    pub(super) seed: u64,
    /// Which fold is tested, where the recipe is split into folds.
    pub(super) fold: Option<usize>,
}

impl Draw {
    /// All folds of a recipe that has some, with its own seed; otherwise the seeds from 1 on.
    fn all(recipe: &'static str, text: &str, seeds: NonZeroU64) -> Result<Vec<Draw>, ResultError> {
        let read = || -> Result<_, RecipeError> {
            let parsed = Recipe::parse(recipe, text, &[])?;
            Ok((parsed.check()?.run.seed(), parsed.recipe.data.split))
        };
        let (seed, split) =
            read().map_err(|error| ResultError::Failed { recipe, said: error.to_string() })?;
        let Some(SplitConfig::Fold { of, .. }) = split else {
            return Ok((1..=seeds.get()).map(|seed| Draw { seed, fold: None }).collect());
        };
        Ok((0..of).map(|fold| Draw { seed, fold: Some(fold) }).collect())
    }

    /// As `--set` wants it.
    pub(super) fn sets(self) -> Vec<String> {
        let fold = self.fold.map(|fold| format!("data.split.fold.fold={fold}"));
        [format!("run.seed={}", self.seed)].into_iter().chain(fold).collect()
    }
}

/// Runs what was asked for, and keeps a record of each recipe.
pub(super) fn measure(arguments: &Arguments) -> Result<(), ResultError> {
    let python = peer::python();
    for name in &arguments.only {
        let lesson = lesson(name)?;
        match (arguments.try_peer, &python) {
            (None, python) => keep(&record(lesson, arguments, python.as_deref())?)?,
            (Some(steps), Some(python)) => try_peer(lesson, arguments, python, steps)?,
            (Some(_), None) => return Err(ResultError::NoPeer),
        }
    }
    Ok(())
}

fn try_peer(lesson: &Lesson, arguments: &Arguments, python: &Path, steps: usize) -> Result<(), ResultError> {
    let said = peer::tried(python, lesson.recipe, arguments.data.as_deref(), threads(), steps);
    let said = said.map_err(|source| ResultError::Peer { recipe: lesson.recipe, source })?;
    let _ = writeln!(io::stderr(), "{}: {said}", lesson.recipe);
    Ok(())
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn lesson(name: &str) -> Result<&'static Lesson, ResultError> {
    LESSONS.iter().find(|lesson| lesson.name() == name).ok_or_else(|| ResultError::Lesson {
        name: name.to_owned(),
        known: LESSONS.iter().map(|lesson| format!("`{}`", lesson.name())).collect::<Vec<_>>().join(", "),
    })
}

fn record(lesson: &Lesson, arguments: &Arguments, python: Option<&Path>) -> Result<Record, ResultError> {
    let path = root().join(lesson.recipe);
    let text = fs::read_to_string(&path).map_err(ResultError::file("read", &path))?;
    let runs = env::temp_dir().join(format!("baeum-results-{}", std::process::id()));
    let busy = machine::busy();
    let mut beside = None;
    let draws = Draw::all(lesson.recipe, &text, arguments.seeds)?;
    let each = draws.into_iter().enumerate().map(|(place, draw)| {
        // A folder of its own for each run, so that nothing comes from the cache.
        let folder = runs.join(place.to_string());
        let done = run(lesson, draw, arguments.data.as_deref(), &folder);
        let _ = fs::remove_dir_all(&folder); // what stays of a temporary folder does no harm
        if let (0, Some(python)) = (place, python) {
            beside = Some(peer(lesson, draw, arguments.data.as_deref(), python)?);
        }
        done
    });
    let each: Vec<(Run, u64)> = each.collect::<Result<_, _>>()?;
    Ok(Record {
        recipe: lesson.recipe.to_owned(),
        text,
        date: utc(SystemClock::new().wall()).chars().take_while(|&letter| letter != 'T').collect(),
        processor: machine::processor(),
        threads: threads(),
        busy,
        parameters: each.first().map_or(0, |(_, parameters)| *parameters),
        runs: each.into_iter().map(|(run, _)| run).collect(),
        peer: beside,
    })
}

/// The same training in PyTorch.
fn peer(lesson: &Lesson, draw: Draw, data: Option<&Path>, python: &Path) -> Result<Peer, ResultError> {
    let done = peer::trained(python, lesson.recipe, draw, data, threads());
    let done = done.map_err(|source| ResultError::Peer { recipe: lesson.recipe, source })?;
    let _ = writeln!(io::stderr(), "{}, {draw:?}, PyTorch: {done:?}", lesson.recipe);
    Ok(done)
}

/// One run of all five stages, and how many parameters the network has.
fn run(lesson: &Lesson, draw: Draw, data: Option<&Path>, runs: &Path) -> Result<(Run, u64), ResultError> {
    let itself = env::current_exe().map_err(|source| ResultError::Start { source })?;
    let mut command = Command::new(itself.with_file_name("baeum"));
    command.current_dir(root()).args(["pipeline", lesson.recipe]);
    command.args(draw.sets().iter().flat_map(|set| ["--set", set]));
    command.args([OsStr::new("--runs"), runs.as_os_str()]);
    if let Some(folder) = data {
        command.args([OsStr::new("--data"), folder.as_os_str()]);
    }
    let since = Instant::now();
    let output = command.output().map_err(|source| ResultError::Start { source })?;
    let seconds = since.elapsed().as_secs_f64();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(ResultError::Failed { recipe: lesson.recipe, said });
    }
    let folder = only_run(runs)?;
    let metrics = metrics(&folder.join("4-evaluate/metrics.json"))?;
    let train_seconds = train_seconds(&folder.join("events.jsonl"))?;
    let _ = writeln!(io::stderr(), "{}, {draw:?}: {metrics:?} in {seconds:.1} s", lesson.recipe);
    let Draw { seed, fold } = draw;
    Ok((
        Run { seed, fold, seconds, train_seconds, metrics },
        parameters(&folder.join("2-models/summary.txt"))?,
    ))
}

/// The one run in a folder of runs; beside it lies the cache.
fn only_run(runs: &Path) -> Result<PathBuf, ResultError> {
    let entries = fs::read_dir(runs).map_err(ResultError::file("read", runs))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let is_run = |path: &PathBuf| path.join("run.json").is_file();
    let none = || io::Error::new(io::ErrorKind::NotFound, "no run lies in it");
    paths.find(is_run).ok_or_else(none).map_err(ResultError::file("read", runs))
}

fn metrics(path: &Path) -> Result<BTreeMap<String, f64>, ResultError> {
    let text = fs::read_to_string(path).map_err(ResultError::file("read", path))?;
    let report: Value = serde_json::from_str(&text).map_err(|source| ResultError::Json {
        from: path.display().to_string(),
        line: text.chars().take(80).collect(),
        source,
    })?;
    let pair = |metric: &Value| Some((metric["name"].as_str()?.to_owned(), metric["value"].as_f64()?));
    Ok(report["metrics"].as_array().into_iter().flatten().filter_map(pair).collect())
}

/// From the first step of the training to its last validation, as the log of the run has it.
fn train_seconds(path: &Path) -> Result<Option<f64>, ResultError> {
    let text = fs::read_to_string(path).map_err(ResultError::file("read", path))?;
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let (mut start, mut end) = (None, None);
    for event in events {
        match event["event"].as_str() {
            Some("start") => start = event["wall"].as_f64(),
            Some("epoch") => end = event["wall"].as_f64(),
            Some(_) | None => {}
        }
    }
    Ok(start.zip(end).map(|(start, end)| end - start))
}

/// What the summary says: `parameters: 32,352 (129,408 bytes as f32)`.
fn parameters(path: &Path) -> Result<u64, ResultError> {
    let text = fs::read_to_string(path).map_err(ResultError::file("read", path))?;
    let said = text.lines().find_map(|line| line.strip_prefix("parameters: "));
    let digits = said.unwrap_or_default().chars().take_while(|&letter| letter != ' ');
    Ok(digits.filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0))
}

fn keep(record: &Record) -> Result<(), ResultError> {
    let path = root().join(RECORDS);
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .map_err(ResultError::file("write", &path))?;
    file.write_all(record.line()?.as_bytes()).map_err(ResultError::file("write", &path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::Scratch;

    #[test]
    fn a_recipe_is_called_by_its_path() {
        assert_eq!(lesson("digits").unwrap().recipe, "datasets/digits/recipe.toml");
        assert_eq!(lesson("function/product").unwrap().recipe, "datasets/function/product.toml");
        let error = lesson("mnist").unwrap_err().to_string();
        assert!(error.starts_with("`mnist` is not a recipe of `datasets`; there are `digits`, "), "{error}");
    }

    #[test]
    fn each_fold_is_tested_once() {
        let draws = |split: &str| {
            let text = format!(
                "[run]\nseed = 7\n[data]\nsource = {{ csv = {{ path = \"a.csv\" }} }}\ntarget = \"y\"\n{split}\n[models]\nlayers = []\n"
            );
            let draws = Draw::all("a.toml", &text, NonZeroU64::new(2).unwrap()).unwrap();
            draws.into_iter().map(Draw::sets).collect::<Vec<_>>().concat()
        };
        assert_eq!(draws(""), ["run.seed=1", "run.seed=2"]);
        let sets = ["run.seed=7", "data.split.fold.fold=0", "run.seed=7", "data.split.fold.fold=1"];
        assert_eq!(draws("split = { fold = { of = 2 } }"), sets);
    }

    #[test]
    fn what_a_run_leaves_is_read() {
        let folder = Scratch::new("results");
        let report = r#"{"metrics": [{"name": "accuracy", "value": 0.5}, {"name": "log_loss", "value": 1}]}"#;
        let path = folder.put("metrics.json", report);
        assert_eq!(
            metrics(&path).unwrap(),
            [("accuracy".to_owned(), 0.5), ("log_loss".to_owned(), 1.0)].into()
        );
        let path =
            folder.put("summary.txt", "name  layer\nparameters: 32,352 (129,408 bytes as f32)\nFLOPs: 1\n");
        assert_eq!(parameters(&path).unwrap(), 32_352);
        let log = "{\"wall\":10.5,\"event\":\"start\"}\n{\"wall\":11,\"event\":\"epoch\"}\n{\"wall\":12.25,\"event\":\"epoch\"}\n{\"wall\":13,\"event\":\"end\"}\n";
        assert_eq!(train_seconds(&folder.put("events.jsonl", log)).unwrap(), Some(1.75));
        assert_eq!(train_seconds(&folder.put("events.jsonl", "")).unwrap(), None);
        folder.put("runs/a-0001/run.json", "{}");
        folder.put("runs/.cache/KEY/x", "");
        assert_eq!(only_run(&folder.path().join("runs")).unwrap(), folder.path().join("runs/a-0001"));
        let error = only_run(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("could not read `"), "{error}");
    }
}
