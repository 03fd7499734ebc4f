use super::*;
use crate::testing::Dice;

/// Every number of each part is in a bin, and the edges rise.
#[track_caller]
fn check(parts: [&[f64]; 3]) -> Histogram {
    let [train, valid, test] = parts;
    let histogram = Histogram::of(train, valid, test).unwrap_or(Histogram { edges: vec![], counts: vec![] });
    assert_eq!(histogram.edges.len(), histogram.counts.len() + 1, "{histogram:?}");
    assert!(histogram.counts.len() <= BINS, "{histogram:?}");
    let rises = histogram.edges.windows(2).all(|pair| pair[0] < pair[1]);
    assert!(rises || histogram.counts.len() == 1, "{histogram:?}");
    for (part, numbers) in parts.into_iter().enumerate() {
        let counted: usize = histogram.counts.iter().map(|counts| counts[part]).sum();
        assert_eq!(counted, numbers.iter().filter(|number| !number.is_nan()).count(), "{histogram:?}");
    }
    histogram
}

#[test]
fn every_number_is_in_a_bin() {
    let mut random = Dice(7);
    for scale in [1e-300, 1e-3, 1.0, 1e15, 1e300] {
        let mut draw = |n: usize| (0..n).map(|_| random.normal() * scale).collect::<Vec<f64>>();
        let (train, mut valid, test) = (draw(1000), draw(100), draw(101));
        valid.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX]);
        assert_eq!(check([&train, &valid, &test]).counts.len(), BINS, "{scale}");
    }
}

#[test]
fn a_far_number_moves_no_edge() {
    let mut train: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
    train.push(1e9);
    let histogram = check([&train, &[-5.0, 2.0], &[]]);
    assert!(histogram.edges.iter().all(|edge| (0.0..1.0).contains(edge)));
    assert_eq!((histogram.counts[0][1], histogram.counts[19][1]), (1, 1));
    assert!(histogram.counts.iter().all(|counts| (45..60).contains(&counts[0])), "{histogram:?}");
}

#[test]
fn whole_numbers_have_bins_of_their_own() {
    let histogram = check([&[1.0, 2.0, 2.0, 5.0], &[0.0, 9.0], &[3.0, f64::NAN]]);
    assert_eq!(histogram.edges, [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    assert_eq!(histogram.counts, [[1, 1, 0], [2, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 0]]);
}

#[test]
fn many_whole_numbers_share_bins_evenly() {
    let train: Vec<f64> = (0..50).map(f64::from).collect();
    let histogram = check([&train, &[], &[]]);
    assert_eq!(histogram.edges.len(), 18); // 3 in each
    assert!(histogram.counts.iter().rev().skip(1).all(|counts| counts[0] == 3), "{histogram:?}");
    check([&[-EXACT, 0.0, EXACT], &[], &[]]);
    check([&[1e18, 2e18, 3e18], &[], &[]]);
}

#[test]
fn one_number_that_repeats_has_one_bin() {
    let histogram = check([&[1e20; 9], &[1e20, 3.0], &[f64::NAN]]);
    assert_eq!(histogram, Histogram { edges: vec![1e20; 2], counts: vec![[9, 2, 0]] });
    let neighbour = f64::from_bits(1.5_f64.to_bits() + 1);
    assert_eq!(check([&[1.5, neighbour], &[], &[]]).counts.len(), 1);
}

#[test]
fn the_few_beside_a_number_that_repeats_are_seen() {
    let mut train = vec![0.0; 999];
    train.push(0.5);
    assert_eq!(check([&train, &[], &[]]).edges.last(), Some(&0.5));
}

#[test]
fn no_number_gives_no_histogram() {
    for train in [&[][..], &[f64::NAN; 3], &[f64::INFINITY]] {
        assert_eq!(Histogram::of(train, &[1.0], &[1.0]), None);
        assert_eq!(quartiles(train), None);
    }
}

#[test]
fn far_apart_numbers_stay_finite() {
    let histogram = check([&[f64::MIN, 0.5, f64::MAX], &[], &[]]);
    assert!(histogram.edges.iter().all(|edge| edge.is_finite()), "{histogram:?}");
}

#[test]
fn quartiles_lie_between_numbers() {
    assert_eq!(quartiles(&[4.0, 1.0, f64::NAN, 3.0, 2.0]), Some((1.75, 2.5, 3.25)));
    assert_eq!(quartiles(&[7.0]), Some((7.0, 7.0, 7.0)));
}
