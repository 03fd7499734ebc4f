//! Labels of people and what trained runs say of them: which rows to label next, and which labels are probably wrong.

mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baeum_core::fs::shown;
use baeum_core::{Record, Value};
use baeum_data::DataError;
use baeum_data::labelling::{AddError, Roll};
use serde_json::Value as Json;

use crate::artifacts::ArtifactError;
use crate::predict::PredictError;
use crate::run::{Identity, Record as RunRecord, RunError, Stage, output_of};
use crate::session::{Job, identity};
use crate::{StageError, artifacts};

use model::{Model, Told};

/// How much of a row is shown, in characters.
const SHOWN: usize = 60;

/// Labels could not be added, or rows could not be ranked.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The data, the recipe, or a model.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The file of labels.
    #[error(transparent)]
    Add(#[from] AddError),
    /// A label that no row has.
    #[error("a label wants to be one of {known}, got `{}`; {}{way_out}", .label.escape_debug(), meant(.near))]
    Unknown {
        /// The label.
        label: String,
        /// The labels there are.
        known: String,
        /// One that looks like it.
        near: Option<String>,
        /// What to do if it is meant.
        way_out: &'static str,
    },
    /// A label is taken back that nobody gave.
    #[error("`{}` wants a label that {} gave before it is taken back, got none", .id.escape_debug(), giver(.by))]
    NotLabelled {
        /// The row.
        id: String,
        /// Whose label it was to be; none for anybody's.
        by: Option<String>,
    },
    /// A word where numbers are learned.
    #[error("a label of these data wants to be a finite number, got `{}`", .label.escape_debug())]
    NoNumber {
        /// The word.
        label: String,
    },
    /// Nothing was trained yet.
    #[error("`{name}` wants a run that is trained, got none; `baeum train RECIPE` makes one")]
    Untrained {
        /// The name of the recipe.
        name: String,
    },
    /// A run that tells numbers is never in two minds.
    #[error("`{}` wants to tell labels, got a run that tells something else", shown(.run))]
    Numbers {
        /// The run.
        run: PathBuf,
    },
    /// Rows of the run are perhaps other rows now.
    #[error("`{}` wants {what} as the run had it, got a change; run the recipe again", shown(.run))]
    Changed {
        /// The run.
        run: PathBuf,
        /// What is no longer the same.
        what: String,
    },
    /// Runs that cannot be taken together.
    #[error("`{}` wants the labels that the first run tells, got others", shown(.run))]
    OtherLabels {
        /// The run.
        run: PathBuf,
    },
}

fn meant(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!("did you mean `{}`? ", near.escape_debug())).unwrap_or_default()
}

fn giver(by: &Option<String>) -> String {
    by.as_ref().map_or_else(|| "somebody".to_owned(), |by| format!("`{}`", by.escape_debug()))
}

impl From<DataError> for LabelError {
    fn from(error: DataError) -> LabelError {
        LabelError::Stage(error.into())
    }
}

impl From<PredictError> for LabelError {
    fn from(error: PredictError) -> LabelError {
        LabelError::Stage(error.into())
    }
}

impl From<RunError> for LabelError {
    fn from(error: RunError) -> LabelError {
        LabelError::Stage(error.into())
    }
}

impl From<ArtifactError> for LabelError {
    fn from(error: ArtifactError) -> LabelError {
        LabelError::Stage(error.into())
    }
}

impl LabelError {
    /// For the shell, as [`StageError::exit_code`].
    pub fn exit_code(&self) -> u8 {
        match self {
            LabelError::Stage(error) => error.exit_code(),
            LabelError::Add(AddError::Data(error)) => crate::error::of_data(error),
            LabelError::Add(AddError::Commit(_) | AddError::Fs(_)) => 4,
            LabelError::Add(AddError::Held { .. }) => 7,
            LabelError::Unknown { .. } | LabelError::NotLabelled { .. } | LabelError::NoNumber { .. } => 3,
            LabelError::Untrained { .. }
            | LabelError::Numbers { .. }
            | LabelError::Changed { .. }
            | LabelError::OtherLabels { .. } => 2,
        }
    }
}

