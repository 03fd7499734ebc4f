//! What is done to sequences beside attention and recurrence: a table for their places, their mean, their pieces.

use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::map::zip_repeated;
use crate::write::{Write, by_write, put, write_row};

/// Adds the same numbers to each of several blocks: `y += by`, over and over. `y`: `[N, by.len()]`.
///
/// # Panics
/// If `y` is not a number of whole blocks.
pub fn add_repeated(ctx: &Ctx, by: &[f32], y: &mut [f32]) {
    if y.is_empty() {
        return;
    }
    assert_eq!(y.len() % by.len().max(1), 0, "repeated numbers want whole blocks of {}", by.len());
    let blocks = (TASK / by.len().max(1)).max(1); // of a task
    ctx.team.parts(y, blocks * by.len(), |_, y| {
        y.chunks_exact_mut(by.len()).for_each(|y| write_row(y, by, Write::Add));
    });
}

/// Multiplies each of several blocks by the same numbers: `out = x * by`, over and over, or that added to what stands there. `x`:
/// `[N, by.len()]`.
///
/// # Panics
/// If `x` is not a number of whole blocks.
pub fn multiply_repeated(ctx: &Ctx, by: &[f32], x: &[f32], out: &mut [f32], write: Write) {
    zip_repeated(ctx, times, x, by, out, write);
}

#[inline(always)]
fn times(a: f32, b: f32) -> f32 {
    a * b
}

/// How many places of each sequence of `time` ids count: those up to the last one that is not `padding`, and one where there is none.
/// `ids`: `[B, T]`; `lengths`: `[B]`.
///
/// # Panics
/// If there is not a length for each sequence.
pub fn sequence_lengths(time: usize, padding: u32, ids: &[u32], lengths: &mut [u32]) {
    assert_eq!(ids.len(), time * lengths.len(), "a sequence of {time} ids for each length");
    for (ids, length) in ids.chunks_exact(time.max(1)).zip(lengths) {
        *length = ids.iter().rposition(|id| *id != padding).map_or(1, |last| last as u32 + 1);
    }
}

/// The mean of each sequence. `shape`: `[B, T, N]`; `x`: `[B, T, N]`; `y`: `[B, N]`. Steps at and beyond a length do not count;
/// NaN if none does.
///
/// # Panics
/// If a slice has another length, or a row counts more than T steps.
pub fn mean_over_time(ctx: &Ctx, shape: [usize; 3], lengths: Option<&[u32]>, x: &[f32], y: &mut [f32]) {
    let [b, t, n] = shape;
    check(shape, lengths, x.len(), y.len());
    let rows = (TASK / (t * n).max(1)).clamp(1, b.max(1));
    ctx.team.parts(y, (rows * n).max(1), |task, y| {
        for (i, y) in y.chunks_exact_mut(n).enumerate() {
            let row = task * rows + i;
            mean(ctx.isa, len(lengths, row, t), &x[row * t * n..][..t * n], y);
        }
    });
}

/// The gradient of [`mean_over_time`]: what reaches a row goes to its steps in equal parts. `dy`: `[B, N]`; `dx`: `[B, T, N]`.
///
/// # Panics
/// As [`mean_over_time`].
pub fn mean_over_time_backward(
    ctx: &Ctx,
    shape: [usize; 3],
    lengths: Option<&[u32]>,
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let [_, t, n] = shape;
    check(shape, lengths, dx.len(), dy.len());
    ctx.team.parts(dx, (t * n).max(1), |row, dx| {
        let (counted, rest) = dx.split_at_mut(len(lengths, row, t) * n);
        by_write!(write, spread(ctx.isa, &dy[row * n..][..n], counted));
        if write == Write::Set {
            rest.fill(0.0);
        }
    });
}

fn check([b, t, n]: [usize; 3], lengths: Option<&[u32]>, whole: usize, means: usize) {
    assert_eq!(whole, b * t * n, "a mean over time wants sequences of shape [{b}, {t}, {n}]");
    assert_eq!(means, b * n, "a mean over time wants means of shape [{b}, {n}]");
    if let Some(lengths) = lengths {
        assert_eq!(lengths.len(), b, "a mean over time wants a length for each of {b} rows");
        assert!(
            lengths.iter().all(|&len| len as usize <= t),
            "a mean over time wants lengths of at most {t}"
        );
    }
}

fn len(lengths: Option<&[u32]>, row: usize, t: usize) -> usize {
    lengths.map_or(t, |lengths| lengths[row] as usize)
}

