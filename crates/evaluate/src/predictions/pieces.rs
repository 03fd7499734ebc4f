//! The next pieces of texts: too many to keep, so each text keeps its sums.

use baeum_kernels::{argmax, logsumexp};

/// How well the pieces of each text were foretold: columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PiecePredictions {
    rows: Vec<usize>,
    pieces: Vec<f64>,
    losses: Vec<f64>,
    right: Vec<f64>,
}

impl PiecePredictions {
    /// Adds a text: what came at each of its places, `[length]`, and the logits there, `[length][vocabulary]`. Place 0 of the
    /// vocabulary is padding, behind the end of a text.
    pub(crate) fn push(&mut self, row: usize, truth: &[usize], logits: &[f64], vocabulary: usize) {
        let (mut pieces, mut loss, mut right) = (0.0, 0.0, 0.0);
        for (&truth, logits) in truth.iter().zip(logits.chunks_exact(vocabulary.max(1))) {
            if truth != 0 {
                pieces += 1.0;
                loss += logsumexp(logits) - logits[truth];
                right += f64::from(u8::from(argmax(logits) == Some(truth)));
            }
        }
        self.add(row, [pieces, loss, right]);
    }

    /// Adds the sums of a text: how many pieces, how surprising in nats, how many foretold.
    pub(crate) fn add(&mut self, row: usize, [pieces, loss, right]: [f64; 3]) {
        self.rows.push(row);
        self.pieces.push(pieces);
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

    /// How surprising they were together, in nats.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// How many were the most probable ones.
    pub fn right(&self) -> &[f64] {
        &self.right
    }

    /// Perplexity, log loss and accuracy of some texts, in the order of `MetricName::OF_PIECES`.
    pub(crate) fn values(&self, places: impl Iterator<Item = usize>) -> [f64; 3] {
        let (mut pieces, mut loss, mut right) = (0.0, 0.0, 0.0);
        for place in places {
            pieces += self.pieces[place];
            loss += self.losses[place];
            right += self.right[place];
        }
        let loss = loss / pieces;
        [loss.exp(), loss, right / pieces]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_counts_the_same() {
        let mut pieces = PiecePredictions::default();
        let even = [0.0, 0.0, 0.0, 0.0]; // a quarter each
        pieces.push(0, &[1, 2], &[even, even].concat(), 4);
        pieces.push(1, &[3, 0], &[[0.0, 0.0, 0.0, 90.0], [0.0; 4]].concat(), 4); // certain, then padding
        let [perplexity, loss, accuracy] = pieces.values(0..2);
        assert!((loss - 2.0 * 4f64.ln() / 3.0).abs() < 1e-12 && (perplexity - loss.exp()).abs() < 1e-12);
        assert_eq!(accuracy, 1.0 / 3.0); // of equals the first answers, which is padding
        assert_eq!(pieces.pieces(), [2.0, 1.0]);
    }
}
