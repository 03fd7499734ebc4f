//! Labels of which a row may have none, one or several.

use crate::metrics::{Counted, average_precision};
use crate::{Baseline, ClassScores, MetricName};

/// Labels answered, row by row.
///
/// Invariant: `truth`, `answers` and `probabilities` are `[rows][labels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSetPredictions {
    labels: usize,
    rows: Vec<usize>,
    truth: Vec<bool>,
    answers: Vec<bool>,
    probabilities: Vec<f32>,
}

impl LabelSetPredictions {
    /// No rows yet, for that many labels.
    pub(crate) fn new(labels: usize) -> LabelSetPredictions {
        LabelSetPredictions { labels, rows: vec![], truth: vec![], answers: vec![], probabilities: vec![] }
    }

    /// Adds which labels fit a row, which are answered, and how probable each is; `[labels]` of all three.
    pub(crate) fn push(&mut self, row: usize, truth: &[bool], answers: &[bool], probabilities: &[f32]) {
        self.rows.push(row);
        self.truth.extend_from_slice(truth);
        self.answers.extend_from_slice(answers);
        self.probabilities.extend_from_slice(probabilities);
    }

    /// How many labels there are.
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The rows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Whether each label fits each row: `[rows][labels]`.
    pub fn truth(&self) -> &[bool] {
        &self.truth
    }

    /// Whether each label was answered to each row: `[rows][labels]`.
    pub fn answers(&self) -> &[bool] {
        &self.answers
    }

    /// How probable each label is for each row: `[rows][labels]`.
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// What the baseline answers to the same rows: for each label by itself what more than half of the training rows have.
    pub(crate) fn always(&self, shares: &[f64]) -> LabelSetPredictions {
        let answers: Vec<bool> = shares.iter().map(|share| *share > 0.5).collect();
        let probabilities: Vec<f32> = shares.iter().map(|share| *share as f32).collect();
        let mut always = LabelSetPredictions::new(self.labels);
        for (&row, truth) in self.rows.iter().zip(self.truth.chunks_exact(self.labels.max(1))) {
            always.push(row, truth, &answers, &probabilities);
        }
        always
    }

    /// The baseline that answers so.
    pub(crate) fn baseline(labels: &[String], shares: &[f64]) -> Baseline {
        let usual = labels.iter().zip(shares).filter(|(_, share)| **share > 0.5);
        Baseline::Usual { labels: usual.map(|(label, _)| label.clone()).collect() }
    }

    /// How well each label is told, in order.
    pub(crate) fn classes(&self, names: &[String]) -> Vec<ClassScores> {
        let counted = self.counted(0..self.rows.len());
        let ranked = |label: usize| {
            let each = self.truth.iter().copied().zip(self.probabilities.iter().copied());
            average_precision(each.skip(label).step_by(self.labels.max(1)).collect())
        };
        let classes = counted.classes(names).into_iter().enumerate();
        classes.map(|(label, scores)| ClassScores { average_precision: ranked(label), ..scores }).collect()
    }

    /// The metrics of some rows, in the order of [`MetricName::OF_LABEL_SETS`].
    pub(crate) fn values(
        &self,
        places: impl Iterator<Item = usize>,
    ) -> [f64; MetricName::OF_LABEL_SETS.len()] {
        let counted = self.counted(places);
        [counted.macro_f1(), counted.micro_f1(), counted.subset_accuracy(), counted.hamming_loss()]
    }

    fn counted(&self, places: impl Iterator<Item = usize>) -> Counted {
        let mut counted = Counted::new(self.labels);
        for place in places {
            let row = place * self.labels..(place + 1) * self.labels;
            counted.add(&self.truth[row.clone()], &self.answers[row]);
        }
        counted
    }
}
