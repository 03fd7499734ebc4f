//! Convolution with the filters in the lanes of vectors: what a tap sees of a pixel is one number, read where it stands, so nothing
//! is gathered and no pixel is too few for a vector.
//!
//! The loop nest is that of Zhang, Franchetti & Low, "High Performance Zero-Memory Overhead Direct Convolutions" (2018); images and
//! results keep the layout `[channels, height, width]`, and what leaves the registers is turned.

use std::ops::Range;

use super::gather::Gather;
use crate::gemm::{Block, Epilogue, Stage, depths, store};
use crate::isa::{Isa, rungs};
use crate::lanes::LANES;
use crate::write::Write;

/// A product with the filters in lanes.
pub(super) struct Lanes<'a> {
    pub(super) isa: Isa,
    /// All filters in panels `[tap, LANES]`, packed depth by depth, zeros behind the last filter.
    pub(super) weight: &'a [f32],
    /// The first filter that is wanted; a multiple of [`LANES`].
    pub(super) top: usize,
    pub(super) write: Write,
    pub(super) epilogue: Epilogue<'a>,
    /// The bias of that filter.
    pub(super) row: usize,
}

impl Lanes<'_> {
    /// Row `i` of `c` is filter `top + i` over all columns of `b`, neighbours `step` apart.
    pub(super) fn run(&self, b: &Gather<'_>, step: usize, c: &mut Block<'_>) {
        let k = b.deep.len();
        b.check_reach(step, 1);
        let all = self.weight.len() / k.max(1);
        for depth in depths(k) {
            let weight = &self.weight[depth.start * all + self.top * depth.len()..];
            let stage = Stage::of(self.write, &depth, k, &self.epilogue, self.row, 0);
            let b = Gather { deep: &b.deep[depth.clone()], ..*b };
            let mut row = 0;
            while row < c.rows() {
                let weight = &weight[row * depth.len()..];
                row += if c.rows() - row > LANES {
                    sweep::<8, 8, { 2 * LANES }>(self.isa, weight, &b, step, c, row, stage)
                } else {
                    sweep::<16, 8, LANES>(self.isa, weight, &b, step, c, row, stage)
                };
            }
        }
    }
}

rungs! {
    /// The `W` filters from `row` on over all pixels: `P` at a time where these stand side by side, else any `Q`. Returns `W`.
    fn sweep<const P: usize, const Q: usize, const W: usize>(
        weight: &[f32],
        b: &Gather<'_>,
        step: usize,
        c: &mut Block<'_>,
        row: usize,
        stage: Stage<'_>,
    ) -> usize {
        let mut pixel = 0;
        while pixel < b.count {
            let (run, skipped) = (b.runs[pixel / b.length] as usize, pixel % b.length);
            if step == 1 && skipped + P <= b.length {
                let mut places = [0; P];
                for (p, place) in places.iter_mut().enumerate() {
                    *place = run + skipped + p;
                }
                tile::<P, W>(weight, b, &places, c, row, pixel..pixel + P, stage);
                pixel += P;
            } else {
                let columns = pixel..(pixel + Q).min(b.count);
                tile::<Q, W>(weight, b, &places_of(b, step, pixel), c, row, columns, stage);
                pixel += Q;
            }
        }
        W
    }
}

/// Where the windows of the pixels from `first` on begin; behind the last that of the last again.
#[inline(always)]
fn places_of<const Q: usize>(b: &Gather<'_>, step: usize, first: usize) -> [usize; Q] {
    let (mut run, mut column) = (first / b.length, first % b.length);
    let (mut places, mut pixel) = ([0; Q], first);
    for place in &mut places {
        *place = b.runs[run] as usize + column * step;
        if pixel + 1 < b.count {
            (pixel, column) = (pixel + 1, column + 1);
            if column == b.length {
                (run, column) = (run + 1, 0);
            }
        }
    }
    places
}

/// `W` filters of `P` pixels, of which `columns` are wanted.
#[inline(always)]
fn tile<const P: usize, const W: usize>(
    weight: &[f32],
    b: &Gather<'_>,
    places: &[usize; P],
    c: &mut Block<'_>,
    row: usize,
    columns: Range<usize>,
    stage: Stage<'_>,
) {
    let k = b.deep.len();
    let mut sums = [[0.0f32; W]; P];
    let (low, high) = weight.as_chunks::<LANES>().0.split_at(k);
    let high = if W > LANES { high } else { low };
    for ((low, high), &tap) in low.iter().zip(high).zip(b.deep) {
        let (mut weights, mut seen) = ([0.0; W], [0.0; P]);
        weights[..LANES].copy_from_slice(low);
        weights[W - LANES..].copy_from_slice(high);
        // SAFETY: `tap` is one of `deep`, `place` where the window of a pixel begins, a run plus less than its length times the step: `Lanes::run`
        // checked the largest sum of them.
        unsafe {
            let window = b.data.get_unchecked(tap as usize..);
            for (x, place) in seen.iter_mut().zip(places) {
                *x = *window.get_unchecked(*place);
            }
        }
        // Lanes outside: the other way round the compiler makes vectors of pixels, whose sums stand apart.
        for lane in 0..W {
            for (sums, x) in sums.iter_mut().zip(&seen) {
                sums[lane] = x.mul_add(weights[lane], sums[lane]);
            }
        }
    }
    // A wall between the sums and their use: all are stored side by side, and by that the compiler finds the vectors.
    let stored = sums;
    let turned = turned(std::hint::black_box(&stored));
    // A second one, without which it turns number by number.
    store(std::hint::black_box(&turned), c, row, columns, &stage);
}

/// What is a lane becomes a row.
#[inline(always)]
fn turned<const P: usize, const W: usize>(sums: &[[f32; W]; P]) -> [[f32; P]; W] {
    let mut turned = [[0.0; P]; W];
    for (lane, turned) in turned.iter_mut().enumerate() {
        for (x, sums) in turned.iter_mut().zip(sums) {
            *x = sums[lane];
        }
    }
    turned
}
