use std::path::Path;
use std::time::Duration;

use baeum_core::commit::CommitError;
use baeum_core::fs::RealFs;
use baeum_models::Memory;

use super::chain::Chain;
use super::open::open;
use super::{Failure, args, print, seeds, summary};
use crate::StageError;
use crate::error::mebibytes;
use crate::recipe::{Parsed, RunPlan};
use crate::run::{Action, Files, Reason, Runs, Stage, verify as check};
use crate::session::{Audience, Goal, Job, Session, Told, identity};
use crate::watch::{Bar, Signals, Waiting, Watcher};

/// `baeum pipeline RECIPE`, or one of its stages: everything up to `to`.
pub(crate) fn run(work: &args::Work, to: Option<Stage>, signals: &Signals) -> Result<(), Failure> {
    let last = last_stage(work, to)?;
    let job = open(work)?;
    use_threads(job.plans.run.threads());
    let goal = match (&work.resume, work.from) {
        (Some(run), _) => {
            refuse_several("--resume", &job)?;
            Goal::Resume(run.clone())
        }
        (None, Some(_)) => {
            refuse_several("--from", &job)?;
            Goal::Newest
        }
        (None, None) if job.plans.run.seeds().len() > 1 => return seeds::run(&job, last, signals),
        (None, None) => Goal::Any,
    };
    let session = advance(&job, &Asked { goal, from: work.from, last }, signals)?;
    summary::end(&session, last)
}

/// `--resume`, `--from` and `plan` are about one run.
fn refuse_several(word: &str, job: &Job) -> Result<(), Failure> {
    match job.plans.run.seeds().len() {
        0 | 1 => Ok(()),
        seeds => Err(Failure::Usage(format!(
            "`{word}` wants one seed, got {seeds} in `run.seed`; say which with `--set run.seed=NUMBER`"
        ))),
    }
}

/// Which run is wanted, and which of its stages.
pub(crate) struct Asked {
    pub(crate) goal: Goal,
    pub(crate) from: Option<Stage>,
    pub(crate) last: Stage,
}

/// Runs a recipe with one seed, and tells how it goes.
pub(crate) fn advance<'a>(job: &'a Job, asked: &Asked, signals: &Signals) -> Result<Session<'a>, Failure> {
    let blame = |error| blame(&job.parsed, signals, error);
    let mut session = Session::open(job, &asked.goal, signals.clone()).map_err(blame)?;
    print::line(&session.path().display().to_string());
    if let Some(text) = lowered(&job.plans.run) {
        print::line(&text);
    }
    if let Some(from) = asked.from {
        session.adopt_before(from).map_err(blame)?;
    }
    let waiting = Waiting::new("data", &job.place.progress, &job.clock, signals);
    let mut audience = Terminal { job, waiting };
    session.advance(asked.last, &mut audience).map_err(blame)?;
    Ok(session)
}

/// What to say where matrices are not multiplied as the recipe asks.
fn lowered(run: &RunPlan) -> Option<String> {
    let (asked, computed) = (run.precision(), run.computed());
    let text = || {
        format!(
            "`run.precision` is `{computed}` here: `{asked}` wants a processor with AMX and no `BAEUM_ISA`"
        )
    };
    (asked != computed).then(text)
}

/// Where to stop: what the command says, or `--to`, which must not say something else.
fn last_stage(work: &args::Work, verb: Option<Stage>) -> Result<Stage, Failure> {
    let last = match (verb, work.to) {
        (Some(verb), Some(to)) if verb != to => {
            return Err(Failure::Usage(format!(
                "`baeum {verb}` stops after `{verb}`, got `--to {to}`; leave one out"
            )));
        }
        (verb, to) => verb.or(to).unwrap_or(Stage::Export),
    };
    match work.from {
        Some(from) if from > last => {
            Err(Failure::Usage(format!("`--from {from}` wants a stage up to `{last}`, got a later one")))
        }
        Some(_) | None => Ok(last),
    }
}

/// `baeum plan RECIPE`.
pub(crate) fn plan(work: &args::Work) -> Result<(), Failure> {
    let job = open(work)?;
    refuse_several("baeum plan", &job)?;
    let identity = identity(&job.parsed.recipe, &job.plans, &job.place)?;
    let plan = job.runs.plan(&job.name, &identity)?;
    let how = if plan.continues { "goes on" } else { "begins" };
    print::line(&format!("{} {how}", plan.run.display()));
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|step| {
            let action = match step.action {
                Action::Keep => "is done",
                Action::Take => "from the cache",
                Action::Run => "runs",
            };
            vec![step.stage.to_string(), action.to_owned(), reasons(&step.reasons)]
        })
        .collect();
    print::line(&print::table(&["stage", "what", "why"], &rows));
    Ok(())
}

