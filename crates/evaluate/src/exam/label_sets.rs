//! Labels of which a row may have several, under examination.

use baeum_core::Decode;

use super::{Exam, Found};
use crate::EvaluateError;
use crate::predictions::{LabelSetPredictions, Predictions};

impl Exam<'_> {
    /// `counts`: of each label in so many training rows.
    pub(super) fn label_sets(&mut self, counts: &[u64], trained: u64) -> Result<Found, EvaluateError> {
        let Decode::Labels { labels, thresholds } = &self.target.decode else {
            return Err(self.refuse("a decoder of labels", format!("{:?}", self.target.decode)));
        };
        let k = labels.len();
        if counts.len() != k || thresholds.len() != k || trained == 0 {
            return Err(self.refuse("counts of labels", format!("{counts:?} for {k} labels")));
        }
        let mut predictions = LabelSetPredictions::new(k);
        self.each_row(k, k, |row, truth, logits| {
            if let Some(&got) = truth.iter().find(|truth| **truth != 0.0 && **truth != 1.0) {
                return Err(EvaluateError::Truth { row, got });
            }
            let truth: Vec<bool> = truth.iter().map(|truth| *truth == 1.0).collect();
            let mut probabilities: Vec<f32> = logits.iter().map(|&logit| logit as f32).collect();
            baeum_kernels::sigmoid(&mut probabilities);
            let answers: Vec<bool> =
                probabilities.iter().zip(thresholds).map(|(p, least)| p >= least).collect();
            predictions.push(row, &truth, &answers, &probabilities);
            Ok(())
        })?;
        let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / trained as f64).collect();
        Ok(Found {
            always: Predictions::LabelSets(predictions.always(&shares)),
            baseline: LabelSetPredictions::baseline(labels, &shares),
            unit: None,
            classes: predictions.classes(labels),
            columns: vec![],
            quantiles: None,
            confusion: vec![],
            learned: vec![],
            predictions: Predictions::LabelSets(predictions),
        })
    }
}
