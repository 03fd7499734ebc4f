//! Quantiles of a number under examination.

use super::{Asked, Found, Paper, Ruler};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{Predictions, QuantilePredictions};

/// A number of each level for each row.
pub(super) struct QuantilePaper<'a> {
    levels: &'a [f64],
    ruler: Ruler,
    unit: Option<String>,
    /// The quantiles of the training rows.
    values: &'a [f64],
    predictions: QuantilePredictions,
}

impl<'a> QuantilePaper<'a> {
    pub(super) fn new(
        asked: Asked<'_>,
        levels: &'a [f64],
        (ruler, unit): (Ruler, Option<String>),
        values: &'a [f64],
    ) -> Result<QuantilePaper<'a>, EvaluateError> {
        if values.len() != levels.len() || values.iter().any(|value| !value.is_finite()) {
            return Err(asked.refuse("a quantile for each level", format!("{values:?} for {levels:?}")));
        }
        Ok(QuantilePaper { levels, ruler, unit, values, predictions: QuantilePredictions::new(levels) })
    }
}

impl Paper for QuantilePaper<'_> {
    fn truths(&self) -> usize {
        self.levels.len()
    }

    fn push(&mut self, row: usize, truth: &[f64], output: &[f64]) -> Result<(), EvaluateError> {
        let ruler = self.ruler;
        self.predictions.push(row, ruler.read(truth[0]), output.iter().map(|x| ruler.read(*x)));
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let QuantilePaper { unit, values, predictions, .. } = *self;
        let (always, baseline) =
            (predictions.always(values), Baseline::Quantiles { values: values.to_vec() });
        let quantiles = Some(predictions.scores(&always));
        let found = Found::of(Predictions::Quantiles(predictions), Predictions::Quantiles(always), baseline);
        Found { unit, quantiles, ..found }
    }
}