/// A row that would teach much if it had a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Useful {
    /// What the row is called.
    pub id: String,
    /// What the model takes it for; labels in a row, where it may have several.
    pub answer: String,
    /// How probable that is; of several labels, how probable the model is right about the one that it is least sure of.
    pub probability: f32,
    /// How close the other answer comes: 1 is a tie.
    pub uncertainty: f32,
    /// The beginning of what it says.
    pub says: String,
}

/// A row whose label is perhaps wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubtful {
    /// What the row is called.
    pub id: String,
    /// The label it has.
    pub label: String,
    /// The label it seems to have.
    pub suggested: String,
    /// Whether it counts as wrong.
    pub is_suspect: bool,
    /// From -1, surely wrong, to 1, surely right.
    pub score: f32,
    /// The beginning of what it says.
    pub says: String,
}

/// The first rows of a ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking<T> {
    /// The first rows.
    pub rows: Vec<T>,
    /// How many there are in all.
    pub of: usize,
}

/// The newest run of a recipe that is trained.
///
/// # Errors
/// [`LabelError::Untrained`] if there is none.
pub fn newest_trained(job: &Job) -> Result<PathBuf, LabelError> {
    let is_ours = |name: &str| name.rsplit_once('-').is_some_and(|(of, _)| of == job.name);
    let listed = job.runs.list()?.into_iter().rev();
    let mut ours = listed.filter(|run| is_ours(&run.name) && run.done.contains(&Stage::Train));
    match ours.next() {
        Some(run) => Ok(job.runs.locate(&run.name)?),
        None => Err(LabelError::Untrained { name: job.name.clone() }),
    }
}

/// The rows without a label that a run is least sure of, by the margin between its two best answers; where it may have several, of the label that it
/// is least sure of.
///
/// # Errors
/// [`LabelError`] if the run tells no labels, or the rows cannot be answered.
pub fn next(job: &Job, run: &Path, count: usize) -> Result<Ranking<Useful>, LabelError> {
    let mut model = Model::open(job, run)?;
    let roll = Roll::open(&job.plans.data, &job.place)?;
    let rows = roll.unlabelled();
    let names: Vec<String> = rows.iter().map(|&row| name(&roll, row)).collect();
    let records = roll.records(&model.predictor.schema)?;
    let shares = model.answers(&records, &rows)?;
    let ranked = model.told.most_useful(&shares);
    let useful = |(place, uncertainty): (usize, f32)| {
        let (answer, probability) = model.told.answer(&shares, place);
        let answer = answer.join(job.plans.data.separator());
        let says = says(&records.record(rows[place])?);
        Ok(Useful { id: names[place].clone(), answer, probability, uncertainty, says })
    };
    let first = ranked.into_iter().take(count).map(useful).collect::<Result<_, DataError>>()?;
    Ok(Ranking { rows: first, of: rows.len() })
}

/// The rows whose label is most probably wrong, by what runs say of rows that they have not learned from; several runs,
/// such as those of all folds, are averaged. Rows that people labelled are left out: somebody has looked at them.
///
/// # Errors
/// [`LabelError`] if the data are no longer those of a run, or the runs do not tell the same labels.
pub fn candidates(job: &Job, runs: &[PathBuf], count: usize) -> Result<Ranking<Doubtful>, LabelError> {
    let mut sums: BTreeMap<usize, (Vec<f32>, f32)> = BTreeMap::new();
    let mut told: Option<Told> = None;
    for run in runs {
        let mut model = Model::open(job, run)?;
        if !told.get_or_insert_with(|| model.told.clone()).tells_like(&model.told) {
            return Err(LabelError::OtherLabels { run: run.clone() });
        }
        let (rows, roll) = (unlearned(job, run)?, Roll::open(&job.plans.data, &job.place)?);
        let rows: Vec<usize> = rows.into_iter().filter(|&row| roll.label(row).is_some()).collect();
        let shares = model.answers(&roll.records(&model.predictor.schema)?, &rows)?;
        for (row, shares) in rows.iter().zip(shares.chunks_exact(model.told.labels.len())) {
            let (sum, runs) = sums.entry(*row).or_insert_with(|| (vec![0.0; shares.len()], 0.0));
            sum.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
            *runs += 1.0;
        }
    }
    match told {
        Some(told) => doubtful(job, runs, &told, sums, count),
        None => Ok(Ranking { rows: vec![], of: 0 }),
    }
}

