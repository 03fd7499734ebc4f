//! `bench fashion`: a whole training, from a cold start to ten epochs, ours and PyTorch's.
mod record;

use std::env;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use baeum::fs::RealFs;
use baeum::models::{RunnerConfig, network};
use baeum::{Context, Dataset, HeadMetric, Limits, Network, NoHooks, Recipe, Stages, State, data, train};

use super::process::ask;
use super::turns::{order, say};
use super::{BenchError, FashionArguments, machine, rewrite_page};
use crate::root;
use record::{Epoch, Race, Went};
pub(super) use record::{RECORDS, page_with};

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

const RECIPE: &str = "datasets/fashion-mnist/recipe.toml";

/// The first seed.
const SEED: u64 = 7;

/// Rows of a batch, in training as in validation.
const BATCH: usize = 64;

/// Trains on both sides in turn, keeps how it went and prints it.
pub(super) fn fashion(arguments: &FashionArguments) -> Result<(), BenchError> {
    if let Some(seed) = arguments.ours_alone {
        let went = ours(arguments, seed).map_err(|source| BenchError::Training { source })?;
        let _ = writeln!(io::stdout(), "{}", serde_json::to_string(&went)?);
        return Ok(());
    }
    let race = race(arguments)?;
    let _ = write!(io::stdout(), "{}", record::table(&race));
    if arguments.print_only {
        return Ok(());
    }
    let path = root().join(RECORDS);
    let line = serde_json::to_string(&race)? + "\n";
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(BenchError::file("write", &path))?;
    rewrite_page()
}

fn race(arguments: &FashionArguments) -> Result<Race, BenchError> {
    let python = env::var_os(PYTHON).map(PathBuf::from);
    if python.is_none() {
        say(&format!("PyTorch is left out: {PYTHON} names no Python that has it"));
    }
    let mut race = Race::now(arguments);
    for pair in 0..arguments.seeds.get() {
        let seed = SEED + pair as u64;
        for our_turn in order(pair) {
            match &python {
                _ if our_turn => race.ours.push(ask("our side", &mut ours_alone(arguments, seed)?)?),
                Some(python) => race.theirs.push(ask("PyTorch", &mut theirs(python, arguments, seed))?),
                None => {}
            }
        }
        say(&format!("fashion-mnist: pair {} of {}", pair + 1, arguments.seeds));
    }
    Ok(race)
}

fn ours_alone(arguments: &FashionArguments, seed: u64) -> Result<Command, BenchError> {
    let itself =
        env::current_exe().map_err(|source| BenchError::Start { what: "our side".to_owned(), source })?;
    let mut command = Command::new(itself);
    command.arg("fashion").args(["--ours-alone", &seed.to_string()]).args(settings(arguments));
    command.arg(&arguments.data);
    Ok(command)
}

fn theirs(python: &Path, arguments: &FashionArguments, seed: u64) -> Command {
    let mut command = Command::new(python);
    command.arg(root().join("tests/interop/bench_fashion.py")).arg(&arguments.data).args(settings(arguments));
    command.args(["--seed", &seed.to_string()]);
    command.env("OMP_NUM_THREADS", arguments.threads.to_string()).env("CUDA_VISIBLE_DEVICES", "");
    command
}

fn settings(arguments: &FashionArguments) -> [String; 4] {
    let FashionArguments { epochs, threads, .. } = arguments;
    ["--epochs".to_owned(), epochs.to_string(), "--threads".to_owned(), threads.to_string()]
}

/// The recipe's own loop; after each epoch a second network of the same weights answers the validation rows, and at the end, when the
/// clock has stopped, those of the test.
fn ours(arguments: &FashionArguments, seed: u64) -> Result<Went, Box<dyn Error + Send + Sync>> {
    let since = Instant::now();
    let text = std::fs::read_to_string(root().join(RECIPE))?;
    // What is kept behind each epoch is judged.
    let sets = [format!("train.epochs={}", arguments.epochs), "train.checkpoint.every=1".to_owned()];
    let plans = Recipe::parse(RECIPE, &text, &sets)?.check()?;
    let place = place(&arguments.data, seed);
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
        let accuracy = accuracy(&mut *judge, &dataset, dataset.splits.valid.rows())?;
        epochs.push(Epoch { seconds: since.elapsed().as_secs_f64(), accuracy });
        Ok(())
    };
    let watch = &mut |_: &train::Event| train::Signal::Go;
    let score = &mut |_: &mut dyn Network, _: &Dataset, _: &[HeadMetric]| Ok(vec![]);
    let look = &mut |_: &mut dyn Network, _: &Dataset, _: &State| ();
    let outside = train::Outside { clock: &train::SystemClock::new(), keep, judge: score, look, watch };
    train::fit(&plans.train, place.seed, &mut *net, &dataset, None, outside)?;
    let test = accuracy(&mut *judge, &dataset, dataset.splits.test.rows())?;
    Ok(Went { epochs, test, peak_kib: machine::peak_kib() })
}

fn place(folder: &Path, seed: u64) -> data::Place {
    let (base, folders) = (root().join("datasets/fashion-mnist"), vec![folder.to_owned()]);
    data::Place {
        fs: Arc::new(RealFs),
        base,
        folders,
        limits: Limits::default(),
        seed,
        progress: Default::default(),
        cache: None,
    }
}

/// The share of rows whose likeliest class is theirs.
fn accuracy(
    net: &mut dyn Network,
    dataset: &Dataset,
    rows: &[usize],
) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let mut right = 0;
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
