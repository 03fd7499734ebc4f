//! Products with few rows: a number of B meets so few of A that packing would cost more than the product. So B is read once,
//! where it stands, and the speed is that of memory.
//!
//! Sums have the order of all other products, so a row alone has the bits that it has among many.

use std::ops::Range;

use super::micro::store;
use super::pack::{Lines, pack_all};
use super::{Block, Product, Stage, depths};
use crate::isa::rungs;
use crate::scratch;

/// As many rows are few: with more, the panels that several tiles share pay for their packing.
const FEW: usize = 8;
/// Numbers of B in one task.
const TASK: usize = 1 << 15;
/// Columns that are read at the same time where they run along memory. A first cache has eight places for numbers that are a
/// power of two apart: with twice as many columns they push each other out.
const LINES: usize = 8;
/// Columns whose sums are side by side where rows run along memory.
const STRIP: usize = 16;
/// Rows of B that are read at the same time: each is a stream that the processor fetches ahead.
const STEPS: usize = 8;

impl Product<'_> {
    /// Whether [`Product::few`] is for this one: few rows, and columns or rows of B that lie in one piece.
    pub(super) fn is_few(&self) -> bool {
        self.a.count <= FEW && (self.b.deep == 1 || self.b.line == 1)
    }

    /// The whole product.
    pub(super) fn few(&self, c: &Block<'_>) {
        match c.rows() {
            1 => self.few_rows::<1>(c),
            2 => self.few_rows::<2>(c),
            3 | 4 => self.few_rows::<4>(c),
            5 | 6 => self.few_rows::<6>(c),
            _ => self.few_rows::<8>(c),
        }
    }

    fn few_rows<const R: usize>(&self, c: &Block<'_>) {
        let wide = (TASK / self.k.max(1)).clamp(64, 1024).next_multiple_of(STRIP);
        scratch::lend(R * self.k, |a| {
            pack_all::<R>(self.ctx.isa, None, &self.a, 0..c.rows(), self.k, a);
            let a: &[[f32; R]] = a.as_chunks::<R>().0;
            self.each_task(c, 0..c.rows(), 0..c.columns(), [c.rows(), wide], |mut c, rows, columns| {
                if self.b.deep == 1 {
                    self.few_of_lines(a, &mut c, columns);
                    return;
                }
                let whole = columns.len() / STRIP * STRIP;
                let (strips, rest) =
                    (columns.start..columns.start + whole, columns.start + whole..columns.end);
                if !strips.is_empty() {
                    self.few_of_rows(a, &mut c.columns_mut(0..whole), strips);
                }
                if !rest.is_empty() {
                    self.task::<6, STRIP>(c.columns_mut(whole..columns.len()), rows, rest, &self.b);
                }
            });
        });
    }

    fn few_of_lines<const R: usize>(&self, a: &[[f32; R]], c: &mut Block<'_>, columns: Range<usize>) {
        let side = if R == 1 { columns.len() / (2 * LINES) * (2 * LINES) } else { 0 };
        let (alone, rest) = (columns.start..columns.start + side, columns.start + side..columns.end);
        if !alone.is_empty() {
            pieces(self.ctx.isa, self, a.as_flattened(), alone, &mut c.columns_mut(0..side));
        }
        if rest.is_empty() {
            return;
        }
        let mut c = c.columns_mut(side..columns.len());
        for depth in depths(self.k) {
            let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, 0, rest.start);
            dots(self.ctx.isa, &a[depth.clone()], &self.b, rest.clone(), depth, &mut c, stage);
        }
    }

    fn few_of_rows<const R: usize>(&self, a: &[[f32; R]], c: &mut Block<'_>, columns: Range<usize>) {
        scratch::lend(columns.len() * R, |sums| {
            let sums = sums.as_chunks_mut::<STRIP>().0.as_chunks_mut::<R>().0;
            for depth in depths(self.k) {
                let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, 0, columns.start);
                let b = self.b.data.get(depth.start * self.b.deep + columns.start..).unwrap_or_default();
                multiples(self.ctx.isa, &a[depth], b, self.b.deep, sums, c, stage);
            }
        });
    }
}

