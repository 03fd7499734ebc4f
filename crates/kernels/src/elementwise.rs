//! Sums, multiples and copies of whole slices, and copies of blocks for concatenation and splitting.

use crate::activation::relu;
use crate::ctx::Ctx;
use crate::map::{self, CHUNK, part};
use crate::write::{Write, write_row};

/// Adds two inputs: `out = a + b`.
///
/// # Panics
/// If lengths differ, as for all below.
pub fn add(ctx: &Ctx, a: &[f32], b: &[f32], out: &mut [f32]) {
    map::zip(ctx, plus, a, b, out, Write::Set);
}

/// [`add`], then relu.
pub fn add_relu(ctx: &Ctx, a: &[f32], b: &[f32], out: &mut [f32]) {
    map::zip(ctx, plus_relu, a, b, out, Write::Set);
}

/// Multiplies two inputs, number by number: `out = a * b`, or that added to what stands there.
pub fn multiply(ctx: &Ctx, a: &[f32], b: &[f32], out: &mut [f32], write: Write) {
    map::zip(ctx, times, a, b, out, write);
}

/// Takes the second from the first: `out = a - b`.
pub fn subtract(ctx: &Ctx, a: &[f32], b: &[f32], out: &mut [f32]) {
    map::zip(ctx, minus, a, b, out, Write::Set);
}

/// Turns the sign: `out = -x`, or that added to what stands there.
pub fn negate(ctx: &Ctx, x: &[f32], out: &mut [f32], write: Write) {
    map::zip(ctx, opposite, x, x, out, write);
}

/// Adds to what stands there: `out += x`.
pub fn accumulate(ctx: &Ctx, x: &[f32], out: &mut [f32]) {
    map::zip_in_place(ctx, plus, x, out);
}

/// Multiplies by a number: `x *= factor`, with the factor rounded to `f32` once.
pub fn scale(ctx: &Ctx, factor: f64, x: &mut [f32]) {
    let factor = factor as f32;
    map::map_in_place(ctx, move |x| x * factor, x);
}

/// Copies a slice, or adds it to what stands there.
pub fn copy(ctx: &Ctx, x: &[f32], out: &mut [f32], write: Write) {
    match write {
        Write::Add => accumulate(ctx, x, out),
        Write::Set => {
            assert_eq!(x.len(), out.len(), "a copy wants input and output of one length");
            ctx.team.parts(out, CHUNK, |i, out| out.copy_from_slice(part(x, i, out.len())));
        }
    }
}

#[inline(always)]
fn plus(a: f32, b: f32) -> f32 {
    a + b
}

#[inline(always)]
fn minus(a: f32, b: f32) -> f32 {
    a - b
}

#[inline(always)]
fn opposite(a: f32, _: f32) -> f32 {
    -a
}

#[inline(always)]
fn times(a: f32, b: f32) -> f32 {
    a * b
}

#[inline(always)]
fn plus_relu(a: f32, b: f32) -> f32 {
    relu(a + b)
}

