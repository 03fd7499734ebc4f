//! What the members of an ensemble say together, as scores again.

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::math::{exp, ln};
use crate::softmax::{logsumexp, softplus};
use crate::write::Write;

/// Scores whose softmax is the mean of the members' softmaxes: `y_c = ln(sum over m of p_mc) - ln M`. `shape`: `[B, M, N]`; `x`:
/// `[B, M, N]`; `y`: `[B, N]`; `normalisers`: `[B, M]`, the `logsumexp` of each member, which the way back needs.
///
/// Computed from logarithms alone, which stay finite where probabilities underflow to zero.
///
/// # Panics
/// If a slice has another length.
pub fn mean_of_softmax(ctx: &Ctx, shape: [usize; 3], x: &[f32], y: &mut [f32], normalisers: &mut [f32]) {
    let [b, m, n] = shape;
    check(shape, x.len(), y.len());
    assert_eq!(normalisers.len(), b * m, "the mean of members wants a normaliser for each of {m} members");
    if x.is_empty() {
        return;
    }
    let rows = (TASK / (m * n)).clamp(1, b);
    ctx.team.parts2((y, rows * n), (normalisers, rows * m), |task, y, normalisers| {
        for (i, (y, normalisers)) in y.chunks_exact_mut(n).zip(normalisers.chunks_exact_mut(m)).enumerate() {
            let x = &x[(task * rows + i) * m * n..][..m * n];
            for (normaliser, member) in normalisers.iter_mut().zip(x.chunks_exact(n)) {
                *normaliser = logsumexp(member) as f32;
            }
            for (column, y) in y.iter_mut().enumerate() {
                let shares = x.chunks_exact(n).zip(&*normalisers);
                let shares = shares.map(|(x, normaliser)| f64::from(x[column]) - f64::from(*normaliser));
                *y = (log_sum(shares) - ln(m as f64)) as f32;
            }
        }
    });
}

/// The gradient of [`mean_of_softmax`]: with `a_mc = p_mc / sum over m of p_mc` it is `a_mj dy_j - p_mj * sum over c of a_mc dy_c`.
/// `y`, `dy`: `[B, N]`; `normalisers`: `[B, M]`; `x`, `dx`: `[B, M, N]`.
///
/// # Panics
/// If a slice has another length.
pub fn mean_of_softmax_backward(
    ctx: &Ctx,
    shape: [usize; 3],
    (x, normalisers): (&[f32], &[f32]),
    (y, dy): (&[f32], &[f32]),
    dx: &mut [f32],
    write: Write,
) {
    let [_, m, n] = shape;
    check(shape, x.len(), y.len());
    check(shape, dx.len(), dy.len());
    let members = ln(m.max(1) as f64);
    ctx.team.parts(dx, n.max(1), |place, dx| {
        let (row, x) = (place / m, &x[place * n..][..n]);
        let (y, dy, normaliser) = (&y[row * n..][..n], &dy[row * n..][..n], f64::from(normalisers[place]));
        let share = |column: usize| f64::from(x[column]) - normaliser; // ln p
        let of_all = |column: usize| exp(share(column) - f64::from(y[column]) - members); // a
        let sum: f64 = (0..n).map(|column| of_all(column) * f64::from(dy[column])).sum();
        for (column, dx) in dx.iter_mut().enumerate() {
            let slope = of_all(column) * f64::from(dy[column]) - exp(share(column)) * sum;
            write.put(dx, slope as f32);
        }
    });
}

/// Scores whose sigmoid is the mean of the members' sigmoids: `y = ln(mean of p) - ln(mean of 1 - p)`. Shapes as for
/// [`mean_of_softmax`].
///
/// # Panics
/// If a slice has another length.
pub fn mean_of_sigmoid(ctx: &Ctx, shape: [usize; 3], x: &[f32], y: &mut [f32]) {
    let [b, m, n] = shape;
    check(shape, x.len(), y.len());
    if x.is_empty() {
        return;
    }
    let rows = (TASK / (m * n)).clamp(1, b);
    ctx.team.parts(y, rows * n, |task, y| {
        for (i, y) in y.chunks_exact_mut(n).enumerate() {
            let x = &x[(task * rows + i) * m * n..][..m * n];
            for (column, y) in y.iter_mut().enumerate() {
                let [fits, fits_not] = logs(x, n, column);
                *y = (fits - fits_not) as f32;
            }
        }
    });
}

