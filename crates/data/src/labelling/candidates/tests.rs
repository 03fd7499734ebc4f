use super::*;
use crate::testing::Dice;

fn order(candidates: &[Candidate]) -> Vec<usize> {
    candidates.iter().map(|candidate| candidate.row).collect()
}

#[test]
fn a_label_that_all_probabilities_speak_against_is_first() {
    let probabilities = [0.9, 0.1, 0.8, 0.2, 0.05, 0.95, 0.1, 0.9, 0.3, 0.7, 0.6, 0.4];
    let found = candidates(&probabilities, &[0, 0, 0, 1, 1, 1], 2);
    // The thresholds: (0.9 + 0.8 + 0.05) / 3 = 0.583 and (0.9 + 0.7 + 0.4) / 3 = 0.667.
    assert_eq!(order(&found), [2, 5, 4, 1, 0, 3]);
    let first = Candidate { row: 2, given: 0, suggested: 1, is_suspect: true, score: 0.05 - 0.95 };
    assert_eq!(found[0], first);
    let suspects: Vec<bool> = found.iter().map(|candidate| candidate.is_suspect).collect();
    assert_eq!(suspects, [true, true, false, false, false, false]);
}

/// A class of which the model is never sure has a low threshold, so that its rows are found too.
#[test]
fn thresholds_are_those_of_each_class() {
    let probabilities = [0.95, 0.05, 0.95, 0.05, 0.55, 0.45, 0.6, 0.4, 0.6, 0.4];
    let found = candidates(&probabilities, &[0, 0, 0, 1, 1], 2);
    // Row 2 is less sure of 0 than such rows are (0.817), and surer of 1 than such rows are (0.4).
    assert_eq!((found[0].row, found[0].suggested, found[0].is_suspect), (2, 1, true));
    assert!(found[0].score > found[1].score, "a suspect stands before a smaller margin");
    assert!(found[1..].iter().all(|candidate| !candidate.is_suspect));
}

/// Labels that were turned on purpose come first, in a mixture of three classes.
#[test]
fn turned_labels_are_found() {
    let mut dice = Dice(11);
    let (mut probabilities, mut labels, mut turned) = (vec![], vec![], vec![]);
    for row in 0..2000 {
        let truth = dice.below(3);
        let sure = 0.5 + 0.5 * dice.share() as f32;
        probabilities.extend((0..3).map(|class| if class == truth { sure } else { (1.0 - sure) / 2.0 }));
        let is_turned = dice.below(20) == 0;
        labels.push(if is_turned { (truth + 1) % 3 } else { truth });
        turned.extend(is_turned.then_some((row, truth)));
    }
    let found = candidates(&probabilities, &labels, 3);
    let first: Vec<(usize, usize)> = found[..turned.len()].iter().map(|it| (it.row, it.suggested)).collect();
    let hits = turned.iter().filter(|row| first.contains(row)).count();
    assert_eq!(hits, turned.len());
    let suspects = found.iter().filter(|candidate| candidate.is_suspect).count();
    assert!(suspects <= turned.len() && suspects * 10 >= turned.len() * 4, "{suspects} of {}", turned.len());
}

#[test]
fn what_is_not_there_is_no_panic() {
    assert_eq!(candidates(&[], &[], 0), []);
    assert_eq!(candidates(&[], &[], 3), []);
    let odd = candidates(&[f32::NAN, 0.5, 0.2, 0.8, 1.0], &[0, 7], 2);
    assert_eq!(odd.len(), 2);
    let one = candidates(&[1.0, 1.0], &[0, 0], 1);
    assert!(one.iter().all(|candidate| candidate.suggested == 0 && !candidate.is_suspect));
}

/// Each label is judged by itself: row 1 has one that all probabilities speak against, row 3 lacks one.
#[test]
fn labels_that_fit_by_themselves_are_turned_over_by_themselves() {
    let probabilities = [0.9, 0.1, 0.1, 0.1, 0.8, 0.2, 0.2, 0.95, 0.1, 0.9, 0.2, 0.8];
    let fits = [true, false, true, false, true, false, false, false, false, true, false, true];
    let found = fit_candidates(&probabilities, &fits, 2);
    let suspects: Vec<(usize, &[usize])> =
        found.iter().filter(|found| found.is_suspect).map(|found| (found.row, &found.turned[..])).collect();
    assert_eq!(suspects, [(3, &[1][..]), (1, &[0])]);
    assert!((found[0].score - (0.05 - 0.95)).abs() < 1e-6, "{found:?}");
    // The others in the order of their least likely label, which would be the one to turn.
    let others: Vec<(usize, &[usize])> =
        found[2..].iter().map(|found| (found.row, &found.turned[..])).collect();
    assert_eq!(others, [(2, &[0][..]), (5, &[0]), (0, &[0]), (4, &[0])]);
    assert_eq!(fit_candidates(&[], &[], 0), []);
}
