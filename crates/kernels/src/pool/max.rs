//! The largest number of each window.

use std::ops::Range;

use super::{Windows, strided};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::rungs;

/// Max pooling.
///
/// `planes` is `N * C`. `x`: `[planes, H, W]`; `y`, `places`: `[planes, OH, OW]`. A place is that of the winner in its plane, `row *
/// W + column`, which the way back needs.
///
/// As in PyTorch the first of equal numbers in row-major order wins, a NaN wins over every number and over an earlier NaN, and
/// padding is never selected.
///
/// # Panics
/// If a length does not fit the sizes, or the windows are none (see [`Windows::counts`]).
pub fn max_pool(ctx: &Ctx, planes: usize, windows: &Windows, x: &[f32], y: &mut [f32], places: &mut [u32]) {
    let (input, output) = windows.lengths(planes, x.len(), y.len());
    assert_eq!(places.len(), y.len(), "max pooling wants a place for each window");
    assert!(u32::try_from(input).is_ok(), "max pooling wants planes of fewer than 2^32 numbers, got {input}");
    if y.is_empty() {
        return;
    }
    let part = windows.planes_of_task();
    ctx.team.parts2((y, part * output), (places, part * output), |i, y, places| {
        let x = &x[i * part * input..][..y.len() / output * input];
        if windows.are_halving() {
            halving(ctx.isa, windows.plane, x, y, places);
        } else {
            sweep(ctx.isa, *windows, x, y, places);
        }
    });
}

/// The gradient of [`max_pool`]: what reaches a window goes to its winner.
///
/// `dy`, `places`: `[planes, OH, OW]`; `dx`: `[planes, H, W]`. Windows that overlap add up in their order.
///
/// # Panics
/// If a length does not fit the sizes, or a place lies outside its plane.
pub fn max_pool_backward(
    ctx: &Ctx,
    planes: usize,
    windows: &Windows,
    dy: &[f32],
    places: &[u32],
    dx: &mut [f32],
    write: Write,
) {
    let (input, output) = windows.lengths(planes, dx.len(), dy.len());
    assert_eq!(places.len(), dy.len(), "max pooling wants a place for each window");
    if dx.is_empty() {
        return;
    }
    let part = windows.planes_of_task();
    ctx.team.parts(dx, part * input, |i, dx| {
        let windows_here = i * part * output..i * part * output + dx.len() / input * output;
        let (dy, places) = (&dy[windows_here.clone()], &places[windows_here]);
        if write == Write::Set && windows.are_halving() {
            return doubling(ctx.isa, windows.plane, dy, places, dx);
        }
        if write == Write::Set {
            dx.fill(0.0);
        }
        let planes = dy.chunks_exact(output).zip(places.chunks_exact(output)).zip(dx.chunks_exact_mut(input));
        planes.for_each(|((dy, places), dx)| to_winners(dy, places, dx));
    });
}

/// What reaches the windows of a plane, to the numbers that won.
pub(super) fn to_winners(dy: &[f32], places: &[u32], dx: &mut [f32]) {
    for (dy, place) in dy.iter().zip(places) {
        dx[*place as usize] += dy;
    }
}

/// Whether a number takes the place of the largest so far.
#[inline(always)]
pub(super) fn wins(value: f32, largest: f32) -> bool {
    (value > largest) | value.is_nan()
}

rungs! {
    /// 2 x 2 windows side by side.
    fn halving(plane: [usize; 2], x: &[f32], y: &mut [f32], places: &mut [u32]) {
        let [h, w] = plane;
        let (oh, ow) = (h / 2, w / 2);
        let planes = x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)).zip(places.chunks_exact_mut(oh * ow));
        for ((x, y), places) in planes {
            let rows = x.chunks_exact(2 * w).zip(y.chunks_exact_mut(ow)).zip(places.chunks_exact_mut(ow));
            for (row, ((x, y), places)) in rows.enumerate() {
                let (upper, lower) = x.split_at(w);
                let first = (row * 2 * w) as u32;
                if ow >= 8 {
                    blocks::<8>(upper, lower, first, y, places);
                } else if ow >= 4 {
                    blocks::<4>(upper, lower, first, y, places);
                } else {
                    blocks::<1>(upper, lower, first, y, places);
                }
            }
        }
    }

    /// Any windows: several neighbours at the same time, tap by tap.
    fn sweep(windows: Windows, x: &[f32], y: &mut [f32], places: &mut [u32]) {
        let [oh, ow] = windows.counts();
        let [h, w] = windows.plane;
        let inner = windows.inner(ow);
        let planes = x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)).zip(places.chunks_exact_mut(oh * ow));
        for ((x, y), places) in planes {
            let rows = y.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow));
            for (row, (y, places)) in rows.enumerate() {
                match (inner.len() >= 8, windows.stride[1]) {
                    (true, 1) => window_blocks::<8, 1>(&windows, x, row, inner.clone(), y, places),
                    (true, _) => window_blocks::<8, 2>(&windows, x, row, inner.clone(), y, places),
                    (false, 1) => window_blocks::<4, 1>(&windows, x, row, inner.clone(), y, places),
                    (false, _) => window_blocks::<4, 2>(&windows, x, row, inner.clone(), y, places),
                }
                for at in (0..inner.start).chain(inner.end..ow) {
                    window(&windows, x, [row, at], y, places);
                }
            }
        }
    }

    /// The way back of `halving`, where nothing stands yet.
    fn doubling(plane: [usize; 2], dy: &[f32], places: &[u32], dx: &mut [f32]) {
        let [h, w] = plane;
        let (oh, ow) = (h / 2, w / 2);
        let planes = dy.chunks_exact(oh * ow).zip(places.chunks_exact(oh * ow)).zip(dx.chunks_exact_mut(h * w));
        for ((dy, places), dx) in planes {
            for (row, (dy, places)) in dy.chunks_exact(ow).zip(places.chunks_exact(ow)).enumerate() {
                let (upper, lower) = dx[row * 2 * w..][..2 * w].split_at_mut(w);
                let first = (row * 2 * w) as u32;
                if w % 2 == 1 {
                    (upper[w - 1], lower[w - 1]) = (0.0, 0.0);
                }
                for (dx, first) in [(upper, first), (lower, first + w as u32)] {
                    if ow >= 8 {
                        spread::<8>(dy, places, first, dx);
                    } else if ow >= 4 {
                        spread::<4>(dy, places, first, dx);
                    } else {
                        spread::<1>(dy, places, first, dx);
                    }
                }
            }
            dx[oh * 2 * w..].fill(0.0);
        }
    }
}

