//! Rows whose labels would teach most: uncertainty sampling (Lewis and Gale 1994; measures as in Settles
//! 2009).

#[cfg(test)]
mod tests;

/// How uncertain a row is, from its probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How close the second class comes to the first: 1 - (p1 - p2). Best where the border between two
    /// classes counts.
    Margin,
    /// How evenly all the classes share: the entropy over that of equal shares.
    Entropy,
    /// How much the first class leaves to the others: 1 - p1.
    LeastConfidence,
}

/// All rows with their uncertainty, the most useful to label first; equal ones in their order.
///
/// `probabilities` is `[rows, classes]`. The uncertainty is in 0..=1. Rows with NaN come last.
pub fn most_useful(probabilities: &[f32], classes: usize, measure: Measure) -> Vec<(usize, f32)> {
    let rows = probabilities.chunks_exact(classes.max(1)).enumerate();
    sorted(rows.map(|(row, probabilities)| (row, measure.of(probabilities))).collect())
}

/// The same where each label fits or not by itself: a row is as uncertain as the label that it is least sure of
/// (BinMin; Brinker 2006).
///
/// `probabilities` is `[rows, labels]`, how probable it is that each fits.
pub fn most_useful_fits(probabilities: &[f32], labels: usize) -> Vec<(usize, f32)> {
    let close = |p: &f32| 1.0 - (2.0 * p - 1.0).abs();
    let least_sure = |row: &[f32]| {
        let all = row.iter().map(close);
        all.reduce(|one, other| if one.is_nan() || one > other { one } else { other }).unwrap_or(0.0)
    };
    let rows = probabilities.chunks_exact(labels.max(1)).map(least_sure).enumerate();
    sorted(rows.collect())
}

fn sorted(mut rows: Vec<(usize, f32)>) -> Vec<(usize, f32)> {
    rows.sort_by(|(_, one), (_, other)| one.is_nan().cmp(&other.is_nan()).then(other.total_cmp(one)));
    rows
}

impl Measure {
    fn of(self, probabilities: &[f32]) -> f32 {
        if probabilities.iter().any(|probability| probability.is_nan()) {
            return f32::NAN;
        }
        match self {
            Measure::Margin => {
                let (first, second) = two_largest(probabilities);
                1.0 - (first - second)
            }
            Measure::Entropy => entropy(probabilities),
            Measure::LeastConfidence => 1.0 - two_largest(probabilities).0,
        }
    }
}

/// 0 stands in for a class that is not there.
fn two_largest(probabilities: &[f32]) -> (f32, f32) {
    probabilities.iter().fold((0.0, 0.0), |(first, second), &next| {
        if next > first { (next, first) } else { (first, next.max(second)) }
    })
}

fn entropy(probabilities: &[f32]) -> f32 {
    let present = probabilities.iter().map(|&p| f64::from(p)).filter(|p| *p > 0.0);
    let entropy: f64 = present.map(|p| -p * p.ln()).sum();
    if probabilities.len() < 2 { 0.0 } else { (entropy / (probabilities.len() as f64).ln()) as f32 }
}
