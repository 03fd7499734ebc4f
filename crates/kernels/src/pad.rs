//! Steps added at both ends of each row.
use crate::ctx::Ctx;
use crate::write::{Write, write_row};

/// Numbers of a task.
const TASK: usize = 1 << 14;

/// What stands where numbers are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// Zeros.
    Zeros,
    /// The first number in front, and the last one behind.
    Repeated,
}

/// How rows are made longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// Numbers of a row.
    pub len: usize,
    /// How many are added in front.
    pub before: usize,
    /// How many are added behind.
    pub after: usize,
    /// What they are.
    pub edges: Edges,
}

impl Pad {
    fn width(&self) -> usize {
        self.before + self.len + self.after
    }

    /// Asserts the lengths, and gives how many rows are one task.
    fn rows(&self, x: usize, y: usize) -> usize {
        let (len, width) = (self.len, self.width());
        assert!(len > 0, "padding wants rows of one number or more");
        assert_eq!(x % len, 0, "padding wants whole rows of {len}");
        assert_eq!(y, x / len * width, "padding wants {width} numbers for each of {} rows", x / len);
        (TASK / width).max(1)
    }

    /// What is added in front of a row, and behind it.
    fn added(&self, x: &[f32]) -> [f32; 2] {
        match self.edges {
            Edges::Zeros => [0.0; 2],
            Edges::Repeated => [x[0], x[self.len - 1]],
        }
    }
}

/// Each row made longer. `x`: `[N, len]`; `y`: `[N, before + len + after]`.
///
/// # Panics
/// If rows are empty, or a slice has another length.
pub fn pad(ctx: &Ctx, pad: &Pad, x: &[f32], y: &mut [f32]) {
    let (rows, width) = (pad.rows(x.len(), y.len()), pad.width());
    ctx.team.parts(y, rows * width, |task, y| {
        for (i, y) in y.chunks_exact_mut(width).enumerate() {
            let x = &x[(task * rows + i) * pad.len..][..pad.len];
            let [first, last] = pad.added(x);
            y[..pad.before].fill(first);
            y[pad.before..][..pad.len].copy_from_slice(x);
            y[pad.before + pad.len..].fill(last);
        }
    });
}

/// The gradient of [`pad`]: a number that was repeated gets those of all its copies, in their order.
///
/// # Panics
/// As [`pad`].
pub fn pad_backward(ctx: &Ctx, pad: &Pad, dy: &[f32], dx: &mut [f32], write: Write) {
    let (rows, width) = (pad.rows(dx.len(), dy.len()), pad.width());
    ctx.team.parts(dx, rows * pad.len, |task, dx| {
        for (i, dx) in dx.chunks_exact_mut(pad.len).enumerate() {
            let dy = &dy[(task * rows + i) * width..][..width];
            write_row(dx, &dy[pad.before..][..pad.len], write);
            if pad.edges == Edges::Repeated {
                dx[0] += dy[..pad.before].iter().sum::<f32>();
                dx[pad.len - 1] += dy[pad.before + pad.len..].iter().sum::<f32>();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal};

    #[test]
    fn rows_grow_at_both_ends() {
        for (rows, len, before, after) in
            [(0, 3, 1, 1), (3, 7, 2, 0), (2, 1, 0, 3), (1, 4, 0, 0), (900, 336, 12, 12)]
        {
            for edges in [Edges::Zeros, Edges::Repeated] {
                let how = Pad { len, before, after, edges };
                let width = before + len + after;
                let (x, dy) = (normal(1, rows * len), normal(2, rows * width));
                let [y, dx] = everywhere(|ctx| {
                    let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                    pad(ctx, &how, &x, &mut y);
                    for write in [Write::Set, Write::Add] {
                        pad_backward(ctx, &how, &dy, &mut dx, write);
                    }
                    [y, dx]
                });
                let mut twice = vec![0.0; x.len()];
                for (i, dy) in dy.iter().enumerate() {
                    let (row, place) = (i / width, i % width);
                    let inside = (before..before + len).contains(&place);
                    let from = row * len + place.clamp(before, before + len - 1) - before;
                    let added = edges == Edges::Zeros && !inside;
                    assert_eq!(y[i], if added { 0.0 } else { x[from] });
                    twice[from] += if added { 0.0 } else { 2.0 * f64::from(*dy) };
                }
                // Up to 13 numbers are added up.
                assert_close(&dx, &twice, 1e-5, "gradient");
            }
        }
    }

    #[test]
    #[should_panic(expected = "padding wants 5 numbers for each of 2 rows")]
    fn rows_are_whole() {
        let how = Pad { len: 3, before: 1, after: 1, edges: Edges::Zeros };
        pad(&Ctx::new(1), &how, &[0.0; 6], &mut [0.0; 9]);
    }
}
