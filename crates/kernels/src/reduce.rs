//! Many numbers to one: sums, means and maxima that do not depend on the number of threads.
//!
//! A slice is cut into chunks of a fixed length. Within a chunk, element `i` goes to lane `i % 16` and the
//! lanes are joined pairwise, 8 to 8, 4 to 4 and so on; the chunks' results are joined from left to right.
//! Whoever computes a chunk, the bits are the same. Sums are kept in `f64`: a product of two `f32` is exact
//! there, and a sum of their squares cannot overflow.

use crate::Real;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::lanes::{LANES, join};
use crate::partials;
use rayon::prelude::*;

/// Elements of a chunk: 128 KiB of `f32`, about where a second thread begins to pay.
const CHUNK: usize = 1 << 15;

/// The sum of all elements; 0 for none.
pub fn sum<R: Real>(values: &[R]) -> f64 {
    sum_of(values, |value| value)
}

/// The sum of the squares of all elements; 0 for none.
///
/// For `f32` it is finite exactly if every element is, so it also tells a gradient that has gone astray.
pub fn sum_of_squares<R: Real>(values: &[R]) -> f64 {
    sum_of(values, |value| value * value)
}

/// As [`sum_of_squares`], by the threads of `ctx`; nothing is allocated, and the bits are the same.
pub fn sum_of_squares_on(ctx: &Ctx, values: &[f32]) -> f64 {
    let [sum] = partials::sums(&ctx.team, values.len().div_ceil(CHUNK), |i| {
        let end = values.len().min((i + 1) * CHUNK);
        [squares_of_chunk(ctx.isa, &values[i * CHUNK..end])]
    });
    sum
}

rungs! {
    fn squares_of_chunk(values: &[f32]) -> f64 {
        sum_chunk(values, &|value| value * value)
    }
}

/// The arithmetic mean; NaN for no elements, as in PyTorch.
pub fn mean<R: Real>(values: &[R]) -> f64 {
    sum(values) / values.len() as f64
}

/// The largest element; `None` for no elements. A NaN anywhere makes it NaN.
pub fn max<R: Real>(values: &[R]) -> Option<R> {
    let start = *values.first()?;
    let mut lanes = [start; LANES];
    for sixteen in values.chunks(LANES) {
        for (lane, &value) in lanes.iter_mut().zip(sixteen) {
            *lane = larger(*lane, value);
        }
    }
    Some(lanes.into_iter().fold(start, larger))
}

/// The position of the largest element, of the first if there are several; `None` for no elements. The first
/// NaN wins over all.
pub fn argmax<R: Real>(values: &[R]) -> Option<usize> {
    let mut best = (0, *values.first()?);
    for (i, &value) in values.iter().enumerate() {
        if value > best.1 || (is_nan(value) && !is_nan(best.1)) {
            best = (i, value);
        }
    }
    Some(best.0)
}

/// The sum of each column of a row-major matrix.
///
/// `values`: `[rows, sums.len()]`; `sums`: overwritten, 0 for no rows.
///
/// # Panics
/// If `values` does not divide into rows of `sums.len()`.
pub fn column_sums<R: Real>(values: &[R], sums: &mut [f64]) {
    let columns = sums.len();
    sums.fill(0.0);
    if columns == 0 {
        assert!(values.is_empty(), "values without a column");
        return;
    }
    assert_eq!(values.len() % columns, 0, "values do not divide into rows of {columns}");
    let chunk = (CHUNK / columns).max(1) * columns;
    if values.len() <= chunk {
        return add_rows(values, sums);
    }
    let partials: Vec<Vec<f64>> = values
        .par_chunks(chunk)
        .map(|rows| {
            let mut partial = vec![0.0; columns];
            add_rows(rows, &mut partial);
            partial
        })
        .collect();
    for partial in &partials {
        add_rows(partial, sums);
    }
}

/// Adds row after row to `sums`.
fn add_rows<R: Real>(rows: &[R], sums: &mut [f64]) {
    for row in rows.chunks_exact(sums.len()) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            *sum += value.into();
        }
    }
}

/// The sum of `term` over all elements.
pub(crate) fn sum_of<R: Real>(values: &[R], term: impl Fn(f64) -> f64 + Sync) -> f64 {
    if values.len() <= CHUNK {
        return sum_chunk(values, &term);
    }
    let partials: Vec<f64> = values.par_chunks(CHUNK).map(|chunk| sum_chunk(chunk, &term)).collect();
    partials.iter().fold(0.0, |sum, partial| sum + partial)
}

