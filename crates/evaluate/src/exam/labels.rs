//! Labels under examination.

use super::{Asked, Found, Paper, class};
use crate::EvaluateError;
use crate::baseline::{Baseline, majority};
use crate::metrics::{Tally, confusion};
use crate::predictions::{LabelPredictions, Predictions};

/// One label out of several for each row.
pub(super) struct LabelPaper<'a> {
    labels: &'a [String],
    /// Of each label in the training rows.
    shares: Vec<f64>,
    predictions: LabelPredictions,
}

impl<'a> LabelPaper<'a> {
    /// `counts`: of each label in the training rows.
    pub(super) fn new(
        asked: Asked<'_>,
        labels: &'a [String],
        counts: &[u64],
    ) -> Result<LabelPaper<'a>, EvaluateError> {
        let trained: u64 = counts.iter().sum();
        if counts.len() != labels.len() || trained == 0 {
            return Err(asked.refuse("counts of labels", format!("{counts:?} for {} labels", labels.len())));
        }
        if !asked.data.probes.records.is_empty() {
            return Err(asked.refuse("probes", "known answers that are numbers".to_owned()));
        }
        let shares = counts.iter().map(|&count| count as f64 / trained as f64).collect();
        Ok(LabelPaper { labels, shares, predictions: LabelPredictions::new(labels.len()) })
    }
}

impl Paper for LabelPaper<'_> {
    fn truths(&self) -> usize {
        1
    }

    fn push(&mut self, row: usize, truth: &[f64], logits: &[f64]) -> Result<(), EvaluateError> {
        self.predictions.push(row, class(row, truth[0], self.labels.len())?, logits);
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let LabelPaper { labels, shares, predictions } = *self;
        let most = baeum_kernels::argmax(&shares).unwrap_or(0);
        let baseline = Baseline::Majority { label: labels[most].clone(), share: shares[most] };
        let always = majority(&shares, &predictions);
        Found {
            classes: Tally::of(labels.len(), predictions.pairs()).classes(labels),
            confusion: confusion(labels.len(), predictions.pairs()),
            ..Found::of(Predictions::Labels(predictions), always, baseline)
        }
    }
}
