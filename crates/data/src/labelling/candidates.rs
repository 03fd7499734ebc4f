//! Rows whose label is probably wrong: confident learning (Northcutt, Jiang and Chuang 2021).

use std::cmp::Reverse;

#[cfg(test)]
mod tests;

/// A row, and what its label should perhaps be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Its place among the rows.
    pub row: usize,
    /// The label it has.
    pub given: usize,
    /// The label it seems to have: never the given one, unless there is no other.
    pub suggested: usize,
    /// Whether it counts as wrong: it is as probable of another class as rows of that class are on average,
    /// and of no class more. These rows are an estimate of the number of wrong labels; the others are most
    /// likely right.
    pub is_suspect: bool,
    /// The normalised margin: the probability of the given label less the largest of any other; -1 is surely
    /// wrong, 1 surely right.
    pub score: f32,
}

/// All rows, the most probably wrong first: the suspects, then the others, each by their score.
///
/// `probabilities` is `[rows, classes]`, each row by a model that has not learned from it; `labels` is one
/// class per row. A label that is no class has probability 0.
pub fn candidates(probabilities: &[f32], labels: &[usize], classes: usize) -> Vec<Candidate> {
    let thresholds = thresholds(probabilities, labels, classes);
    let rows = probabilities.chunks_exact(classes.max(1)).zip(labels).enumerate();
    let judge = |(row, (probabilities, &given))| candidate(row, given, probabilities, &thresholds);
    let mut candidates: Vec<Candidate> = rows.map(judge).collect();
    candidates.sort_by(|a, b| {
        let first = |candidate: &Candidate| Reverse(candidate.is_suspect);
        first(a).cmp(&first(b)).then(a.score.total_cmp(&b.score))
    });
    candidates
}

/// A row of which several labels may fit, and those that perhaps should be turned over.
#[derive(Clone, Debug, PartialEq)]
pub struct FitCandidate {
    /// Its place among the rows.
    pub row: usize,
    /// The labels that count as wrong, there or not; where none does, the one that most likely is.
    pub turned: Vec<usize>,
    /// Whether one counts as wrong.
    pub is_suspect: bool,
    /// The lowest score of its labels, from -1 to 1 as above.
    pub score: f32,
}

/// The same where each label fits or not by itself: every label is judged as two classes, and a row by its worst label
/// (as in Thyagarajan et al. 2022).
///
/// `probabilities` is `[rows, labels]`, how probable it is that each fits; `fits` says which do.
pub fn fit_candidates(probabilities: &[f32], fits: &[bool], labels: usize) -> Vec<FitCandidate> {
    let empty = FitCandidate { row: 0, turned: vec![], is_suspect: false, score: f32::INFINITY };
    let rows = probabilities.len() / labels.max(1);
    let mut all: Vec<FitCandidate> = (0..rows).map(|row| FitCandidate { row, ..empty.clone() }).collect();
    for label in 0..labels {
        let own = probabilities.iter().skip(label).step_by(labels);
        let pairs: Vec<f32> = own.flat_map(|&fits| [1.0 - fits, fits]).collect();
        let given: Vec<usize> = fits.iter().skip(label).step_by(labels).map(|&fits| fits.into()).collect();
        for found in candidates(&pairs, &given, 2) {
            all[found.row].add(label, &found);
        }
    }
    all.sort_by(|a, b| b.is_suspect.cmp(&a.is_suspect).then(a.score.total_cmp(&b.score)));
    all
}

impl FitCandidate {
    fn add(&mut self, label: usize, found: &Candidate) {
        match (found.is_suspect, self.is_suspect) {
            (true, true) => self.turned.push(label),
            (true, false) => (self.turned, self.is_suspect) = (vec![label], true),
            (false, false) if found.score < self.score => self.turned = vec![label],
            (false, _) => {}
        }
        self.score = self.score.min(found.score);
    }
}

/// How probable the rows of each class are of it, on average. No row is ever as probable of a class without
/// rows.
fn thresholds(probabilities: &[f32], labels: &[usize], classes: usize) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); classes];
    for (probabilities, &label) in probabilities.chunks_exact(classes.max(1)).zip(labels) {
        if let (Some((sum, rows)), Some(&own)) = (sums.get_mut(label), probabilities.get(label)) {
            (*sum, *rows) = (*sum + f64::from(own), *rows + 1.0);
        }
    }
    sums.into_iter().map(|(sum, rows)| if rows > 0.0 { sum / rows } else { f64::INFINITY }).collect()
}

fn candidate(row: usize, given: usize, probabilities: &[f32], thresholds: &[f64]) -> Candidate {
    let all = || probabilities.iter().copied().enumerate();
    let confident = all().zip(thresholds).filter(|((_, own), least)| f64::from(*own) >= **least);
    let class = largest(confident.map(|(class, _)| class)); // its column in the confident joint
    let other = largest(all().filter(|(class, _)| *class != given));
    let suspect = class.filter(|(class, _)| *class != given);
    let (suggested, _) = suspect.or(other).unwrap_or((given, 0.0));
    let own = probabilities.get(given).copied().unwrap_or(0.0);
    let score = own - other.map_or(0.0, |(_, probability)| probability);
    Candidate { row, given, suggested, is_suspect: suspect.is_some(), score }
}

/// The class with the largest probability, the first of equal ones.
fn largest(classes: impl Iterator<Item = (usize, f32)>) -> Option<(usize, f32)> {
    classes.max_by(|(a, one), (b, other)| one.total_cmp(other).then(b.cmp(a)))
}