fn doubtful(
    job: &Job,
    runs: &[PathBuf],
    told: &Told,
    sums: BTreeMap<usize, (Vec<f32>, f32)>,
    count: usize,
) -> Result<Ranking<Doubtful>, LabelError> {
    let roll = Roll::open(&job.plans.data, &job.place)?;
    let rows: Vec<usize> = sums.keys().copied().collect();
    let shares: Vec<f32> =
        sums.into_values().flat_map(|(sum, runs)| sum.into_iter().map(move |sum| sum / runs)).collect();
    let given: Vec<String> = rows.iter().map(|&row| roll.label(row).unwrap_or_default()).collect();
    let mut ranked = told.doubts(&shares, &given.iter().map(|label| roll.called(label)).collect::<Vec<_>>());
    ranked.retain(|doubt| !roll.is_judged(rows[doubt.place]));
    let of = ranked.len();
    ranked.truncate(count);
    let names: Vec<String> = ranked.iter().map(|doubt| name(&roll, rows[doubt.place])).collect();
    let records = match runs.first() {
        Some(run) if !ranked.is_empty() => Some(roll.records(&Model::open(job, run)?.predictor.schema)?),
        Some(_) | None => None,
    };
    let doubtful = |(doubt, id): (model::Doubt, String)| {
        let record = records.as_ref().map(|records| records.record(rows[doubt.place])).transpose()?;
        Ok(Doubtful {
            id,
            label: given[doubt.place].clone(),
            suggested: doubt.suggested.join(job.plans.data.separator()),
            is_suspect: doubt.is_suspect,
            score: doubt.score,
            says: record.as_ref().map(says).unwrap_or_default(),
        })
    };
    let rows = ranked.into_iter().zip(names).map(doubtful).collect::<Result<_, DataError>>()?;
    Ok(Ranking { rows, of })
}

fn name(roll: &Roll<'_>, row: usize) -> String {
    roll.name(row).unwrap_or_default().to_owned()
}

/// The rows that a run has not learned from, by their places in data that are still the same.
fn unlearned(job: &Job, run: &Path) -> Result<Vec<usize>, LabelError> {
    let fs = &*job.place.fs;
    let then = RunRecord::read(fs, run)?.identity;
    let now = identity(&job.parsed.recipe, &job.plans, &job.place)?;
    let changed = |what: String| LabelError::Changed { run: run.to_owned(), what };
    if let Some(setting) = other_setting(&then, &now) {
        return Err(changed(format!("`data.{setting}`")));
    }
    let labels = [&then, &now].map(|of| of.recipe["data"]["label_file"].as_str().map(PathBuf::from));
    let is_label_file = |file: &str| labels.iter().flatten().any(|labels| Path::new(file).ends_with(labels));
    let files: BTreeSet<&String> = then.files.keys().chain(now.files.keys()).collect();
    let other =
        files.into_iter().find(|file| !is_label_file(file) && then.files.get(*file) != now.files.get(*file));
    if let Some(file) = other {
        return Err(changed(format!("`{}`", shown(Path::new(file)))));
    }
    let set = output_of(fs, run, Stage::Data)?;
    let splits = artifacts::read_data(&set.files)?.splits;
    let mut rows = [splits.valid, splits.test].concat();
    rows.sort_unstable();
    Ok(rows)
}

/// A setting by which the same row of the same file may be another row now.
fn other_setting(then: &Identity, now: &Identity) -> Option<&'static str> {
    let of = |identity: &Identity, setting: &str| -> Json {
        let value = &identity.recipe["data"][setting];
        match setting {
            "split" => value["files"].clone(), // of the splits, this one alone says which rows there are
            _ => value.clone(),
        }
    };
    let settings = ["source", "target", "on_bad", "missing", "labels", "clean_labels", "split"];
    settings.into_iter().find(|setting| of(then, setting) != of(now, setting))
}

/// The beginning of what a row says; pictures say nothing in words.
fn says(record: &Record) -> String {
    let value = |(field, value): (&String, &Value)| match value {
        Value::Text(text) => Some(format!("{field} = {text}")),
        Value::Number(number) => Some(format!("{field} = {number}")),
        Value::Missing | Value::Numbers(_) | Value::Image(_) => None,
    };
    let all = record.iter().filter_map(value).collect::<Vec<_>>().join(", ");
    let short: String = all.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if all.chars().count() > SHOWN { short + ".." } else { short }
}