/// How a row is cut into pieces, which may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Numbers of a row.
    pub len: usize,
    /// Numbers of a piece.
    pub size: usize,
    /// From the start of one piece to that of the next.
    pub stride: usize,
}

impl Pieces {
    /// How many pieces a row has; what is left at its end belongs to none.
    pub fn count(&self) -> usize {
        self.len.checked_sub(self.size).map_or(0, |room| room / self.stride.max(1) + 1)
    }

    /// Asserts the lengths, and gives how many rows are one task.
    fn rows(&self, x: usize, y: usize) -> usize {
        let (each, len) = (self.count() * self.size, self.len.max(1));
        assert_eq!(x % len, 0, "pieces want whole rows of {}", self.len);
        assert_eq!(y, x / len * each, "pieces want {each} numbers for each of {} rows", x / len);
        (TASK / (each + self.len).max(1)).max(1)
    }
}

/// The pieces of each row. `x`: `[N, len]`; `y`: `[N, count, size]`.
///
/// # Panics
/// If a slice has another length.
pub fn cut_pieces(ctx: &Ctx, pieces: &Pieces, x: &[f32], y: &mut [f32]) {
    let (rows, each) = (pieces.rows(x.len(), y.len()), pieces.count() * pieces.size);
    ctx.team.parts(y, (rows * each).max(1), |task, y| {
        for (i, y) in y.chunks_exact_mut(each).enumerate() {
            let x = &x[(task * rows + i) * pieces.len..][..pieces.len];
            for (piece, y) in y.chunks_exact_mut(pieces.size).enumerate() {
                y.copy_from_slice(&x[piece * pieces.stride..][..pieces.size]);
            }
        }
    });
}

/// The gradient of [`cut_pieces`]: each number gets those of all pieces that it is in, in their order.
///
/// # Panics
/// If a slice has another length.
pub fn cut_pieces_backward(ctx: &Ctx, pieces: &Pieces, dy: &[f32], dx: &mut [f32], write: Write) {
    let (rows, each) = (pieces.rows(dx.len(), dy.len()), pieces.count() * pieces.size);
    ctx.team.parts(dx, (rows * pieces.len).max(1), |task, dx| {
        if write == Write::Set {
            dx.fill(0.0);
        }
        for (i, dx) in dx.chunks_exact_mut(pieces.len).enumerate() {
            let dy = &dy[(task * rows + i) * each..][..each];
            for (piece, dy) in dy.chunks_exact(pieces.size).enumerate() {
                write_row(&mut dx[piece * pieces.stride..][..pieces.size], dy, Write::Add);
            }
        }
    });
}

