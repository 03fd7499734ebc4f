//! Scaled dot-product attention that never holds a matrix of all scores.
//!
//! Scores stand as `[keys, 16]`: 16 queries are the lanes of a panel, so that a softmax runs along rows of vectors and its
//! weights are at once a side of the next product. Keys come in blocks of 256, and the softmax is kept up to date from block to
//! block (Dao et al. 2022, "FlashAttention"). What stays for the way back is one number for each query, the logarithm of its sum.

mod backward;
mod forward;
mod next;
mod pack;
#[cfg(test)]
mod tests;
mod tiles;

use std::ops::Range;

use crate::Write;
use crate::ctx::Ctx;
use crate::panels::{PANEL, Row};
use crate::team::Columns;
pub use next::{attention_next, keep_place, kept_places};
use pack::Rows;

/// Keys whose scores are computed before the next: with 16 queries they take 16 KB.
const KEYS: usize = 256;

/// Queries of the way back whose gradients are added to those of keys and values together; a divisor of [`KEYS`].
const BLOCK: usize = 64;

/// Heads of at most this size are cut into pieces of as many numbers, larger ones into panels.
const SMALL: usize = 8;

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
/// `shape` is `[B, T, H, G, D]`: batch, time, heads, heads of keys and values, size of a head. As many heads of queries as `H /
/// G` share keys and values (Ainslie et al. 2023, "GQA"); with `G = H` each has its own. `qkv`: `[B, T, H + 2 * G, D]`, as a
/// dense layer gives queries, keys and values. `out`: `[B, T, H, D]`. `logsumexp`: `[B, H, T]`, for [`attention_backward`].
/// `scale` is 1 / sqrt(D) by custom.
///
/// Places at and beyond a row's length are seen by nobody and yield 0. A score of minus infinity that no mask made follows
/// PyTorch: a row of nothing else is NaN. Memory beside the arguments grows with T, not with its square.
///
/// # Panics
/// If a slice has another length, H is no multiple of G, or a row counts more than T places.
pub fn attention(
    ctx: &Ctx,
    shape: [usize; 5],
    scale: f64,
    mask: AttentionMask<'_>,
    qkv: &[f32],
    out: &mut [f32],
    logsumexp: &mut [f32],
) {
    let [b, t, h, _, d] = shape;
    check(shape, mask, qkv.len(), out.len(), logsumexp.len());
    let out = Columns::of(out, [b, t, 1, h, d]);
    let logsumexp = Columns::of(logsumexp, [b * h, 1, 1, 1, t]);
    ctx.team.columns2(out, logsumexp, together(shape, 1), |i, mut out, mut logsumexp| {
        let head = Head::of(shape, scale, mask, i, qkv);
        let logsumexp = logsumexp.cell(0, 0);
        match d {
            ..=SMALL => forward::head::<SMALL>(ctx.isa, &head, &mut out, logsumexp),
            _ => forward::head::<PANEL>(ctx.isa, &head, &mut out, logsumexp),
        }
        logsumexp[head.len..].fill(f32::NEG_INFINITY);
        (head.len..t).for_each(|place| out.cell(place, 0).fill(0.0));
    });
}

/// The gradient of [`attention`] by its queries, keys and values.
///
/// `qkv`, `out` and `logsumexp` are those of [`attention`]; `d_out`: `[B, T, H, D]`, `d_qkv`: as `qkv`. Weights are
/// computed again, block by block (Dao et al. 2022, appendix B.2). Places beyond a row's length get gradient 0, whatever stands
/// in `d_out` there.
///
/// # Panics
/// As [`attention`].
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn attention_backward(
    ctx: &Ctx,
    shape: [usize; 5],
    scale: f64,
    mask: AttentionMask<'_>,
    qkv: &[f32],
    out: &[f32],
    logsumexp: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
    write: Write,
) {
    let [b, t, h, g, d] = shape;
    check(shape, mask, qkv.len(), out.len(), logsumexp.len());
    assert_eq!(d_out.len(), out.len(), "attention wants a gradient for each output");
    let sharing = h / g.max(1);
    let d_qkv = Columns::led(d_qkv, [b, t, sharing + 2, g, d], sharing);
    let nothing: &mut [f32] = &mut [];
    let nothing = Columns::of(nothing, [b * g, 0, 1, 1, 1]);
    ctx.team.columns2(d_qkv, nothing, together(shape, sharing), |i, mut d_qkv, _| {
        let heads = i * sharing..(i + 1) * sharing;
        let heads = heads.map(|i| (Head::of(shape, scale, mask, i, qkv), &logsumexp[i * t..][..t]));
        match d {
            ..=SMALL => backward::heads::<SMALL>(ctx.isa, heads, [out, d_out], &mut d_qkv, write),
            _ => backward::heads::<PANEL>(ctx.isa, heads, [out, d_out], &mut d_qkv, write),
        }
        if write == Write::Set {
            let len = Head::of(shape, scale, mask, i * sharing, qkv).len;
            (len..t).for_each(|place| (0..sharing + 2).for_each(|cell| d_qkv.cell(place, cell).fill(0.0)));
        }
    });
}

