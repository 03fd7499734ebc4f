//! The mean of each window.

use super::{Windows, zip_strided};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::put::{by_write, put};
use crate::scratch::lend;

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

    /// Any windows: row by row of windows, tap by tap, so that neighbouring windows are a vector.
    fn sweep(windows: Windows, x: &[f32], y: &mut [f32]) {
        let [oh, ow] = windows.counts();
        let ([h, w], [stride_y, stride_x], [pad_y, pad_x]) = (windows.plane, windows.stride, windows.padding);
        let area = (windows.kernel[0] * windows.kernel[1]) as f32;
        for (x, y) in x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)) {
            for (row, y) in y.chunks_exact_mut(ow).enumerate() {
                y.fill(0.0);
                let (first_tap, end_tap) = windows.vertical_taps(row);
                for tap_y in first_tap..end_tap {
                    let line = row * stride_y + tap_y - pad_y;
                    for tap_x in 0..windows.kernel[1] {
                        let (first, end) = windows.horizontal_windows(tap_x, ow);
                        let start = if first == end { continue } else { first * stride_x + tap_x - pad_x };
                        let source = &x[line * w + start..(line + 1) * w];
                        zip_strided(source, stride_x, &mut y[first..end], |_, x, y| *y += x);
                    }
                }
                for y in y {
                    *y /= area;
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

    /// Any windows, tap by tap.
    fn spread(windows: Windows, dy: &[f32], dx: &mut [f32]) {
        let [oh, ow] = windows.counts();
        let ([h, w], [stride_y, stride_x], [pad_y, pad_x]) = (windows.plane, windows.stride, windows.padding);
        let area = (windows.kernel[0] * windows.kernel[1]) as f32;
        lend(ow, |shares| {
            for (dy, dx) in dy.chunks_exact(oh * ow).zip(dx.chunks_exact_mut(h * w)) {
                for (row, dy) in dy.chunks_exact(ow).enumerate() {
                    for (share, dy) in shares.iter_mut().zip(dy) {
                        *share = dy / area;
                    }
                    let (first_tap, end_tap) = windows.vertical_taps(row);
                    for tap_y in first_tap..end_tap {
                        let line = row * stride_y + tap_y - pad_y;
                        for tap_x in 0..windows.kernel[1] {
                            let (first, end) = windows.horizontal_windows(tap_x, ow);
                            let start = if first == end { continue } else { first * stride_x + tap_x - pad_x };
                            add_strided(&shares[first..end], stride_x, &mut dx[line * w + start..(line + 1) * w]);
                        }
                    }
                }
            }
        });
    }
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

/// Adds to every number that is `stride` from the one before it.
#[inline(always)]
fn add_strided(values: &[f32], stride: usize, out: &mut [f32]) {
    match stride {
        1 => out.iter_mut().zip(values).for_each(|(out, x)| *out += x),
        2 => {
            let (pairs, last) = out.as_chunks_mut::<2>();
            let count = values.len().min(pairs.len());
            for (pair, x) in pairs.iter_mut().zip(values) {
                pair[0] += x;
            }
            for (out, x) in last.iter_mut().zip(&values[count..]) {
                *out += x;
            }
        }
        _ => out.iter_mut().step_by(stride).zip(values).for_each(|(out, x)| *out += x),
    }
}
