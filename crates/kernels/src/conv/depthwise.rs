//! Convolution where each channel has filters of its own: nothing to multiply as matrices, so each row of pixels stays in
//! registers while the taps pass by.

use std::ops::Range;

use super::gather::Gather;
use crate::gemm::{Bias, Block, Epilogue, at_least, floor};
use crate::isa::{Isa, Rung, rungs};
use crate::lanes::LANES;
use crate::write::{Write, write_row};

/// Row `i` of `c` is the sum of the rows of `b`, each times its number in `weight[i]`: `[rows, k]`.
pub(super) fn stencils(
    isa: Isa,
    b: &Gather<'_>,
    weight: &[f32],
    c: &mut Block<'_>,
    write: Write,
    epilogue: Epilogue<'_>,
    first: usize,
) {
    b.check_reach(1, LANES);
    // With two pieces of a row each, eight vectors of sums on either rung: as many as hide what a sum waits for the product before.
    match isa.rung() {
        Rung::Avx512 => strips::<4>(isa, b, weight, c, write, epilogue, first),
        Rung::Avx2 | Rung::Portable => strips::<2>(isa, b, weight, c, write, epilogue, first),
    }
}

rungs! {
    /// [`stencils`], `F` rows of `c` at a time.
    fn strips<const F: usize>(
        b: &Gather<'_>, weight: &[f32], c: &mut Block<'_>, write: Write, epilogue: Epilogue<'_>, first: usize
    ) -> () {
        let mut row = 0;
        while row < c.rows() {
            let weight = &weight[row * b.deep.len()..];
            row += if row + F <= c.rows() {
                strip::<F>(b, weight, c, row, write, epilogue, first + row)
            } else {
                strip::<1>(b, weight, c, row, write, epilogue, first + row)
            };
        }
    }

    /// For each row of `b` its product with `dy`, a plane of pixels: added to the lanes of that row in `sums`.
    pub(super) fn dots(b: &Gather<'_>, dy: &[f32], sums: &mut [f32]) -> () {
        let sums = sums.as_chunks_mut::<LANES>().0;
        for (dy, &run) in dy.chunks_exact(b.length).zip(b.runs) {
            let (chunks, last) = dy.as_chunks::<LANES>();
            for (i, dy) in chunks.iter().enumerate() {
                let data = &b.data[run as usize + i * LANES..];
                for (sums, &tap) in sums.iter_mut().zip(b.deep) {
                    let Some(data) = data[tap as usize..].first_chunk::<LANES>() else { continue };
                    for ((sum, dy), x) in sums.iter_mut().zip(dy).zip(data) {
                        *sum = dy.mul_add(*x, *sum);
                    }
                }
            }
            if last.is_empty() {
                continue;
            }
            // What lies behind a row may be NaN, so it is not enough to multiply it by zero.
            let (mut dy, mut mask) = ([0.0; LANES], [0; LANES]);
            dy[..last.len()].copy_from_slice(last);
            mask[..last.len()].fill(u32::MAX);
            let data = &b.data[run as usize + chunks.len() * LANES..];
            for (sums, &tap) in sums.iter_mut().zip(b.deep) {
                let Some(data) = data[tap as usize..].first_chunk::<LANES>() else { continue };
                let terms = dy.iter().zip(&mask).zip(data);
                for (sum, ((dy, mask), x)) in sums.iter_mut().zip(terms) {
                    *sum = dy.mul_add(f32::from_bits(x.to_bits() & mask), *sum);
                }
            }
        }
    }
}