/// One window, which may reach beyond the plane.
#[inline(always)]
fn window(windows: &Windows, x: &[f32], [row, column]: [usize; 2], y: &mut [f32], places: &mut [u32]) {
    let [lines, columns] = [windows.lines(0, row), windows.lines(1, column)];
    let w = windows.plane[1];
    let (mut largest, mut winner) = (f32::NEG_INFINITY, lines.start * w + columns.start);
    for line in lines {
        for place in line * w + columns.start..line * w + columns.end {
            let x = x[place];
            let won = wins(x, largest);
            largest = if won { x } else { largest };
            winner = if won { place } else { winner };
        }
    }
    (y[column], places[column]) = (largest, winner as u32);
}

/// Windows that lie within the plane's columns, `B` at the same time; the last ones may be done twice.
#[inline(always)]
fn window_blocks<const B: usize, const STRIDE: usize>(
    windows: &Windows,
    x: &[f32],
    row: usize,
    inner: Range<usize>,
    y: &mut [f32],
    places: &mut [u32],
) {
    let mut next = inner.start;
    while next < inner.end {
        window_block::<B, STRIDE>(windows, x, [row, next.min(inner.end - B)], y, places);
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
    places: &mut [u32],
) {
    let (w, start) = (windows.plane[1], first * STRIDE - windows.padding[1]);
    let lines = windows.lines(0, row);
    let mut largest = [f32::NEG_INFINITY; B];
    let mut winners: [u32; B] = std::array::from_fn(|i| (lines.start * w + start + i * STRIDE) as u32);
    for line in lines {
        for tap in 0..windows.kernel[1] {
            let place = line * w + start + tap;
            let numbers = strided::<B, STRIDE>(&x[place..]);
            for i in 0..B {
                let won = wins(numbers[i], largest[i]);
                largest[i] = if won { numbers[i] } else { largest[i] };
                winners[i] = if won { (place + i * STRIDE) as u32 } else { winners[i] };
            }
        }
    }
    y[first..first + B].copy_from_slice(&largest);
    places[first..first + B].copy_from_slice(&winners);
}

/// A row of 2 x 2 windows in blocks of `B`; the last block overlaps the one before it and writes the same again.
#[inline(always)]
fn blocks<const B: usize>(upper: &[f32], lower: &[f32], first: u32, y: &mut [f32], places: &mut [u32]) {
    let (count, width) = (y.len(), upper.len() as u32);
    let mut next = 0;
    while next < count {
        let at = next.min(count - B);
        let (Some(upper), Some(lower)) = (
            upper[2 * at..].as_chunks::<2>().0.first_chunk::<B>(),
            lower[2 * at..].as_chunks::<2>().0.first_chunk::<B>(),
        ) else {
            unreachable!("a row has two numbers for each window")
        };
        let (y, places) = (&mut y[at..][..B], &mut places[at..][..B]);
        for i in 0..B {
            let place = first + 2 * (at + i) as u32;
            let below = place + width;
            let (mut largest, mut winner) = (upper[i][0], place);
            for (x, place) in [(upper[i][1], place + 1), (lower[i][0], below), (lower[i][1], below + 1)] {
                let won = wins(x, largest);
                largest = if won { x } else { largest };
                winner = if won { place } else { winner };
            }
            (y[i], places[i]) = (largest, winner);
        }
        next += B;
    }
}

/// A row of gradients to one of the two rows of the plane that its windows meet, whose first place is `first`.
#[inline(always)]
fn spread<const B: usize>(dy: &[f32], places: &[u32], first: u32, dx: &mut [f32]) {
    let pairs = dx.as_chunks_mut::<2>().0;
    for at in (0..dy.len()).step_by(B).map(|at| at.min(dy.len() - B)) {
        let (dy, places, pairs) = (&dy[at..at + B], &places[at..at + B], &mut pairs[at..at + B]);
        let first = first + 2 * at as u32;
        // The gradient is read whether it is kept or not: a load behind a condition would be a branch.
        let keep = |i: usize, place: u32| dy[i].to_bits() & u32::from(places[i] == place).wrapping_neg();
        let left: [u32; B] = std::array::from_fn(|i| keep(i, first + 2 * i as u32));
        let right: [u32; B] = std::array::from_fn(|i| keep(i, first + 2 * i as u32 + 1));
        for i in 0..B {
            pairs[i] = [f32::from_bits(left[i]), f32::from_bits(right[i])];
        }
    }
}
