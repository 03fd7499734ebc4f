//! The largest number of each window, and nothing of where it stood: for answers, which have no way back.

use super::Windows;
use super::max::{max_pool, wins};
use crate::buffer::as_words_mut;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch;

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
    let part = windows.planes_of_task();
    ctx.team.parts(y, part * output, |i, y| {
        let x = &x[i * part * input..][..y.len() / output * input];
        halving(ctx.isa, windows.plane, x, y);
    });
}

rungs! {
    /// 2 x 2 windows side by side.
    fn halving(plane: [usize; 2], x: &[f32], y: &mut [f32]) -> () {
        let [h, w] = plane;
        let (high, wide) = (h / 2, w / 2);
        for (x, y) in x.chunks_exact(h * w).zip(y.chunks_exact_mut(high * wide)) {
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
}
