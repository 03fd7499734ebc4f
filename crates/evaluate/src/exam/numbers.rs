//! A number under examination.

use super::{Asked, Found, Paper, Ruler};
use crate::EvaluateError;
use crate::baseline::{Baseline, mean};
use crate::predictions::{NumberPredictions, Predictions};

/// A number for each row.
pub(super) struct NumberPaper {
    ruler: Ruler,
    unit: Option<String>,
    /// The mean of the training rows.
    trained: f64,
    predictions: NumberPredictions,
}

impl NumberPaper {
    pub(super) fn new(
        asked: Asked<'_>,
        ruler: Ruler,
        unit: Option<String>,
        trained: f64,
    ) -> Result<NumberPaper, EvaluateError> {
        match trained.is_finite() {
            true => Ok(NumberPaper { ruler, unit, trained, predictions: NumberPredictions::default() }),
            false => Err(asked.refuse("statistics", format!("a mean of {trained}"))),
        }
    }
}

impl Paper for NumberPaper {
    fn truths(&self) -> usize {
        1
    }

    fn push(&mut self, row: usize, truth: &[f64], output: &[f64]) -> Result<(), EvaluateError> {
        self.predictions.push(row, self.ruler.read(truth[0]), self.ruler.read(output[0]));
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let NumberPaper { unit, trained, predictions, .. } = *self;
        let always = mean(trained, &predictions);
        let baseline = Baseline::Mean { value: trained };
        Found { unit, ..Found::of(Predictions::Numbers(predictions), always, baseline) }
    }
}
