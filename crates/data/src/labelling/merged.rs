//! One label for each row out of a file in which several people label the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer::Answers;
use super::{Label, Vote, dawid_skene, majority};
use crate::config::MergeLabels;

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
pub(super) fn merge(how: MergeLabels, answers: &Answers, all: &[Said<'_>]) -> Outcome {
    let mut votes: BTreeMap<(Option<&str>, usize), &str> = BTreeMap::new();
    votes.extend(all.iter().map(|said| ((said.annotator, said.row), said.label)));
    let mut annotators: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    votes.keys().for_each(|(annotator, _)| *annotators.entry(*annotator).or_default() += 1);
    let count: Count = match how {
        MergeLabels::Last => |_| Settled::default(),
        MergeLabels::Majority => by_majority,
        MergeLabels::DawidSkene => by_worth,
    };
    let ballot = Ballot::of(&votes, answers);
    let (mut rows, settled) = match answers {
        Answers::One(_) | Answers::Numbers(_) => ballot.one(count),
        Answers::Labels(_, separator) => ballot.several(count, separator),
    };
    if how == MergeLabels::Last {
        rows = all.iter().map(|said| (said.row, Some(said.label.to_owned()))).collect();
    }
    let profile = |(place, (name, rows)): (usize, (Option<&str>, usize))| AnnotatorProfile {
        name: name.map(str::to_owned),
        rows,
        accuracy: settled.accuracies.get(&place).copied(),
    };
    let annotators = annotators.into_iter().enumerate().map(profile).collect();
    Outcome { rows, annotators, is_unsettled: settled.is_unsettled }
}

/// What the votes come to.
#[derive(Default)]
struct Settled {
    /// The label of each row; none where labels are tied.
    rows: BTreeMap<usize, Option<usize>>,
    /// How often each annotator seems to be right.
    accuracies: BTreeMap<usize, f64>,
    is_unsettled: bool,
}

type Count = fn(&[Vote]) -> Settled;

fn by_majority(votes: &[Vote]) -> Settled {
    let rows = majority(votes).into_iter().map(|row| (row.row, row.label)).collect();
    Settled { rows, ..Settled::default() }
}

fn by_worth(votes: &[Vote]) -> Settled {
    let found = dawid_skene(votes);
    Settled {
        rows: found.rows.iter().map(|row| (row.row, row.label)).collect(),
        accuracies: found.annotators.iter().map(|who| (who.annotator, who.accuracy)).collect(),
        is_unsettled: !found.has_converged,
    }
}

/// The labels of each row that somebody labelled, as one text.
type Rows = BTreeMap<usize, Option<String>>;

/// Answers by number.
struct Ballot<'a> {
    /// Row, annotator, and the labels of the answer.
    answers: Vec<(usize, usize, Vec<usize>)>,
    /// Each label by its number, as the first who gave it wrote it.
    spelling: Vec<&'a str>,
}

impl<'a> Ballot<'a> {
    fn of(votes: &BTreeMap<(Option<&str>, usize), &'a str>, answers: &Answers) -> Ballot<'a> {
        let mut annotators: Vec<Option<&str>> = votes.keys().map(|(annotator, _)| *annotator).collect();
        annotators.dedup();
        let (mut labels, mut spelling): (BTreeMap<String, usize>, Vec<&str>) = (BTreeMap::new(), vec![]);
        let mut place = |label: &'a str| {
            *labels.entry(answers.called(label)).or_insert_with(|| {
                spelling.push(label);
                spelling.len() - 1
            })
        };
        let mut answer = |((annotator, row), answer): (&(Option<&str>, usize), &&'a str)| {
            let annotator = annotators.partition_point(|other| other < annotator);
            (*row, annotator, answers.written(answer).into_iter().map(&mut place).collect())
        };
        let answers = votes.iter().map(&mut answer).collect();
        Ballot { answers, spelling }
    }

    /// Each answer is one label.
    fn one(&self, count: Count) -> (Rows, Settled) {
        let first = |labels: &Vec<usize>| labels.first().copied().unwrap_or_default();
        let settled = count(&self.votes(first));
        let spelled =
            |(row, label): (&usize, &Option<usize>)| (*row, label.map(|label| self.spelled(&[label], "")));
        (settled.rows.iter().map(spelled).collect(), settled)
    }

    /// Each label is a question by itself; a row is tied where one of them is.
    fn several(&self, count: Count, separator: &str) -> (Rows, Settled) {
        let mut all = Settled::default();
        let mut fitting: BTreeMap<usize, Option<Vec<usize>>> =
            self.answers.iter().map(|(row, _, _)| (*row, Some(vec![]))).collect();
        for label in 0..self.spelling.len() {
            let settled = count(&self.votes(|labels| usize::from(labels.contains(&label))));
            for (row, fits) in settled.rows {
                let Some(labels) = fitting.get_mut(&row) else { continue };
                match (fits, labels.as_mut()) {
                    (None, _) => *labels = None,
                    (Some(1), Some(labels)) => labels.push(label),
                    (Some(_), _) => {}
                }
            }
            for (annotator, accuracy) in settled.accuracies {
                *all.accuracies.entry(annotator).or_default() += accuracy / self.spelling.len() as f64;
            }
            all.is_unsettled |= settled.is_unsettled;
        }
        let spelled = |labels: Vec<usize>| self.spelled(&labels, separator);
        (fitting.into_iter().map(|(row, labels)| (row, labels.map(spelled))).collect(), all)
    }

    fn votes(&self, label: impl Fn(&Vec<usize>) -> usize) -> Vec<Vote> {
        let vote = |(row, annotator, labels): &(usize, usize, Vec<usize>)| Vote {
            row: *row,
            annotator: *annotator,
            label: label(labels),
        };
        self.answers.iter().map(vote).collect()
    }

    fn spelled(&self, labels: &[usize], separator: &str) -> String {
        let spelled: Vec<&str> =
            labels.iter().filter_map(|&label| self.spelling.get(label).copied()).collect();
        spelled.join(separator)
    }
}
