use super::*;
use crate::testing::Dice;

/// From (row, annotator, label).
fn votes(votes: &[(usize, usize, usize)]) -> Vec<Vote> {
    votes.iter().map(|&(row, annotator, label)| Vote { row, annotator, label }).collect()
}

/// What annotators of known accuracy say of rows of `classes` classes, and the truth. Who errs takes any
/// other label.
fn simulated(seed: u64, rows: usize, classes: usize, accuracies: &[f64]) -> (Vec<Vote>, Vec<usize>) {
    let mut dice = Dice(seed);
    let truth: Vec<usize> = (0..rows).map(|_| dice.below(classes)).collect();
    let mut votes = vec![];
    for (row, &truth) in truth.iter().enumerate() {
        for (annotator, accuracy) in accuracies.iter().enumerate() {
            let is_right = dice.share() < *accuracy;
            let label = if is_right { truth } else { (truth + 1 + dice.below(classes - 1)) % classes };
            votes.push(Vote { row, annotator, label });
        }
    }
    (votes, truth)
}

fn right(labels: impl Iterator<Item = Option<usize>>, truth: &[usize]) -> usize {
    labels.zip(truth).filter(|(label, truth)| *label == Some(**truth)).count()
}

#[test]
fn most_votes_win_and_ties_are_named() {
    let merged = majority(&votes(&[(7, 0, 4), (7, 1, 2), (7, 2, 4), (3, 0, 9), (3, 1, 1)]));
    let tie = Majority { row: 3, label: None, leading: vec![1, 9], votes: 1, of: 2 };
    let clear = Majority { row: 7, label: Some(4), leading: vec![4], votes: 2, of: 3 };
    assert_eq!(merged, [tie, clear]);
    assert_eq!(majority(&[]), []);
}

#[test]
fn weighed_votes_beat_the_majority() {
    let accuracies = [0.95, 0.6, 0.6, 0.6, 0.05];
    for seed in 0..10 {
        let (votes, truth) = simulated(seed, 500, 3, &accuracies);
        let majority = right(majority(&votes).iter().map(|row| row.label), &truth);
        let found = dawid_skene(&votes);
        let weighed = right(found.rows.iter().map(|row| row.label), &truth);
        assert!(found.has_converged && weighed >= majority + 50, "{seed}: {weighed}, {majority}");
        assert!(weighed >= 470, "{seed}: {weighed}");
        for (annotator, accuracy) in found.annotators.iter().zip(accuracies) {
            assert!((annotator.accuracy - accuracy).abs() < 0.08, "{seed}: {annotator:?}");
        }
    }
}

/// With two labels, who is nearly always wrong says as much as who is nearly always right.
#[test]
fn an_adversary_is_turned_around() {
    let (votes, truth) = simulated(4, 400, 2, &[0.8, 0.75, 0.7, 0.03]);
    let found = dawid_skene(&votes);
    let weighed = right(found.rows.iter().map(|row| row.label), &truth);
    let majority = right(majority(&votes).iter().map(|row| row.label), &truth);
    assert!(weighed >= 380 && majority <= 300, "{weighed}, {majority}");
    assert!(found.annotators[3].accuracy < 0.1, "{:?}", found.annotators[3]);
}

#[test]
fn equal_annotators_leave_the_majority_as_it_is() {
    let (votes, truth) = simulated(9, 600, 4, &[0.7; 5]);
    let weighed = right(dawid_skene(&votes).rows.iter().map(|row| row.label), &truth);
    let majority = right(majority(&votes).iter().map(|row| row.label), &truth);
    assert!(weighed >= majority, "{weighed}, {majority}");
}

#[test]
fn the_order_of_the_votes_is_no_matter() {
    let (mut votes, _) = simulated(2, 100, 3, &[0.9, 0.6, 0.5]);
    votes.retain(|vote| (vote.row + vote.annotator) % 4 != 0); // not everybody saw every row
    let found = dawid_skene(&votes);
    votes.reverse();
    assert_eq!(found, dawid_skene(&votes));
    for row in &found.rows {
        assert!((row.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn two_who_always_differ_are_tied() {
    let found = dawid_skene(&votes(&[(0, 0, 5), (0, 1, 8)]));
    assert_eq!((found.labels, found.rows[0].label), (vec![5, 8], None));
}

#[test]
fn names_are_kept_and_nothing_is_nothing() {
    let found = dawid_skene(&votes(&[(30, 7, 5), (10, 7, 8), (10, 9, 8), (30, 9, 5)]));
    assert_eq!(
        found.rows.iter().map(|row| (row.row, row.label)).collect::<Vec<_>>(),
        [(10, Some(8)), (30, Some(5))]
    );
    assert_eq!(found.annotators.iter().map(|annotator| annotator.annotator).collect::<Vec<_>>(), [7, 9]);
    let nothing = dawid_skene(&[]);
    assert!(nothing.rows.is_empty() && nothing.annotators.is_empty() && nothing.has_converged);
}
