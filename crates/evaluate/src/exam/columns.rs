//! Several numbers under examination.

use baeum_core::Decode;

use super::{Exam, Found, Ruler};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{ColumnPredictions, Predictions};

impl Exam<'_> {
    /// `means`: of each column in the training rows.
    pub(super) fn columns(&mut self, means: &[f64]) -> Result<Found, EvaluateError> {
        let Decode::Numbers { columns, scale, offset, .. } = &self.target.decode else {
            return Err(self.refuse("a decoder of numbers", format!("{:?}", self.target.decode)));
        };
        if means.len() != columns.len() || means.iter().any(|mean| !mean.is_finite()) {
            return Err(self.refuse("a mean for each column", format!("{means:?} for {columns:?}")));
        }
        let rulers: Vec<Ruler> =
            scale.iter().zip(offset).map(|(&scale, &offset)| Ruler { scale, offset }).collect();
        let read =
            |row: &[f64]| rulers.iter().zip(row).map(|(ruler, x)| ruler.read(*x)).collect::<Vec<f64>>();
        let mut predictions = ColumnPredictions::new(columns, scale);
        self.each_row(columns.len(), columns.len(), |row, truth, output| {
            predictions.push(row, &read(truth), &read(output));
            Ok(())
        })?;
        let always = predictions.always(means);
        Ok(Found {
            baseline: Baseline::Means { values: means.to_vec() },
            unit: Some("standard deviations".to_owned()),
            classes: vec![],
            columns: predictions.scores(&always),
            quantiles: None,
            confusion: vec![],
            learned: vec![],
            always: Predictions::Columns(always),
            predictions: Predictions::Columns(predictions),
        })
    }
}
