//! What the train stage puts out: what was learned, and how that went.

use std::collections::BTreeMap;

use baeum_core::{
    Blueprint, Ended, EpochRecord, Limits, Predictor, RateCurve, RunnerUp, Scored, Trained, WeightsError,
    weights_file,
};
use baeum_data::table::Column;
use serde::{Deserialize, Serialize};

use super::{ArtifactError, Table, json, parquet, parse, read, read_weights, tensors, unfit};
use crate::run::Files;

const BLUEPRINT: &str = "predictor/predictor.json";
const WEIGHTS: &str = "predictor/weights.safetensors";
const HISTORY: &str = "history.json";
const RUNNER_UP: &str = "best/N.safetensors";

/// `history.json`: how training went.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct History {
    pub(crate) best_epoch: u32,
    /// The next best epochs whose weights were kept, the better first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) runners_up: Vec<u32>,
    /// Why training was over; runs of before this was noted had seen every epoch, or stopped early.
    #[serde(default)]
    pub(crate) end: Ended,
    pub(crate) epochs: Vec<EpochRecord>,
    /// What rows counted in the loss by their labels; none where all counted the same.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) class_weights: BTreeMap<String, f32>,
    /// How many rows of each label an epoch has drawn; none where it has seen each row once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) drawn: BTreeMap<String, usize>,
    /// How the untrained network answered to growing step sizes; none where that was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rates: Option<RateCurve>,
}

impl History {
    /// The best epoch.
    ///
    /// # Errors
    /// [`ArtifactError::Read`] if it is none of the epochs.
    pub(crate) fn best(&self) -> Result<&EpochRecord, ArtifactError> {
        let best = self.epochs.get(self.best_epoch as usize);
        best.ok_or_else(|| unfit(HISTORY, "its best epoch is none of its epochs"))
    }
}

/// What the train stage leaves behind beside its checkpoints.
pub(crate) fn trained(trained: &Trained) -> Result<Files, ArtifactError> {
    let (epochs, class_weights) = (trained.history.clone(), trained.class_weights.clone());
    let (best_epoch, end) = (trained.best_epoch, trained.end);
    let runners_up = trained.runners_up.iter().map(|kept| kept.epoch).collect();
    let (drawn, rates) = (trained.drawn.clone(), trained.rates.clone());
    let history = History { best_epoch, runners_up, end, epochs, class_weights, drawn, rates };
    let mut files = Files::from([
        (BLUEPRINT.to_owned(), blueprint(&trained.predictor)?),
        (WEIGHTS.to_owned(), weights_file::write(&trained.predictor.weights, &BTreeMap::new())?),
        (HISTORY.to_owned(), json(&history)?),
        ("history.parquet".to_owned(), parquet(&curves(&trained.history))?),
    ]);
    for (place, kept) in trained.runners_up.iter().enumerate() {
        files.insert(runner_up(place), weights_file::write(&kept.weights, &BTreeMap::new())?);
    }
    Ok(files)
}

/// What [`trained`] wrote.
pub(crate) fn read_trained(files: &Files, limits: &Limits) -> Result<Trained, ArtifactError> {
    let History { best_epoch, runners_up, end, epochs: history, class_weights, drawn, rates } =
        parse(files, HISTORY)?;
    let kept = |(place, epoch): (usize, u32)| {
        let weights = tensors(files, &runner_up(place), RUNNER_UP, limits)?;
        Ok(RunnerUp { epoch, weights })
    };
    let runners_up = runners_up.into_iter().enumerate().map(kept).collect::<Result<_, ArtifactError>>()?;
    let predictor = predictor(files, limits)?;
    Ok(Trained { predictor, history, best_epoch, runners_up, end, class_weights, drawn, rates })
}

/// Where the weights of a runner-up stand; the best ones are number 1, and stand in the predictor.
fn runner_up(place: usize) -> String {
    format!("best/{}.safetensors", place + 2)
}

/// The learned function in the files of the train stage.
///
/// # Errors
/// [`ArtifactError`] names the file that is missing or does not fit.
pub fn predictor(files: &Files, limits: &Limits) -> Result<Predictor, ArtifactError> {
    let blueprint: Blueprint = parse(files, BLUEPRINT)?;
    let weights = read_weights(files, WEIGHTS, limits)?;
    blueprint.with(weights).map_err(|error: WeightsError| read(WEIGHTS, error))
}

