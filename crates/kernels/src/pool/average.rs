//! The mean of each window.

use std::ops::Range;

use super::{Windows, strided};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;
use crate::write::{Write, by_write, put};

/// Average pooling: the sum of each window divided by the area of the kernel, padding counted in, as in PyTorch.
///
/// `planes` is `N * C`. `x`: `[planes, H, W]`; `y`: `[planes, OH, OW]`.
///
/// # Panics
/// If a length does not fit the sizes, or the windows are none (see [`Windows::counts`]).
pub fn average_pool(ctx: &Ctx, planes: usize, windows: &Windows, x: &[f32], y: &mut [f32]) {
    let (input, output) = windows.lengths(planes, x.len(), y.len());
    if y.is_empty() {
        return;
    }
    let part = windows.planes_of_task();
    ctx.team.parts(y, part * output, |i, y| {
        let x = &x[i * part * input..][..y.len() / output * input];
        if windows.are_halving() {
            halving(ctx.isa, windows.plane, x, y);
        } else {
            sweep(ctx.isa, *windows, x, y);
        }
    });
}

/// The gradient of [`average_pool`]: what reaches a window goes to all its numbers in equal parts.
///
/// `dy`: `[planes, OH, OW]`; `dx`: `[planes, H, W]`. Windows that overlap add up.
///
/// # Panics
/// If a length does not fit the sizes.
pub fn average_pool_backward(
    ctx: &Ctx,
    planes: usize,
    windows: &Windows,
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    let (input, output) = windows.lengths(planes, dx.len(), dy.len());
    if dx.is_empty() {
        return;
    }
    let part = windows.planes_of_task();
    ctx.team.parts(dx, part * input, |i, dx| {
        let dy = &dy[i * part * output..][..dx.len() / input * output];
        if windows.are_halving() {
            by_write!(write, doubling(ctx.isa, windows.plane, dy, dx));
        } else {
            if write == Write::Set {
                dx.fill(0.0);
            }
            spread(ctx.isa, *windows, dy, dx);
        }
    });
}

rungs! {
    /// 2 x 2 windows side by side.
    fn halving(plane: [usize; 2], x: &[f32], y: &mut [f32]) {
        let [h, w] = plane;
        let (oh, ow) = (h / 2, w / 2);
        for (x, y) in x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)) {
            for (x, y) in x.chunks_exact(2 * w).zip(y.chunks_exact_mut(ow)) {
                let (upper, lower) = x.split_at(w);
                if ow >= 8 {
                    blocks::<8>(upper, lower, y);
                } else if ow >= 4 {
                    blocks::<4>(upper, lower, y);
                } else {
                    blocks::<1>(upper, lower, y);
                }
            }
        }
    }

    /// Any windows: several neighbours at the same time, tap by tap.
    fn sweep(windows: Windows, x: &[f32], y: &mut [f32]) {
        let [oh, ow] = windows.counts();
        let [h, w] = windows.plane;
        let inner = windows.inner(ow);
        for (x, y) in x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)) {
            for (row, y) in y.chunks_exact_mut(ow).enumerate() {
                match (inner.len() >= 8, windows.stride[1]) {
                    (true, 1) => window_blocks::<8, 1>(&windows, x, row, inner.clone(), y),
                    (true, _) => window_blocks::<8, 2>(&windows, x, row, inner.clone(), y),
                    (false, 1) => window_blocks::<4, 1>(&windows, x, row, inner.clone(), y),
                    (false, _) => window_blocks::<4, 2>(&windows, x, row, inner.clone(), y),
                }
                for at in (0..inner.start).chain(inner.end..ow) {
                    window(&windows, x, [row, at], y);
                }
            }
        }
    }

    /// The way back of `halving`.
    fn doubling<const ADD: bool>(plane: [usize; 2], dy: &[f32], dx: &mut [f32]) {
        let [h, w] = plane;
        let (oh, ow) = (h / 2, w / 2);
        for (dy, dx) in dy.chunks_exact(oh * ow).zip(dx.chunks_exact_mut(h * w)) {
            for (row, dy) in dy.chunks_exact(ow).enumerate() {
                for dx in dx[row * 2 * w..][..2 * w].chunks_exact_mut(w) {
                    let (pairs, rest) = dx.as_chunks_mut::<2>();
                    for (dy, dx) in dy.iter().zip(pairs) {
                        let dy = dy / 4.0;
                        put::<ADD>(&mut dx[0], dy);
                        put::<ADD>(&mut dx[1], dy);
                    }
                    if !ADD {
                        rest.fill(0.0);
                    }
                }
            }
            if !ADD {
                dx[oh * 2 * w..].fill(0.0);
            }
        }
    }

    /// Any windows: what a row of them sends to each of its lines, which is the same, and then the lines.
    fn spread(windows: Windows, dy: &[f32], dx: &mut [f32]) {
        let [oh, ow] = windows.counts();
        let ([h, w], stride, padding) = (windows.plane, windows.stride[1], windows.padding[1]);
        // In front of a last window that reaches beyond the padding all are whole.
        let whole = (0..ow).take_while(|at| windows.extent(1, *at) == windows.kernel[1]).count();
        let padded = (w + 2 * padding).max((ow - 1) * stride + windows.kernel[1]);
        // Columns that are a stride apart lie together, so that a tap adds to neighbours.
        let phase = padded.div_ceil(stride);
        lend(ow + padded + stride * phase, |work| {
            let (shares, rest) = work.split_at_mut(ow);
            let (line, phases) = rest.split_at_mut(padded);
            for (dy, dx) in dy.chunks_exact(oh * ow).zip(dx.chunks_exact_mut(h * w)) {
                for (row, dy) in dy.chunks_exact(ow).enumerate() {
                    let area = (windows.extent(0, row) * windows.kernel[1]) as f32;
                    for (share, dy) in shares.iter_mut().zip(dy) {
                        *share = dy / area;
                    }
                    for at in whole..ow {
                        shares[at] = dy[at] / (windows.extent(0, row) * windows.extent(1, at)) as f32;
                    }
                    phases.fill(0.0);
                    for tap in 0..windows.kernel[1] {
                        add(shares, &mut phases[tap % stride * phase + tap / stride..][..ow]);
                    }
                    for (first, phase) in phases.chunks_exact(phase).enumerate() {
                        for (sum, x) in line.iter_mut().skip(first).step_by(stride).zip(phase) {
                            *sum = *x;
                        }
                    }
                    for y in windows.lines(0, row) {
                        add(&line[padding..padding + w], &mut dx[y * w..][..w]);
                    }
                }
            }
        });
    }
}

