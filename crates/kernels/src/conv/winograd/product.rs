//! The products of one place, between blocks `[16 places][W numbers]`.

use super::{PLACES, ROWS};
use crate::Write;
use crate::isa::rungs;

/// The vectors of all places: of `W` tiles, or of `W` channels of one tile.
pub(super) type Block<const W: usize> = [[f32; W]; PLACES];

rungs! {
    /// `m[f] = sum over c of a[c][f] * v[c]` at one place, for all filters and two blocks at a time.
    ///
    /// `a`: `[block of filters, place, channel, filter]`. Lines of `v` and `m`, one for each channel and filter, stand `apart` and have
    /// `count` blocks each, an even number.
    pub(super) fn product<const W: usize>(
        place: usize, sizes: [usize; 3], a: &[f32], v: &[f32], apart: usize, m: &mut [f32]
    ) -> () {
        let [filters, channels, count] = sizes;
        for block in (0..count).step_by(2) {
            let first = block * PLACES * W + place * W;
            for (i, a) in a.chunks_exact(PLACES * channels * ROWS).enumerate().take(filters.div_ceil(ROWS)) {
                let a = &a[place * channels * ROWS..][..channels * ROWS];
                let sums = tile::<W>(a.as_chunks().0, v, apart, first);
                let m = &mut m[i * ROWS * apart + first..];
                for (f, sums) in sums.iter().enumerate().take(filters - i * ROWS) {
                    for (half, sums) in sums.iter().enumerate() {
                        m[f * apart + half * PLACES * W..][..W].copy_from_slice(sums);
                    }
                }
            }
        }
    }

    /// `u[f][c] += sum over tiles of d[tile][f] * v[tile][c]` at one place, or the sum alone.
    ///
    /// Lines of `d` and `v`, one for each tile, stand `apart` and have blocks of filters and of channels, the latter an even number.
    pub(super) fn add_product<const W: usize>(
        place: usize, sizes: [usize; 3], d: &[f32], v: &[f32], apart: [usize; 2], write: Write, u: &mut [f32]
    ) -> () {
        let [filters, channels, tiles] = sizes;
        for channel in (0..channels).step_by(2 * W) {
            let right = channel * PLACES + place * W;
            for filter in (0..filters).step_by(ROWS) {
                let left = filter / W * W * PLACES + place * W + filter % W;
                let sums = outer::<W>(d, v, apart, [left, right], tiles);
                let rows = u[filter * channels..].chunks_mut(channels);
                for (sums, u) in sums.iter().zip(rows) {
                    let wide = (channels - channel).min(2 * W);
                    let u = u[channel..][..wide].iter_mut().zip(sums.as_flattened());
                    match write {
                        Write::Set => u.for_each(|(u, sum)| *u = *sum),
                        Write::Add => u.for_each(|(u, sum)| *u += sum),
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn outer<const W: usize>(
    d: &[f32],
    v: &[f32],
    apart: [usize; 2],
    [left, right]: [usize; 2],
    tiles: usize,
) -> [[[f32; W]; 2]; ROWS] {
    let mut sums = [[[0.0f32; W]; 2]; ROWS];
    for (d, v) in d.chunks_exact(apart[0]).zip(v.chunks_exact(apart[1])).take(tiles) {
        let (mut a, mut b) = ([0.0; ROWS], [[0.0; W]; 2]);
        a.copy_from_slice(&d[left..][..ROWS]);
        b[0].copy_from_slice(&v[right..][..W]);
        b[1].copy_from_slice(&v[right + PLACES * W..][..W]);
        for (sums, a) in sums.iter_mut().zip(&a) {
            for (sums, b) in sums.iter_mut().zip(&b) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.mul_add(*b, *sum);
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn tile<const W: usize>(a: &[[f32; ROWS]], v: &[f32], apart: usize, first: usize) -> [[[f32; W]; 2]; ROWS] {
    let mut sums = [[[0.0f32; W]; 2]; ROWS];
    for (a, v) in a.iter().zip(v.chunks_exact(apart)) {
        let mut b = [[0.0; W]; 2];
        b[0].copy_from_slice(&v[first..][..W]);
        b[1].copy_from_slice(&v[first + PLACES * W..][..W]);
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sums, b) in sums.iter_mut().zip(&b) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.mul_add(*b, *sum);
                }
            }
        }
    }
    sums
}
