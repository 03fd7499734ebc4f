//! Products of numbers that are one or two `bf16`, on tiles.
//!
//! Both factors are split and packed once, block after block of C is multiplied, and its sums are stored as those of a tile of
//! `f32` are: edges, bias, relu and what stands in C need nothing of their own. Threads share rows and columns, never K.

use std::ops::Range;

use super::micro::store;
use super::split::{Factor, Panels};
use super::{Block, Product, Stage};
use crate::amx::{Loaded, SIDE, Sums, Tiles};
use crate::buffer::as_words_mut;
use crate::isa::rungs;
use crate::precision::Precision;
use crate::scratch;

#[cfg(test)]
mod tests;

/// The longest block of K. A constant, because it decides the order of sums; two panels of it take 128 KB.
const DEPTH: usize = 512;
/// Numbers of each factor that are packed at a time: 4 MB of two parts each.
const PACKED: usize = 1 << 20;
/// Rows and columns of a task, the most first. A task of the most reads 512 KB for a block of K, of a second cache of 2 MB.
const TASK: [usize; 3] = [128, 64, 32];
/// As many tasks keep some threads at work.
const TASKS: usize = 16;
/// Multiplications of a task at least, or it is not cut further.
const ALONE: usize = 1 << 20;
/// With fewer rows or columns most of a block would be zeros, with fewer steps or multiplications packing takes longer than the
/// product. Chosen, as the sizes of tasks are: not yet measured on a processor with tiles.
const FEWEST: usize = 16;
const LEAST: usize = 1 << 18;

/// The blocks of K, one at least.
fn depths(k: usize) -> impl Iterator<Item = Range<usize>> {
    (0..k.div_ceil(DEPTH).max(1)).map(move |i| i * DEPTH..k.min((i + 1) * DEPTH))
}

/// Pieces of this length, but for the last.
fn pieces(len: usize, piece: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(piece).map(move |first| first..len.min(first + piece))
}

/// Whether a product of this size is for tiles.
fn is_for_tiles(size: [usize; 3]) -> bool {
    size.iter().all(|side| *side >= FEWEST) && size.iter().product::<usize>() >= LEAST
}

impl Product<'_> {
    /// The whole product if it is one for tiles, and there are any; gives whether it was.
    pub(super) fn on_tiles(&self, c: &Block<'_>) -> bool {
        match (self.ctx.tiles, self.ctx.precision) {
            (Some(amx), precision) if is_for_tiles([c.rows(), c.columns(), self.k]) => {
                self.by_precision::<Loaded>(amx, precision, c)
            }
            (Some(_) | None, _) => false,
        }
    }

    fn by_precision<T: Tiles>(&self, token: T::Token, precision: Precision, c: &Block<'_>) -> bool {
        match precision {
            Precision::Highest => return false,
            Precision::High => self.tiled::<T, 2>(token, c),
            Precision::Medium => self.tiled::<T, 1>(token, c),
        }
        true
    }

    fn tiled<T: Tiles, const PARTS: usize>(&self, token: T::Token, c: &Block<'_>) {
        let piece = (PACKED / self.k.max(1)).max(1).next_multiple_of(TASK[0]);
        for columns in pieces(c.columns(), piece) {
            self.packed::<PARTS>(Factor::B, columns.clone(), |b| {
                for rows in pieces(c.rows(), piece) {
                    self.packed::<PARTS>(Factor::A, rows.clone(), |a| {
                        self.blocks::<T, PARTS>(token, c, [rows.clone(), columns.clone()], [&a, &b]);
                    });
                }
            });
        }
    }

    /// Calls `work` with some lines of a factor, packed.
    fn packed<const PARTS: usize>(
        &self,
        factor: Factor,
        lines: Range<usize>,
        work: impl FnOnce(Panels<'_, PARTS>),
    ) {
        let (ctx, source) = (self.ctx, if factor == Factor::A { &self.a } else { &self.b });
        scratch::lend(Panels::<PARTS>::words(lines.len(), self.k), |space| {
            let words = as_words_mut(space);
            work(Panels::pack(ctx.isa, &ctx.team, (source, factor), lines, self.k, words));
        });
    }

    /// Some rows and columns of C.
    fn blocks<T: Tiles, const PARTS: usize>(
        &self,
        token: T::Token,
        c: &Block<'_>,
        [rows, columns]: [Range<usize>; 2],
        panels: [&Panels<'_, PARTS>; 2],
    ) {
        let tasks = |side: usize| rows.len().div_ceil(side) * columns.len().div_ceil(side);
        let enough = |side: &usize| tasks(*side) >= TASKS || side * side * self.k / 4 < ALONE;
        let side = TASK.into_iter().find(enough).unwrap_or(SIDE);
        self.each_task(c, rows, columns, [side; 2], |mut c, rows, columns| {
            let mut tiles = T::load(token);
            for depth in depths(self.k) {
                let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, rows.start, columns.start);
                sweep(&mut tiles, panels, [&rows, &columns], &depth, |sums, row, columns| {
                    store_block(self.ctx.isa, sums, &mut c, row, columns, stage);
                });
            }
        });
    }
}

/// One block of K for all blocks of a task: calls `store` with the sums of each, its first row and its columns in the task.
fn sweep<const PARTS: usize>(
    tiles: &mut impl Tiles,
    [a, b]: [&Panels<'_, PARTS>; 2],
    [rows, columns]: [&Range<usize>; 2],
    depth: &Range<usize>,
    mut store: impl FnMut(&Sums, usize, Range<usize>),
) {
    let mut sums = Sums::ZERO;
    for across in pieces(columns.len(), SIDE) {
        let b = b.steps(columns.start + across.start, depth);
        for down in pieces(rows.len(), SIDE) {
            tiles.multiply(a.steps(rows.start + down.start, depth), b, &mut sums);
            store(&sums, down.start, across.clone());
        }
    }
}

rungs! {
    fn store_block(sums: &Sums, c: &mut Block<'_>, row: usize, columns: Range<usize>, stage: Stage<'_>) -> () {
        store(&sums.0, c, row, columns, &stage);
    }
}
