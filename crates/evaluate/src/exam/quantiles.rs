//! Quantiles of a number under examination.

use baeum_core::Decode;

use super::{Exam, Found, Ruler};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{Predictions, QuantilePredictions};

impl Exam<'_> {
    /// `values`: the quantiles of the training rows.
    pub(super) fn quantiles(&mut self, values: &[f64]) -> Result<Found, EvaluateError> {
        let Decode::Quantiles { levels, scale, offset, unit } = &self.target.decode else {
            return Err(self.refuse("a decoder of quantiles", format!("{:?}", self.target.decode)));
        };
        if values.len() != levels.len() || values.iter().any(|value| !value.is_finite()) {
            return Err(self.refuse("a quantile for each level", format!("{values:?} for {levels:?}")));
        }
        let ruler = Ruler { scale: *scale, offset: *offset };
        let mut predictions = QuantilePredictions::new(levels);
        self.each_row(levels.len(), levels.len(), |row, truth, output| {
            predictions.push(row, ruler.read(truth[0]), output.iter().map(|x| ruler.read(*x)));
            Ok(())
        })?;
        let always = predictions.always(values);
        Ok(Found {
            baseline: Baseline::Quantiles { values: values.to_vec() },
            unit: unit.clone(),
            classes: vec![],
            columns: vec![],
            quantiles: Some(predictions.scores(&always)),
            confusion: vec![],
            learned: vec![],
            always: Predictions::Quantiles(always),
            predictions: Predictions::Quantiles(predictions),
        })
    }
}
