//! Targets that were cut off: prices above half a million that were written down as half a million.

/// This share of the rows at least.
const SHARE: f64 = 0.01;

/// How many times more rows than the most frequent of the other numbers.
const TIMES: usize = 3;

/// So many other numbers tell what is frequent; with fewer, the ends of a scale of marks would be suspicious.
const OTHERS: usize = 20;

/// The end of a range at which so many numbers lie that they were probably cut off there, and how many; of numbers going
/// up.
pub(super) fn capped(sorted: &[f64]) -> Option<(f64, usize)> {
    let runs: Vec<&[f64]> = sorted.chunk_by(|one, other| one == other).collect();
    let [low, inner @ .., high] = &runs[..] else { return None };
    let usual = inner.iter().map(|run| run.len()).max()?;
    let enough = (TIMES * usual).max((SHARE * sorted.len() as f64).ceil() as usize);
    let end = if low.len() > high.len() { low } else { high };
    (inner.len() >= OTHERS && end.len() >= enough).then(|| (end[0], end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred numbers, `most` of them the largest.
    fn numbers(most: usize) -> Vec<f64> {
        (0..100).map(|place| f64::from(place.min(100 - most as i32))).collect()
    }

    #[test]
    fn a_pile_at_an_end_is_told() {
        assert_eq!(capped(&numbers(30)), Some((70.0, 30)));
        let mirrored: Vec<f64> = numbers(30).iter().rev().map(|number| -number).collect();
        assert_eq!(capped(&mirrored), Some((-70.0, 30)));
    }

    #[test]
    fn few_at_an_end_or_few_others_are_nothing() {
        assert_eq!(capped(&numbers(2)), None);
        assert_eq!(capped(&numbers(85)), None, "marks from 0 to 15");
        assert_eq!([capped(&[]), capped(&[1.0; 50]), capped(&[1.0, 2.0])], [None; 3]);
    }

    #[test]
    fn a_number_that_is_frequent_inside_as_well_is_usual() {
        let mut sorted = numbers(30);
        sorted.extend([20.0; 15]);
        sorted.sort_unstable_by(f64::total_cmp);
        assert_eq!(capped(&sorted), None);
    }
}
