//! One label for each row out of a file in which several people label the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Label, Vote, dawid_skene, majority};
use crate::config::MergeLabels;
use crate::labels::Naming;

/// A line about a row of the data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) row: usize,
    pub(super) label: &'a str,
    pub(super) annotator: Option<&'a str>,
}

/// What still counts of all lines, each with its row: no label that was taken back behind it.
pub(super) fn standing<'a>(lines: &[(usize, &'a Label)]) -> Vec<Said<'a>> {
    let (mut of_all, mut of_one) = (BTreeSet::new(), BTreeSet::new());
    let mut said = vec![];
    for &(row, line) in lines.iter().rev() {
        let annotator = line.annotator.as_deref();
        match (&line.label, annotator) {
            (None, None) => drop(of_all.insert(row)),
            (None, Some(_)) => drop(of_one.insert((row, annotator))),
            (Some(_), _) if of_all.contains(&row) || of_one.contains(&(row, annotator)) => {}
            (Some(label), _) => said.push(Said { row, label, annotator }),
        }
    }
    said.reverse();
    said
}

/// Who labelled how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnnotatorProfile {
    /// Who; none for lines that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many rows.
    pub rows: usize,
    /// How often he or she seems to be right, where labels are merged by Dawid and Skene's model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

impl fmt::Display for AnnotatorProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map_or_else(|| "unnamed".to_owned(), |name| format!("`{name}`"));
        write!(f, "{name} {}", self.rows)?;
        self.accuracy.map_or(Ok(()), |accuracy| write!(f, ", right in {:.0} %", accuracy * 100.0))
    }
}

/// What is left of all lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// The label of each row that somebody labelled; none where labels are tied.
    pub(super) rows: BTreeMap<usize, Option<String>>,
    pub(super) annotators: Vec<AnnotatorProfile>,
    /// Whether the weights of the annotators still moved when the last round was over.
    pub(super) is_unsettled: bool,
}

/// Counts votes; labels are the same if the recipe calls them the same. `all` is in the order of the file.
pub(super) fn merge(how: MergeLabels, naming: &Naming, all: &[Said<'_>]) -> Outcome {
    let mut votes: BTreeMap<(Option<&str>, usize), &str> = BTreeMap::new();
    votes.extend(all.iter().map(|said| ((said.annotator, said.row), said.label)));
    let mut annotators: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    votes.keys().for_each(|(annotator, _)| *annotators.entry(*annotator).or_default() += 1);
    let (ballot, mut is_unsettled) = (Ballot::of(&votes, naming), false);
    let (rows, accuracies) = match how {
        MergeLabels::Last => {
            (all.iter().map(|said| (said.row, Some(said.label.to_owned()))).collect(), BTreeMap::new())
        }
        MergeLabels::Majority => {
            let rows = majority(&ballot.votes).into_iter();
            (rows.map(|row| (row.row, ballot.spelled(row.label))).collect(), BTreeMap::new())
        }
        MergeLabels::DawidSkene => {
            let found = dawid_skene(&ballot.votes);
            is_unsettled = !found.has_converged;
            let rows = found.rows.iter().map(|row| (row.row, ballot.spelled(row.label))).collect();
            (rows, found.annotators.iter().map(|who| (who.annotator, who.accuracy)).collect())
        }
    };
    let profile = |(place, (name, rows)): (usize, (Option<&str>, usize))| AnnotatorProfile {
        name: name.map(str::to_owned),
        rows,
        accuracy: accuracies.get(&place).copied(),
    };
    Outcome { rows, annotators: annotators.into_iter().enumerate().map(profile).collect(), is_unsettled }
}

/// Votes by number.
struct Ballot<'a> {
    votes: Vec<Vote>,
    /// Each label by its number, as the first who gave it wrote it.
    spelling: Vec<&'a str>,
}

impl<'a> Ballot<'a> {
    fn of(votes: &BTreeMap<(Option<&str>, usize), &'a str>, naming: &Naming) -> Ballot<'a> {
        let mut annotators: Vec<Option<&str>> = votes.keys().map(|(annotator, _)| *annotator).collect();
        annotators.dedup();
        let (mut labels, mut spelling): (BTreeMap<String, usize>, Vec<&str>) = (BTreeMap::new(), vec![]);
        let mut vote = |((annotator, row), label): (&(Option<&str>, usize), &&'a str)| {
            let place = *labels.entry(naming.called(label)).or_insert_with(|| {
                spelling.push(label);
                spelling.len() - 1
            });
            let annotator = annotators.partition_point(|other| other < annotator);
            Vote { row: *row, annotator, label: place }
        };
        let votes = votes.iter().map(&mut vote).collect();
        Ballot { votes, spelling }
    }

    fn spelled(&self, label: Option<usize>) -> Option<String> {
        label.and_then(|place| self.spelling.get(place)).map(|label| (*label).to_owned())
    }
}
