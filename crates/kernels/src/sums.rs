//! Several sums over one run of numbers: `f32` over lanes for a while, `f64` in the long run.

use crate::lanes::{LANES, join};

/// After so many elements the lanes are joined and go into the `f64` totals, so that no lane adds up more than 256 numbers.
const BLOCK: usize = 4096;

/// `K` sums over elements that come slice by slice. Bits depend on the slices' lengths and numbers alone.
pub(crate) struct Sums<const K: usize> {
    lanes: [[f32; LANES]; K],
    pending: usize,
    totals: [f64; K],
}

impl<const K: usize> Sums<K> {
    #[inline(always)]
    pub(crate) fn new() -> Sums<K> {
        Sums { lanes: [[0.0; LANES]; K], pending: 0, totals: [0.0; K] }
    }

    /// Adds the `K` terms of every element of slices of one length.
    #[inline(always)]
    pub(crate) fn add<const I: usize>(&mut self, inputs: [&[f32]; I], term: impl Fn([f32; I]) -> [f32; K]) {
        let len = inputs[0].len();
        let mut first = 0;
        while first < len {
            let block = BLOCK.min(len - first);
            self.add_block(inputs.map(|input| &input[first..first + block]), &term);
            first += block;
            self.pending += block;
            if self.pending >= BLOCK / 2 {
                self.flush();
            }
        }
    }

    #[inline(always)]
    fn add_block<const I: usize>(&mut self, inputs: [&[f32]; I], term: &impl Fn([f32; I]) -> [f32; K]) {
        let len = inputs[0].len();
        let (count, rest) = (len / LANES, len % LANES);
        if count == 0 {
            for lane in 0..rest {
                let terms = term(inputs.map(|input| input[lane]));
                for (lanes, term) in self.lanes.iter_mut().zip(terms) {
                    lanes[lane] += term;
                }
            }
            return;
        }
        let mut lanes = self.lanes;
        let whole = inputs.map(|input| &input.as_chunks::<LANES>().0[..count]);
        for i in 0..count {
            add_sixteen(&mut lanes, whole.map(|whole| &whole[i]), 0, &term);
        }
        if rest > 0
            && let Some(last) = lasts(inputs)
        {
            // Those that were counted already are left out. Going through the rest one by one would take as long as all before.
            add_sixteen(&mut lanes, last, LANES - rest, &term);
        }
        self.lanes = lanes;
    }

    #[inline(always)]
    fn flush(&mut self) {
        for (total, lanes) in self.totals.iter_mut().zip(&mut self.lanes) {
            *total += f64::from(join_apart(lanes));
            *lanes = [0.0; LANES];
        }
        self.pending = 0;
    }

    /// The sums of all that was added.
    #[inline(always)]
    pub(crate) fn totals(mut self) -> [f64; K] {
        self.flush();
        self.totals
    }
}

/// Adds the terms of the elements from `first` on, each to its lane.
#[inline(always)]
fn add_sixteen<const K: usize, const I: usize>(
    lanes: &mut [[f32; LANES]; K],
    inputs: [&[f32; LANES]; I],
    first: usize,
    term: &impl Fn([f32; I]) -> [f32; K],
) {
    for lane in 0..LANES {
        let terms = term(inputs.map(|numbers| numbers[lane]));
        for (lanes, term) in lanes.iter_mut().zip(terms) {
            lanes[lane] += if lane < first { 0.0 } else { term };
        }
    }
}

/// The last sixteen numbers of each, if there are so many.
#[inline(always)]
fn lasts<const I: usize>(inputs: [&[f32]; I]) -> Option<[&[f32; LANES]; I]> {
    let mut lasts = [&[0.0; LANES]; I];
    for (last, input) in lasts.iter_mut().zip(inputs) {
        *last = input.last_chunk()?;
    }
    Some(lasts)
}

/// As [`join`]. Not inlined, or else the compiler arranges the loops before it for the joins of several sums, and they are no
/// longer loops over lanes: four times slower (rustc 1.95).
#[inline(never)]
fn join_apart(lanes: &[f32; LANES]) -> f32 {
    join(*lanes)
}
