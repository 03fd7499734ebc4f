//! Several numbers for each row.

use super::NumberPredictions;
use crate::MetricName;
use crate::report::ColumnScores;

/// The numbers of several columns, each answered row by row in its own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnPredictions {
    names: Vec<String>,
    scale: Vec<f64>,
    each: Vec<NumberPredictions>,
}

impl ColumnPredictions {
    /// No rows yet; errors count in `scale`, the standard deviations of the training rows, for columns have no unit in common.
    pub(crate) fn new(names: &[String], scale: &[f64]) -> ColumnPredictions {
        let each = vec![NumberPredictions::default(); names.len()];
        ColumnPredictions { names: names.to_vec(), scale: scale.to_vec(), each }
    }

    /// Adds what was answered to a row, `[columns]` of each.
    pub(crate) fn push(&mut self, row: usize, truth: &[f64], answers: &[f64]) {
        for (column, (truth, answer)) in self.each.iter_mut().zip(truth.iter().zip(answers)) {
            column.push(row, *truth, *answer);
        }
    }

    /// What the columns are called.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        self.each.first().map(NumberPredictions::rows).unwrap_or_default()
    }

    /// What was answered, column by column.
    pub fn each(&self) -> &[NumberPredictions] {
        &self.each
    }

    /// What the baseline answers to the same rows.
    pub(crate) fn always(&self, means: &[f64]) -> ColumnPredictions {
        let of = |(column, mean): (&NumberPredictions, &f64)| column.always(*mean);
        ColumnPredictions { each: self.each.iter().zip(means).map(of).collect(), ..self.clone() }
    }

    /// R2, RMSE and MAE of some rows, each the mean over the columns; errors in standard deviations. `r2`: that of one column.
    pub(crate) fn values(
        &self,
        places: impl Iterator<Item = usize> + Clone,
        r2: fn(&crate::metrics::Errors) -> f64,
    ) -> [f64; MetricName::OF_NUMBERS.len()] {
        let mut sums = [0.0; MetricName::OF_NUMBERS.len()];
        for (column, scale) in self.each.iter().zip(&self.scale) {
            let errors = column.errors(places.clone());
            let of_column = [r2(&errors), errors.rmse() / scale, errors.mae() / scale];
            sums.iter_mut().zip(of_column).for_each(|(sum, value)| *sum += value);
        }
        sums.map(|sum| sum / self.each.len() as f64)
    }

    /// The scores of each column in its own unit, beside those of the baseline.
    pub(crate) fn scores(&self, always: &ColumnPredictions) -> Vec<ColumnScores> {
        let rows = 0..self.rows().len();
        let of = |((name, column), always): ((&String, &NumberPredictions), &NumberPredictions)| {
            let (errors, baseline) = (column.errors(rows.clone()), always.errors(rows.clone()));
            ColumnScores {
                column: name.clone(),
                r2: Some(errors.r2_of_report()).filter(|r2| r2.is_finite()),
                rmse: errors.rmse(),
                mae: errors.mae(),
                baseline_mae: baseline.mae(),
            }
        };
        self.names.iter().zip(&self.each).zip(&always.each).map(of).collect()
    }
}