/// One window, which may reach beyond the plane.
#[inline(always)]
fn window(windows: &Windows, x: &[f32], [row, column]: [usize; 2], y: &mut [f32]) {
    let [lines, columns] = [windows.lines(0, row), windows.lines(1, column)];
    let mut sum = 0.0;
    for line in lines {
        for x in &x[line * windows.plane[1]..][columns.clone()] {
            sum += x;
        }
    }
    y[column] = sum / (windows.extent(0, row) * windows.extent(1, column)) as f32;
}

/// Windows that lie within the plane's columns, `B` at the same time; the last ones may be done twice.
#[inline(always)]
fn window_blocks<const B: usize, const STRIDE: usize>(
    windows: &Windows,
    x: &[f32],
    row: usize,
    inner: Range<usize>,
    y: &mut [f32],
) {
    let mut next = inner.start;
    while next < inner.end {
        window_block::<B, STRIDE>(windows, x, [row, next.min(inner.end - B)], y);
        next += B;
    }
}

/// `B` neighbouring windows that lie within the plane's columns.
#[inline(always)]
fn window_block<const B: usize, const STRIDE: usize>(
    windows: &Windows,
    x: &[f32],
    [row, first]: [usize; 2],
    y: &mut [f32],
) {
    let start = first * STRIDE - windows.padding[1];
    let area = (windows.extent(0, row) * windows.kernel[1]) as f32;
    let mut sums = [0.0; B];
    for line in windows.lines(0, row) {
        for tap in 0..windows.kernel[1] {
            let numbers = strided::<B, STRIDE>(&x[line * windows.plane[1] + start + tap..]);
            for (sum, x) in sums.iter_mut().zip(numbers) {
                *sum += x;
            }
        }
    }
    y[first..first + B].copy_from_slice(&sums.map(|sum| sum / area));
}

/// A row of 2 x 2 windows in blocks of `B`; the last block overlaps the one before it and writes the same again.
#[inline(always)]
fn blocks<const B: usize>(upper: &[f32], lower: &[f32], y: &mut [f32]) {
    let count = y.len();
    let mut next = 0;
    while next < count {
        let at = next.min(count - B);
        let upper = &upper[2 * at..].as_chunks::<2>().0[..B];
        let lower = &lower[2 * at..].as_chunks::<2>().0[..B];
        for (y, (upper, lower)) in y[at..][..B].iter_mut().zip(upper.iter().zip(lower)) {
            *y = (upper[0] + upper[1] + lower[0] + lower[1]) / 4.0;
        }
        next += B;
    }
}

/// Adds in blocks of eight: lines are short.
#[inline(always)]
fn add(values: &[f32], out: &mut [f32]) {
    let ((values, value_rest), (out, out_rest)) = (values.as_chunks::<8>(), out.as_chunks_mut::<8>());
    for (out, values) in out.iter_mut().zip(values) {
        for (out, x) in out.iter_mut().zip(values) {
            *out += x;
        }
    }
    for (out, x) in out_rest.iter_mut().zip(value_rest) {
        *out += x;
    }
}