/// `baeum verify RUN`.
pub(crate) fn verify(args: &args::Verify) -> Result<(), Failure> {
    let runs = runs_in(&args.runs);
    let run = runs.locate(&args.run)?;
    let problems = check(&RealFs, &run)?;
    for problem in &problems {
        print::line(&format!("  {problem}"));
    }
    match problems.len() {
        0 => {
            print::line(&format!("{}: every byte is as it was written", run.display()));
            Ok(())
        }
        count => Err(Failure::Damaged(count)),
    }
}

/// `baeum runs`.
pub(crate) fn runs(args: &args::Runs) -> Result<(), Failure> {
    if args.clean {
        let removed = runs_in(&args.runs).clean()?;
        let objects = print::counted(removed.objects, "object");
        print::line(&format!("  {objects} removed from the cache, {}", mebibytes(removed.bytes)));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = runs_in(&args.runs)
        .list()?
        .into_iter()
        .map(|run| {
            let done: Vec<&str> = run.done.iter().map(|stage| stage.name()).collect();
            let headline = run.headline.map(|(name, value)| format!("{name} {value:.4}")).unwrap_or_default();
            vec![run.name, run.state.to_string(), run.started.unwrap_or_default(), done.join(" "), headline]
        })
        .collect();
    match rows.is_empty() {
        true => {
            print::line(&format!("no runs in {}; `baeum pipeline RECIPE` makes one", args.runs.display()))
        }
        false => print::line(&print::table(&["run", "state", "started", "done", "score"], &rows)),
    }
    Ok(())
}

pub(crate) fn runs_in(folder: &std::path::Path) -> Runs {
    use std::sync::Arc;
    Runs::new(Arc::new(RealFs), Arc::new(baeum_core::clock::SystemClock::new()), folder)
}

/// All threads of the arithmetic come from one pool; how many there are changes no bit.
pub(crate) fn use_threads(threads: Option<usize>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0));
    // It fails only if a pool was made before, which a process that runs one command has not.
    let _ = pool.build_global();
}

/// What a stage refuses is shown at its place in the recipe if it is about a setting; a signal is told by its name.
pub(crate) fn blame(parsed: &Parsed, signals: &Signals, error: StageError) -> Failure {
    match (error, signals.received()) {
        (StageError::Stopped, Some(signal)) => Failure::Stopped(signal),
        (StageError::Data(error), _) if error.path().is_some() => parsed.blame(error).into(),
        (StageError::Models(error), _) if error.path().is_some() => parsed.blame(error).into(),
        (StageError::Train(error), _) if error.path().is_some() => parsed.blame(error).into(),
        (StageError::Evaluate(error), _) if error.path().is_some() => parsed.blame(error).into(),
        (StageError::Export(error), _) if error.path().is_some() => parsed.blame(error).into(),
        (error, _) => Failure::Stage(error),
    }
}

/// The person at the terminal.
struct Terminal<'a> {
    job: &'a Job,
    waiting: Waiting,
}

impl Audience for Terminal<'_> {
    fn told(&mut self, told: &Told<'_>) {
        self.waiting.clear();
        match told {
            Told::Found(stage, reasons, files) => stage_line(*stage, files, &self::reasons(reasons)),
            Told::Begins(stage, reasons) => {
                tracing::info!(%stage, reasons = self::reasons(reasons), "begins")
            }
            Told::Damaged(errors) => damaged(errors),
            Told::Diverged(kept) => diverged(*kept),
            Told::Expects { memory, taken, rows } => print::line(&expectation(memory, *taken, *rows)),
            Told::Done(stage, duration, files) => stage_line(*stage, files, &seconds(*duration)),
        }
    }

    fn watcher(&self) -> Option<Box<dyn Watcher + '_>> {
        Some(Box::new(Bar::new(&*self.job.clock)))
    }
}

fn stage_line(stage: Stage, files: &Files, note: &str) {
    print::line(&format!("  {:<9} {}  ({note})", stage.name(), summary::stage(stage, files)));
}

/// What a training will take beside what is taken already.
fn expectation(memory: &Memory, taken: Option<u64>, rows: usize) -> String {
    let [all, values] = [memory.total(), memory.values].map(mebibytes);
    let beside = taken.map_or(String::new(), |taken| format!(" beside {} in use", mebibytes(taken)));
    format!("  train     takes about {all} of memory{beside}, {values} of it for {rows} rows at once")
}

/// Where the step is, before the error says what is wrong with it.
fn diverged(kept: Result<&Path, &StageError>) {
    match kept {
        Ok(path) => print::error(&format!("`baeum replay {}` runs the step again", path.display())),
        Err(error) => print::error(&format!("warning: the step could not be kept: {}", Chain(error))),
    }
}

fn damaged(errors: &[CommitError]) {
    for error in errors {
        print::error(&format!("warning: {}; going on from an older checkpoint", Chain(error)));
    }
}

fn reasons(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join(", ")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
