use serde::{Deserialize, Serialize};

/// How well one label is told from the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassScores {
    /// The label.
    pub label: String,
    /// Of the rows answered with this label, the share that has it; 0 if there is none, as in scikit-learn.
    pub precision: f64,
    /// Of the rows that have this label, the share answered with it; 0 if there is none, as in scikit-learn.
    pub recall: f64,
    /// The harmonic mean of precision and recall; 0 if the label is never right.
    pub f1: f64,
    /// How many rows have this label.
    pub support: u64,
    /// How well its probabilities put rows in order, where each label is told by itself (scikit-learn's
    /// `average_precision_score`); none where no row has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_precision: Option<f64>,
}

/// How often each label was true, answered, and both. Accuracy and F1 need no more, whatever the number of rows.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    rows: u64,
    labels: Vec<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) right: u64,
    pub(super) answered: u64,
    pub(super) supported: u64,
}

impl Tally {
    /// `pairs`: (truth, answer), each below `classes`.
    pub(crate) fn of(classes: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Tally {
        let mut tally = Tally { rows: 0, labels: vec![Counts::default(); classes] };
        for (truth, answer) in pairs {
            tally.rows += 1;
            tally.labels[truth].supported += 1;
            tally.labels[answer].answered += 1;
            tally.labels[truth].right += u64::from(truth == answer);
        }
        tally
    }

    /// The share of right answers; NaN for no rows.
    pub(crate) fn accuracy(&self) -> f64 {
        let right: u64 = self.labels.iter().map(|counts| counts.right).sum();
        right as f64 / self.rows as f64
    }

    /// The mean F1 of the labels that stand in a row; NaN for no rows.
    pub(crate) fn macro_f1(&self) -> f64 {
        let present = self.labels.iter().filter(|counts| counts.supported + counts.answered > 0);
        let (sum, n) = present.fold((0.0, 0u32), |(sum, n), counts| (sum + counts.f1(), n + 1));
        sum / f64::from(n)
    }

    /// The scores of each label, in order.
    pub(crate) fn classes(&self, labels: &[String]) -> Vec<ClassScores> {
        labels.iter().zip(&self.labels).map(|(label, counts)| counts.scores(label)).collect()
    }
}

impl Counts {
    /// `2 PR / (P + R)`, written with counts so that one division rounds.
    pub(super) fn f1(&self) -> f64 {
        share(2 * self.right, self.answered + self.supported)
    }

    pub(super) fn scores(&self, label: &str) -> ClassScores {
        ClassScores {
            label: label.to_owned(),
            precision: share(self.right, self.answered),
            recall: share(self.right, self.supported),
            f1: self.f1(),
            support: self.supported,
            average_precision: None,
        }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// How often each truth (rows) got each answer (columns).
pub(crate) fn confusion(classes: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<u64>> {
    let mut matrix = vec![vec![0; classes]; classes];
    for (truth, answer) in pairs {
        matrix[truth][answer] += 1;
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: [usize; 10] = [0, 0, 0, 1, 1, 2, 2, 2, 2, 4];
    const ANSWER: [usize; 10] = [0, 1, 0, 1, 1, 2, 0, 2, 2, 3];

    fn tally() -> Tally {
        Tally::of(6, TRUTH.into_iter().zip(ANSWER))
    }

    #[test]
    fn values_are_those_of_scikit_learn() {
        // accuracy_score and f1_score(average="macro") of scikit-learn 1.9.1. Label 5 stands nowhere and does not count;
        // label 3 is only answered, label 4 only true, and both count with 0. Tolerance: a few roundings of numbers below 1.
        assert!((tally().accuracy() - 0.7).abs() < 1e-15);
        assert!((tally().macro_f1() - 0.464_761_904_761_904_7).abs() < 1e-15);
    }

    #[test]
    fn each_label_is_that_of_scikit_learn() {
        // precision_recall_fscore_support(labels=range(6), zero_division=0), same version.
        let expect = [
            (0.666_666_666_666_666_6, 0.666_666_666_666_666_6, 0.666_666_666_666_666_6, 3),
            (0.666_666_666_666_666_6, 1.0, 0.8, 2),
            (1.0, 0.75, 0.857_142_857_142_857_1, 4),
            (0.0, 0.0, 0.0, 0),
            (0.0, 0.0, 0.0, 1),
            (0.0, 0.0, 0.0, 0),
        ];
        let labels = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        for (got, (precision, recall, f1, support)) in tally().classes(&labels).into_iter().zip(expect) {
            for (got, wanted) in [(got.precision, precision), (got.recall, recall), (got.f1, f1)] {
                assert!((got - wanted).abs() < 1e-15, "{got} {wanted}");
            }
            assert_eq!(got.support, support);
        }
    }

    #[test]
    fn no_rows_have_no_score() {
        let none = Tally::of(2, std::iter::empty());
        assert!(none.accuracy().is_nan() && none.macro_f1().is_nan());
    }

    #[test]
    fn truth_goes_down_and_answers_across() {
        let matrix = confusion(6, TRUTH.into_iter().zip(ANSWER));
        assert_eq!(matrix[0], [2, 1, 0, 0, 0, 0]);
        assert_eq!(matrix[2], [1, 0, 3, 0, 0, 0]);
        assert_eq!(matrix[4], [0, 0, 0, 1, 0, 0]);
        assert_eq!(matrix.iter().flatten().sum::<u64>(), 10);
    }
}
