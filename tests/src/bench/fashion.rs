//! `bench fashion`: a whole training, from a cold start to ten epochs, ours and PyTorch's.
use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use baeum::fs::RealFs;
use baeum::models::{RunnerConfig, network};
use baeum::{Context, Dataset, HeadMetric, Limits, Network, NoHooks, Recipe, Stages, data, train};
use serde::{Deserialize, Serialize};

use super::process::ask;
use super::turns::say;
use super::{BenchError, FashionArguments, machine};
use crate::root;

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

const RECIPE: &str = "datasets/fashion-mnist/recipe.toml";

/// The accuracy that both sides are timed to.
const GOAL: f64 = 0.9;

/// Rows of a batch, in training as in validation.
const BATCH: usize = 64;

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Went {
    epochs: Vec<Epoch>,
    peak_kib: u64,
}

/// The end of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    /// Since the process began.
    seconds: f64,
    /// Of the validation rows.
    accuracy: f64,
}

/// Trains on both sides, one after the other, and prints how it went.
pub(super) fn fashion(arguments: &FashionArguments) -> Result<(), BenchError> {
    if arguments.ours_alone {
        let went = ours(arguments).map_err(|source| BenchError::Training { source })?;
        let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&went)?);
        return Ok(());
    }
    let itself =
        env::current_exe().map_err(|source| BenchError::Start { what: "our side".to_owned(), source })?;
    let mut command = Command::new(itself);
    command.arg("fashion").arg("--ours-alone").args(settings(arguments)).arg(&arguments.data);
    tell("ours", &ask("our side", &mut command)?);
    let Some(python) = env::var_os(PYTHON).map(PathBuf::from) else {
        say(&format!("PyTorch is left out: {PYTHON} names no Python that has it"));
        return Ok(());
    };
    let mut command = Command::new(python);
    command.arg(root().join("tests/interop/bench_fashion.py")).arg(&arguments.data).args(settings(arguments));
    command.env("OMP_NUM_THREADS", arguments.threads.to_string()).env("CUDA_VISIBLE_DEVICES", "");
    tell("PyTorch", &ask("PyTorch", &mut command)?);
    Ok(())
}

fn settings(arguments: &FashionArguments) -> [String; 4] {
    let FashionArguments { epochs, threads, .. } = arguments;
    ["--epochs".to_owned(), epochs.to_string(), "--threads".to_owned(), threads.to_string()]
}

fn tell(side: &str, went: &Went) {
    let last = went.epochs.last().copied().unwrap_or(Epoch { seconds: 0.0, accuracy: 0.0 });
    let goal = match went.epochs.iter().find(|epoch| epoch.accuracy >= GOAL) {
        Some(epoch) => format!("{GOAL:.2} after {:.1} s", epoch.seconds),
        None => format!("never {GOAL:.2}"),
    };
    let _ = writeln!(
        io::stdout(),
        "{side:<8} {} epochs in {:.1} s from a cold start, accuracy {:.4}, {goal}, peak {} MiB",
        went.epochs.len(),
        last.seconds,
        last.accuracy,
        went.peak_kib / 1024
    );
}

/// The recipe's own loop; after each epoch a second network of the same weights answers the validation rows.
fn ours(arguments: &FashionArguments) -> Result<Went, Box<dyn Error + Send + Sync>> {
    let since = Instant::now();
    let text = std::fs::read_to_string(root().join(RECIPE))?;
    let sets = [format!("train.epochs={}", arguments.epochs)];
    let plans = Recipe::parse(RECIPE, &text, &sets)?.check()?;
    let place = place(&arguments.data);
    let context = Context { plans: &plans, place: &place, hooks: &NoHooks };
    let stages = Stages::default();
    let dataset = (stages.data)(&context, ())?.dataset;
    let model = (stages.models)(&context, dataset.clone())?;
    let config =
        RunnerConfig { seed: place.seed, threads: arguments.threads.get(), ..RunnerConfig::default() };
    let mut net = network(&model.graph, &model.weights, config)?;
    let mut judge = network(&model.graph, &model.weights, config)?;
    let mut epochs = vec![];
    let keep = &mut |checkpoint: &train::Checkpoint| {
        judge.load(&checkpoint.state)?;
        let accuracy = accuracy(&mut *judge, &dataset)?;
        epochs.push(Epoch { seconds: since.elapsed().as_secs_f64(), accuracy });
        Ok(())
    };
    let watch = &mut |_: &train::Event| train::Signal::Go;
    let judge = &mut |_: &mut dyn Network, _: &Dataset, _: &[HeadMetric]| Ok(vec![]);
    let outside = train::Outside { clock: &train::SystemClock::new(), keep, judge, watch };
    train::fit(&plans.train, place.seed, &mut *net, &dataset, None, outside)?;
    Ok(Went { epochs, peak_kib: machine::peak_kib() })
}

fn place(folder: &Path) -> data::Place {
    let (base, folders) = (root().join("datasets/fashion-mnist"), vec![folder.to_owned()]);
    data::Place {
        fs: Arc::new(RealFs),
        base,
        folders,
        limits: Limits::default(),
        seed: 7,
        progress: Default::default(),
        cache: None,
    }
}

/// The share of validation rows whose likeliest class is theirs.
fn accuracy(net: &mut dyn Network, dataset: &Dataset) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let (rows, mut right) = (dataset.splits.valid.rows(), 0);
    for rows in rows.chunks(BATCH) {
        let batch = dataset.source.batch(rows)?;
        let logits = &net.predict(&batch)?[0];
        let classes = logits.len() / rows.len();
        for (logits, class) in logits.f32s()?.chunks(classes).zip(batch.targets[0].i64s()?) {
            let likeliest =
                logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i as i64);
            right += usize::from(likeliest == Some(*class));
        }
    }
    Ok(right as f64 / rows.len() as f64)
}