rungs! {
    /// One block of K where the columns of B run along memory: some of them at a time, whose sums are side by side.
    fn dots<const R: usize>(
        a: &[[f32; R]], b: &Lines<'_>, columns: Range<usize>, depth: Range<usize>, c: &mut Block<'_>, stage: Stage<'_>
    ) -> () {
        for column in columns.clone().step_by(LINES) {
            let width = LINES.min(columns.end - column);
            let mut lines = [&[][..]; LINES];
            for (i, line) in lines.iter_mut().enumerate().filter(|_| !a.is_empty()) {
                // The last one again for those beyond it.
                *line = &b.data[(column + i.min(width - 1)) * b.line + depth.start..][..a.len()];
            }
            let sums = dots_of(a, &lines);
            let first = column - columns.start;
            store(&sums, c, 0, first..first + width, &stage);
        }
    }

    /// A row alone where the columns of B run along memory. A sum waits for the product before, and [`LINES`] of them do not fill
    /// the time: so two pieces, each some columns over a block of K, are side by side. These are blocks of the same columns as far
    /// as there are more, which is kinder to a first cache than twice as many columns.
    fn pieces(product: &Product<'_>, a: &[f32], columns: Range<usize>, c: &mut Block<'_>) -> () {
        let firsts = columns.clone().step_by(LINES);
        let mut pieces = firsts.flat_map(|first| depths(product.k).map(move |depth| (first, depth)));
        while let (Some(one), Some(other)) = (pieces.next(), pieces.next()) {
            let both = [one, other];
            let mut lines = [[&[][..]; LINES]; 2];
            for (lines, (first, depth)) in lines.iter_mut().zip(&both) {
                for (i, line) in lines.iter_mut().enumerate().filter(|_| !depth.is_empty()) {
                    *line = &product.b.data[(first + i) * product.b.line + depth.start..][..depth.len()];
                }
            }
            let sums = dots_of_both(both.each_ref().map(|(_, depth)| &a[depth.clone()]), &lines);
            for (sums, (first, depth)) in sums.into_iter().zip(&both) {
                let stage =
                    Stage::of(product.write, depth, product.k, &product.epilogue, 0, columns.start);
                store(&[sums], c, 0, first - columns.start..first + LINES - columns.start, &stage);
            }
        }
    }

    /// One block of K where the rows of B run along memory: all sums wait in a first cache for some rows at a time.
    fn multiples<const R: usize>(
        a: &[[f32; R]], b: &[f32], deep: usize, sums: &mut [[[f32; STRIP]; R]], c: &mut Block<'_>, stage: Stage<'_>
    ) -> () {
        sums.fill([[0.0; STRIP]; R]);
        let (several, rest) = a.as_chunks::<STEPS>();
        for (i, a) in several.iter().enumerate() {
            add_rows(a, &b[i * STEPS * deep..], deep, sums);
        }
        for (i, a) in rest.iter().enumerate() {
            add_rows(&[*a], &b[(several.len() * STEPS + i) * deep..], deep, sums);
        }
        for (i, sums) in sums.iter().enumerate() {
            store(sums, c, 0, i * STRIP..(i + 1) * STRIP, &stage);
        }
    }
}

#[inline(always)]
fn dots_of<const R: usize>(a: &[[f32; R]], lines: &[&[f32]; LINES]) -> [[f32; LINES]; R] {
    let mut sums = [[0.0f32; LINES]; R];
    for (k, a) in a.iter().enumerate() {
        let mut b = [0.0; LINES];
        for (b, line) in b.iter_mut().zip(lines) {
            *b = line[k];
        }
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sum, b) in sums.iter_mut().zip(&b) {
                *sum = a.mul_add(*b, *sum);
            }
        }
    }
    // A wall, as in a tile.
    std::hint::black_box(sums)
}

/// Steps of K whose numbers are turned in registers, those of as many columns at a time.
const TURN: usize = 4;

/// The sums of two pieces.
#[inline(always)]
fn dots_of_both(a: [&[f32]; 2], lines: &[[&[f32]; LINES]; 2]) -> [[f32; LINES]; 2] {
    let turns = a[0].len().min(a[1].len()) / TURN;
    let mut turned = [[&[][..]; TURN]; 2 * LINES / TURN];
    for (turned, line) in turned.as_flattened_mut().iter_mut().zip(lines.as_flattened()) {
        *turned = &line.as_chunks::<TURN>().0[..turns];
    }
    let fours = a.map(|a| &a.as_chunks::<TURN>().0[..turns]);
    let mut sums = [[0.0f32; TURN]; 2 * LINES / TURN];
    for k in 0..turns {
        for (i, (sums, lines)) in sums.iter_mut().zip(&turned).enumerate() {
            let b = [&lines[0][k], &lines[1][k], &lines[2][k], &lines[3][k]];
            for (step, a) in fours[i * TURN / LINES][k].iter().enumerate() {
                for (sum, b) in sums.iter_mut().zip(&b) {
                    *sum = a.mul_add(b[step], *sum);
                }
            }
        }
    }
    let sums = std::hint::black_box(sums);
    let mut all = [[0.0; LINES]; 2];
    all.as_flattened_mut().copy_from_slice(sums.as_flattened());
    for (all, (a, lines)) in all.iter_mut().zip(a.iter().zip(lines)) {
        add_steps(a, lines, turns * TURN, all);
    }
    all
}

/// Adds the steps that are left.
#[inline(always)]
fn add_steps(a: &[f32], lines: &[&[f32]; LINES], first: usize, sums: &mut [f32; LINES]) {
    for (k, a) in a.iter().enumerate().skip(first) {
        for (sum, line) in sums.iter_mut().zip(lines) {
            *sum = a.mul_add(line[k], *sum);
        }
    }
}

/// Adds `S` rows of B, each times its number of A, to the sums of all columns.
#[inline(always)]
fn add_rows<const R: usize, const S: usize>(
    a: &[[f32; R]; S],
    b: &[f32],
    deep: usize,
    sums: &mut [[[f32; STRIP]; R]],
) {
    let mut rows = [&[][..]; S];
    for (i, row) in rows.iter_mut().enumerate() {
        *row = &b[i * deep..].as_chunks::<STRIP>().0[..sums.len()];
    }
    for (i, sums) in sums.iter_mut().enumerate() {
        for (r, sums) in sums.iter_mut().enumerate() {
            let mut all = *sums;
            for (a, row) in a.iter().zip(&rows) {
                for (sum, b) in all.iter_mut().zip(&row[i]) {
                    *sum = a[r].mul_add(*b, *sum);
                }
            }
            *sums = all;
        }
    }
}
