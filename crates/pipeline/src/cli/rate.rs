//! `baeum find-rate RECIPE`: how the loss answers to a step size that grows.
use baeum_core::commit::commit_file;
use baeum_evaluate::rate_page;
use baeum_train::{RateCurve, RateRange, Signal};

use super::work::{blame, use_threads};
use super::{Failure, args, open, print};
use crate::rate::find_rate;
use crate::run::RunError;
use crate::stages::{Context, NoHooks};
use crate::watch::{Signals, Waiting};

/// About as many rows as the table has.
const ROWS: usize = 20;

/// Tries step sizes, prints the losses, and writes the page; no run is opened.
pub(crate) fn run(args: &args::FindRate, signals: &Signals) -> Result<(), Failure> {
    let refuse = |error: baeum_train::RateRangeError| Failure::Usage(error.to_string());
    let range = RateRange::new(args.least, args.most, args.steps).map_err(refuse)?;
    let job = open::open(&args::Work::about(&args.recipe, &args.sets, &args.runs, args.data.as_deref()))?;
    use_threads(job.plans.run.threads());
    let context = Context { plans: &job.plans, place: &job.place, hooks: &NoHooks };
    let waiting = Waiting::new("rates", &job.place.progress, &job.clock, signals);
    let mut watch = |_: &_| if signals.received().is_some() { Signal::Stop } else { Signal::Go };
    let curve =
        find_rate(&context, &range, &mut watch).map_err(|error| blame(&job.parsed, signals, error))?;
    drop(waiting);
    if let Some(signal) = signals.received() {
        return Err(Failure::Interrupted(signal));
    }
    print::line(&table(&curve));
    print::line(&format!("\n{}", told(&curve, &range)));
    let page = args.out.clone().unwrap_or_else(|| args.runs.join(format!("{}-rate.html", job.name)));
    let fs = &*job.place.fs;
    fs.create_dir_all(&open::folder_of(&page))?;
    commit_file(fs, &page, rate_page(&curve, &job.name).as_bytes()).map_err(RunError::from)?;
    print::line(&format!("\n  page  {}", page.display()));
    if let Some(rate) = curve.suggested() {
        let recipe = args.recipe.display();
        print::line(&format!("  next  baeum pipeline {recipe} --set train.learning_rate={rate:.1e}"));
    }
    Ok(())
}

fn table(curve: &RateCurve) -> String {
    let every = curve.points.len().div_ceil(ROWS).max(1);
    let rows = curve.points.iter().step_by(every).map(|point| {
        vec![format!("{:.1e}", point.rate), format!("{:.4}", point.loss), format!("{:.4}", point.mean)]
    });
    print::table(&["learning rate", "loss", "running mean"], &rows.collect::<Vec<_>>())
}

/// What is suggested, and by which rule.
fn told(curve: &RateCurve, range: &RateRange) -> String {
    let said = curve.said;
    let Some((rate, lowest)) = curve.suggested().zip(curve.lowest()) else {
        return format!(
            "nothing is suggested: the running mean did not fall by a tenth, so try a larger `--most` or more `--steps` (recipe: {said})"
        );
    };
    let more = match curve.is_cut || lowest.rate < range.most() {
        true => String::new(),
        false => format!("; it still fell at {:.1e}, so try a larger `--most`", lowest.rate),
    };
    format!(
        "suggested: {rate:.1e}, a tenth of the rate at which the running mean was lowest, {:.1e} (recipe: {said}){more}",
        lowest.rate
    )
}
