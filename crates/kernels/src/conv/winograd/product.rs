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
    /// `count` blocks each.
    pub(super) fn product<const W: usize>(
        place: usize, sizes: [usize; 3], a: &[f32], v: &[f32], apart: usize, m: &mut [f32]
    ) -> () {
        let [filters, channels, count] = sizes;
        let a = a[place * channels * ROWS..].chunks(PLACES * channels * ROWS);
        let a = a.map(|a| a[..channels * ROWS].as_chunks::<ROWS>().0);
        for block in (0..count).step_by(2) {
            let lines = Lines { v, apart, first: block * PLACES * W + place * W };
            // As many filters as there are registers for their sums: wide vectors come with twice as many.
            match (block + 1 < count, W > 8) {
                (true, true) => lines.filters::<W, 2, 2>(a.clone(), filters, m),
                (true, false) => lines.filters::<W, 1, 2>(a.clone(), filters, m),
                (false, true) => lines.filters::<W, 4, 1>(a.clone(), filters, m),
                (false, false) => lines.filters::<W, 2, 1>(a.clone(), filters, m),
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

/// The blocks of all channels at one place.
#[derive(Clone, Copy)]
struct Lines<'a> {
    v: &'a [f32],
    /// From one channel or filter to the next.
    apart: usize,
    /// Where the first block stands in each.
    first: usize,
}

impl Lines<'_> {
    /// All filters, `B` blocks of them and `N` of numbers at a time.
    #[inline(always)]
    fn filters<'a, const W: usize, const B: usize, const N: usize>(
        &self,
        mut a: impl Iterator<Item = &'a [[f32; ROWS]]>,
        filters: usize,
        m: &mut [f32],
    ) {
        let mut m = m.chunks_mut(self.apart);
        let mut left = filters;
        while left > 0 {
            let mut next = |_| a.next().unwrap_or_default();
            let m = m.by_ref();
            if left > (B - 1) * ROWS {
                self.tile::<W, B, N>([0; B].map(next), m.take(left.min(B * ROWS)));
                left = left.saturating_sub(B * ROWS);
            } else {
                self.tile::<W, 1, N>([next(0)], m.take(left.min(ROWS)));
                left = left.saturating_sub(ROWS);
            }
        }
    }

    /// The sums of `B` blocks of filters and `N` of numbers, as many as there are lines of `m`.
    #[inline(always)]
    fn tile<'m, const W: usize, const B: usize, const N: usize>(
        &self,
        a: [&[[f32; ROWS]]; B],
        m: impl Iterator<Item = &'m mut [f32]>,
    ) {
        let mut sums = [[[[0.0f32; W]; N]; ROWS]; B];
        for (channel, v) in self.v.chunks_exact(self.apart).enumerate().take(a[0].len()) {
            let mut b = [[0.0; W]; N];
            for (i, b) in b.iter_mut().enumerate() {
                b.copy_from_slice(&v[self.first + i * PLACES * W..][..W]);
            }
            for (sums, a) in sums.iter_mut().zip(&a) {
                for (sums, a) in sums.iter_mut().zip(&a[channel]) {
                    for (sums, b) in sums.iter_mut().zip(&b) {
                        for (sum, b) in sums.iter_mut().zip(b) {
                            *sum = a.mul_add(*b, *sum);
                        }
                    }
                }
            }
        }
        for (sums, m) in sums.as_flattened().iter().zip(m) {
            for (i, sums) in sums.iter().enumerate() {
                m[self.first + i * PLACES * W..][..W].copy_from_slice(sums);
            }
        }
    }
}
