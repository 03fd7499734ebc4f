//! Which labels the training rows have.

use std::collections::BTreeMap;

use baeum_core::{Dataset, SourceError, Task, Tensor};

use crate::TrainError;

/// Stands for rows that no label fits.
const NONE: i64 = -1;

/// Why rows have no labels by which they could be told apart; none where they have.
pub(crate) fn why_not_by_label(task: Task) -> Option<&'static str> {
    match task {
        Task::Classify | Task::MultiLabel => None,
        Task::Regress | Task::Generate => Some("the target is a number"),
    }
}

/// One label of the target at a place for each training row, by its place in the source. Where a row may have several it is the one with fewest rows,
/// for they come again with it (as in Gupta, Dollár & Girshick 2019), and rows without any are alike.
pub(crate) fn labels(data: &Dataset, place: usize) -> Result<BTreeMap<usize, i64>, TrainError> {
    let rows = data.splits.train.rows().iter().copied();
    match task(data, place) {
        Task::MultiLabel => {
            let fitting = fitting(data, place)?;
            let counts = counts(&fitting);
            let rarest = |labels: Vec<usize>| {
                let rarest = labels.into_iter().min_by_key(|label| counts.get(label).copied());
                rarest.map_or(NONE, |label| label as i64)
            };
            Ok(rows.zip(fitting.into_iter().map(rarest)).collect())
        }
        Task::Classify | Task::Regress | Task::Generate => {
            let target = target(data, place)?;
            let places = target.i64s().map_err(|error| refuse(error.into()))?; // [B]
            Ok(rows.zip(places.iter().copied()).collect())
        }
    }
}

/// How many training rows each of so many labels has.
pub(crate) fn rows_of_labels(data: &Dataset, place: usize, labels: usize) -> Result<Vec<usize>, TrainError> {
    let mut rows = vec![0; labels];
    let mut add = |label: usize| rows.get_mut(label).into_iter().for_each(|rows| *rows += 1);
    match task(data, place) {
        Task::MultiLabel => fitting(data, place)?.into_iter().flatten().for_each(&mut add),
        // A class beyond the labels is refused by the network.
        Task::Classify | Task::Regress | Task::Generate => {
            self::labels(data, place)?
                .into_values()
                .filter_map(|label| label.try_into().ok())
                .for_each(&mut add);
        }
    }
    Ok(rows)
}

/// The labels that fit each training row.
fn fitting(data: &Dataset, place: usize) -> Result<Vec<Vec<usize>>, TrainError> {
    let target = target(data, place)?;
    let fits = target.f32s().map_err(|error| refuse(error.into()))?; // [B, K]
    let width = target.shape().last().copied().unwrap_or(1).max(1);
    let of_row = |fits: &[f32]| (0..width).filter(|&label| fits[label] > 0.5).collect();
    Ok(fits.chunks_exact(width).map(of_row).collect())
}

fn counts(fitting: &[Vec<usize>]) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    fitting.iter().flatten().for_each(|label| *counts.entry(*label).or_default() += 1);
    counts
}

/// What a target is like: of one alone the dataset says it.
fn task(data: &Dataset, place: usize) -> Task {
    match &data.targets[..] {
        several @ [_, _, ..] => several.get(place).map_or(data.task, |target| target.decode.task()),
        [] | [_] => data.task,
    }
}

/// The target at a place of the training rows.
fn target(data: &Dataset, place: usize) -> Result<Tensor, TrainError> {
    let targets = data.source.targets(data.splits.train.rows())?;
    Ok(targets.into_iter().nth(place).ok_or_else(|| refuse("it has no target".into()))?)
}

fn refuse(source: Box<dyn std::error::Error + Send + Sync>) -> SourceError {
    SourceError { row: 0, source }
}
