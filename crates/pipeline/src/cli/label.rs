use std::path::{Path, PathBuf};

use baeum_core::fs::{RealFs, shown};
use baeum_core::{Fs, Limit, Task, nearest};
use baeum_data::DataError;
use baeum_data::labelling::{Label, Roll, add, read_table};

use super::open::open;
use super::{Failure, args, print};
use crate::StageError;
use crate::label::{LabelError, candidates, newest_trained, next};
use crate::run::utc;
use crate::session::Job;

/// More labels than this are only counted.
const SHOWN: usize = 20;

/// `baeum label RECIPE ID=LABEL`, `--from FILE`, `--withdraw ID`, `--next N`, `--candidates N`.
pub(crate) fn run(args: &args::Label) -> Result<(), Failure> {
    let job = open(&args::Work::about(&args.recipe, &args.sets, &args.runs, args.data.as_deref()))?;
    let is_question = args.labels.is_empty() && args.withdraw.is_empty() && args.from.is_none();
    let done = match (args.next, args.candidates, is_question) {
        (Some(count), _, _) => list_next(args, &job, count),
        (None, Some(count), _) => list_candidates(args, &job, count),
        (None, None, true) => tell(&job),
        (None, None, false) => append(args, &job),
    };
    done.map_err(|error| blame(&job, error))
}

/// What is about a setting is shown at its place in the recipe.
fn blame(job: &Job, failure: Failure) -> Failure {
    let Failure::Label(LabelError::Stage(StageError::Data(error))) = failure else { return failure };
    match error.path() {
        Some(_) => job.parsed.blame(error).into(),
        None => LabelError::from(error).into(),
    }
}

fn roll(job: &Job) -> Result<Roll<'_>, Failure> {
    Ok(Roll::open(&job.plans.data, &job.place).map_err(LabelError::from)?)
}

/// How far the labelling is.
fn tell(job: &Job) -> Result<(), Failure> {
    let roll = roll(job)?;
    let without = roll.unlabelled().len();
    let (rows, judged) = (roll.len(), roll.judged());
    print::line(&format!(
        "  {rows} rows: {} with a label, {without} without; {judged} labelled by people",
        rows - without
    ));
    if matches!(roll.task(), Task::Classify | Task::MultiLabel) {
        let labels: Vec<Vec<String>> =
            roll.labels().into_iter().map(|(label, rows)| vec![label, rows.to_string()]).collect();
        print::line(&format!("\n{}", print::table(&["label", "rows"], &labels)));
    }
    Ok(())
}

fn append(args: &args::Label, job: &Job) -> Result<(), Failure> {
    let labels = asked(args, job)?;
    let roll = roll(job)?;
    let rows = roll.find(&labels).map_err(LabelError::from)?;
    for given in &labels {
        match &given.label {
            None => refuse_absent(&roll, given)?,
            Some(answer) if roll.task() == Task::Regress => refuse_word(answer)?,
            Some(answer) => {
                let called = roll.called(answer);
                called.iter().try_for_each(|label| refuse_unknown(&roll, label, args.new_class))?;
            }
        }
        roll.check(given).map_err(LabelError::from)?;
    }
    let after = roll.with(&labels).map_err(LabelError::from)?;
    let torn = add(&job.plans.data, &job.place, &labels).map_err(LabelError::from)?;
    if let Some(torn) = torn {
        print::error(&format!("warning: the last line had not been written whole and was removed: {torn}"));
    }
    let line = |(label, &row): (&Label, &usize)| {
        let is = after.get(row).and_then(Option::as_deref);
        vec![label.id.clone(), said(roll.label(row).as_deref()), said(is)]
    };
    let lines: Vec<Vec<String>> = labels.iter().zip(&rows).take(SHOWN).map(line).collect();
    print::line(&print::table(&["row", "was", "is"], &lines));
    if labels.len() > SHOWN {
        print::line(&format!("  and {} more", labels.len() - SHOWN));
    }
    let changed = rows.iter().filter(|&&row| after.get(row).cloned().flatten() != roll.label(row)).count();
    let without = after.iter().filter(|label| label.is_none()).count();
    let file = job.plans.data.label_path(&job.place).unwrap_or_default();
    let file = file.strip_prefix(".").unwrap_or(&file);
    let done = if args.withdraw.is_empty() { "added to" } else { "taken back in" };
    let [labels, changed, without] = [(labels.len(), "label"), (changed, "row"), (without, "row")]
        .map(|(n, what)| print::counted(n, what));
    print::line(&format!(
        "\n  {labels} {done} {}; {changed} changed, {without} without a label",
        shown(file)
    ));
    print::line(&format!("  next    baeum pipeline {}", shown(&args.recipe)));
    Ok(())
}

/// The labels on the command line, or in the table.
fn asked(args: &args::Label, job: &Job) -> Result<Vec<Label>, Failure> {
    let at = Some(utc(job.clock.wall()));
    let may_be_empty = job.plans.data.may_fit_nothing();
    let typed = |word: &String| match word.split_once('=') {
        Some((id, label)) if !id.trim().is_empty() && (may_be_empty || !label.trim().is_empty()) => {
            Ok(Label { id: id.trim().to_owned(), label: Some(label.trim().to_owned()), ..Label::default() })
        }
        Some(_) | None => Err(Failure::Usage(format!(
            "a label wants to be written ID=LABEL, got `{}`",
            word.escape_debug()
        ))),
    };
    let withdrawn = |id: &String| Label { id: id.clone(), ..Label::default() };
    let labels = match &args.from {
        None if !args.withdraw.is_empty() => args.withdraw.iter().map(withdrawn).collect(),
        None => args.labels.iter().map(typed).collect::<Result<Vec<_>, Failure>>()?,
        Some(file) => table(file, job)?,
    };
    let signed = |label: Label| Label {
        annotator: label.annotator.or_else(|| args.by.clone()),
        at: at.clone(),
        ..label
    };
    Ok(labels.into_iter().map(signed).collect())
}