/// The gradient of [`mean_of_sigmoid`]. `dy`: `[B, N]`; `x`, `dx`: `[B, M, N]`.
///
/// # Panics
/// If a slice has another length.
pub fn mean_of_sigmoid_backward(
    ctx: &Ctx,
    shape: [usize; 3],
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let [_, m, n] = shape;
    check(shape, x.len(), dy.len());
    check(shape, dx.len(), dy.len());
    ctx.team.parts(dx, (m * n).max(1), |row, dx| {
        let x = &x[row * m * n..][..m * n];
        for (column, dy) in dy[row * n..][..n].iter().enumerate() {
            let [fits, fits_not] = logs(x, n, column);
            for (x, dx) in x.chunks_exact(n).zip(dx.chunks_exact_mut(n)) {
                let x = f64::from(x[column]);
                // What of the sum is this member's, times the slope of its logarithm: of p, 1 - p; of 1 - p, -p.
                let slope =
                    exp(-softplus(-x) - fits - softplus(x)) + exp(-softplus(x) - fits_not - softplus(-x));
                write.put(&mut dx[column], (f64::from(*dy) * slope) as f32);
            }
        }
    });
}

/// The logarithms of the sums of p and of 1 - p over the members of a row.
fn logs(x: &[f32], n: usize, column: usize) -> [f64; 2] {
    let column = x.chunks_exact(n).map(move |member| f64::from(member[column]));
    [log_sum(column.clone().map(|x| -softplus(-x))), log_sum(column.map(|x| -softplus(x)))]
}

/// `ln(sum(exp(x)))`; what is no number wins.
fn log_sum(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let larger = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    let largest = numbers.clone().fold(f64::NEG_INFINITY, larger);
    if !largest.is_finite() {
        return largest;
    }
    largest + ln(numbers.map(|x| exp(x - largest)).sum())
}

