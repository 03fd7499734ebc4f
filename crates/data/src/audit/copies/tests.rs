use super::*;
use crate::testing::Dice;

fn names(names: &[&'static str]) -> Vec<Cell<'static>> {
    names.iter().map(|name| Cell::Name(name)).collect()
}

fn cycle(classes: usize, rows: usize) -> Vec<usize> {
    (0..rows).map(|row| row % classes).collect()
}

#[test]
fn a_renamed_label_is_a_copy() {
    let labels = cycle(3, 30);
    let words: Vec<Cell<'_>> = labels.iter().map(|&label| Cell::Name(["x", "y", "z"][label])).collect();
    let codes: Vec<Cell<'_>> = labels.iter().map(|&label| Cell::Number(7.5 - label as f64)).collect();
    assert!(copies_label(&words, &labels));
    assert!(copies_label(&codes, &labels));
    let mut wrong = words.clone();
    wrong[4] = Cell::Name("z");
    assert!(!copies_label(&wrong, &labels));
}

#[test]
fn one_direction_is_not_enough() {
    let labels = cycle(2, 40);
    let finer: Vec<Cell<'_>> = (0..40).map(|row| Cell::Number((row % 4) as f64)).collect();
    let coarser = names(&["a"; 40]);
    let ids: Vec<Cell<'_>> = (0..40).map(|row| Cell::Number(f64::from(row))).collect();
    for field in [finer, coarser, ids] {
        assert!(!copies_label(&field, &labels));
    }
}

#[test]
fn an_id_is_no_copy_even_if_each_row_has_a_label_of_its_own() {
    let ids: Vec<Cell<'_>> = (0..40).map(|row| Cell::Number(f64::from(row))).collect();
    assert!(!copies_label(&ids, &cycle(40, 40)));
}

#[test]
fn missing_rows_are_left_out_or_are_a_value() {
    let labels = cycle(2, 60);
    let with_gaps: Vec<Cell<'_>> = (0..60)
        .map(|row| if row % 5 == 0 { Cell::Missing } else { Cell::Number((row % 2) as f64) })
        .collect();
    let marks: Vec<Cell<'_>> =
        (0..60).map(|row| if row % 2 == 0 { Cell::Number(f64::NAN) } else { Cell::Name("yes") }).collect();
    assert!(copies_label(&with_gaps, &labels));
    assert!(copies_label(&marks, &labels));
    let mut half = marks.clone();
    half[0] = Cell::Name("yes"); // neither one to one, nor a second value
    assert!(!copies_label(&half, &labels));
}

#[test]
fn few_rows_or_a_rare_label_may_be_chance() {
    let copy = |labels: &[usize]| {
        let field: Vec<Cell<'_>> = labels.iter().map(|&label| Cell::Number(label as f64)).collect();
        copies_label(&field, labels)
    };
    assert!(copy(&cycle(2, 20)));
    assert!(!copy(&cycle(2, 18)));
    assert!(!copy(&cycle(1, 100)));
    let rare = |rare: usize| (0..200).map(|row| usize::from(row < rare)).collect::<Vec<usize>>();
    assert!(!copy(&rare(1))); // one field in 200 would do it
    assert!(copy(&rare(3))); // one in 1,313,400
}

#[test]
fn odds_are_those_of_the_textbook() {
    assert!((log_odds(vec![10, 10]).exp() - 184_756.0 / 2.0).abs() < 1e-6);
    assert!((log_odds(vec![1, 2, 3]).exp() - 60.0).abs() < 1e-9);
    assert!(log_odds(vec![1; 9]).abs() < 1e-12);
}

/// 100 random numbers, and as many others.
fn columns() -> (Vec<f64>, Vec<f64>) {
    let mut dice = Dice(5);
    (0..100).map(|_| (dice.share(), dice.share())).unzip()
}

#[test]
fn another_unit_is_an_exact_copy() {
    let (x, _) = columns();
    let y: Vec<f64> = x.iter().map(|x| x * 1.8 + 32.0).collect();
    assert!(copies_number(&x, &y));
    let mirrored: Vec<f64> = x.iter().map(|x| -x).collect();
    assert!(copies_number(&x, &mirrored));
}

#[test]
fn a_rounded_copy_is_close_and_a_good_predictor_is_none() {
    let (x, noise) = columns();
    let rounded: Vec<f64> = x.iter().map(|x| (x * 1000.0).round() / 1000.0).collect();
    assert!(copies_number(&x, &rounded));
    let predicted: Vec<f64> = x.iter().zip(&noise).map(|(x, noise)| x + noise / 10.0).collect();
    assert!(!copies_number(&x, &predicted));
    assert!(!copies_number(&x, &noise));
}

#[test]
fn one_outlier_makes_no_copy() {
    let (mut x, mut y) = columns();
    (x[3], y[3]) = (1e6, 1e6);
    assert!(Line::through(&x, &y).is_some_and(|line| line.correlation > CORRELATION));
    assert!(!copies_number(&x, &y));
}

#[test]
fn what_cannot_be_compared_is_no_copy() {
    let (mut x, _) = columns();
    assert!(!copies_number(&x, &[5.0; 100]));
    assert!(!copies_number(&[], &[]));
    assert!(!copies_number(&x[..19], &x[..19]));
    assert!(!copies_number(&[1e300, -1e300].repeat(20), &[1e300, -1e300].repeat(20)));
    let y = x.clone();
    (x[0], x[1]) = (f64::NAN, f64::INFINITY);
    assert!(copies_number(&x, &y));
}

#[test]
fn equal_numbers_share_a_rank() {
    assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
}
