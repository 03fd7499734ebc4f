//! How numbers are distributed: bins that the training rows choose, and what each part has in them.

use serde::{Deserialize, Serialize};

/// How often numbers fall into each of some bins that lie side by side.
///
/// What lies beyond the edges is counted in the first or the last bin, so that no number is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Histogram {
    /// Where the bins start, and where the last one ends: one more than there are bins, rising. A bin holds its lower
    /// edge, not its upper one. One number that repeats has one bin, whose two edges are that number.
    pub edges: Vec<f64>,
    /// How many rows of train, valid and test each bin holds.
    pub counts: Vec<[usize; 3]>,
}

/// How many bins there are at most.
const BINS: usize = 20;

/// So much of the training rows lies beyond the edges on either side, lest one far number leave all others in one bin.
const BEYOND: f64 = 0.005;

/// Whole numbers up to here have their halves between them.
const EXACT: f64 = (1_u64 << 51) as f64;

impl Histogram {
    /// Counts the numbers of each part in up to 20 bins; none if no training row has a finite number. NaN is left out.
    ///
    /// The bins are equally wide and lie between the 0.5 % and the 99.5 % quantile of the training rows; what is beyond is
    /// counted in the first and the last one. Whole numbers are never cut unevenly: each bin holds equally many of them, and
    /// just one if they are no more than 20.
    pub fn of(train: &[f64], valid: &[f64], test: &[f64]) -> Option<Histogram> {
        let edges = edges(&sorted(train))?;
        let inner = edges.get(1..edges.len() - 1).unwrap_or_default();
        let mut counts = vec![[0; 3]; inner.len() + 1];
        for (part, numbers) in [train, valid, test].into_iter().enumerate() {
            for number in numbers.iter().filter(|number| !number.is_nan()) {
                counts[inner.partition_point(|edge| edge <= number)][part] += 1;
            }
        }
        Some(Histogram { edges, counts })
    }
}

/// What a quarter, a half and three quarters of the finite numbers lie below; none if there are none.
pub fn quartiles(train: &[f64]) -> Option<(f64, f64, f64)> {
    let sorted = sorted(train);
    Some((quantile(&sorted, 0.25)?, quantile(&sorted, 0.5)?, quantile(&sorted, 0.75)?))
}

fn sorted(numbers: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Where the bins start, and where the last one ends.
fn edges(sorted: &[f64]) -> Option<Vec<f64>> {
    let (low, high) = ends(sorted)?;
    let is_whole = sorted.iter().all(|number| number.fract() == 0.0 && number.abs() <= EXACT);
    Some(if low == high {
        vec![low, high]
    } else if is_whole {
        whole(low.floor(), high.ceil())
    } else {
        evenly(low, high)
    })
}

/// The quantiles; the smallest and the largest number if these are equal, for then nearly all numbers are, and the others
/// are worth seeing.
fn ends(sorted: &[f64]) -> Option<(f64, f64)> {
    let (low, high) = (quantile(sorted, BEYOND)?, quantile(sorted, 1.0 - BEYOND)?);
    if low < high { Some((low, high)) } else { Some((*sorted.first()?, *sorted.last()?)) }
}

/// Bins around the whole numbers from `first` to `last`, equally many in each; their edges are halves.
fn whole(first: f64, last: f64) -> Vec<f64> {
    let count = last - first + 1.0;
    let width = (count / BINS as f64).ceil();
    let bins = (count / width).ceil() as usize;
    (0..=bins).map(|place| first - 0.5 + width * place as f64).collect()
}

/// Equally wide bins; fewer where neighbours of 64 bits lie too far apart for so many.
fn evenly(low: f64, high: f64) -> Vec<f64> {
    let inner = (0..BINS).map(|place| between(low, high, place as f64 / BINS as f64));
    let mut edges: Vec<f64> = inner.chain([high]).collect();
    edges.dedup();
    edges
}

/// The number below which a share of the sorted numbers lies, on a straight line between its two neighbours: type 7 of
/// Hyndman & Fan 1996.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(between(*below, *above, place.fract()))
}

/// The number that lies a share of the way from `low` to `high`; a larger share never gives a smaller one.
///
/// Half of their difference is added twice, for all of it may be too large to be finite.
fn between(low: f64, high: f64, share: f64) -> f64 {
    let half = (high / 2.0 - low / 2.0) * share;
    (low + half + half).clamp(low, high)
}

#[cfg(test)]
mod tests;