fn check([b, m, n]: [usize; 3], whole: usize, mean: usize) {
    assert_eq!(whole, b * m * n, "the mean of members wants what they say, [{b}, {m}, {n}]");
    assert_eq!(mean, b * n, "the mean of members wants a mean of shape [{b}, {n}]");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{everywhere, normal};

    const SHAPES: [[usize; 3]; 5] = [[0, 2, 3], [2, 1, 4], [3, 5, 1], [4, 3, 7], [90, 32, 10]];

    /// The mean probability by plain arithmetic.
    fn mean(x: &[f32], [_, m, n]: [usize; 3], share: impl Fn(&[f32], usize) -> f64) -> Vec<f64> {
        let row = |x: &[f32]| -> Vec<f64> {
            (0..n).map(|c| x.chunks(n).map(|member| share(member, c)).sum::<f64>() / m as f64).collect()
        };
        x.chunks(m * n).flat_map(row).collect()
    }

    fn softmax(member: &[f32], column: usize) -> f64 {
        let sum: f64 = member.iter().map(|x| f64::from(*x).exp()).sum();
        f64::from(member[column]).exp() / sum
    }

    fn sigmoid(member: &[f32], column: usize) -> f64 {
        1.0 / (1.0 + (-f64::from(member[column])).exp())
    }

    #[test]
    fn the_softmax_of_the_mean_is_the_mean_of_softmaxes() {
        for shape @ [b, m, n] in SHAPES {
            let x = normal(1, b * m * n);
            let [y] = everywhere(|ctx| {
                let (mut y, mut normalisers) = (vec![f32::NAN; b * n], vec![f32::NAN; b * m]);
                mean_of_softmax(ctx, shape, &x, &mut y, &mut normalisers);
                [y]
            });
            for (row, wanted) in y.chunks(n).zip(mean(&x, shape, softmax).chunks(n)) {
                for (column, wanted) in wanted.iter().enumerate() {
                    // Scores of a few units in 32 bits.
                    assert!((f64::from(row[column]).exp() - wanted).abs() < 1e-6, "{shape:?}: {row:?}");
                }
            }
        }
    }

    #[test]
    fn the_sigmoid_of_the_mean_is_the_mean_of_sigmoids() {
        for shape @ [b, m, n] in SHAPES {
            let x = normal(2, b * m * n);
            let [y] = everywhere(|ctx| {
                let mut y = vec![f32::NAN; b * n];
                mean_of_sigmoid(ctx, shape, &x, &mut y);
                [y]
            });
            for (y, wanted) in y.iter().zip(mean(&x, shape, sigmoid)) {
                assert!((sigmoid(&[*y], 0) - wanted).abs() < 1e-6, "{shape:?}: {y} {wanted}");
            }
        }
    }

    /// Against differences of the same function in small steps.
    #[test]
    fn gradients_are_slopes() {
        let (shape, ctx) = ([2, 3, 4], Ctx::new(1));
        let [b, m, n] = shape;
        let (x, dy) = (normal(3, b * m * n), normal(4, b * n));
        let forward = |x: &[f32], of_softmax: bool| {
            let (mut y, mut normalisers) = (vec![0.0; b * n], vec![0.0; b * m]);
            match of_softmax {
                true => mean_of_softmax(&ctx, shape, x, &mut y, &mut normalisers),
                false => mean_of_sigmoid(&ctx, shape, x, &mut y),
            }
            (y, normalisers)
        };
        for of_softmax in [true, false] {
            let (y, normalisers) = forward(&x, of_softmax);
            let mut dx = vec![1.0; b * m * n];
            match of_softmax {
                true => {
                    let read = (&x[..], &normalisers[..]);
                    mean_of_softmax_backward(&ctx, shape, read, (&y, &dy), &mut dx, Write::Add);
                }
                false => mean_of_sigmoid_backward(&ctx, shape, &x, &dy, &mut dx, Write::Add),
            }
            for i in 0..x.len() {
                const STEP: f32 = 1e-2;
                let moved = |step: f32| {
                    let mut x = x.clone();
                    x[i] += step;
                    let (y, _) = forward(&x, of_softmax);
                    y.iter().zip(&dy).map(|(y, dy)| f64::from(y * dy)).sum::<f64>()
                };
                let slope = (moved(STEP) - moved(-STEP)) / (2.0 * f64::from(STEP));
                let found = f64::from(dx[i]) - 1.0;
                // The square of the step, and scores of 24 bits over it.
                assert!((found - slope).abs() < 2e-4, "{of_softmax} {i}: {found} {slope}");
            }
        }
    }

    #[test]
    fn sure_members_stay_finite() {
        let (ctx, mut y, mut normalisers) = (Ctx::new(1), [0.0; 2], [0.0; 2]);
        mean_of_softmax(&ctx, [1, 2, 2], &[0.0, 1000.0, 0.0, 500.0], &mut y, &mut normalisers);
        assert!((y[0] - (-500.0 - 2f32.ln())).abs() < 1e-3 && y[1].abs() < 1e-6, "{y:?}");
        mean_of_sigmoid(&ctx, [1, 2, 2], &[1000.0, -800.0, 500.0, 900.0], &mut y);
        assert!((y[0] - (500.0 + 2f32.ln())).abs() < 1e-3 && y[1].abs() < 1e-6, "{y:?}");
        mean_of_softmax(&ctx, [1, 2, 2], &[0.0, f32::NAN, 0.0, 0.0], &mut y, &mut normalisers);
        assert!(y.iter().all(|y| y.is_nan()), "{y:?}");
    }
}
