//! Convolution with the filters in the lanes of vectors: what a tap sees of a pixel is one number, read where it stands, so nothing
//! is gathered and no pixel is too few for a vector.
//!
//! The loop nest is that of Zhang, Franchetti & Low, "High Performance Zero-Memory Overhead Direct Convolutions" (2018); images and
//! results keep the layout `[channels, height, width]`, and what leaves the registers is turned.

use std::ops::Range;

use super::depthwise::stencils;
use super::gather::Gather;
use crate::Write;
use crate::ctx::Ctx;
use crate::gemm::{Bias, Block, Epilogue, Pack, at_least, floor, pack_block};
use crate::isa::{Isa, Rung, rungs};
use crate::lanes::LANES;
use crate::write::write_row;

/// Whether rows of pixels are made one after the other, by [`stencils`]: with so few filters most lanes would be empty, and with so
/// few taps to turn what leaves the registers takes longer than the sums.
pub(super) fn row_by_row(filters: usize, k: usize) -> bool {
    filters <= 4 || k <= 16
}

/// Numbers in the packed weight of so many filters over `k` taps.
pub(super) fn weight_len(filters: usize, k: usize) -> usize {
    if row_by_row(filters, k) { filters * k } else { filters.next_multiple_of(LANES) * k }
}

/// Lays filters, the lines of `weight`, in panels `[tap, LANES]`, zeros behind the last filter.
pub(super) fn pack(ctx: &Ctx, weight: &impl Pack, filters: usize, k: usize, packed: &mut [f32]) {
    if row_by_row(filters, k) {
        return pack_block::<1>(ctx.isa, weight, 0..filters, 0..k, packed);
    }
    let panels = (1 << 15) / (k * LANES) + 1;
    ctx.team.parts(packed, panels * k * LANES, |i, packed| {
        let first = i * panels * LANES;
        let lines = first..(first + panels * LANES).min(filters);
        pack_block::<LANES>(ctx.isa, weight, lines, 0..k, packed);
    });
}

/// The filters of a group over what windows see.
pub(super) struct Filters<'a> {
    pub(super) isa: Isa,
    /// How many there are.
    pub(super) count: usize,
    /// Of [`pack`].
    pub(super) weight: &'a [f32],
    /// Whether sums are added to what stands in their place.
    pub(super) write: Write,
    pub(super) epilogue: Epilogue<'a>,
    /// The bias of the first filter.
    pub(super) bias: usize,
}

impl Filters<'_> {
    /// Row `i` of `c` is filter `first + i` over all columns of `b`, neighbours `step` apart; `first` is a multiple of [`LANES`].
    ///
    /// Sums run over the taps in their order, whatever is done together.
    pub(super) fn run(&self, first: usize, b: &Gather<'_>, step: usize, c: &mut Block<'_>) {
        let (isa, k) = (self.isa, b.deep.len());
        let weight = &self.weight[first * k..];
        if row_by_row(self.count, k) {
            assert_eq!(step, 1, "rows of pixels want windows side by side");
            let weight = &weight[..c.rows() * k];
            return stencils(isa, b, weight, c, self.write, self.epilogue, self.bias + first);
        }
        b.check_reach(step, 1);
        let mut row = 0;
        while row < c.rows() {
            let (weight, bias) = (&weight[row * k..], self.bias + first + row);
            let finish = (self.write, self.epilogue, bias);
            row += match (isa.rung(), c.rows() - row > LANES) {
                (Rung::Avx512, true) => sweep::<8, 8, { 2 * LANES }>(isa, weight, b, step, c, row, finish),
                (Rung::Avx512, false) => sweep::<16, 8, LANES>(isa, weight, b, step, c, row, finish),
                (Rung::Avx2 | Rung::Portable, _) => {
                    sweep::<4, 4, LANES>(isa, weight, b, step, c, row, finish)
                }
            };
        }
    }
}

/// What is done with a sum, and the bias of the first filter of a tile.
type Finish<'a> = (Write, Epilogue<'a>, usize);

rungs! {
    /// The `W` filters from `row` on over all pixels: `P` at a time where these stand side by side, else any `Q`. Returns `W`.
    fn sweep<const P: usize, const Q: usize, const W: usize>(
        weight: &[f32],
        b: &Gather<'_>,
        step: usize,
        c: &mut Block<'_>,
        row: usize,
        finish: Finish<'_>,
    ) -> usize {
        let mut pixel = 0;
        while pixel < b.count {
            let (run, skipped) = (b.runs[pixel / b.length] as usize, pixel % b.length);
            if step == 1 && skipped + P <= b.length {
                let mut places = [0; P];
                for (p, place) in places.iter_mut().enumerate() {
                    *place = run + skipped + p;
                }
                tile::<P, W>(weight, b, &places, c, row, pixel..pixel + P, finish);
                pixel += P;
            } else {
                let columns = pixel..(pixel + Q).min(b.count);
                tile::<Q, W>(weight, b, &places_of(b, step, pixel), c, row, columns, finish);
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
    finish: Finish<'_>,
) {
    let k = b.deep.len();
    let mut sums = [[0.0f32; W]; P];
    let (low, high) = weight.as_chunks::<LANES>().0.split_at(k);
    let high = if W > LANES { high } else { low };
    for ((low, high), &tap) in low.iter().zip(high).zip(b.deep) {
        let (mut weights, mut seen) = ([0.0; W], [0.0; P]);
        weights[..LANES].copy_from_slice(low);
        weights[W - LANES..].copy_from_slice(high);
        // SAFETY: `tap` is one of `deep`, `place` where the window of a pixel begins, a run plus less than its length times the step: `Filters::run`
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
    store(std::hint::black_box(&stored), c, row, columns, finish);
}

/// Turns a tile: what is a lane in `sums` is a row of `c`.
#[inline(always)]
fn store<const P: usize, const W: usize>(
    sums: &[[f32; W]; P],
    c: &mut Block<'_>,
    row: usize,
    columns: Range<usize>,
    (write, epilogue, first): Finish<'_>,
) {
    let mut turned = [[0.0; P]; W];
    for (lane, turned) in turned.iter_mut().enumerate() {
        for (x, sums) in turned.iter_mut().zip(sums) {
            *x = sums[lane];
        }
    }
    // A wall again, without which the compiler turns number by number.
    let turned = std::hint::black_box(&turned);
    let floor = floor(epilogue.relu);
    for (lane, sums) in turned.iter().enumerate().take(c.rows() - row) {
        let bias = match epilogue.bias {
            Bias::None => -0.0, // adding minus zero changes nothing
            Bias::Rows(bias) | Bias::Columns(bias) => bias[first + lane],
        };
        let out = c.row(row + lane, columns.clone());
        match (write, <&mut [f32; P]>::try_from(&mut *out)) {
            (Write::Set, Ok(out)) => finish(sums, &[-0.0; P], bias, floor, out),
            (Write::Add, Ok(out)) => finish(sums, &out.clone(), bias, floor, out),
            (Write::Set, Err(_)) => finish(sums, &[-0.0; P], bias, floor, out),
            (Write::Add, Err(_)) => {
                let mut old = [0.0; P];
                old[..out.len()].copy_from_slice(out);
                finish(sums, &old, bias, floor, out);
            }
        }
    }
}

#[inline(always)]
fn finish<const P: usize>(sums: &[f32; P], old: &[f32; P], bias: f32, floor: f32, out: &mut [f32]) {
    let mut all = [0.0; P];
    for ((all, sum), old) in all.iter_mut().zip(sums).zip(old) {
        *all = at_least(floor, old + sum + bias);
    }
    write_row(out, &all, Write::Set);
}
