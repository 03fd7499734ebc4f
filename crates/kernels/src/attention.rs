//! Scaled dot-product attention that never holds a matrix of all scores.
//!
//! Queries and keys are cut into blocks of 64, and the softmax of a row is kept up to date from block to block (Dao et al. 2022,
//! "FlashAttention"). What stays for the way back is one number for each row, the logarithm of its sum.

mod backward;
mod forward;
#[cfg(test)]
mod tests;

use crate::Write;
use crate::ctx::Ctx;
use crate::panels::{PANEL, Row};
use crate::team::Columns;

/// Queries, and keys, of a block: scores of 16 KB beside as many numbers of keys and values.
const BLOCK: usize = 64;

/// Queries that share a bound on the diagonal of causal attention: what lies above them by more than a panel is not computed.
const STEP: usize = PANEL;

/// Products below which several heads are one task.
const ALONE: usize = 1 << 18;

/// Which keys a query sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionMask<'a> {
    /// Whether a query sees the keys up to its own place alone.
    pub causal: bool,
    /// How many places of each row of the batch count, from the first on; all if it is none.
    pub lengths: Option<&'a [u32]>,
}

/// Attention of every head: `softmax(scale * q.k^T).v`.
///
/// `shape` is `[B, T, H, D]`: batch, time, heads, size of a head. `qkv`: `[B, T, 3, H, D]`, as a dense layer of 3 * H * D outputs
/// gives queries, keys and values. `out`: `[B, T, H, D]`. `logsumexp`: `[B, H, T]`, for [`attention_backward`]. `scale` is
/// 1 / sqrt(D) by custom.
///
/// Places at and beyond a row's length are seen by nobody and yield 0. A score of minus infinity that no mask made follows
/// PyTorch: a row of nothing else is NaN. Memory beside the arguments grows with T, not with its square.
///
/// # Panics
/// If a slice has another length, or a row counts more than T places.
pub fn attention(
    ctx: &Ctx,
    shape: [usize; 4],
    scale: f64,
    mask: AttentionMask<'_>,
    qkv: &[f32],
    out: &mut [f32],
    logsumexp: &mut [f32],
) {
    let [b, t, h, d] = shape;
    check(shape, mask, qkv.len(), out.len(), logsumexp.len());
    let out = Columns::of(out, [b, t, 1, h, d]);
    let logsumexp = Columns::of(logsumexp, [b * h, 1, 1, 1, t]);
    ctx.team.columns2(out, logsumexp, together(shape), |i, mut out, mut logsumexp| {
        let head = Head::of(shape, scale, mask, i, qkv);
        let logsumexp = logsumexp.cell(0, 0);
        forward::head(ctx.isa, &head, &mut out, logsumexp);
        logsumexp[head.len..].fill(f32::NEG_INFINITY);
        (head.len..t).for_each(|place| out.cell(place, 0).fill(0.0));
    });
}

/// The gradient of [`attention`] by its queries, keys and values.
///
/// `qkv`, `out` and `logsumexp` are those of [`attention`]; `d_out`: `[B, T, H, D]`, `d_qkv`: `[B, T, 3, H, D]`. Weights are
/// computed again, block by block (Dao et al. 2022, appendix B.2). Places beyond a row's length get gradient 0, whatever stands
/// in `d_out` there.
///
/// # Panics
/// As [`attention`].
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn attention_backward(
    ctx: &Ctx,
    shape: [usize; 4],
    scale: f64,
    mask: AttentionMask<'_>,
    qkv: &[f32],
    out: &[f32],
    logsumexp: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
    write: Write,
) {
    let [b, t, h, d] = shape;
    check(shape, mask, qkv.len(), out.len(), logsumexp.len());
    assert_eq!(d_out.len(), out.len(), "attention wants a gradient for each output");
    let d_qkv = Columns::of(d_qkv, [b, t, 3, h, d]);
    let nothing: &mut [f32] = &mut [];
    let nothing = Columns::of(nothing, [b * h, 0, 1, 1, 1]);
    ctx.team.columns2(d_qkv, nothing, together(shape), |i, mut d_qkv, _| {
        let head = Head::of(shape, scale, mask, i, qkv);
        let outputs = backward::Outputs { out, d_out, logsumexp: &logsumexp[i * t..][..t] };
        backward::head(ctx.isa, &head, &outputs, &mut d_qkv, write);
        if write == Write::Set {
            (head.len..t).for_each(|place| (0..3).for_each(|group| d_qkv.cell(place, group).fill(0.0)));
        }
    });
}

