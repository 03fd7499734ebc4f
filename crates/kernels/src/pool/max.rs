//! The largest number of each window.

use super::{Windows, zip_strided};
use crate::Write;
use crate::buffer::as_words_mut;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;

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
        for ((dy, places), dx) in planes {
            for (dy, place) in dy.iter().zip(places) {
                dx[*place as usize] += dy;
            }
        }
    });
}

/// Whether a number takes the place of the largest so far.
#[inline(always)]
fn wins(value: f32, largest: f32) -> bool {
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

    /// Any windows: row by row of windows, tap by tap, so that neighbouring windows are a vector.
    fn sweep(windows: Windows, x: &[f32], y: &mut [f32], places: &mut [u32]) {
        let [oh, ow] = windows.counts();
        let ([h, w], [stride_y, stride_x], [pad_y, pad_x]) = (windows.plane, windows.stride, windows.padding);
        let planes = x.chunks_exact(h * w).zip(y.chunks_exact_mut(oh * ow)).zip(places.chunks_exact_mut(oh * ow));
        lend(2 * ow, |state| {
            let (largest, winners) = state.split_at_mut(ow);
            let winners = as_words_mut(winners);
            for ((x, y), places) in planes {
                let rows = y.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow));
                for (row, (y, places)) in rows.enumerate() {
                    let (first_tap, end_tap) = windows.vertical_taps(row);
                    let top = row * stride_y + first_tap - pad_y;
                    largest.fill(f32::NEG_INFINITY);
                    for (i, winner) in winners.iter_mut().enumerate() {
                        *winner = (top * w + (i * stride_x).saturating_sub(pad_x)) as u32;
                    }
                    for tap_y in first_tap..end_tap {
                        let line = row * stride_y + tap_y - pad_y;
                        for tap_x in 0..windows.kernel[1] {
                            let (first, end) = windows.horizontal_windows(tap_x, ow);
                            let start = if first == end { continue } else { first * stride_x + tap_x - pad_x };
                            let place = (line * w + start) as u32;
                            let source = &x[line * w + start..(line + 1) * w];
                            take(source, stride_x, place, &mut largest[first..end], &mut winners[first..end]);
                        }
                    }
                    y.copy_from_slice(largest);
                    places.copy_from_slice(winners);
                }
            }
        });
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
                spread(dy, places, first, upper);
                spread(dy, places, first + w as u32, lower);
            }
            dx[oh * 2 * w..].fill(0.0);
        }
    }
}

/// One tap of a row of windows.
#[inline(always)]
fn take(source: &[f32], stride: usize, first: u32, largest: &mut [f32], winners: &mut [u32]) {
    let winners = &mut winners[..largest.len()];
    let step = stride as u32;
    zip_strided(source, stride, largest, |i, x, largest| {
        let won = wins(x, *largest);
        *largest = if won { x } else { *largest };
        winners[i] = if won { first + i as u32 * step } else { winners[i] };
    });
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
fn spread(dy: &[f32], places: &[u32], first: u32, dx: &mut [f32]) {
    for (i, ((dy, place), dx)) in dy.iter().zip(places).zip(dx.as_chunks_mut::<2>().0).enumerate() {
        let left = first + 2 * i as u32;
        *dx = [if *place == left { *dy } else { 0.0 }, if *place == left + 1 { *dy } else { 0.0 }];
    }
}