fn table(file: &Path, job: &Job) -> Result<Vec<Label>, LabelError> {
    let limits = &job.place.limits;
    let fs: &dyn Fs = &RealFs;
    let bytes = limits.read(Limit::InflatedBytes, fs, file).map_err(DataError::from)?;
    Ok(read_table(&job.plans.data, &shown(file), bytes, limits)?)
}

/// Refuses to take back what nobody said.
fn refuse_absent(roll: &Roll, Label { id, annotator, .. }: &Label) -> Result<(), LabelError> {
    match roll.is_labelled(id, annotator.as_deref()) {
        true => Ok(()),
        false => Err(LabelError::NotLabelled { id: id.clone(), by: annotator.clone() }),
    }
}

/// A label, or that there is none; where a row may have several, that none fits.
fn said(label: Option<&str>) -> String {
    match label {
        None => "(none)".to_owned(),
        Some("") => "(none fits)".to_owned(),
        Some(label) => label.to_owned(),
    }
}

/// Refuses a word where numbers are learned.
fn refuse_word(answer: &str) -> Result<(), LabelError> {
    let is_number = |word: &str| word.parse::<f64>().is_ok_and(f64::is_finite);
    match answer.split_whitespace().all(is_number) {
        true => Ok(()),
        false => Err(LabelError::NoNumber { label: answer.to_owned() }),
    }
}

/// Refuses a label that is most likely a slip.
fn refuse_unknown(roll: &Roll<'_>, called: &str, is_new: bool) -> Result<(), LabelError> {
    let known = roll.labels();
    if known.contains_key(called) || is_new && !roll.is_closed() {
        return Ok(());
    }
    let near = nearest(called, known.keys().map(String::as_str)).map(str::to_owned);
    let way_out = match roll.is_closed() {
        true => "a new one wants to stand in `data.labels` first",
        false => "say `--new-class` if it is a new one",
    };
    let names: Vec<String> =
        known.keys().take(SHOWN).map(|name| format!("`{}`", name.escape_debug())).collect();
    let more = if known.len() > SHOWN { ", .." } else { "" };
    let known = if names.is_empty() { "none so far".to_owned() } else { names.join(", ") + more };
    Err(LabelError::Unknown { label: called.to_owned(), known, near, way_out })
}

/// The runs that were asked for.
fn runs(args: &args::Label, job: &Job) -> Result<Vec<PathBuf>, LabelError> {
    match args.run.is_empty() {
        true => Ok(vec![newest_trained(job)?]),
        false => args.run.iter().map(|run| Ok(job.runs.locate(run)?)).collect(),
    }
}

fn list_next(args: &args::Label, job: &Job, count: usize) -> Result<(), Failure> {
    let runs = runs(args, job)?;
    let [run] = &runs[..] else {
        return Err(Failure::Usage("`--next` wants one `--run`, got several".to_owned()));
    };
    let found = next(job, run, count)?;
    if found.of == 0 {
        print::line("  every row has a label");
        return Ok(());
    }
    let row = |row: &crate::label::Useful| {
        let numbers = [row.probability, row.uncertainty].map(|number| format!("{number:.4}"));
        [vec![row.id.clone(), said(Some(&row.answer))], numbers.to_vec(), vec![row.says.clone()]].concat()
    };
    let rows: Vec<Vec<String>> = found.rows.iter().map(row).collect();
    print::line(&print::table(&["row", "answer", "probability", "uncertainty", "says"], &rows));
    print::line(&format!("\n  {} of {} rows without a label, by {}", rows.len(), found.of, shown(run)));
    print::line(&format!("  next    baeum label {} ID=LABEL ..", shown(&args.recipe)));
    Ok(())
}

fn list_candidates(args: &args::Label, job: &Job, count: usize) -> Result<(), Failure> {
    let runs = runs(args, job)?;
    let found = candidates(job, &runs, count)?;
    let row = |row: &crate::label::Doubtful| {
        let mark = if row.is_suspect { "suspect" } else { "" };
        let words = [row.id.clone(), said(Some(&row.label)), said(Some(&row.suggested))];
        [words.to_vec(), vec![format!("{:.4}", row.score), mark.to_owned(), row.says.clone()]].concat()
    };
    let rows: Vec<Vec<String>> = found.rows.iter().map(row).collect();
    print::line(&print::table(&["row", "label", "perhaps", "score", "", "says"], &rows));
    let names: Vec<String> = runs.iter().map(|run| shown(run)).collect();
    print::line(&format!(
        "\n  {} of {} rows that {} did not learn from and nobody has labelled by hand",
        rows.len(),
        found.of,
        names.join(", ")
    ));
    print::line(&format!(
        "  next    baeum label {} ID=LABEL .., right ones too: they are not asked again",
        shown(&args.recipe)
    ));
    Ok(())
}
