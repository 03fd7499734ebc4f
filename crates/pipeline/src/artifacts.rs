//! What each stage hands on, as files: open formats, one writer and one reader each. The run folder holds nothing else.
mod answers;
mod trained;

use std::collections::BTreeMap;

use baeum_core::weights_file::{self, WeightsFileError};
use baeum_core::{
    Dataset, Graph, InputSpec, Limits, Model, ParamKind, Schema, Splits, Target, TargetStats, Task, Trained,
    Weights, check_weights,
};
use baeum_data::table::{Column, read_parquet, write_parquet};
use baeum_data::{DataBlueprint, DataError, SplitRows};
use baeum_evaluate::{Report, ReportInput, html};
use baeum_export::base64;
use baeum_train::{Checkpoint, CheckpointError, FailedStepError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use trained::predictor;
pub(crate) use trained::{
    History, blueprint, history, read_trained, shown_drawn, shown_end, shown_metrics, shown_rates,
    shown_runners_up, shown_weights, trained,
};

use crate::profile::{Sample, page};
use crate::recipe::WriteError;
use crate::run::Files;
use crate::samples::{Picture, pictures};
use crate::stages::Prepared;

/// A file of a run cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum ArtifactError {
    /// A stage's folder without one of its files.
    #[error("the run wants `{file}`, got a folder without it; run its stage again")]
    Missing {
        /// The file.
        file: &'static str,
    },
    /// A file with other contents than the stage writes.
    #[error("could not read `{file}` of the run")]
    Read {
        /// The file.
        file: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("could not write JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Weights(#[from] WeightsFileError),
    #[error(transparent)]
    Table(#[from] DataError),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    FailedStep(#[from] FailedStepError),
    #[error(transparent)]
    Recipe(#[from] WriteError),
}

const SCHEMA: &str = "schema.json";
const TRANSFORMS: &str = "transforms.json";
pub(crate) const SPLITS: &str = "splits.parquet";
const PROFILE: &str = "profile.json";
const PROFILE_PAGE: &str = "profile.html";
pub(crate) const GRAPH: &str = "graph.json";
const INIT: &str = "init.safetensors";
const START: &str = "start.json";
const SUMMARY: &str = "summary.txt";
const METRICS: &str = "metrics.json";
const PREDICTIONS: &str = "predictions.parquet";
const REPORT: &str = "report.html";

/// `transforms.json`: from records to the network, and from the network to answers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transforms {
    task: Task,
    inputs: Vec<InputSpec>,
    targets: Vec<Target>,
    stats: Vec<TargetStats>,
}

/// What the data stage leaves behind.
pub(crate) fn data(name: &str, prepared: &Prepared) -> Result<Files, ArtifactError> {
    let dataset = &prepared.dataset;
    let (inputs, targets) = (dataset.inputs.clone(), dataset.targets.clone());
    let transforms = Transforms { task: dataset.task, inputs, targets, stats: dataset.stats.clone() };
    Ok(Files::from([
        (SCHEMA.to_owned(), json(&dataset.schema)?),
        (TRANSFORMS.to_owned(), json(&transforms)?),
        (SPLITS.to_owned(), parquet(&splits(&dataset.splits, dataset.source.len()))?),
        (PROFILE.to_owned(), json(&prepared.profile)?),
        (PROFILE_PAGE.to_owned(), page(name, &prepared.profile, &samples(dataset)).into_bytes()),
    ]))
}

/// How many images a profile shows.
const SAMPLES: usize = 24;

/// Some images of the training rows, evenly far apart.
fn samples(dataset: &Dataset) -> Vec<Sample> {
    let sample = |Picture { label, png, size: [height, width] }| {
        let uri = format!("data:image/png;base64,{}", base64(&png));
        Sample { label: label.unwrap_or_default(), uri, height, width }
    };
    pictures(dataset, SAMPLES).into_iter().map(sample).collect()
}

/// What [`data`] wrote, to open the same examples again.
pub(crate) fn read_data(files: &Files) -> Result<DataBlueprint, ArtifactError> {
    let schema: Schema = parse(files, SCHEMA)?;
    let Transforms { task, inputs, targets, stats } = parse(files, TRANSFORMS)?;
    let splits = read_splits(&read_parquet(bytes(files, SPLITS)?)?)?;
    Ok(DataBlueprint { task, schema, inputs, targets, stats, splits })
}

/// Columns by name, in order.
type Table = Vec<(String, Column)>;

/// The names of the parts in `splits.parquet`; what nobody knows the answer to is in none.
const PARTS: [&str; 4] = ["train", "valid", "test", "unlabelled"];

/// One row for each example: its place in the source, and its part.
fn splits(splits: &Splits, all: usize) -> Table {
    let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
    let mut rows: Vec<(usize, &str)> =
        parts.iter().zip(PARTS).flat_map(|(rows, part)| rows.iter().map(move |row| (*row, part))).collect();
    rows.sort_unstable();
    let unlabelled = (0..all).filter(|row| rows.binary_search_by_key(row, |(row, _)| *row).is_err());
    let unlabelled: Vec<(usize, &str)> = unlabelled.map(|row| (row, PARTS[3])).collect();
    rows.extend(unlabelled);
    rows.sort_unstable();
    let (rows, parts) = rows.into_iter().map(|(row, part)| (row as i64, part.to_owned())).unzip();
    vec![("row".to_owned(), Column::Integers(rows)), ("part".to_owned(), Column::Texts(parts))]
}

fn read_splits(table: &Table) -> Result<SplitRows, ArtifactError> {
    let [(_, Column::Integers(rows)), (_, Column::Texts(parts))] = &table[..] else {
        return Err(unfit(SPLITS, "it wants the columns `row` and `part`"));
    };
    let [mut train, mut valid, mut test, mut unlabelled] = [vec![], vec![], vec![], vec![]];
    for (row, part) in rows.iter().zip(parts) {
        let rows = match PARTS.iter().position(|name| name == part) {
            Some(0) => &mut train,
            Some(1) => &mut valid,
            Some(2) => &mut test,
            Some(_) => &mut unlabelled,
            None => return Err(unfit(SPLITS, "a part is none of train, valid, test and unlabelled")),
        };
        rows.push(usize::try_from(*row).map_err(|error| read(SPLITS, error))?);
    }
    Ok(SplitRows { train, valid, test, unlabelled })
}

/// What the models stage leaves behind.
pub(crate) fn model(model: &Model) -> Result<Files, ArtifactError> {
    let mut files = Files::from([
        (GRAPH.to_owned(), json(&model.graph)?),
        (INIT.to_owned(), weights_file::write(&model.weights, &BTreeMap::new())?),
        (SUMMARY.to_owned(), (baeum_models::summary(&model.graph) + &started(model)).into_bytes()),
    ]);
    if !model.taken.is_empty() {
        files.insert(START.to_owned(), json(&model.taken)?);
    }
    Ok(files)
}

/// What [`model`] wrote.
pub(crate) fn read_model(files: &Files, limits: &Limits) -> Result<Model, ArtifactError> {
    let graph: Graph = parse(files, GRAPH)?;
    let weights = read_weights(files, INIT, limits)?;
    check_weights(&graph, &weights).map_err(|error| read(INIT, error))?;
    let taken = if files.contains_key(START) { parse(files, START)? } else { BTreeMap::new() };
    Ok(Model { graph, weights, taken })
}

/// Which tensors were taken over from another network, and which start fresh; nothing where all do.
fn started(model: &Model) -> String {
    let Model { weights, taken, .. } = model;
    if taken.is_empty() {
        return String::new();
    }
    let fresh: Vec<&str> =
        weights.keys().filter(|name| !taken.contains_key(*name)).map(String::as_str).collect();
    let fresh = if fresh.is_empty() { "none".to_owned() } else { fresh.join(", ") };
    let line = |(here, there): (&String, &String)| format!("  {here} <- {there}\n");
    let lines: String = taken.iter().map(line).collect();
    format!("taken over: {} of {} tensors; fresh: {fresh}\n{lines}", taken.len(), weights.len())
}

/// The point that training goes on from.
pub(crate) fn read_checkpoint(files: Files, limits: &Limits) -> Result<Checkpoint, ArtifactError> {
    Ok(Checkpoint::from_files(&files, limits)?)
}

/// What the evaluate stage leaves behind.
pub(crate) fn report(
    report: &Report,
    trained: &Trained,
    seed: u64,
    (title, recipe): (&str, &str),
) -> Result<Files, ArtifactError> {
    let params = trained.predictor.graph.params().into_iter();
    let learned = params.filter(|(_, param)| param.kind != ParamKind::Running);
    let parameters: usize = learned.map(|(_, param)| param.sizes.iter().product::<usize>()).sum();
    let mut facts = vec![
        ("epochs".to_owned(), trained.history.len().to_string()),
        ("parameters".to_owned(), parameters.to_string()),
        ("seed".to_owned(), seed.to_string()),
    ];
    let best = trained.history.get(trained.best_epoch as usize).and_then(shown_metrics);
    facts.extend(best.map(|said| ("best epoch by".to_owned(), said)));
    let runners_up: Vec<u32> = trained.runners_up.iter().map(|kept| kept.epoch).collect();
    facts.extend(shown_runners_up(&runners_up).map(|said| ("next best".to_owned(), said)));
    facts.extend(shown_weights(&trained.class_weights).map(|said| ("class weights".to_owned(), said)));
    facts.extend(shown_drawn(&trained.drawn).map(|said| ("rows of an epoch".to_owned(), said)));
    facts.extend(shown_end(trained.end).map(|said| ("training ended".to_owned(), said.to_owned())));
    let summary = baeum_models::summary(&trained.predictor.graph);
    let input = ReportInput {
        report,
        history: &trained.history,
        rates: trained.rates.as_ref(),
        best_epoch: Some(trained.best_epoch),
        title,
        facts: &facts,
        graph: Some(&trained.predictor.graph),
        summary: &summary,
        recipe,
        parity: None,
    };
    Ok(Files::from([
        (METRICS.to_owned(), json(report)?),
        (PREDICTIONS.to_owned(), parquet(&answers::all(report, &trained.predictor.targets))?),
        (REPORT.to_owned(), html(&input).into_bytes()),
    ]))
}

/// The scores that [`report`] wrote.
pub(crate) fn scores(files: &Files) -> Result<Report, ArtifactError> {
    parse(files, METRICS)
}

/// What the export stage leaves behind.
pub(crate) fn exported(files: baeum_export::Files) -> Files {
    files.0
}

/// A text file of a stage.
pub(crate) fn text(files: &Files, name: &str) -> Option<String> {
    files.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// What the data stage found in the files.
pub(crate) fn profile(files: &Files) -> Result<baeum_data::Profile, ArtifactError> {
    parse(files, PROFILE)
}

fn parquet(table: &Table) -> Result<Vec<u8>, ArtifactError> {
    let columns: Vec<(&str, Column)> =
        table.iter().map(|(name, column)| (name.as_str(), column.clone())).collect();
    Ok(write_parquet(&columns)?)
}

pub(crate) fn json(value: &impl Serialize) -> Result<Vec<u8>, ArtifactError> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(files: &Files, name: &'static str) -> Result<T, ArtifactError> {
    serde_json::from_slice(bytes(files, name)?).map_err(|error| read(name, error))
}

fn read_weights(files: &Files, name: &'static str, limits: &Limits) -> Result<Weights, ArtifactError> {
    tensors(files, name, name, limits)
}

/// The tensors in a file, which errors call `what`.
fn tensors(files: &Files, name: &str, what: &'static str, limits: &Limits) -> Result<Weights, ArtifactError> {
    let bytes = files.get(name).ok_or(ArtifactError::Missing { file: what })?;
    let (weights, _) = weights_file::read(bytes, limits).map_err(|error| read(what, error))?;
    Ok(weights)
}

fn bytes<'a>(files: &'a Files, file: &'static str) -> Result<&'a [u8], ArtifactError> {
    files.get(file).map(Vec::as_slice).ok_or(ArtifactError::Missing { file })
}

fn read(file: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> ArtifactError {
    ArtifactError::Read { file, source: Box::new(source) }
}

fn unfit(file: &'static str, why: &'static str) -> ArtifactError {
    ArtifactError::Read { file, source: why.into() }
}