/// Copies blocks from one regular layout to another, or adds them: concatenates or splits along an axis.
///
/// Block `i` of `count` has `len` elements and starts at `i * stride + offset`, where slice, stride and offset are those of
/// `from` and of `to`. A tensor `[A, b, C]` is thus put into `[A, B, C]` from place `p` of the middle axis on by `count = A`,
/// `len = b * C`, `from = (x, b * C, 0)` and `to = (y, B * C, p * C)`. What lies between the blocks is left as it is.
///
/// # Panics
/// If a block reaches beyond its slice or, where there are several, into the next one.
pub fn copy_blocks(
    ctx: &Ctx,
    count: usize,
    from: (&[f32], usize, usize),
    to: (&mut [f32], usize, usize),
    len: usize,
    write: Write,
) {
    if count == 0 || len == 0 {
        return;
    }
    let ((x, x_stride, x_offset), (y, y_stride, y_offset)) = (from, to);
    assert!((count - 1) * x_stride + x_offset + len <= x.len(), "a block to copy reaches beyond its slice");
    assert!(
        (count - 1) * y_stride + y_offset + len <= y.len(),
        "a block reaches beyond the slice it is put into"
    );
    assert!(count == 1 || y_offset + len <= y_stride, "a block reaches into the next one");
    if count == 1 || len >= CHUNK {
        for i in 0..count {
            let y = &mut y[i * y_stride + y_offset..][..len];
            copy(ctx, &x[i * x_stride + x_offset..][..len], y, write);
        }
        return;
    }
    let end = y.len().min(count * y_stride);
    let blocks = CHUNK.div_ceil(len); // of a task
    ctx.team.parts(&mut y[..end], blocks * y_stride, |task, y| {
        for (i, y) in y.chunks_mut(y_stride).enumerate() {
            let x = &x[(task * blocks + i) * x_stride + x_offset..][..len];
            write_row(&mut y[y_offset..][..len], x, write);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{everywhere, measure, normal};

    #[test]
    fn slices_are_added_scaled_and_copied() {
        for len in [0, 1, 7, 33, 2 * CHUNK + 5] {
            let (a, b) = (normal(1, len), normal(2, len));
            let got = everywhere(|ctx| {
                let (mut sum, mut copied) = (vec![f32::NAN; len], vec![f32::NAN; len]);
                add(ctx, &a, &b, &mut sum);
                let mut cut = vec![f32::NAN; sum.len()];
                add_relu(ctx, &a, &b, &mut cut);
                assert!(cut.iter().zip(&sum).all(|(cut, sum)| *cut == sum.max(0.0)));
                accumulate(ctx, &a, &mut sum);
                scale(ctx, 0.1, &mut sum);
                copy(ctx, &b, &mut copied, Write::Set);
                copy(ctx, &a, &mut copied, Write::Add);
                let mut product = vec![f32::NAN; len];
                multiply(ctx, &a, &b, &mut product, Write::Set);
                multiply(ctx, &a, &b, &mut product, Write::Add);
                assert!((0..len).all(|i| product[i] == 2.0 * (a[i] * b[i])));
                let mut difference = vec![f32::NAN; len];
                subtract(ctx, &a, &b, &mut difference);
                assert!((0..len).all(|i| difference[i] == a[i] - b[i]));
                negate(ctx, &b, &mut difference, Write::Add);
                assert!((0..len).all(|i| difference[i] == a[i] - b[i] - b[i]));
                negate(ctx, &b, &mut difference, Write::Set);
                assert!((0..len).all(|i| difference[i] == -b[i]));
                [sum, copied].concat()
            });
            for i in 0..len {
                assert_eq!(got[i], (a[i] + b[i] + a[i]) * 0.1);
                assert_eq!(got[len + i], b[i] + a[i]);
            }
        }
    }

    #[test]
    fn blocks_are_concatenated_and_split() {
        // [count, 2 + len, 1] from [count, 2, 1] and [count, len, 1]: short blocks, long ones, one.
        for (count, len) in [(0, 3), (3, 0), (1, 5), (5, 3), (20_000, 3), (2, CHUNK + 1), (1, 3 * CHUNK)] {
            let (a, b) = (normal(1, count * 2), normal(2, count * len));
            let stride = 2 + len;
            everywhere(|ctx| {
                let mut joined = vec![f32::NAN; count * stride];
                copy_blocks(ctx, count, (&a, 2, 0), (&mut joined, stride, 0), 2, Write::Set);
                copy_blocks(ctx, count, (&b, len, 0), (&mut joined, stride, 2), len, Write::Set);
                for i in 0..count {
                    assert_eq!(joined[i * stride..][..2], a[i * 2..][..2]);
                    assert_eq!(joined[i * stride + 2..][..len], b[i * len..][..len]);
                }
                let mut split = b.clone();
                copy_blocks(ctx, count, (&joined, stride, 2), (&mut split, len.max(1), 0), len, Write::Add);
                assert!(split.iter().zip(&b).all(|(twice, b)| *twice == 2.0 * b));
                joined
            });
        }
    }

    #[test]
    #[should_panic(expected = "a block reaches into the next one")]
    fn blocks_do_not_meet() {
        copy_blocks(&Ctx::new(1), 2, (&[0.0; 8], 4, 0), (&mut [0.0; 8], 3, 1), 3, Write::Set);
    }

    #[test]
    #[ignore = "measures"]
    fn speed() {
        let len = 1 << 20;
        let (a, b, mut out) = (normal(1, len), normal(2, len), vec![0.0; len]);
        measure("add", len, |ctx| add(ctx, &a, &b, &mut out));
        measure("accumulate", len, |ctx| accumulate(ctx, &a, &mut out));
        measure("scale", len, |ctx| scale(ctx, 1.0, &mut out));
        measure("copy", len, |ctx| copy(ctx, &a, &mut out, Write::Set));
        measure("copy_blocks of 64", len, |ctx| {
            copy_blocks(ctx, len / 64, (&a, 64, 0), (&mut out, 64, 0), 64, Write::Set);
        });
        measure("copy_blocks of 64, adding", len, |ctx| {
            copy_blocks(ctx, len / 64, (&a, 64, 0), (&mut out, 64, 0), 64, Write::Add);
        });
    }
}
