//! A matrix that stands nowhere: its elements are found by adding two places.

use std::ops::Range;

use crate::gemm::{Block, DEPTH, Pack, PackedRows, Stage, Standing, depths, sweep};
use crate::isa::Isa;
use crate::{Epilogue, Write};

/// Element (k, j) is `data[deep[k] + runs[j / length] + j % length]`.
///
/// For a convolution k is a tap and j a pixel, or the other way round; neighbours along a run stand side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gather<'a> {
    /// The numbers, with room behind them for wide copies.
    pub(super) data: &'a [f32],
    pub(super) deep: &'a [u32],
    pub(super) runs: &'a [u32],
    /// Columns in a run.
    pub(super) length: usize,
    /// Columns in all.
    pub(super) count: usize,
}

/// Room for a panel of a gather over at most `k` steps: each row is copied a whole vector at a time and may spill into the next.
pub(super) fn panel_room(width: usize, k: usize) -> usize {
    (k.min(DEPTH) + 1) * width
}

impl Pack for Gather<'_> {
    #[inline(always)]
    fn panel<'s, const W: usize>(
        &'s self,
        first: usize,
        depth: Range<usize>,
        space: &'s mut [f32],
    ) -> &'s [f32] {
        let deep = &self.deep[depth];
        let (run, skipped) = (first / self.length, first % self.length);
        if skipped + W <= self.length {
            let data = &self.data[self.runs[run] as usize + skipped..];
            for (out, &k) in space.as_chunks_mut::<W>().0.iter_mut().zip(deep) {
                out.copy_from_slice(&data[k as usize..][..W]);
            }
        } else if self.length <= 4 {
            self.copy_runs::<W, 4>(first, deep, space);
        } else if self.length <= 8 {
            self.copy_runs::<W, 8>(first, deep, space);
        } else {
            self.copy_runs::<W, W>(first, deep, space);
        }
        &space[..deep.len() * W]
    }

    #[inline(always)]
    fn standing<const W: usize>(&self, first: usize, depth: Range<usize>) -> Option<Standing<'_>> {
        let half = W / 2;
        let whole = |column: usize| column % self.length + half <= self.length;
        if first + W > self.count || !whole(first) || !whole(first + half) {
            return None;
        }
        let from =
            |column: usize| &self.data[self.runs[column / self.length] as usize + column % self.length..];
        Some(Standing { halves: [from(first), from(first + half)], deep: &self.deep[depth] })
    }
}

impl Gather<'_> {
    /// Makes sure that all taps see `wide` numbers from every column on, which are `step` apart.
    ///
    /// # Panics
    /// If they do not.
    pub(super) fn check_reach(&self, step: usize, wide: usize) {
        let last = |places: &[u32]| places.iter().max().map_or(0, |place| *place as usize);
        let runs = &self.runs[..self.count.div_ceil(self.length)];
        let reach = last(self.deep) + last(runs) + (self.length - 1) * step + wide;
        assert!(reach <= self.data.len(), "windows reach {reach} numbers, there are {}", self.data.len());
    }

    /// Copies `N` numbers for each run, however many belong to it: what is too much is overwritten by the next, or never used.
    #[inline(always)]
    fn copy_runs<const W: usize, const N: usize>(&self, first: usize, deep: &[u32], space: &mut [f32]) {
        let wanted = W.min(self.count - first);
        let (mut runs, mut count, mut place) = ([(0, 0); W], 0, 0);
        while place < wanted {
            let column = first + place;
            runs[count] = (self.runs[column / self.length] as usize + column % self.length, place);
            place += self.length - column % self.length;
            count += 1;
        }
        for (i, &k) in deep.iter().enumerate() {
            let (out, data) = (&mut space[i * W..][..2 * W], &self.data[k as usize..]);
            for &(source, place) in &runs[..count] {
                out[place..][..N].copy_from_slice(&data[source..][..N]);
            }
        }
    }
}

/// A product whose right side is gathered: `a` holds all panels of the left side.
pub(super) struct Multiply<'a> {
    pub(super) isa: Isa,
    /// All rows, packed depth by depth.
    pub(super) a: &'a [f32],
    /// The first row that is wanted; a multiple of a tile's height.
    pub(super) top: usize,
    pub(super) k: usize,
    pub(super) write: Write,
    pub(super) epilogue: Epilogue<'a>,
    /// The bias of that row.
    pub(super) row: usize,
}

impl Multiply<'_> {
    /// Writes all of `c`; `space` has [`panel_room`].
    pub(super) fn run<const MR: usize, const NR: usize>(
        &self,
        b: &Gather<'_>,
        c: &mut Block<'_>,
        space: &mut [f32],
    ) {
        let (high, all) = (c.rows().next_multiple_of(MR), self.a.len() / self.k.max(1));
        for first in (0..b.count).step_by(NR) {
            let columns = first..(first + NR).min(b.count);
            let mut c = c.columns_mut(columns.clone());
            for depth in depths(self.k) {
                let a = &self.a[depth.start * all + self.top * depth.len()..][..depth.len() * high];
                let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, self.row, 0);
                sweep::<MR, NR>(self.isa, &PackedRows(a), b, columns.clone(), depth, &mut c, stage, space);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::normal;

    #[test]
    fn a_panel_is_the_same_packed_and_where_it_stands() {
        let data = normal(1, 300);
        for (length, wanted) in [(16, 4), (8, 4), (20, 2), (12, 1)] {
            let runs: Vec<u32> = (0..8).map(|run| run * 21).collect();
            let b =
                Gather { data: &data, deep: &[0, 7, 100], runs: &runs, length, count: 70.min(8 * length) };
            let mut found = 0;
            for first in (0..b.count).step_by(16) {
                let mut space = [0.0; 16 * 4];
                let packed = b.panel::<16>(first, 1..3, &mut space);
                if let Some(standing) = b.standing::<16>(first, 1..3) {
                    assert_eq!(standing.steps::<16>().collect::<Vec<_>>().concat(), packed);
                    found += 1;
                }
            }
            assert_eq!(found, wanted, "{length}");
        }
    }
}
