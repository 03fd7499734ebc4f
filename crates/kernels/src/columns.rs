//! Gradients of biases: sums over everything but the channel.

use crate::channels::{Cut, Piece};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::sums::Sums;
use crate::write::{Write, by_write, put};

/// Below so many columns, rows are taken 16 at a time, so that vectors are full.
const NARROW: usize = 16;

/// The gradient of a bias: for each channel the sum over all items and places.
///
/// `sizes` is `[N, C, S]`: `dy` is `[N, C, S]`, `dbias` is `[C]`. With `S = 1` these are the column sums of `[N, C]` (a dense
/// layer), with `S = H * W` those of a convolution.
///
/// `f32` over lanes or columns within tasks that the shape alone cuts; the tasks' sums are joined in `f64` from left to right.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn bias_gradient(ctx: &Ctx, sizes: [usize; 3], dy: &[f32], dbias: &mut [f32], write: Write) {
    let [n, c, s] = sizes;
    assert_eq!(dy.len(), n * c * s, "bias gradient wants dy of [{n}, {c}, {s}]");
    assert_eq!(dbias.len(), c, "bias gradient wants one number for each of {c} channels");
    if dy.is_empty() {
        if write == Write::Set {
            dbias.fill(0.0);
        }
        return;
    }
    let cut = Cut::new(sizes);
    lend(cut.slots(1), |slots| {
        cut.run(&ctx.team, 1, slots, |piece, slots| {
            if piece.size > 1 {
                plane_sums(ctx.isa, piece, dy, slots);
            } else if c < NARROW {
                narrow_sums(ctx.isa, c, &dy[piece.first..][..piece.items * c], slots);
            } else {
                row_sums(ctx.isa, piece, dy, slots);
            }
        });
        by_write!(write, join(ctx.isa, cut, slots, dbias));
    });
}

rungs! {
    fn plane_sums(piece: Piece, x: &[f32], slots: &mut [f32]) {
        for (channel, slot) in slots[..piece.channels].iter_mut().enumerate() {
            let mut sums = Sums::new();
            for item in 0..piece.items {
                sums.add([piece.plane(x, item, channel)], |[x]| [x]);
            }
            let [sum] = sums.totals();
            *slot = sum as f32;
        }
    }

    fn row_sums(piece: Piece, x: &[f32], slots: &mut [f32]) {
        let sums = &mut slots[..piece.channels];
        add_rows(piece.items, |item| piece.row(x, item), sums);
    }

    /// As `row_sums`, of whole rows of fewer than 16 columns that follow each other.
    fn narrow_sums(columns: usize, x: &[f32], slots: &mut [f32]) {
        let mut wide = [0.0; NARROW * NARROW];
        let wide = &mut wide[..columns * NARROW];
        let whole = x.len() / wide.len();
        add_rows(whole, |row| &x[row * wide_len(columns)..][..wide_len(columns)], wide);
        slots.fill(0.0);
        for row in wide.chunks_exact(columns).chain(x[whole * wide_len(columns)..].chunks_exact(columns)) {
            for (sum, x) in slots.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }

    fn join<const ADD: bool>(cut: Cut, slots: &[f32], out: &mut [f32]) {
        cut.strips(|strip| {
            let sums = cut.join(slots, strip, |_, _, [sum]| sum);
            for (out, sum) in out[strip.first_channel..][..strip.width].iter_mut().zip(sums) {
                put::<ADD>(out, sum as f32);
            }
        });
    }
}

#[inline(always)]
fn wide_len(columns: usize) -> usize {
    columns * NARROW
}

/// The sums of the columns of rows of one length, four rows at a time.
#[inline(always)]
fn add_rows<'a>(count: usize, row: impl Fn(usize) -> &'a [f32], sums: &mut [f32]) {
    let len = sums.len();
    sums.fill(0.0);
    let mut i = 0;
    while i + 4 <= count {
        let rows: [&[f32]; 4] = std::array::from_fn(|k| &row(i + k)[..len]);
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum += (rows[0][j] + rows[1][j]) + (rows[2][j] + rows[3][j]);
        }
        i += 4;
    }
    for i in i..count {
        for (sum, x) in sums.iter_mut().zip(row(i)) {
            *sum += x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal};

    #[test]
    fn sums_agree_with_the_plain_loop() {
        let sizes = [[0, 3, 2], [1, 1, 1], [3, 5, 1], [70, 15, 1], [33, 17, 1], [2, 3, 33]];
        let many = [[9000, 10, 1], [700, 200, 1], [3, 33_000, 1], [9, 7, 2000], [3, 1, 40_000], [3, 2500, 9]];
        for [n, c, s] in sizes.into_iter().chain(many) {
            let dy = normal(1, n * c * s);
            let [dbias] = everywhere(|ctx| {
                let mut dbias = vec![f32::NAN; c];
                for write in [Write::Set, Write::Add] {
                    bias_gradient(ctx, [n, c, s], &dy, &mut dbias, write);
                }
                [dbias]
            });
            let mut twice = vec![0.0; c];
            for (i, dy) in dy.iter().enumerate() {
                twice[i / s % c] += 2.0 * f64::from(*dy);
            }
            // A lane adds at most some hundred numbers, each rounded by half a unit of a sum below 100.
            assert_close(&dbias, &twice, 1e-5, &format!("[{n}, {c}, {s}]"));
        }
    }
}
