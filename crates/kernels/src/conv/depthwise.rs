//! Convolution where each channel has filters of its own: nothing to multiply as matrices, so each row of pixels stays in
//! registers while the taps pass by.

use super::gather::Gather;
use crate::Write;
use crate::gemm::{Bias, Block, Epilogue, at_least, floor};
use crate::isa::rungs;
use crate::lanes::LANES;

rungs! {
    /// Row `i` of `c` is the sum of the rows of `b`, each times its number in `weight[i]`: `[rows, k]`.
    pub(super) fn stencils(
        b: &Gather<'_>,
        weight: &[f32],
        c: &mut Block<'_>,
        write: Write,
        epilogue: Epilogue<'_>,
        first: usize,
    ) -> () {
        let floor = floor(epilogue.relu);
        for (i, weight) in weight.chunks_exact(b.deep.len()).enumerate() {
            let bias = match epilogue.bias {
                Bias::None => None,
                Bias::Rows(bias) | Bias::Columns(bias) => Some(bias[first + i]),
            };
            for (run, &start) in (0..b.count.div_ceil(b.length)).zip(b.runs) {
                let out = c.row(i, run * b.length..(run + 1) * b.length);
                let data = &b.data[start as usize..];
                if b.length > LANES {
                    stencil::<{ 2 * LANES }>(data, b.deep, weight, out, write, bias, floor);
                } else {
                    stencil::<LANES>(data, b.deep, weight, out, write, bias, floor);
                }
            }
        }
    }

    /// For each row of `b` its product with `dy`, a plane of pixels: added to the lanes of that row in `sums`.
    pub(super) fn dots(b: &Gather<'_>, dy: &[f32], sums: &mut [f32]) -> () {
        let sums = sums.as_chunks_mut::<LANES>().0;
        let (nines, rest) = b.deep.as_chunks::<9>();
        let (of_nines, sums) = sums.as_chunks_mut::<9>();
        for (taps, sums) in nines.iter().zip(of_nines) {
            dots_of(b, taps, dy, sums);
        }
        let (fours, ones) = rest.as_chunks::<4>();
        let (of_fours, sums) = sums.as_chunks_mut::<4>();
        for (taps, sums) in fours.iter().zip(of_fours) {
            dots_of(b, taps, dy, sums);
        }
        for (tap, sum) in ones.iter().zip(sums) {
            dots_of(b, &[*tap], dy, std::array::from_mut(sum));
        }
    }
}

/// The products of `N` rows, whose sums stay in registers: a kernel of 3x3 has nine.
#[inline(always)]
fn dots_of<const N: usize>(b: &Gather<'_>, taps: &[u32; N], dy: &[f32], sums: &mut [[f32; LANES]; N]) {
    let mut own = *sums;
    let rest = b.length % LANES;
    let mut mask = [0; LANES];
    mask[..rest].fill(u32::MAX);
    for (pixels, &run) in dy.chunks_exact(b.length).zip(b.runs) {
        let (chunks, last) = pixels.as_chunks::<LANES>();
        for (i, dy) in chunks.iter().enumerate() {
            let data = &b.data[run as usize + i * LANES..];
            for (sum, tap) in own.iter_mut().zip(taps) {
                *sum = more(*sum, dy, seen(data, *tap));
            }
        }
        if rest == 0 {
            continue;
        }
        let mut dy = [0.0; LANES];
        dy[..rest].copy_from_slice(last);
        let data = &b.data[run as usize + chunks.len() * LANES..];
        for (sum, tap) in own.iter_mut().zip(taps) {
            // What lies behind a row may be NaN, so it is not enough to multiply it by zero.
            let mut x = seen(data, *tap);
            for (x, mask) in x.iter_mut().zip(&mask) {
                *x = f32::from_bits(x.to_bits() & mask);
            }
            *sum = more(*sum, &dy, x);
        }
    }
    *sums = own;
}

/// What a tap sees of the pixels that `data` begins with.
#[inline(always)]
fn seen(data: &[f32], tap: u32) -> [f32; LANES] {
    let mut seen = [0.0; LANES];
    seen.copy_from_slice(&data[tap as usize..][..LANES]);
    seen
}

#[inline(always)]
fn more(mut sum: [f32; LANES], dy: &[f32; LANES], x: [f32; LANES]) -> [f32; LANES] {
    for ((sum, dy), x) in sum.iter_mut().zip(dy).zip(&x) {
        *sum = dy.mul_add(*x, *sum);
    }
    sum
}

/// One row of pixels, `W` at a time; `data` may be read that far beyond its end.
#[inline(always)]
fn stencil<const W: usize>(
    data: &[f32],
    taps: &[u32],
    weight: &[f32],
    out: &mut [f32],
    write: Write,
    bias: Option<f32>,
    floor: f32,
) {
    let bias = bias.unwrap_or(-0.0); // adding minus zero changes nothing
    let (chunks, last) = out.as_chunks_mut::<W>();
    let whole = chunks.len() * W;
    for (i, out) in chunks.iter_mut().enumerate() {
        let sums = sums_of(&data[i * W..], taps, weight, out, write);
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = at_least(floor, sum + bias);
        }
    }
    if !last.is_empty() {
        let (mut out, len) = ([0.0; W], last.len());
        if write == Write::Add {
            out[..len].copy_from_slice(last);
        }
        let sums = sums_of(&data[whole..], taps, weight, &out, write);
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = at_least(floor, sum + bias);
        }
        last.copy_from_slice(&out[..len]);
    }
}

/// What all taps see of `W` pixels, each times its weight.
#[inline(always)]
fn sums_of<const W: usize>(
    data: &[f32],
    taps: &[u32],
    weight: &[f32],
    old: &[f32; W],
    write: Write,
) -> [f32; W] {
    let mut sums = [0.0; W];
    for (&tap, &weight) in taps.iter().zip(weight) {
        let data = data[tap as usize..].first_chunk().unwrap_or(&[0.0; W]);
        for (sum, x) in sums.iter_mut().zip(data) {
            *sum = weight.mul_add(*x, *sum);
        }
    }
    if write == Write::Add {
        for (sum, old) in sums.iter_mut().zip(old) {
            *sum += old;
        }
    }
    sums
}
