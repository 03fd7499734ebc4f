//! Several numbers under examination.

use super::{Asked, Found, Paper, Ruler};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{ColumnPredictions, Predictions};

/// A number of each column for each row.
pub(super) struct ColumnPaper<'a> {
    /// Of each column.
    rulers: Vec<Ruler>,
    /// Of each column in the training rows.
    means: &'a [f64],
    predictions: ColumnPredictions,
}

impl<'a> ColumnPaper<'a> {
    pub(super) fn new(
        asked: Asked<'_>,
        columns: &[String],
        (scale, offset): (&[f64], &[f64]),
        means: &'a [f64],
    ) -> Result<ColumnPaper<'a>, EvaluateError> {
        if means.len() != columns.len() || means.iter().any(|mean| !mean.is_finite()) {
            return Err(asked.refuse("a mean for each column", format!("{means:?} for {columns:?}")));
        }
        let rulers = scale.iter().zip(offset).map(|(&scale, &offset)| Ruler { scale, offset }).collect();
        Ok(ColumnPaper { rulers, means, predictions: ColumnPredictions::new(columns, scale) })
    }

    fn read(&self, row: &[f64]) -> Vec<f64> {
        self.rulers.iter().zip(row).map(|(ruler, x)| ruler.read(*x)).collect()
    }
}

impl Paper for ColumnPaper<'_> {
    fn truths(&self) -> usize {
        self.means.len()
    }

    fn push(&mut self, row: usize, truth: &[f64], output: &[f64]) -> Result<(), EvaluateError> {
        let (truth, answer) = (self.read(truth), self.read(output));
        self.predictions.push(row, &truth, &answer);
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let ColumnPaper { means, predictions, .. } = *self;
        let (always, baseline) = (predictions.always(means), Baseline::Means { values: means.to_vec() });
        let columns = predictions.scores(&always);
        let unit = Some("standard deviations".to_owned());
        Found {
            unit,
            columns,
            ..Found::of(Predictions::Columns(predictions), Predictions::Columns(always), baseline)
        }
    }
}
