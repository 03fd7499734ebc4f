use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{InputSpec, Record, Rng, Schema, Target, Task, Tensor};

/// Examples that go through a network together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// How many examples there are.
    pub rows: usize,
    /// The network's inputs by name, each `[rows, ..]`.
    pub inputs: BTreeMap<String, Tensor>,
    /// The targets in the order of the network's outputs: class indices `[rows]` or `[rows, places]` of i64; numbers, or a 1
    /// for each label that fits, `[rows, width]` of f32; in training also probabilities of classes, `[rows, K]` of f32. Empty where nobody knows the
    /// answer.
    pub targets: Vec<Tensor>,
}

/// Examples, ready for a network: in memory or lazily from disk.
///
/// The same rows give the same bytes, whoever asks and in whatever order.
pub trait Source: Send + Sync {
    /// How many examples there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One example as it was read, before any transform.
    ///
    /// # Errors
    /// [`SourceError`] if it could not be read.
    fn record(&self, row: usize) -> Result<Record, SourceError>;

    /// The examples at these places, in this order.
    ///
    /// # Errors
    /// [`SourceError`] names the row that could not be read.
    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError>;

    /// The targets of the examples at these places alone: a source that has them at hand need not make the inputs.
    ///
    /// # Errors
    /// As [`Source::batch`].
    fn targets(&self, rows: &[usize]) -> Result<Vec<Tensor>, SourceError> {
        Ok(self.batch(rows)?.targets)
    }

    /// The same as training sees them in an epoch: a source may change its examples a little each time (augmentation). It
    /// depends on rows and epoch alone.
    ///
    /// # Errors
    /// As [`Source::batch`].
    fn training_batch(&self, rows: &[usize], _epoch: u32) -> Result<Batch, SourceError> {
        self.batch(rows)
    }

    /// Whether a batch is no work: its numbers lie in memory. [`crate::Ahead`] makes no other thread do it then.
    fn is_at_hand(&self) -> bool {
        false
    }
}

/// A row could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not read row {row}")]
pub struct SourceError {
    /// Its place in the source, counted from zero.
    pub row: usize,
    /// Why.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Marks the rows that a network learns from, and the only ones that transforms are fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Train {}

/// Marks the rows that choose the best epoch and stop the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Valid {}

/// Marks the rows that nothing has looked at before the final score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {}

/// The rows of one part. Which part is a type, so that what asks for training rows cannot be given others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split<Part> {
    rows: Vec<usize>,
    part: PhantomData<Part>,
}

impl<Part> Split<Part> {
    /// The places of its rows in the source, ascending.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    fn new(mut rows: Vec<usize>) -> Split<Part> {
        rows.sort_unstable();
        Split { rows, part: PhantomData }
    }
}

impl Split<Train> {
    /// The order of one epoch: a function of seed and epoch alone (engine.md section 7).
    pub fn order(&self, rng: &Rng, epoch: u32) -> Vec<usize> {
        let mut rows = self.rows.clone();
        rng.stream("shuffle", "").shuffle(&mut rows, epoch);
        rows
    }
}

/// The three parts of a source.
///
/// Invariant: no row is in two of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splits {
    /// What the network learns from.
    pub train: Split<Train>,
    /// What chooses the best epoch.
    pub valid: Split<Valid>,
    /// What the final score is measured on.
    pub test: Split<Test>,
}

/// A row stands in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} wants to be in one part, got two")]
pub struct SplitError {
    /// The row.
    pub row: usize,
}

impl Splits {
    /// Three parts of a source, by the places of their rows.
    ///
    /// # Errors
    /// [`SplitError`] names the first row that stands in two parts, or twice in one.
    pub fn new(train: Vec<usize>, valid: Vec<usize>, test: Vec<usize>) -> Result<Splits, SplitError> {
        let splits = Splits { train: Split::new(train), valid: Split::new(valid), test: Split::new(test) };
        let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
        let within = parts.iter().filter_map(|rows| rows.windows(2).find(|pair| pair[0] == pair[1]));
        let across = [(0, 1), (0, 2), (1, 2)].into_iter().filter_map(|(a, b)| shared(parts[a], parts[b]));
        match within.map(|pair| pair[0]).chain(across).min() {
            Some(row) => Err(SplitError { row }),
            None => Ok(splits),
        }
    }
}

