//! Metrics of labels of which a row may have several.

use super::classification::{ClassScores, Counts};

/// How often each label was true, answered, and both; and how often all labels of a row were right.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    rows: u64,
    /// Rows whose labels were all told, and no other.
    exact: u64,
    labels: Vec<Counts>,
}

impl Counted {
    pub(crate) fn new(labels: usize) -> Counted {
        Counted { rows: 0, exact: 0, labels: vec![Counts::default(); labels] }
    }

    /// Adds a row: whether each label fits it, and whether it was answered.
    pub(crate) fn add(&mut self, truth: &[bool], answers: &[bool]) {
        self.rows += 1;
        self.exact += u64::from(truth == answers);
        for (counts, (&truth, &answer)) in self.labels.iter_mut().zip(truth.iter().zip(answers)) {
            counts.supported += u64::from(truth);
            counts.answered += u64::from(answer);
            counts.right += u64::from(truth && answer);
        }
    }

    /// The mean F1 of all labels; a label that no row has and no answer says has an F1 of 0.
    pub(crate) fn macro_f1(&self) -> f64 {
        self.labels.iter().map(Counts::f1).sum::<f64>() / self.labels.len() as f64
    }

    /// The F1 of all labels of all rows together.
    pub(crate) fn micro_f1(&self) -> f64 {
        let all = self.labels.iter().fold(Counts::default(), |all, label| Counts {
            right: all.right + label.right,
            answered: all.answered + label.answered,
            supported: all.supported + label.supported,
        });
        all.f1()
    }

    /// The share of rows whose labels were all told, and no other; NaN for no rows.
    pub(crate) fn subset_accuracy(&self) -> f64 {
        self.exact as f64 / self.rows as f64
    }

    /// The share of labels that were told wrongly, over rows and labels; NaN for no rows.
    pub(crate) fn hamming_loss(&self) -> f64 {
        let wrong = |counts: &Counts| counts.answered + counts.supported - 2 * counts.right;
        let wrong: u64 = self.labels.iter().map(wrong).sum();
        wrong as f64 / (self.rows as f64 * self.labels.len() as f64)
    }

    /// The scores of each label, in order.
    pub(crate) fn classes(&self, labels: &[String]) -> Vec<ClassScores> {
        labels.iter().zip(&self.labels).map(|(label, counts)| counts.scores(label)).collect()
    }
}

/// The area below precision over recall as steps (scikit-learn's `average_precision_score`): rows are taken from the most
/// probable on, equal ones together. None where the label fits no row.
pub(crate) fn average_precision(mut rows: Vec<(bool, f32)>) -> Option<f64> {
    let fitting = rows.iter().filter(|(fits, _)| *fits).count() as f64;
    rows.sort_unstable_by(|(_, a), (_, b)| b.total_cmp(a));
    let (mut taken, mut right, mut area) = (0.0, 0.0, 0.0);
    for equal in rows.chunk_by(|(_, a), (_, b)| a == b) {
        let more = equal.iter().filter(|(fits, _)| *fits).count() as f64;
        taken += equal.len() as f64;
        right += more;
        area += right / taken * more / fitting;
    }
    (fitting > 0.0).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_those_of_scikit_learn() {
        // f1_score(average="macro" and "micro"), accuracy_score and hamming_loss of scikit-learn 1.9.1 on these rows.
        let rows = [
            ([true, false, true, false], [true, true, true, false]),
            ([false, true, false, false], [false, true, false, false]),
            ([true, true, false, false], [false, true, true, false]),
            ([false, false, false, false], [false, false, false, false]),
        ];
        let mut counted = Counted::new(4);
        rows.iter().for_each(|(truth, answers)| counted.add(truth, answers));
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-15, "{found} {wanted}");
        near(counted.macro_f1(), (2.0 / 3.0 + 0.8 + 2.0 / 3.0 + 0.0) / 4.0);
        near(counted.micro_f1(), 8.0 / 11.0);
        near(counted.subset_accuracy(), 0.5);
        near(counted.hamming_loss(), 3.0 / 16.0);
        let recall =
            counted.classes(&["a", "b", "c", "d"].map(str::to_owned)).into_iter().map(|class| class.recall);
        assert_eq!(recall.collect::<Vec<f64>>(), [0.5, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn precision_is_averaged_over_recall() {
        // average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) in scikit-learn's documentation.
        let rows = vec![(false, 0.1), (false, 0.4), (true, 0.35), (true, 0.8)];
        assert!((average_precision(rows).unwrap_or(0.0) - 0.833_333_333_333_333_3).abs() < 1e-15);
        assert_eq!(average_precision(vec![(true, 0.5), (false, 0.5)]), Some(0.5), "equal ones come together");
        assert_eq!(average_precision(vec![(false, 0.5)]), None);
    }
}