/// Some rows of `c`, the first of which has this bias; returns how many.
#[inline(always)]
fn strip<const F: usize>(
    b: &Gather<'_>,
    weight: &[f32],
    c: &mut Block<'_>,
    row: usize,
    write: Write,
    epilogue: Epilogue<'_>,
    bias: usize,
) -> usize {
    let k = b.deep.len();
    let (mut weights, mut finish) = ([&[][..]; F], [[-0.0, floor(epilogue.relu)]; F]);
    for (i, (weights, finish)) in weights.iter_mut().zip(&mut finish).enumerate() {
        *weights = &weight[i * k..][..k];
        match epilogue.bias {
            Bias::None => {} // adding minus zero changes nothing
            Bias::Rows(numbers) | Bias::Columns(numbers) => finish[0] = numbers[bias + i],
        }
    }
    for (run, &start) in (0..b.count.div_ceil(b.length)).zip(b.runs) {
        let data = &b.data[start as usize..];
        let mut done = 0;
        while done < b.length {
            let one = Piece::of(done, b.length, write);
            let two = Piece::of(done + LANES, b.length, write);
            if done + LANES < b.length {
                // SAFETY: both begin before the end of the row, and `stencils` found that all taps see LANES numbers from there on.
                let sums = unsafe { sums_of(data, b.deep, &weights, [one.place, two.place]) };
                for (i, (sums, finish)) in sums.iter().zip(&finish).enumerate() {
                    one.store(&sums[0], *finish, write, c.row(row + i, one.columns(run * b.length)));
                    two.store(&sums[1], *finish, write, c.row(row + i, two.columns(run * b.length)));
                }
            } else {
                // SAFETY: as above.
                let sums = unsafe { sums_of(data, b.deep, &weights, [one.place]) };
                for (i, (sums, finish)) in sums.iter().zip(&finish).enumerate() {
                    one.store(&sums[0], *finish, write, c.row(row + i, one.columns(run * b.length)));
                }
            }
            done += 2 * LANES;
        }
    }
    F
}

/// Some pixels side by side.
#[derive(Clone, Copy)]
struct Piece {
    place: usize,
    len: usize,
}

impl Piece {
    /// Those from a place on. If there are fewer than [`LANES`], some in front of them are made again: it is whole vectors that are
    /// stored fast, unless all are added to what stands there.
    #[inline(always)]
    fn of(place: usize, end: usize, write: Write) -> Piece {
        let len = LANES.min(end.saturating_sub(place));
        if len < LANES && write == Write::Set && end >= LANES {
            return Piece { place: end - LANES, len: LANES };
        }
        Piece { place, len }
    }

    #[inline(always)]
    fn columns(self, first: usize) -> Range<usize> {
        first + self.place..first + self.place + self.len
    }

    #[inline(always)]
    fn store(self, sums: &[f32; LANES], [bias, floor]: [f32; 2], write: Write, out: &mut [f32]) {
        let mut all = [-0.0; LANES];
        if write == Write::Add {
            write_row(&mut all[..self.len], out, Write::Set);
        }
        for (all, sum) in all.iter_mut().zip(sums) {
            *all = at_least(floor, *all + sum + bias);
        }
        match out.first_chunk_mut() {
            Some(out) => *out = all,
            None => out.copy_from_slice(&all[..self.len]),
        }
    }
}

/// What all taps see of the [`LANES`] pixels from each of some places on, times their weights.
///
/// # Safety
/// There are as many numbers from the sum of any tap and any place on.
#[inline(always)]
unsafe fn sums_of<const F: usize, const N: usize>(
    data: &[f32],
    taps: &[u32],
    weights: &[&[f32]; F],
    places: [usize; N],
) -> [[[f32; LANES]; N]; F] {
    let mut sums = [[[0.0; LANES]; N]; F];
    for (i, &tap) in taps.iter().enumerate() {
        let mut seen = [[0.0; LANES]; N];
        for (seen, place) in seen.iter_mut().zip(places) {
            let first = tap as usize + place;
            // SAFETY: the caller knows that they are there.
            seen.copy_from_slice(unsafe { data.get_unchecked(first..first + LANES) });
        }
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let weight = weights[i];
            for (sums, seen) in sums.iter_mut().zip(&seen) {
                for (sum, x) in sums.iter_mut().zip(seen) {
                    *sum = weight.mul_add(*x, *sum);
                }
            }
        }
    }
    sums
}
