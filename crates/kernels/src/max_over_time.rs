//! The largest numbers of a sequence.

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::write::Write;

/// The largest of each number over a sequence. `shape`: `[B, T, N]`; `x`: `[B, T, N]`; `y`, `places`: `[B, N]`. A place is the step
/// of the winner, which the way back needs.
///
/// The first of equal numbers wins, a NaN over every number and over an earlier NaN. Steps at and beyond a length do not count;
/// minus infinity if none does.
///
/// # Panics
/// If a slice has another length, or a row counts more than T steps.
pub fn max_over_time(
    ctx: &Ctx,
    shape: [usize; 3],
    lengths: Option<&[u32]>,
    x: &[f32],
    y: &mut [f32],
    places: &mut [u32],
) {
    let [b, t, n] = shape;
    check(shape, lengths, x.len(), [y.len(), places.len()]);
    if x.is_empty() {
        y.fill(f32::NEG_INFINITY);
        return places.fill(0);
    }
    let rows = (TASK / (t * n)).clamp(1, b);
    ctx.team.parts2((y, rows * n), (places, rows * n), |task, y, places| {
        for (i, (y, places)) in y.chunks_exact_mut(n).zip(places.chunks_exact_mut(n)).enumerate() {
            let row = task * rows + i;
            let count = lengths.map_or(t, |lengths| lengths[row] as usize);
            largest(ctx.isa, &x[row * t * n..][..count * n], y, places);
        }
    });
}

/// The gradient of [`max_over_time`]: what reaches a number goes to its winner. `dy`, `places`: `[B, N]`; `dx`: `[B, T, N]`.
///
/// # Panics
/// If a slice has another length, or a place is no step.
pub fn max_over_time_backward(
    ctx: &Ctx,
    shape: [usize; 3],
    dy: &[f32],
    places: &[u32],
    dx: &mut [f32],
    write: Write,
) {
    let [_, t, n] = shape;
    check(shape, None, dx.len(), [dy.len(), places.len()]);
    ctx.team.parts(dx, (t * n).max(1), |row, dx| {
        if write == Write::Set {
            dx.fill(0.0);
        }
        let winners = dy[row * n..][..n].iter().zip(&places[row * n..][..n]);
        for (i, (dy, step)) in winners.enumerate() {
            dx[*step as usize * n + i] += dy;
        }
    });
}

fn check([b, t, n]: [usize; 3], lengths: Option<&[u32]>, whole: usize, largest: [usize; 2]) {
    assert_eq!(whole, b * t * n, "the largest over time wants sequences of shape [{b}, {t}, {n}]");
    assert_eq!(largest, [b * n; 2], "the largest over time wants results of shape [{b}, {n}]");
    if let Some(lengths) = lengths {
        assert_eq!(lengths.len(), b, "the largest over time wants a length for each of {b} rows");
        let fit = lengths.iter().all(|&len| len as usize <= t);
        assert!(fit, "the largest over time wants lengths of at most {t}");
    }
}

rungs! {
    /// The largest of each column of `x`, and its row.
    fn largest(x: &[f32], y: &mut [f32], places: &mut [u32]) {
        let n = y.len();
        y.fill(f32::NEG_INFINITY);
        places.fill(0);
        for (step, x) in x.chunks_exact(n).enumerate() {
            for ((y, place), &x) in y.iter_mut().zip(&mut *places).zip(x) {
                let wins = (x > *y) | x.is_nan();
                *y = if wins { x } else { *y };
                *place = if wins { step as u32 } else { *place };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{everywhere, normal};

    #[test]
    fn the_largest_counted_number_wins() {
        for (b, t, n) in [(0, 2, 3), (3, 1, 1), (4, 5, 17), (2, 600, 70)] {
            let (x, dy) = (normal(1, b * t * n), normal(2, b * n));
            let some: Vec<u32> = (0..b).map(|row| 1 + (row * 2 % t) as u32).collect();
            for lengths in [None, Some(&some[..])] {
                let [y, dx] = everywhere(|ctx| {
                    let (mut y, mut places) = (vec![f32::NAN; b * n], vec![u32::MAX; b * n]);
                    let mut dx = vec![f32::NAN; b * t * n];
                    max_over_time(ctx, [b, t, n], lengths, &x, &mut y, &mut places);
                    for write in [Write::Set, Write::Add] {
                        max_over_time_backward(ctx, [b, t, n], &dy, &places, &mut dx, write);
                    }
                    [y, dx]
                });
                for i in 0..b * n {
                    let (row, column) = (i / n, i % n);
                    let count = lengths.map_or(t, |lengths| lengths[row] as usize);
                    let at = |step: usize| row * t * n + step * n + column;
                    let seen: Vec<f32> = (0..count).map(|step| x[at(step)]).collect();
                    assert_eq!(y[i], seen.iter().copied().fold(f32::NEG_INFINITY, f32::max));
                    let winner = seen.iter().position(|x| *x == y[i]);
                    for step in 0..t {
                        let wanted = if Some(step) == winner { 2.0 * dy[i] } else { 0.0 };
                        assert_eq!(dx[at(step)], wanted, "{b} {t} {n}: {row} {step} {column}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_equals_and_what_is_no_number_win() {
        let (ctx, x) = (Ctx::new(1), [1.0, 2.0, 1.0, f32::NAN, 0.0, 3.0]);
        let (mut y, mut places) = ([0.0; 2], [9; 2]);
        max_over_time(&ctx, [1, 3, 2], None, &x, &mut y, &mut places);
        assert!(y[0] == 1.0 && y[1].is_nan(), "{y:?}");
        assert_eq!(places, [0, 1]);
        max_over_time(&ctx, [1, 3, 2], Some(&[1]), &x, &mut y, &mut places);
        assert_eq!((y, places), ([1.0, 2.0], [0, 0]), "what does not count is not seen");
    }
}