#[inline(always)]
fn sum_chunk<R: Real>(values: &[R], term: &impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let (body, rest) = values.as_chunks::<LANES>();
    for sixteen in body {
        for (lane, &value) in lanes.iter_mut().zip(sixteen) {
            *lane += term(value.into());
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += term(value.into());
    }
    join(lanes)
}

fn larger<R: Real>(a: R, b: R) -> R {
    if b > a || is_nan(b) { b } else { a }
}

fn is_nan<R: Real>(value: R) -> bool {
    value.into().is_nan()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::testing::{everywhere, normal};

    /// Lengths around every boundary: a lane, all lanes, a chunk.
    const LENGTHS: [usize; 10] = [0, 1, 15, 16, 17, 33, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5];

    #[test]
    fn sums_agree_with_the_plain_loop() {
        for len in LENGTHS {
            let values = normal(1, len);
            let plain: f64 = values.iter().map(|&v| f64::from(v)).sum();
            let squares: f64 = values.iter().map(|&v| f64::from(v).powi(2)).sum();
            // Any order of n additions is off by at most n half units of the sum of magnitudes, here below n.
            let bound = f64::EPSILON * (len * len) as f64;
            assert!((sum(&values) - plain).abs() <= bound, "sum of {len}");
            assert!((sum_of_squares(&values) - squares).abs() <= 2.0 * bound, "squares of {len}");
            assert!(len == 0 || (mean(&values) - plain / len as f64).abs() <= bound, "mean of {len}");
        }
        assert!(mean::<f32>(&[]).is_nan());
    }

    #[test]
    fn the_threads_of_a_context_give_the_same_bits() {
        for len in LENGTHS.into_iter().chain([66 * CHUNK]) {
            let values = normal(1, len);
            let wanted = sum_of_squares(&values);
            everywhere(|ctx| {
                assert_eq!(sum_of_squares_on(ctx, &values), wanted, "{len}");
                Vec::new()
            });
        }
    }

    #[test]
    fn the_tree_is_frozen() {
        // 2^53 + 1 is not representable, so the order of additions shows: lanes 0 and 8 meet first, then 0
        // and 4.
        let mut values = [0.0f64; 16];
        (values[0], values[8], values[4]) = (9_007_199_254_740_992.0, 1.0, -9_007_199_254_740_992.0);
        assert_eq!(sum(&values), 0.0);
        (values[8], values[12]) = (0.0, 1.0);
        assert_eq!(sum(&values), 1.0);
        // Elements 0 and 16 share a lane.
        let far = [[9_007_199_254_740_992.0, 0.0], [-9_007_199_254_740_992.0, 1.0]].map(|[first, second]| {
            let mut lane = [0.0f64; 16];
            (lane[0], lane[1]) = (first, second);
            lane
        });
        assert_eq!(sum(far.as_flattened()), 1.0);
    }

    #[test]
    fn results_do_not_depend_on_the_number_of_threads() {
        let values = normal(1, 5 * CHUNK + 3 * 70);
        let values = &values[..values.len() / 70 * 70];
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut columns = [0.0; 70];
                column_sums(values, &mut columns);
                (sum(values).to_bits(), sum_of_squares(values).to_bits(), columns.map(f64::to_bits))
            })
        };
        let alone = run(1);
        for threads in [2, 3, 8] {
            assert_eq!(run(threads), alone, "{threads} threads");
        }
    }

    #[test]
    fn a_sum_of_squares_tells_a_number_that_is_not_finite() {
        assert!(sum_of_squares(&[f32::MAX; 100]).is_finite());
        assert!(!sum_of_squares(&[1.0, f32::INFINITY]).is_finite());
        assert!(!sum_of_squares(&[f32::NAN, 1.0]).is_finite());
    }

    #[test]
    fn column_sums_agree_with_the_plain_loop() {
        for (rows, columns) in [(0, 3), (1, 1), (4, 5), (1000, 100), (3, 2 * CHUNK)] {
            let values = normal(1, rows * columns);
            let mut sums = vec![f64::NAN; columns];
            column_sums(&values, &mut sums);
            for (c, &got) in sums.iter().enumerate() {
                let plain: f64 = (0..rows).map(|r| f64::from(values[r * columns + c])).sum();
                // As above: n half units of the sum of magnitudes, which is below 6.7 n.
                assert!((got - plain).abs() <= 7.0 * f64::EPSILON * (rows * rows) as f64, "column {c}");
            }
        }
        column_sums::<f32>(&[], &mut []);
    }

    #[test]
    #[should_panic(expected = "values do not divide into rows of 2")]
    fn column_sums_want_whole_rows() {
        column_sums(&[1.0f32; 3], &mut [0.0; 2]);
    }

    #[test]
    fn the_first_maximum_wins() {
        assert_eq!(argmax(&[1.0, 3.0, 2.0, 3.0]), Some(1));
        assert_eq!(argmax(&[f64::NEG_INFINITY; 2]), Some(0));
        assert_eq!(argmax(&[0.0, -0.0]), Some(0));
        assert_eq!(argmax::<f32>(&[]), None);
        for len in LENGTHS {
            let values = normal(1, len);
            assert_eq!(max(&values), values.iter().copied().reduce(f32::max), "{len}");
            assert_eq!(argmax(&values).map(|i| values[i]), max(&values), "{len}");
        }
    }

    #[test]
    fn a_nan_is_the_maximum() {
        for at in [0, 1, 20, 39] {
            let mut values = normal(1, 40);
            values[at] = f32::NAN;
            assert!(max(&values).unwrap().is_nan());
            assert_eq!(argmax(&values), Some(at));
        }
        assert_eq!(argmax(&[1.0, f32::NAN, 2.0, f32::NAN]), Some(1));
    }
}
