//! Labels of which a row may have several, under examination.

use super::{Asked, Found, Paper};
use crate::EvaluateError;
use crate::predictions::{LabelSetPredictions, Predictions};

/// None, one or several labels for each row.
pub(super) struct LabelSetPaper<'a> {
    labels: &'a [String],
    thresholds: &'a [f32],
    /// Of each label in the training rows.
    shares: Vec<f64>,
    predictions: LabelSetPredictions,
}

impl<'a> LabelSetPaper<'a> {
    /// `counts`: of each label in so many training rows.
    pub(super) fn new(
        asked: Asked<'_>,
        (labels, thresholds): (&'a [String], &'a [f32]),
        counts: &[u64],
        trained: u64,
    ) -> Result<LabelSetPaper<'a>, EvaluateError> {
        let k = labels.len();
        if counts.len() != k || thresholds.len() != k || trained == 0 {
            return Err(asked.refuse("counts of labels", format!("{counts:?} for {k} labels")));
        }
        let shares = counts.iter().map(|&count| count as f64 / trained as f64).collect();
        Ok(LabelSetPaper { labels, thresholds, shares, predictions: LabelSetPredictions::new(k) })
    }
}

impl Paper for LabelSetPaper<'_> {
    fn truths(&self) -> usize {
        self.labels.len()
    }

    fn push(&mut self, row: usize, truth: &[f64], logits: &[f64]) -> Result<(), EvaluateError> {
        if let Some(&got) = truth.iter().find(|truth| **truth != 0.0 && **truth != 1.0) {
            return Err(EvaluateError::Truth { row, got });
        }
        let truth: Vec<bool> = truth.iter().map(|truth| *truth == 1.0).collect();
        let mut probabilities: Vec<f32> = logits.iter().map(|&logit| logit as f32).collect();
        baeum_kernels::sigmoid(&mut probabilities);
        let answers: Vec<bool> =
            probabilities.iter().zip(self.thresholds).map(|(p, least)| p >= least).collect();
        self.predictions.push(row, &truth, &answers, &probabilities);
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let LabelSetPaper { labels, shares, predictions, .. } = *self;
        let always = Predictions::LabelSets(predictions.always(&shares));
        let baseline = LabelSetPredictions::baseline(labels, &shares);
        let classes = predictions.classes(labels);
        Found { classes, ..Found::of(Predictions::LabelSets(predictions), always, baseline) }
    }
}
