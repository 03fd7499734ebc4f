//! What sorted numbers say.

use crate::config::BinsBy;

/// Bins narrower than this hold one number that repeats.
const NARROW: f64 = 1e-8;

/// The number below which a share of the sorted numbers lies, on a straight line between its two neighbours:
/// NumPy's `percentile`, type 7 of Hyndman & Fan 1996. Of no numbers it is NaN.
pub(super) fn quantile(sorted: &[f32], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = (place as usize).min(last);
    let (low, high) = (f64::from(sorted[below]), f64::from(sorted[(below + 1).min(last)]));
    low + (high - low) * (place - below as f64)
}

/// So many equally spaced quantiles, each a number of 32 bits, so that every file that compares with them sees the
/// same.
pub(super) fn evenly(sorted: &[f32], count: usize) -> Vec<f64> {
    let share = |place: usize| place as f64 / (count - 1) as f64;
    (0..count).map(|place| f64::from(quantile(sorted, share(place)) as f32)).collect()
}

/// The most frequent number; the smallest, if there are several.
pub(super) fn mode(sorted: &[f32]) -> f64 {
    let runs = sorted.chunk_by(|a, b| a == b);
    let longest = runs.fold(&sorted[..0], |best, run| if run.len() > best.len() { run } else { best });
    longest.first().map_or(f64::NAN, |&number| number.into())
}

/// Where `count` bins start, and where the last one ends; edges that fall together are one. Numbers of 32 bits.
pub(super) fn edges(sorted: &[f32], count: usize, by: BinsBy) -> Vec<f64> {
    let mut edges = match (by, sorted) {
        (BinsBy::Quantile, _) => evenly(sorted, count + 1),
        (BinsBy::Width, [first, .., last]) => {
            let (first, width) = (f64::from(*first), (f64::from(*last) - f64::from(*first)) / count as f64);
            (0..=count).map(|place| f64::from((first + width * place as f64) as f32)).collect()
        }
        (BinsBy::Width, one) => one.iter().map(|&number| number.into()).collect(),
    };
    edges.dedup_by(|next, edge| *next - *edge <= NARROW);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_on_lines_between_numbers() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let check = |share: f64, expect: f64| assert_eq!(quantile(&sorted, share), expect, "{share}");
        check(0.0, 1.0);
        check(0.5, 3.0);
        check(0.75, 5.0);
        check(1.0, 8.0);
        assert_eq!(quantile(&[7.0], 0.3), 7.0);
        assert!(quantile(&[], 0.3).is_nan());
        assert_eq!(evenly(&sorted, 3), [1.0, 3.0, 8.0]);
    }

    #[test]
    fn the_mode_is_the_smallest_of_the_most_frequent() {
        assert_eq!(mode(&[1.0, 2.0, 2.0, 3.0, 3.0]), 2.0);
        assert_eq!(mode(&[5.0]), 5.0);
    }

    #[test]
    fn edges_that_fall_together_are_one() {
        assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 8.0], 4, BinsBy::Quantile), [0.0, 8.0]);
        assert_eq!(edges(&[0.0, 1.0, 2.0, 3.0, 8.0], 4, BinsBy::Quantile), [0.0, 1.0, 2.0, 3.0, 8.0]);
        assert_eq!(edges(&[0.0, 1.0, 8.0], 4, BinsBy::Width), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(edges(&[3.0, 3.0], 4, BinsBy::Width), [3.0]);
    }
}
