//! Two directions over one sequence.

use super::{Direction, RecurrentWeights, Sequence};
use crate::Write;
use crate::ctx::Ctx;
use crate::elementwise::copy_blocks;
use crate::scratch;

/// A recurrent layer in one direction: [`lstm`](crate::lstm) or [`gru`](crate::gru).
pub type RecurrentLayer =
    fn(&Ctx, [usize; 4], Sequence<'_>, RecurrentWeights<'_>, &[f32], &mut [f32], &mut [f32], &mut [f32]);

/// Both directions of a layer, each with weights of its own, and no bit other than one after the other.
///
/// `shape` is `[B, T, I, H]`. `x`: `[B, T, I]`; `lengths` as in [`Sequence`]. `states`: `[B, T, 2 * H]`, forward first; `last`:
/// `[2, B, H]`; `saved`: what the layer saves, twice.
///
/// # Panics
/// As the layer.
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn bidirectional(
    ctx: &Ctx,
    layer: RecurrentLayer,
    shape: [usize; 4],
    lengths: Option<&[u32]>,
    weights: [RecurrentWeights<'_>; 2],
    x: &[f32],
    states: &mut [f32],
    last: &mut [f32],
    saved: &mut [f32],
) {
    let [b, t, _, h] = shape;
    let walk = |i: usize, row: usize, states: &mut [f32], last: &mut [f32], saved: &mut [f32]| {
        let direction = if i == 0 { Direction::Forward } else { Direction::Backward };
        layer(ctx, shape, Sequence { direction, lengths, row }, weights[i], x, states, last, saved);
    };
    let (len, kept) = (b * t * h, saved.len() / 2);
    // A row alone is one task, and its steps wait for each other: directions do not.
    if b == 1 && len > 0 {
        return scratch::lend(2 * len, |apart| {
            ctx.team.parts3((apart, len), (last, h), (saved, kept), |i, states, last, saved| {
                walk(i, h, states, last, saved);
            });
            for (i, apart) in apart.chunks_exact(len).enumerate() {
                copy_blocks(ctx, t, (apart, h, 0), (states, 2 * h, i * h), h, Write::Set);
            }
        });
    }
    let (ahead, back) = last.split_at_mut(b * h);
    let (saved_ahead, saved_back) = saved.split_at_mut(kept);
    walk(0, 2 * h, states, ahead, saved_ahead);
    walk(1, 2 * h, &mut states[h.min(len)..], back, saved_back);
}
