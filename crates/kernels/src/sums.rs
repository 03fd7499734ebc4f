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
        let mut lanes = self.lanes;
        let parts = inputs.map(|input| input.as_chunks::<LANES>());
        let (count, rest) = (parts[0].0.len(), parts[0].1.len());
        let whole = parts.map(|(whole, _)| &whole[..count]);
        for i in 0..count {
            let here = whole.map(|whole| &whole[i]);
            for lane in 0..LANES {
                let terms = term(here.map(|numbers| numbers[lane]));
                for (lanes, term) in lanes.iter_mut().zip(terms) {
                    lanes[lane] += term;
                }
            }
        }
        let tails = parts.map(|(_, tail)| &tail[..rest]);
        for lane in 0..rest {
            let terms = term(tails.map(|tail| tail[lane]));
            for (lanes, term) in lanes.iter_mut().zip(terms) {
                lanes[lane] += term;
            }
        }
        self.lanes = lanes;
    }

    #[inline(always)]
    fn flush(&mut self) {
        for (total, lanes) in self.totals.iter_mut().zip(&mut self.lanes) {
            *total += f64::from(join(*lanes));
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
