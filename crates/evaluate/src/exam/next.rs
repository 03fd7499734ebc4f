//! Texts under examination: how surprising each next piece is.

use super::{Asked, Found, Paper, class};
use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::predictions::{Known, PiecePredictions, Predictions};

/// The next piece at each place of each row.
pub(super) struct NextPaper<'a> {
    length: usize,
    known: Known<'a>,
    /// Of each piece in training: its share, and how surprising it is to who knows nothing else.
    shares: Vec<f64>,
    surprise: Vec<f64>,
    /// The piece that training had most of.
    most: usize,
    predictions: PiecePredictions,
    always: PiecePredictions,
}

impl<'a> NextPaper<'a> {
    /// `counts`: of each piece in the training texts; `bytes`: how many it stands for.
    pub(super) fn new(
        asked: Asked<'_>,
        (length, vocabulary, padding): (usize, usize, usize),
        counts: &[u64],
        bytes: &'a [u32],
    ) -> Result<NextPaper<'a>, EvaluateError> {
        let trained: u64 = counts.iter().sum();
        if counts.len() != vocabulary || bytes.len() != vocabulary || trained == 0 {
            return Err(asked.refuse("counts of pieces", format!("{} for {vocabulary} pieces", counts.len())));
        }
        // A piece that training never saw counts as half a one, or nothing could be said of it.
        let surprise = counts
            .iter()
            .map(|&count| -(count.max(1) as f64 / trained as f64 / if count == 0 { 2.0 } else { 1.0 }).ln());
        Ok(NextPaper {
            length,
            known: Known { bytes, padding },
            shares: counts.iter().map(|&count| count as f64 / trained as f64).collect(),
            surprise: surprise.collect(),
            most: (0..vocabulary).max_by_key(|&piece| (counts[piece], std::cmp::Reverse(piece))).unwrap_or(0),
            predictions: PiecePredictions::default(),
            always: PiecePredictions::default(),
        })
    }
}

impl Paper for NextPaper<'_> {
    fn truths(&self) -> usize {
        self.length
    }

    fn push(&mut self, row: usize, truth: &[f64], logits: &[f64]) -> Result<(), EvaluateError> {
        let vocabulary = self.shares.len();
        let truth = truth.iter().map(|&x| class(row, x, vocabulary)).collect::<Result<Vec<_>, _>>()?;
        self.predictions.push(row, &truth, logits, self.known);
        let there = || truth.iter().filter(|piece| **piece != self.known.padding);
        let right = there().filter(|piece| **piece == self.most).count() as f64;
        let surprise = there().map(|piece| self.surprise[*piece]).sum();
        self.always.add(row, &truth, [surprise, right], self.known);
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let entropy = self.shares.iter().zip(&self.surprise).map(|(share, surprise)| share * surprise).sum();
        let (predictions, always) = (Predictions::Pieces(self.predictions), Predictions::Pieces(self.always));
        Found::of(predictions, always, Baseline::Frequency { entropy })
    }
}