/// `predictor.json`: everything about a learned function but its weights.
pub(crate) fn blueprint(predictor: &Predictor) -> Result<Vec<u8>, ArtifactError> {
    json(&predictor.blueprint())
}

/// How training went.
pub(crate) fn history(files: &Files) -> Result<History, ArtifactError> {
    parse(files, HISTORY)
}

/// What rows counted by their labels, the heaviest first; none where all counted the same.
pub(crate) fn shown_weights(class_weights: &BTreeMap<String, f32>) -> Option<String> {
    let mut sorted: Vec<(&String, f32)> =
        class_weights.iter().map(|(label, weight)| (label, *weight)).collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    few(sorted.iter().map(|(label, weight)| format!("{label} {weight:.3}")))
}

/// The learning rate that a search suggests, beside that of the recipe; none where nothing was tried.
pub(crate) fn shown_rates(rates: Option<&RateCurve>) -> Option<String> {
    let rates = rates?;
    let suggested = rates.suggested().map_or_else(|| "none".to_owned(), |rate| format!("{rate:.1e}"));
    Some(format!("{suggested} suggested, {} used", rates.said))
}

/// How many rows of each label an epoch has drawn, most first; none where it has seen each row once.
pub(crate) fn shown_drawn(drawn: &BTreeMap<String, usize>) -> Option<String> {
    let mut sorted: Vec<(&String, usize)> = drawn.iter().map(|(label, rows)| (label, *rows)).collect();
    sorted.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    few(sorted.iter().map(|(label, rows)| format!("{label} {rows}")))
}

/// The first few of a list, and how many more there are; none of an empty one.
fn few(all: impl ExactSizeIterator<Item = String>) -> Option<String> {
    const MOST: usize = 5;
    let more = all.len().saturating_sub(MOST);
    let first: Vec<String> = all.take(MOST).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!first.is_empty()).then(|| first.join(", ") + &more)
}

/// What the best epoch was chosen by; none where that is the loss.
pub(crate) fn shown_metrics(best: &EpochRecord) -> Option<String> {
    let shown: Vec<String> = best.valid_metrics.iter().map(Scored::to_string).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// The next best epochs, counted from one; none where only the best one was kept.
pub(crate) fn shown_runners_up(epochs: &[u32]) -> Option<String> {
    let shown: Vec<String> = epochs.iter().map(|epoch| (epoch + 1).to_string()).collect();
    match &shown[..] {
        [] => None,
        [one] => Some(format!("epoch {one}")),
        several => Some(format!("epochs {}", several.join(", "))),
    }
}

/// Why training was over, if that is not what the recipe leads one to expect.
pub(crate) fn shown_end(end: Ended) -> Option<&'static str> {
    match end {
        Ended::OutOfTime => Some("when its time ran out"),
        Ended::Done | Ended::EarlyStop | Ended::Stopped => None,
    }
}

fn curves(history: &[EpochRecord]) -> Table {
    let floats = |of: &dyn Fn(&EpochRecord) -> f64| Column::Numbers(history.iter().map(of).collect());
    let metrics = history.first().map_or(&[][..], |record| &record.valid_metrics).iter().enumerate();
    let metric = |(place, scored): (usize, &Scored)| {
        let value = |record: &EpochRecord| record.valid_metrics.get(place)?.value;
        let values = floats(&|record| value(record).unwrap_or(f64::NAN));
        (format!("valid_{}", scored.metric), values)
    };
    let mut table = vec![
        ("epoch".to_owned(), Column::Integers(history.iter().map(|record| record.epoch.into()).collect())),
        ("step".to_owned(), Column::Integers(history.iter().map(|record| record.step as i64).collect())),
        ("train_loss".to_owned(), floats(&|record| record.train_loss)),
        ("valid_loss".to_owned(), floats(&|record| record.valid_loss.unwrap_or(f64::NAN))),
        ("learning_rate".to_owned(), floats(&|record| record.learning_rate)),
    ];
    table.extend(metrics.map(metric));
    table
}