fn check([b, t, h, d]: [usize; 4], mask: AttentionMask<'_>, qkv: usize, out: usize, logsumexp: usize) {
    assert_eq!(qkv, b * t * 3 * h * d, "attention wants qkv of shape [{b}, {t}, 3, {h}, {d}]");
    assert_eq!(out, b * t * h * d, "attention wants an output of shape [{b}, {t}, {h}, {d}]");
    assert_eq!(logsumexp, b * h * t, "attention wants logsumexp of shape [{b}, {h}, {t}]");
    if let Some(lengths) = mask.lengths {
        assert_eq!(lengths.len(), b, "attention wants a length for each of {b} rows");
        assert!(lengths.iter().all(|&len| len as usize <= t), "attention wants lengths of at most {t}");
    }
}

/// How many heads are one task.
fn together([_, t, _, d]: [usize; 4]) -> usize {
    (ALONE / (t * t * d).max(1)).max(1)
}

/// One head of one row of the batch.
#[derive(Clone, Copy, Debug)]
struct Head<'a> {
    qkv: &'a [f32],
    /// Which row and which head.
    place: [usize; 2],
    shape: [usize; 4],
    /// Places that count.
    len: usize,
    scale: f32,
    causal: bool,
}

impl<'a> Head<'a> {
    fn of(shape: [usize; 4], scale: f64, mask: AttentionMask<'_>, i: usize, qkv: &'a [f32]) -> Head<'a> {
        let [_, t, h, _] = shape;
        let place = [i / h, i % h];
        let len = mask.lengths.map_or(t, |lengths| lengths[place[0]] as usize);
        Head { qkv, place, shape, len, scale: scale as f32, causal: mask.causal }
    }

    /// Query (0), key (1) or value (2) of a place in time.
    #[inline(always)]
    fn row(&self, group: usize, time: usize) -> &'a [f32] {
        let [_, t, h, d] = self.shape;
        let [row, head] = self.place;
        &self.qkv[(((row * t + time) * 3 + group) * h + head) * d..][..d]
    }

    /// The same place of a tensor `[B, T, H, D]`.
    #[inline(always)]
    fn output<'o>(&self, out: &'o [f32], time: usize) -> &'o [f32] {
        let [_, t, h, d] = self.shape;
        let [row, head] = self.place;
        &out[((row * t + time) * h + head) * d..][..d]
    }

    /// Numbers in a row of a result, filled up to whole panels.
    fn width(&self) -> usize {
        self.shape[3].next_multiple_of(PANEL)
    }

    fn blocks(&self) -> usize {
        self.len.div_ceil(BLOCK)
    }

    /// Places of a block.
    fn block_len(&self, block: usize) -> usize {
        BLOCK.min(self.len - block * BLOCK)
    }

    /// Calls `part` with the rows of block `i` of queries that meet block `j` of keys, and how many keys they see at most.
    fn parts(&self, i: usize, j: usize, mut part: impl FnMut(Part)) {
        let (queries, keys) = (self.block_len(i), self.block_len(j));
        if !self.causal || j < i {
            return part(Part { first: 0, queries, keys, diagonal: false });
        }
        for first in (0..queries).step_by(STEP) {
            let queries = STEP.min(queries - first);
            part(Part { first, queries, keys: first + queries, diagonal: true });
        }
    }
}

/// Some queries of a block, and the keys that they meet.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// The first query.
    first: usize,
    queries: usize,
    keys: usize,
    /// Whether query `i` sees key `i` as its last.
    diagonal: bool,
}

impl Part {
    /// How many keys the query sees that is number `i` of this part.
    #[inline(always)]
    fn seen(&self, i: usize) -> usize {
        if self.diagonal { self.first + i + 1 } else { self.keys }
    }

    /// Keys filled up to whole panels.
    #[inline(always)]
    fn wide(&self) -> usize {
        self.keys.next_multiple_of(PANEL)
    }
}

/// Work space cut into pieces, each starting on a cache line.
fn cut<const N: usize>(mut space: &mut [f32], lens: [usize; N]) -> [&mut [f32]; N] {
    lens.map(|len| {
        let (piece, rest) = std::mem::take(&mut space).split_at_mut(len);
        space = rest;
        piece
    })
}

/// As rows of panels.
fn panels(numbers: &mut [f32]) -> &mut [Row] {
    numbers.as_chunks_mut().0
}
