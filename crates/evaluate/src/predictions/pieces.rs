//! The next pieces of texts: too many to keep, so each text keeps its sums.

use std::f64::consts::LN_2;

use baeum_kernels::{argmax, logsumexp};

/// What is known of pieces before any text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// How many bytes each stands for, `[vocabulary]`.
    pub(crate) bytes: &'a [u32],
    /// Which of them fills texts up.
    pub(crate) padding: usize,
}

/// How well the pieces of each text were foretold: columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PiecePredictions {
    rows: Vec<usize>,
    pieces: Vec<f64>,
    bytes: Vec<f64>,
    losses: Vec<f64>,
    right: Vec<f64>,
}

impl PiecePredictions {
    /// Adds a text: what came at each of its places, `[length]`, and the logits there, `[length][vocabulary]`. Padding, behind
    /// the end of a text, does not count.
    pub(crate) fn push(&mut self, row: usize, truth: &[usize], logits: &[f64], known: Known<'_>) {
        let (mut loss, mut right) = (0.0, 0.0);
        for (&truth, logits) in truth.iter().zip(logits.chunks_exact(known.bytes.len().max(1))) {
            if truth != known.padding {
                loss += logsumexp(logits) - logits[truth];
                right += f64::from(u8::from(argmax(logits) == Some(truth)));
            }
        }
        self.add(row, truth, [loss, right], known);
    }

    /// Adds what came in a text, how surprising it was together in nats, and how many were foretold.
    pub(crate) fn add(&mut self, row: usize, truth: &[usize], [loss, right]: [f64; 2], known: Known<'_>) {
        let there = || truth.iter().filter(|piece| **piece != known.padding);
        self.rows.push(row);
        self.pieces.push(there().count() as f64);
        self.bytes.push(there().map(|piece| f64::from(known.bytes[*piece])).sum());
        self.losses.push(loss);
        self.right.push(right);
    }

    /// The texts, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// How many pieces each text has.
    pub fn pieces(&self) -> &[f64] {
        &self.pieces
    }

    /// How many bytes they stand for.
    pub fn bytes(&self) -> &[f64] {
        &self.bytes
    }

    /// How surprising they were together, in nats.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// How many were the most probable ones.
    pub fn right(&self) -> &[f64] {
        &self.right
    }

    /// Perplexity, log loss, bits per byte and accuracy of some texts, in the order of `MetricName::OF_PIECES`.
    pub(crate) fn values(&self, places: impl Iterator<Item = usize>) -> [f64; 4] {
        let [mut pieces, mut bytes, mut loss, mut right] = [0.0; 4];
        for place in places {
            pieces += self.pieces[place];
            bytes += self.bytes[place];
            loss += self.losses[place];
            right += self.right[place];
        }
        let mean = loss / pieces;
        [mean.exp(), mean, loss / LN_2 / bytes, right / pieces]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_counts_the_same() {
        let mut pieces = PiecePredictions::default();
        let even = [0.0, 0.0, 0.0, 0.0]; // a quarter each
        let known = Known { bytes: &[0, 1, 2, 4], padding: 0 };
        pieces.push(0, &[1, 2], &[even, even].concat(), known);
        pieces.push(1, &[3, 0], &[[0.0, 0.0, 0.0, 90.0], [0.0; 4]].concat(), known); // certain, then padding
        let [perplexity, loss, bits, accuracy] = pieces.values(0..2);
        assert_eq!(bits, 4.0 / 7.0); // two bits for each of the first two, none for the third
        assert_eq!(pieces.bytes(), [3.0, 4.0]);
        assert!((loss - 2.0 * 4f64.ln() / 3.0).abs() < 1e-12 && (perplexity - loss.exp()).abs() < 1e-12);
        assert_eq!(accuracy, 1.0 / 3.0); // of equals the first answers, which is padding
        assert_eq!(pieces.pieces(), [2.0, 1.0]);
    }
}
