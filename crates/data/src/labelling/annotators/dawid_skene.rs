//! Annotators weighed by what they are worth: Dawid and Skene 1979.

use super::Vote;

/// How many rounds there are at most.
const ROUNDS: usize = 200;

/// The end is reached when no probability changes by more.
const TOLERANCE: f64 = 1e-6;

/// How many votes are added to each cell of a confusion matrix, so that what an annotator never said is not
/// impossible.
const SMOOTHING: f64 = 0.1;

/// Two labels whose probabilities are closer than this are tied.
const TIE: f64 = 1e-9;

/// What the annotators said, weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// The labels that were given, sorted; the order of all probabilities below.
    pub labels: Vec<usize>,
    /// How frequent each label is.
    pub shares: Vec<f64>,
    /// Row by row.
    pub rows: Vec<Merged>,
    /// Annotator by annotator.
    pub annotators: Vec<Annotator>,
    /// How many rounds it took.
    pub rounds: usize,
    /// Whether the end was reached within 200 rounds.
    pub has_converged: bool,
}

/// What one row is.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The row.
    pub row: usize,
    /// The most probable label; none if two are as probable.
    pub label: Option<usize>,
    /// How probable each label is.
    pub probabilities: Vec<f64>,
}

/// What one annotator is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotator {
    /// Who.
    pub annotator: usize,
    /// How often the annotator is right, over labels as frequent as they are.
    pub accuracy: f64,
    /// `[truth, said]`: how often each label is said of rows of each.
    pub confusion: Vec<Vec<f64>>,
}

/// Estimates by turns what the rows are and what the annotators are worth. Starts from the share of votes
/// that each label has of a row; the same votes give the same answer, in whatever order.
///
/// Annotators must be right more often than wrong taken together: if most of them swap two labels, so does
/// the answer.
pub fn dawid_skene(votes: &[Vote]) -> Reconciled {
    let ballot = Ballot::of(votes);
    let mut beliefs = ballot.shares();
    let (mut rounds, mut change) = (0, f64::INFINITY);
    while rounds < ROUNDS && change > TOLERANCE {
        let next = ballot.beliefs(&ballot.model(&beliefs));
        let pairs = next.iter().flatten().zip(beliefs.iter().flatten());
        change = pairs.fold(0.0, |change, (next, belief)| change.max((next - belief).abs()));
        (beliefs, rounds) = (next, rounds + 1);
    }
    ballot.reconciled(beliefs, rounds, change <= TOLERANCE)
}

/// The votes by place: rows, annotators and labels count from 0, and the names are kept apart.
struct Ballot {
    rows: Vec<usize>,
    annotators: Vec<usize>,
    labels: Vec<usize>,
    votes: Vec<Vote>,
}

/// What is thought of the annotators and the labels.
struct Model {
    /// How frequent each label is.
    shares: Vec<f64>,
    /// `[annotator, truth, said]`.
    confusions: Vec<Vec<Vec<f64>>>,
}

impl Ballot {
    fn of(votes: &[Vote]) -> Ballot {
        let mut sorted = votes.to_vec();
        sorted.sort_unstable(); // sums do not depend on the order that the votes came in
        let rows = names(&sorted, |vote| vote.row);
        let annotators = names(&sorted, |vote| vote.annotator);
        let labels = names(&sorted, |vote| vote.label);
        let place = |vote: &Vote| {
            let row = rows.binary_search(&vote.row).ok()?;
            let annotator = annotators.binary_search(&vote.annotator).ok()?;
            Some(Vote { row, annotator, label: labels.binary_search(&vote.label).ok()? })
        };
        let votes = sorted.iter().filter_map(place).collect();
        Ballot { rows, annotators, labels, votes }
    }

    /// The share of votes that each label has of each row: `[row, label]`.
    fn shares(&self) -> Vec<Vec<f64>> {
        let mut shares = vec![vec![0.0; self.labels.len()]; self.rows.len()];
        for vote in &self.votes {
            shares[vote.row][vote.label] += 1.0;
        }
        shares.iter_mut().for_each(|row| normalise(row));
        shares
    }

    /// The M step: the most likely model, if the rows are what they are believed to be.
    fn model(&self, beliefs: &[Vec<f64>]) -> Model {
        let labels = self.labels.len();
        let mut shares = vec![SMOOTHING; labels];
        for row in beliefs {
            shares.iter_mut().zip(row).for_each(|(share, belief)| *share += belief);
        }
        normalise(&mut shares);
        let mut confusions = vec![vec![vec![SMOOTHING; labels]; labels]; self.annotators.len()];
        for vote in &self.votes {
            for (said, belief) in confusions[vote.annotator].iter_mut().zip(&beliefs[vote.row]) {
                said[vote.label] += belief;
            }
        }
        confusions.iter_mut().flatten().for_each(|said| normalise(said));
        Model { shares, confusions }
    }

    /// The E step: what the rows are, if the model is right. Sums of logarithms, for products of many votes
    /// vanish.
    fn beliefs(&self, model: &Model) -> Vec<Vec<f64>> {
        let start: Vec<f64> = model.shares.iter().map(|share| share.ln()).collect();
        let mut beliefs = vec![start; self.rows.len()];
        for vote in &self.votes {
            for (belief, said) in beliefs[vote.row].iter_mut().zip(&model.confusions[vote.annotator]) {
                *belief += said[vote.label].ln();
            }
        }
        for row in &mut beliefs {
            let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|belief| *belief = (*belief - largest).exp());
            normalise(row);
        }
        beliefs
    }

    fn reconciled(self, beliefs: Vec<Vec<f64>>, rounds: usize, has_converged: bool) -> Reconciled {
        let Model { shares, confusions } = self.model(&beliefs);
        let merged = |(row, probabilities): (usize, Vec<f64>)| {
            let label = winner(&probabilities).and_then(|place| self.labels.get(place).copied());
            Merged { row, label, probabilities }
        };
        let worth = |(annotator, confusion): (usize, Vec<Vec<f64>>)| {
            let right = confusion.iter().enumerate().filter_map(|(truth, said)| said.get(truth));
            let accuracy = right.zip(&shares).map(|(right, share)| right * share).sum();
            Annotator { annotator, accuracy, confusion }
        };
        let annotators = self.annotators.into_iter().zip(confusions).map(worth).collect();
        let rows = self.rows.into_iter().zip(beliefs).map(merged).collect();
        Reconciled { labels: self.labels, shares, rows, annotators, rounds, has_converged }
    }
}

fn names(votes: &[Vote], name: impl Fn(&Vote) -> usize) -> Vec<usize> {
    let mut names: Vec<usize> = votes.iter().map(name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Makes the sum 1; it is never 0 here.
fn normalise(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
}

/// The place of the largest, if no other comes close.
fn winner(probabilities: &[f64]) -> Option<usize> {
    let (place, largest) = probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let close = probabilities.iter().filter(|probability| *probability + TIE >= *largest).count();
    (close == 1).then_some(place)
}
