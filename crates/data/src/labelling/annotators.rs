//! One label from those of several annotators.

use std::collections::BTreeMap;

pub use dawid_skene::{Annotator, Merged, Reconciled, dawid_skene};

mod dawid_skene;
#[cfg(test)]
mod tests;

/// What one annotator said of one row. Saying it twice counts twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    /// The row.
    pub row: usize,
    /// Who.
    pub annotator: usize,
    /// What.
    pub label: usize,
}

/// What most annotators said of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Majority {
    /// The row.
    pub row: usize,
    /// The label that most gave; none if several have as many.
    pub label: Option<usize>,
    /// The labels with most votes, sorted: more than one is a tie.
    pub leading: Vec<usize>,
    /// How many votes each of these has.
    pub votes: usize,
    /// How many votes the row has.
    pub of: usize,
}

/// The majority of each row that has a vote, by row.
pub fn majority(votes: &[Vote]) -> Vec<Majority> {
    let mut rows: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for vote in votes {
        *rows.entry(vote.row).or_default().entry(vote.label).or_default() += 1;
    }
    rows.into_iter().map(|(row, labels)| lead(row, &labels)).collect()
}

fn lead(row: usize, labels: &BTreeMap<usize, usize>) -> Majority {
    let votes = labels.values().copied().max().unwrap_or(0);
    let leading: Vec<usize> =
        labels.iter().filter(|(_, count)| **count == votes).map(|(label, _)| *label).collect();
    let label = if let [only] = *leading { Some(only) } else { None };
    Majority { row, label, leading, votes, of: labels.values().sum() }
}
