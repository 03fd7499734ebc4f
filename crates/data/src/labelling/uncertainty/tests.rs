use super::*;

const MEASURES: [Measure; 3] = [Measure::Margin, Measure::Entropy, Measure::LeastConfidence];

fn order(probabilities: &[f32], measure: Measure) -> Vec<usize> {
    most_useful(probabilities, 3, measure).into_iter().map(|(row, _)| row).collect()
}

/// A tie of two classes, a leaning towards one of three, a sure row.
const ROWS: [f32; 9] = [0.5, 0.5, 0.0, 0.46, 0.27, 0.27, 0.98, 0.01, 0.01];

#[test]
fn measures_differ_in_what_they_look_at() {
    assert_eq!(order(&ROWS, Measure::Margin), [0, 1, 2]);
    assert_eq!(order(&ROWS, Measure::Entropy), [1, 0, 2]);
    assert_eq!(order(&ROWS, Measure::LeastConfidence), [1, 0, 2]);
}

#[test]
fn equal_shares_are_most_uncertain_and_a_sure_row_least() {
    for measure in MEASURES {
        let ranked = most_useful(&[1.0, 0.0, 0.5, 0.5], 2, measure);
        let most = if measure == Measure::LeastConfidence { 0.5 } else { 1.0 };
        assert_eq!(ranked, [(1, most), (0, 0.0)], "{measure:?}");
    }
}

#[test]
fn equal_rows_keep_their_order_and_nan_comes_last() {
    for measure in MEASURES {
        let ranked = most_useful(&[f32::NAN, 0.5, 0.2, 0.8, 0.2, 0.8, 0.8, 0.2], 2, measure);
        assert_eq!(ranked.iter().map(|(row, _)| *row).collect::<Vec<usize>>(), [1, 2, 3, 0], "{measure:?}");
        assert_eq!(most_useful(&[], 0, measure), []);
    }
}

/// A row is as uncertain as the label that it is least sure of.
#[test]
fn labels_that_fit_by_themselves_are_sure_by_themselves() {
    let ranked = most_useful_fits(&[0.0, 1.0, 0.75, 0.01, 0.5, 1.0, f32::NAN, 0.5], 2);
    assert_eq!(ranked[..3], [(2, 1.0), (1, 0.5), (0, 0.0)]);
    assert!(ranked[3].0 == 3 && ranked[3].1.is_nan());
    assert_eq!(most_useful_fits(&[], 0), []);
}
