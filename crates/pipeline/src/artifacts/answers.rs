//! The answers to all test rows, as a table.

use baeum_core::{Decode, Target};
use baeum_data::table::Column;
use baeum_evaluate::{
    ColumnPredictions, ForecastPredictions, LabelPredictions, LabelSetPredictions, Predictions,
    QuantilePredictions, Report,
};

use super::Table;

/// The column of the places in the source.
const ROW: &str = "row";

/// The answers to all targets; where there are several, each stands in front of its columns.
pub(super) fn all(report: &Report, targets: &[Target]) -> Table {
    if report.others.is_empty() {
        return predictions(report, targets.first().map(|target| &target.decode));
    }
    let mut table: Table = vec![];
    for (report, target) in report.each().zip(targets) {
        let columns = predictions(report, Some(&target.decode)).into_iter();
        // All are about the same rows.
        let columns = columns.filter(|(name, _)| table.is_empty() || name != ROW);
        let named = columns.map(|(name, column)| match name == ROW {
            true => (name, column),
            false => (format!("{}.{name}", target.field), column),
        });
        let named: Table = named.collect();
        table.extend(named);
    }
    table
}

/// One row for each test row: what is true, what was answered, and how probable each label was.
fn predictions(report: &Report, decode: Option<&Decode>) -> Table {
    let Some(predictions) = &report.predictions else { return vec![] };
    let rows = predictions.rows().iter().map(|row| *row as i64).collect();
    let mut columns = vec![(ROW.to_owned(), Column::Integers(rows))];
    columns.extend(match (predictions, decode) {
        (Predictions::Labels(found), Some(Decode::Label { labels })) => one_label(found, labels),
        (Predictions::LabelSets(found), Some(Decode::Labels { labels, .. })) => label_sets(found, labels),
        (Predictions::Labels(_) | Predictions::LabelSets(_), _) => vec![],
        (Predictions::Forecast(found), _) => return forecasts(found),
        (Predictions::Pieces(found), _) => {
            let told = [
                ("pieces", found.pieces()),
                ("bytes", found.bytes()),
                ("loss", found.losses()),
                ("right", found.right()),
            ];
            told.map(|(name, numbers)| (name.to_owned(), Column::Numbers(numbers.to_vec()))).to_vec()
        }
        (Predictions::Numbers(found), _) => vec![
            ("truth".to_owned(), Column::Numbers(found.truth().to_vec())),
            ("answer".to_owned(), Column::Numbers(found.answers().to_vec())),
        ],
        (Predictions::Columns(found), _) => numbers(found),
        (Predictions::Quantiles(found), _) => quantiles(found),
    });
    columns
}

fn one_label(found: &LabelPredictions, labels: &[String]) -> Table {
    let named = |places: &[usize]| Column::Texts(places.iter().map(|place| labels[*place].clone()).collect());
    let mut columns =
        vec![("truth".to_owned(), named(found.truth())), ("answer".to_owned(), named(found.answers()))];
    for (k, label) in labels.iter().enumerate() {
        let share = found.probabilities().iter().skip(k).step_by(found.classes()).copied().collect();
        columns.push((format!("probability of {label}"), Column::Numbers(share)));
    }
    columns
}

/// For each label whether it fits, 1 or 0, whether that was answered, and how probable it was.
fn label_sets(found: &LabelSetPredictions, labels: &[String]) -> Table {
    let mut columns = vec![];
    let step = found.labels().max(1);
    for (k, label) in labels.iter().enumerate() {
        let flags = |all: &[bool]| {
            Column::Integers(all.iter().skip(k).step_by(step).map(|fits| i64::from(*fits)).collect())
        };
        let shares = found.probabilities().iter().skip(k).step_by(step).map(|share| f64::from(*share));
        columns.push((format!("truth of {label}"), flags(found.truth())));
        columns.push((format!("answer of {label}"), flags(found.answers())));
        columns.push((format!("probability of {label}"), Column::Numbers(shares.collect())));
    }
    columns
}

/// The truth and the answer of each column.
fn numbers(found: &ColumnPredictions) -> Table {
    let mut columns = vec![];
    for (name, numbers) in found.names().iter().zip(found.each()) {
        columns.push((format!("truth of {name}"), Column::Numbers(numbers.truth().to_vec())));
        columns.push((format!("answer of {name}"), Column::Numbers(numbers.answers().to_vec())));
    }
    columns
}

fn quantiles(found: &QuantilePredictions) -> Table {
    let mut columns = vec![("truth".to_owned(), Column::Numbers(found.truth().to_vec()))];
    for (place, level) in found.levels().iter().enumerate() {
        columns.push((format!("quantile {level}"), Column::Numbers(found.answers(place).collect())));
    }
    columns
}

/// One row for each step behind each window of the test split.
fn forecasts(found: &ForecastPredictions) -> Table {
    let (steps, width) = (found.steps(), found.columns().len() * found.steps());
    let each = |of: &dyn Fn(usize, usize) -> i64| {
        Column::Integers(
            (0..found.rows().len())
                .flat_map(|i| (0..steps).map(move |step| (i, step)))
                .map(|(i, step)| of(i, step))
                .collect(),
        )
    };
    let mut columns = vec![
        ("row".to_owned(), each(&|i, _| found.rows()[i] as i64)),
        ("step".to_owned(), each(&|_, step| step as i64 + 1)),
    ];
    for (place, column) in found.columns().iter().enumerate() {
        for (what, numbers) in [("truth", found.truth()), ("answer", found.answers())] {
            let told = numbers.chunks(width.max(1)).flat_map(|row| &row[place * steps..(place + 1) * steps]);
            let name = if found.is_standardised() { format!("{what} of {column}") } else { what.to_owned() };
            columns.push((name, Column::Numbers(told.copied().collect())));
        }
    }
    columns
}
