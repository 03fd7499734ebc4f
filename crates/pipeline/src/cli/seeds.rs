//! A recipe with a list of seeds: a run for each, what they score together, and the export of the best.
use std::path::Path;

use baeum_core::commit::{CommitError, commit_file};

use super::work::{Asked, advance};
use super::{Failure, print, summary};
use crate::artifacts;
use crate::run::{Files, Stage};
use crate::seeds::{Seeded, Seeds};
use crate::session::{Goal, Job, Session};
use crate::watch::Signals;

const PAGE: &str = "seeds.html";
const NUMBERS: &str = "seeds.json";

/// Runs each seed up to the score, tells the spread, and goes on to `last` with the run that is best by its validation rows.
pub(crate) fn run(job: &Job, last: Stage, signals: &Signals) -> Result<(), Failure> {
    let (mut runs, mut parts) = (vec![], vec![]);
    for &seed in job.plans.run.seeds() {
        let job = job.of_seed(seed)?;
        print::line(&format!("seed {seed}"));
        let asked = Asked { goal: Goal::Any, from: None, last: last.min(Stage::Evaluate) };
        let session = advance(&job, &asked, signals)?;
        parts.push(session.output(Stage::Data).and_then(|files| files.get(artifacts::SPLITS)).cloned());
        runs.extend(seeded(&session, seed)?);
    }
    if runs.is_empty() {
        return Ok(());
    }
    let seeds = Seeds::of(runs, parts.windows(2).all(|pair| pair[0] == pair[1]));
    tell(&seeds);
    let Some(best) = seeds.best_run() else { return Ok(()) };
    let job = job.of_seed(best.seed)?;
    let asked = Asked { goal: Goal::Resume(best.run.clone()), from: None, last };
    let session = advance(&job, &asked, signals)?;
    keep(&job, &session.path(), &seeds)?;
    for other in seeds.runs.iter().filter(|other| other.run != best.run) {
        job.runs.set_aside(&other.run, &best.run).map_err(crate::StageError::from)?;
    }
    summary::end(&session, last)?;
    print::line(&format!("  seeds   {}", session.path().join(PAGE).display()));
    Ok(())
}

/// What a run came to; none if it ended before its test rows were scored.
fn seeded(session: &Session<'_>, seed: u64) -> Result<Option<Seeded>, Failure> {
    let (Some(trained), Some(scored)) = (session.output(Stage::Train), session.output(Stage::Evaluate))
    else {
        return Ok(None);
    };
    let best = artifacts::history(trained)?.best()?.clone();
    let report = artifacts::scores(scored)?;
    let metrics = report.each().flat_map(|report| report.metrics.clone()).collect();
    let run = session.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(Seeded { seed, run, best, metrics }))
}

/// Mean and spread of every metric, and which run is the best.
fn tell(seeds: &Seeds) {
    let value = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |value| format!("{value:.4}"));
    let row = |spread: &crate::seeds::Spread| {
        let numbers = [spread.mean, spread.deviation, spread.low, spread.high].map(value);
        [spread.name.to_string()].into_iter().chain(numbers).collect()
    };
    let rows: Vec<Vec<String>> = seeds.spread.iter().map(row).collect();
    let head = ["metric", "mean", "deviation", "lowest", "highest"];
    print::line(&format!("\n{} seeds\n{}", seeds.runs.len(), print::table(&head, &rows)));
    if !seeds.same_parts {
        print::line("  each seed drew its own parts, so the spread is of the parts too");
    }
    if let Some(best) = seeds.best_run() {
        print::line(&format!("\nseed {} does best on its validation rows: {}", best.seed, best.chosen_by()));
    }
}

/// Lays page and numbers into the folder of the best run, beside its stages.
fn keep(job: &Job, run: &Path, seeds: &Seeds) -> Result<(), Failure> {
    let fs = &*job.place.fs;
    let files = Files::from([
        (PAGE.to_owned(), seeds.page(&job.name).into_bytes()),
        (NUMBERS.to_owned(), artifacts::json(seeds)?),
    ]);
    let keep = |(name, bytes): (&String, &Vec<u8>)| commit_file(fs, &run.join(name), bytes);
    files.iter().try_for_each(keep).map_err(|error: CommitError| crate::run::RunError::from(error).into())
}