/// The first row that stands in both of two ascending lists.
fn shared(mut one: &[usize], mut other: &[usize]) -> Option<usize> {
    while let ([a, rest @ ..], [b, others @ ..]) = (one, other) {
        match a.cmp(b) {
            Ordering::Less => one = rest,
            Ordering::Greater => other = others,
            Ordering::Equal => return Some(*a),
        }
    }
    None
}

/// What the training rows answer on average: what a model that looks at nothing would say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TargetStats {
    /// How often each label stands in the training rows, in the order of the labels.
    Labels {
        /// One count for each label.
        counts: Vec<u64>,
    },
    /// How often each label stands in the training rows, in the order of the labels, where a row may have several.
    LabelSets {
        /// How many training rows there are.
        rows: u64,
        /// One count for each label.
        counts: Vec<u64>,
    },
    /// The numbers of several columns in the training rows, each in its own unit.
    Columns {
        /// Their means.
        mean: Vec<f64>,
        /// Their standard deviations, over n.
        std: Vec<f64>,
    },
    /// Quantiles of the numbers of the training rows, in the target's own unit.
    Quantiles {
        /// One for each level.
        values: Vec<f64>,
    },
    /// The numbers of the training rows, in the target's own unit.
    Numbers {
        /// Their mean.
        mean: f64,
        /// Their standard deviation, over n.
        std: f64,
    },
    /// How often each piece of a text is told in the training rows.
    Pieces {
        /// One count for each piece; none for padding.
        counts: Vec<u64>,
        /// How many bytes of text each piece stands for; none for padding and the unknown.
        bytes: Vec<u32>,
    },
    /// The numbers of the training steps of a series, column by column, each in its own unit.
    Steps {
        /// Their means.
        mean: Vec<f64>,
        /// Their standard deviations, over n.
        std: Vec<f64>,
        /// After how many steps the series is thought to repeat itself; 1 where nobody says it.
        season: usize,
    },
}

/// Records whose true answer is known from elsewhere, such as a formula: the report sets them beside what was learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probes {
    /// The records.
    pub records: Vec<Record>,
    /// The true answer to each.
    pub truth: Vec<f64>,
    /// Whether each lies inside the range that training saw.
    pub inside: Vec<bool>,
    /// The same records, ready for the network.
    pub batch: Batch,
}

/// What `data` hands on: examples ready for a network, their parts, and what they mean.
#[derive(Clone)]
pub struct Dataset {
    /// The examples.
    pub source: Arc<dyn Source>,
    /// Which of them are for what.
    pub splits: Splits,
    /// What the answer is like; that of the first target, where there are several.
    pub task: Task,
    /// What a record looks like.
    pub schema: Schema,
    /// From a record to the network's inputs.
    pub inputs: Vec<InputSpec>,
    /// From the network's outputs to answers.
    pub targets: Vec<Target>,
    /// What the training rows answer on average, one for each target.
    pub stats: Vec<TargetStats>,
    /// Records with a known truth; none for most data.
    pub probes: Probes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_one_part() {
        let error = Splits::new(vec![0, 1], vec![2], vec![1]).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("row 1 wants to be in one part, got two"));
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let Ok(splits) = Splits::new((0..100).collect(), vec![], vec![]) else { return };
        let order = |seed, epoch| splits.train.order(&Rng::new(seed), epoch);
        assert_eq!(order(7, 3), order(7, 3));
        assert_ne!(order(7, 3), order(7, 4));
        assert_ne!(order(7, 3), order(8, 3));
        let mut sorted = order(7, 3);
        sorted.sort_unstable();
        assert_eq!(sorted, splits.train.rows());
    }
}