rungs! {
    /// The mean of the first `count` rows of `x`.
    fn mean(count: usize, x: &[f32], y: &mut [f32]) {
        let n = y.len();
        y.fill(0.0);
        for step in 0..count {
            for (y, x) in y.iter_mut().zip(&x[step * n..][..n]) {
                *y += x;
            }
        }
        y.iter_mut().for_each(|y| *y /= count as f32);
    }

    /// Equal parts of `dy` to every row of `dx`.
    fn spread<const ADD: bool>(dy: &[f32], dx: &mut [f32]) {
        let n = dy.len().max(1);
        let count = (dx.len() / n) as f32;
        for dx in dx.chunks_exact_mut(n) {
            for (dx, dy) in dx.iter_mut().zip(dy) {
                put::<ADD>(dx, dy / count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal};

    #[test]
    fn every_block_gets_the_same() {
        for (count, len) in [(0, 3), (1, 1), (5, 3), (3, 40_000), (9000, 7)] {
            let (x, by) = (normal(1, count * len), normal(2, len));
            let y = everywhere(|ctx| {
                let mut y = x.clone();
                add_repeated(ctx, &by, &mut y);
                y
            });
            assert!(y.iter().enumerate().all(|(i, y)| *y == x[i] + by[i % len]), "{count} x {len}");
        }
    }

    #[test]
    #[should_panic(expected = "repeated numbers want whole blocks of 3")]
    fn blocks_are_whole() {
        add_repeated(&Ctx::new(1), &[0.0; 3], &mut [0.0; 4]);
    }

    #[test]
    fn blocks_are_multiplied_by_the_same() {
        for (count, len) in [(0, 3), (1, 1), (5, 3), (3, 20_000), (9000, 7)] {
            let (x, by) = (normal(1, count * len), normal(2, len));
            let y = everywhere(|ctx| {
                let mut y = vec![f32::NAN; count * len];
                multiply_repeated(ctx, &by, &x, &mut y, Write::Set);
                multiply_repeated(ctx, &by, &x, &mut y, Write::Add);
                y
            });
            assert!(y.iter().enumerate().all(|(i, y)| *y == 2.0 * (x[i] * by[i % len])), "{count} x {len}");
        }
    }

    #[test]
    #[should_panic(expected = "repeated numbers want whole blocks of 3")]
    fn multiplied_blocks_are_whole() {
        multiply_repeated(&Ctx::new(1), &[0.0; 3], &[0.0; 4], &mut [0.0; 4], Write::Set);
    }

    #[test]
    fn a_length_reaches_to_the_last_id_that_is_no_padding() {
        let mut lengths = [0; 4];
        sequence_lengths(3, 7, &[1, 2, 3, 1, 7, 7, 7, 7, 2, 7, 7, 7], &mut lengths);
        assert_eq!(lengths, [3, 1, 3, 1]);
    }

    #[test]
    #[should_panic(expected = "a sequence of 3 ids for each length")]
    fn each_length_has_a_sequence() {
        sequence_lengths(3, 0, &[0; 5], &mut [0; 2]);
    }

    #[test]
    fn a_mean_counts_the_steps_of_its_row() {
        for (b, t, n) in [(0, 2, 3), (3, 1, 1), (4, 5, 17), (2, 600, 70)] {
            let (x, dy) = (normal(1, b * t * n), normal(2, b * n));
            let some: Vec<u32> = (0..b).map(|row| 1 + (row * 2 % t) as u32).collect();
            for lengths in [None, Some(&some[..])] {
                let [y, dx] = everywhere(|ctx| {
                    let (mut y, mut dx) = (vec![f32::NAN; b * n], vec![f32::NAN; b * t * n]);
                    mean_over_time(ctx, [b, t, n], lengths, &x, &mut y);
                    for write in [Write::Set, Write::Add] {
                        mean_over_time_backward(ctx, [b, t, n], lengths, &dy, &mut dx, write);
                    }
                    [y, dx]
                });
                let (mut means, mut twice) = (vec![0.0; b * n], vec![0.0; b * t * n]);
                for (i, x) in x.iter().enumerate() {
                    let (row, step) = (i / (t * n), i / n % t);
                    let count = len(lengths, row, t);
                    if step < count {
                        means[row * n + i % n] += f64::from(*x) / count as f64;
                        twice[i] = 2.0 * f64::from(dy[row * n + i % n]) / count as f64;
                    }
                }
                // Up to 600 additions, each within half a unit of a sum below 100.
                assert_close(&y, &means, 1e-5, "means");
                assert_close(&dx, &twice, 1e-6, "gradient");
            }
        }
    }

    #[test]
    fn a_mean_passes_what_is_no_number_and_leaves_out_what_does_not_count() {
        let (ctx, mut y) = (Ctx::new(1), [0.0; 2]);
        mean_over_time(&ctx, [1, 2, 2], Some(&[1]), &[f32::NAN, 1.0, 5.0, f32::NAN], &mut y);
        assert!(y[0].is_nan());
        assert_eq!(y[1], 1.0);
    }

    #[test]
    fn pieces_are_cut_and_put_together() {
        for (rows, len, size, stride) in
            [(0, 4, 2, 1), (3, 7, 3, 2), (2, 8, 4, 4), (700, 336, 16, 8), (2, 5, 2, 3)]
        {
            let pieces = Pieces { len, size, stride };
            let count = (len - size) / stride + 1;
            assert_eq!(pieces.count(), count);
            let (x, dy) = (normal(1, rows * len), normal(2, rows * count * size));
            let [y, dx] = everywhere(|ctx| {
                let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                cut_pieces(ctx, &pieces, &x, &mut y);
                for write in [Write::Set, Write::Add] {
                    cut_pieces_backward(ctx, &pieces, &dy, &mut dx, write);
                }
                [y, dx]
            });
            let mut twice = vec![0.0; x.len()];
            for (i, dy) in dy.iter().enumerate() {
                let place = i / (count * size) * len + i / size % count * stride + i % size;
                assert_eq!(y[i], x[place]);
                twice[place] += 2.0 * f64::from(*dy);
            }
            assert_close(&dx, &twice, 1e-6, "gradient");
        }
    }

    #[test]
    fn a_row_shorter_than_a_piece_has_none() {
        assert_eq!(Pieces { len: 3, size: 4, stride: 1 }.count(), 0);
        cut_pieces(&Ctx::new(1), &Pieces { len: 3, size: 4, stride: 1 }, &[0.0; 6], &mut []);
    }
}
