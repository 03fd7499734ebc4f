//! One function on every element, cut into tasks.
//!
//! The function is named, not a closure, and is `#[inline(always)]`: so it is compiled into the loop of every rung.

use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::write::{Write, by_write, put};

/// Elements of a task: enough to pay for the hand-over, and in the first cache together with two more streams.
pub(crate) const CHUNK: usize = 1 << 13;

rungs! {
    fn map_chunk(f: impl Fn(f32) -> f32, x: &[f32], y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = f(x);
        }
    }

    fn map_chunk_in_place(f: impl Fn(f32) -> f32, x: &mut [f32]) {
        for x in x {
            *x = f(*x);
        }
    }

    fn zip_chunk<const ADD: bool>(f: impl Fn(f32, f32) -> f32, a: &[f32], b: &[f32], out: &mut [f32]) {
        for (out, (&a, &b)) in out.iter_mut().zip(a.iter().zip(b)) {
            put::<ADD>(out, f(a, b));
        }
    }

    fn zip_chunk_in_place(f: impl Fn(f32, f32) -> f32, a: &[f32], b: &mut [f32]) {
        for (b, &a) in b.iter_mut().zip(a) {
            *b = f(a, *b);
        }
    }
}

/// The stretch of a slice that belongs to part `i` of `len` elements.
#[inline(always)]
pub(crate) fn part(slice: &[f32], i: usize, len: usize) -> &[f32] {
    &slice[i * CHUNK..][..len]
}

/// `y = f(x)`.
pub(crate) fn map(ctx: &Ctx, f: impl Fn(f32) -> f32 + Copy + Sync, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "an elementwise kernel wants input and output of one length");
    ctx.team.parts(y, CHUNK, |i, y| map_chunk(ctx.isa, f, part(x, i, y.len()), y));
}

/// `x = f(x)`.
pub(crate) fn map_in_place(ctx: &Ctx, f: impl Fn(f32) -> f32 + Copy + Sync, x: &mut [f32]) {
    ctx.team.parts(x, CHUNK, |_, x| map_chunk_in_place(ctx.isa, f, x));
}

/// `out = f(a, b)`, or that added to `out`.
pub(crate) fn zip(
    ctx: &Ctx,
    f: impl Fn(f32, f32) -> f32 + Copy + Sync,
    a: &[f32],
    b: &[f32],
    out: &mut [f32],
    write: Write,
) {
    assert_eq!(a.len(), out.len(), "an elementwise kernel wants inputs and output of one length");
    assert_eq!(b.len(), out.len(), "an elementwise kernel wants inputs and output of one length");
    ctx.team.parts(out, CHUNK, |i, out| {
        let (a, b) = (part(a, i, out.len()), part(b, i, out.len()));
        by_write!(write, zip_chunk(ctx.isa, f, a, b, out));
    });
}

/// `out = f(a, by)`, the numbers of `by` for each block of so many, or that added to `out`.
pub(crate) fn zip_repeated(
    ctx: &Ctx,
    f: impl Fn(f32, f32) -> f32 + Copy + Sync,
    a: &[f32],
    by: &[f32],
    out: &mut [f32],
    write: Write,
) {
    assert_eq!(a.len(), out.len(), "an elementwise kernel wants inputs and output of one length");
    if out.is_empty() {
        return;
    }
    let len = by.len().max(1);
    assert_eq!(out.len() % len, 0, "repeated numbers want whole blocks of {}", by.len());
    let task = (CHUNK / len).max(1) * len;
    ctx.team.parts(out, task, |i, out| {
        let a = &a[i * task..][..out.len()];
        for (a, out) in a.chunks_exact(len).zip(out.chunks_exact_mut(len)) {
            by_write!(write, zip_chunk(ctx.isa, f, a, by, out));
        }
    });
}

/// `b = f(a, b)`.
pub(crate) fn zip_in_place(ctx: &Ctx, f: impl Fn(f32, f32) -> f32 + Copy + Sync, a: &[f32], b: &mut [f32]) {
    assert_eq!(a.len(), b.len(), "an elementwise kernel wants inputs and output of one length");
    ctx.team.parts(b, CHUNK, |i, b| zip_chunk_in_place(ctx.isa, f, part(a, i, b.len()), b));
}