fn check([b, t, h, g, d]: [usize; 5], mask: AttentionMask<'_>, qkv: usize, out: usize, logsumexp: usize) {
    assert!(h.is_multiple_of(g) && g <= h, "attention wants {h} heads to share {g} of keys and values");
    assert_eq!(qkv, b * t * (h + 2 * g) * d, "attention wants qkv of shape [{b}, {t}, {h} + 2 * {g}, {d}]");
    assert_eq!(out, b * t * h * d, "attention wants an output of shape [{b}, {t}, {h}, {d}]");
    assert_eq!(logsumexp, b * h * t, "attention wants logsumexp of shape [{b}, {h}, {t}]");
    if let Some(lengths) = mask.lengths {
        assert_eq!(lengths.len(), b, "attention wants a length for each of {b} rows");
        assert!(lengths.iter().all(|&len| len as usize <= t), "attention wants lengths of at most {t}");
    }
}

/// How many parts of so many heads are one task.
fn together([_, t, _, _, d]: [usize; 5], heads: usize) -> usize {
    (ALONE / (heads * t * t * d).max(1)).max(1)
}

/// One head of one row of the batch.
#[derive(Clone, Copy, Debug)]
struct Head<'a> {
    qkv: &'a [f32],
    /// Which row and which head.
    place: [usize; 2],
    shape: [usize; 5],
    /// Places that count.
    len: usize,
    scale: f32,
    causal: bool,
}

impl<'a> Head<'a> {
    fn of(shape: [usize; 5], scale: f64, mask: AttentionMask<'_>, i: usize, qkv: &'a [f32]) -> Head<'a> {
        let [_, t, h, _, _] = shape;
        let place = [i / h, i % h];
        let len = mask.lengths.map_or(t, |lengths| lengths[place[0]] as usize);
        Head { qkv, place, shape, len, scale: scale as f32, causal: mask.causal }
    }

    /// Queries (0), keys (1) or values (2) of some places in time.
    fn rows(&self, group: usize, times: Range<usize>) -> Rows<'a> {
        let [_, t, h, g, d] = self.shape;
        let [row, head] = self.place;
        let column = if group == 0 { head } else { h + (group - 1) * g + head / (h / g) };
        let start = ((row * t + times.start) * (h + 2 * g) + column) * d;
        Rows { numbers: &self.qkv[start..], apart: (h + 2 * g) * d, count: times.len(), d }
    }

    /// The same places of a tensor `[B, T, H, D]`.
    fn outputs<'o>(&self, out: &'o [f32], times: Range<usize>) -> Rows<'o> {
        let [_, t, h, _, d] = self.shape;
        let [row, head] = self.place;
        Rows {
            numbers: &out[((row * t + times.start) * h + head) * d..],
            apart: h * d,
            count: times.len(),
            d,
        }
    }

    /// The size of a head.
    fn size(&self) -> usize {
        self.shape[4]
    }

    /// The same, filled up to whole pieces.
    fn width<const L: usize>(&self) -> usize {
        self.size().next_multiple_of(L)
    }

    /// The blocks of keys that queries before `end` see.
    fn blocks(&self, end: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let end = if self.causal { end } else { self.len };
        (0..end).step_by(KEYS).map(move |start| start..end.min(start + KEYS))
    }

    /// How many of a block of keys query `first` sees; if it is not all, every query behind it sees one more.
    fn seen(&self, first: usize, keys: &Range<usize>) -> usize {
        if self.causal { keys.len().min(first + 1 - keys.start) } else { keys.len() }
    }
}

/// Puts a number in the place of what queries do not see: of rows `[16]` the first sees `seen`, every other one more.
#[inline(always)]
fn hide(scores: &mut [Row], seen: usize, number: f32) {
    for (i, scores) in scores.iter_mut().skip(seen).enumerate() {
        let mut kept = *scores;
        for (lane, score) in kept.iter_mut().enumerate() {
            *score = if lane as u32 <= i as u32 { number } else { *score };
        }
        *scores = kept;
    }
}

/// Work space that [`cut`] wants.
fn room<const N: usize>(lens: [usize; N]) -> usize {
    lens.iter().map(|len| len.next_multiple_of(PANEL)).sum()
}

/// Work space cut into pieces, each starting on a cache line.
fn cut<const N: usize>(mut space: &mut [f32], lens: [usize; N]) -> [&mut [f32]; N] {
    lens.map(|len| {
        let (piece, rest) = std::mem::take(&mut space).split_at_mut(len.next_multiple_of(PANEL));
        space = rest;
        &mut piece[..len]
    })
}

/// As rows of panels.
fn panels<const L: usize>(numbers: &mut [f32]) -> &mut [[f32; L]] {
    numbers.as_chunks_mut().0
}
