//! The largest number of each window, and nothing of where it stood: for answers, which have no way back.

use std::ops::Range;

use super::Windows;
use super::max::{max_pool, wins};
use crate::buffer::as_words_mut;
use crate::ctx::Ctx;
use crate::gemm::Block;
use crate::isa::rungs;
use crate::scratch;

/// So many numbers are few images: each thread then takes the rows that it wrote, as a convolution is cut.
const FEW: usize = 1 << 17;

/// Blocks of rows of few images.
const BLOCKS: usize = 4;

/// [`max_pool`](super::max_pool) without its places; the same numbers, bit for bit.
///
/// # Panics
/// As it does.
pub fn max_pool_values(ctx: &Ctx, planes: usize, windows: &Windows, x: &[f32], y: &mut [f32]) {
    let (input, output) = windows.lengths(planes, x.len(), y.len());
    if !windows.are_halving() {
        return scratch::lend(y.len(), |places| max_pool(ctx, planes, windows, x, y, as_words_mut(places)));
    }
    if y.is_empty() {
        return;
    }
    let [high, wide] = windows.counts();
    let (part, rows) = match planes * input {
        ..FEW => (planes, high.div_ceil(BLOCKS)),
        FEW.. => (windows.planes_of_task(), high),
    };
    let blocks = high.div_ceil(rows);
    let y = Block::new(y, output, planes, output);
    let work = |planes: Range<usize>, rows: Range<usize>| {
        // SAFETY: tasks are numbered once, and blocks of different planes or rows do not meet.
        let mut y = unsafe { y.part(planes.clone(), rows.start * wide..rows.end * wide) };
        let pixels = rows.len() * wide;
        for (i, x) in x[planes.start * input..planes.end * input].chunks_exact(input).enumerate() {
            let x = &x[2 * rows.start * windows.plane[1]..];
            halving(ctx.isa, windows.plane[1], wide, x, y.row(i, 0..pixels));
        }
    };
    ctx.team.run(planes.div_ceil(part) * blocks, &|i| {
        let (plane, row) = (i / blocks * part, i % blocks * rows);
        work(plane..(plane + part).min(planes), row..(row + rows).min(high));
    });
}

rungs! {
    /// 2 x 2 windows side by side, `wide` in a row, over rows of `w` numbers.
    fn halving(w: usize, wide: usize, x: &[f32], y: &mut [f32]) -> () {
        for (x, y) in x.chunks_exact(2 * w).zip(y.chunks_exact_mut(wide)) {
            let (upper, lower) = x.split_at(w);
            let windows = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for (y, (upper, lower)) in y.iter_mut().zip(windows) {
                let larger = |a: f32, b: f32| if wins(b, a) { b } else { a };
                *y = larger(larger(larger(upper[0], upper[1]), lower[0]), lower[1]);
            }
        }
    }
}
