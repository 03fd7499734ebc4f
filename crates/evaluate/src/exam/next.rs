//! Texts under examination: how surprising each next piece is.

use baeum_core::Decode;

use super::{Exam, Found, class};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{Known, PiecePredictions, Predictions};

impl Exam<'_> {
    /// `counts`: of each piece in the training texts; `bytes`: how many it stands for.
    pub(super) fn next(&mut self, counts: &[u64], bytes: &[u32]) -> Result<Found, EvaluateError> {
        let Decode::Next { length, vocabulary, padding, .. } = self.target.decode else {
            return Err(self.refuse("a decoder of pieces", format!("{:?}", self.target.decode)));
        };
        let trained: u64 = counts.iter().sum();
        if counts.len() != vocabulary || bytes.len() != vocabulary || trained == 0 {
            return Err(self.refuse("counts of pieces", format!("{} for {vocabulary} pieces", counts.len())));
        }
        // A piece that training never saw counts as half a one, or nothing could be said of it.
        let surprise: Vec<f64> = counts
            .iter()
            .map(|&count| -(count.max(1) as f64 / trained as f64 / if count == 0 { 2.0 } else { 1.0 }).ln())
            .collect();
        let most =
            (0..vocabulary).max_by_key(|&piece| (counts[piece], std::cmp::Reverse(piece))).unwrap_or(0);
        let (mut predictions, mut always) = (PiecePredictions::default(), PiecePredictions::default());
        self.each_row(length, length * vocabulary, |row, truth, logits| {
            let truth = truth.iter().map(|&x| class(row, x, vocabulary)).collect::<Result<Vec<_>, _>>()?;
            let known = Known { bytes, padding };
            predictions.push(row, &truth, logits, known);
            let there = || truth.iter().filter(|piece| **piece != padding);
            let right = there().filter(|piece| **piece == most).count() as f64;
            always.add(row, &truth, [there().map(|piece| surprise[*piece]).sum(), right], known);
            Ok(())
        })?;
        let share = |count: u64| count as f64 / trained as f64;
        let entropy = counts.iter().zip(&surprise).map(|(&count, surprise)| share(count) * surprise).sum();
        Ok(Found {
            always: Predictions::Pieces(always),
            baseline: Baseline::Frequency { entropy },
            unit: None,
            classes: vec![],
            columns: vec![],
            quantiles: None,
            confusion: vec![],
            learned: vec![],
            predictions: Predictions::Pieces(predictions),
        })
    }
}
