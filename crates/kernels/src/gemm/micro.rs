//! The innermost loops: a tile of C in registers, and what is done to it on its way out.

use std::ops::Range;

use super::{Bias, Block, Epilogue, Pack, Rows};
use crate::Write;
use crate::isa::rungs;

/// What happens to the sums of a block of K.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage<'a> {
    /// Whether they are added to C.
    add: bool,
    /// None before the last block.
    bias: Bias<'a>,
    /// What is less becomes this: zero for relu after the last block, else minus infinity.
    floor: f32,
    /// Row and column of the bias where C begins.
    row: usize,
    column: usize,
}

impl<'a> Stage<'a> {
    /// The stage of this block of K for a part of C that begins at this row and column.
    pub(crate) fn of(
        write: Write,
        depth: &Range<usize>,
        k: usize,
        epilogue: &Epilogue<'a>,
        row: usize,
        column: usize,
    ) -> Stage<'a> {
        let Epilogue { bias, relu } = if depth.end == k { *epilogue } else { Epilogue::NONE };
        Stage { add: write == Write::Add || depth.start > 0, bias, floor: floor(relu), row, column }
    }
}

/// What [`at_least`] wants for relu, or for nothing to happen.
pub(crate) fn floor(relu: bool) -> f32 {
    if relu { 0.0 } else { f32::NEG_INFINITY }
}

/// The larger one; NaN passes.
#[inline(always)]
pub(crate) fn at_least(floor: f32, x: f32) -> f32 {
    if x < floor { floor } else { x }
}

rungs! {
    /// One block of K for a part of C: `a` has its rows, `columns` says which columns of B it has.
    pub(crate) fn sweep<const MR: usize, const NR: usize>(
        a: &impl Rows,
        b: &impl Pack,
        columns: Range<usize>,
        depth: Range<usize>,
        c: &mut Block<'_>,
        stage: Stage<'_>,
        space: &mut [f32],
    ) -> () {
        let first = columns.start;
        for column in columns.clone().step_by(NR) {
            let whole = column - first..(column + NR).min(columns.end) - first;
            if let Some(panel) = b.standing::<NR>(column, depth.clone()) {
                tiles::<MR, NR>(a, depth.len(), panel.steps::<NR>(), c, whole, &stage);
            } else {
                let panel = b.panel::<NR>(column, depth.clone(), space);
                tiles::<MR, NR>(a, depth.len(), panel.as_chunks::<NR>().0.iter().copied(), c, whole, &stage);
            }
        }
    }
}

/// All rows of A times a panel of B.
#[inline(always)]
fn tiles<const MR: usize, const NR: usize>(
    a: &impl Rows,
    depth: usize,
    b: impl Iterator<Item = [f32; NR]> + Clone,
    c: &mut Block<'_>,
    columns: Range<usize>,
    stage: &Stage<'_>,
) {
    for row in (0..c.rows()).step_by(MR) {
        let (b, columns) = (b.clone(), columns.clone());
        // Fewer rows take fewer registers: a product with one row costs a sixth of one with six.
        match c.rows() - row {
            1 => tile::<1, MR, NR>(a, depth, b, c, row, columns, stage),
            2 => tile::<2, MR, NR>(a, depth, b, c, row, columns, stage),
            3 | 4 => tile::<4, MR, NR>(a, depth, b, c, row, columns, stage),
            5 | 6 if MR > 6 => tile::<6, MR, NR>(a, depth, b, c, row, columns, stage),
            _ => tile::<MR, MR, NR>(a, depth, b, c, row, columns, stage),
        }
    }
}

/// The first `R` rows of a panel of A times a panel of B, to C.
#[inline(always)]
fn tile<const R: usize, const MR: usize, const NR: usize>(
    a: &impl Rows,
    depth: usize,
    b: impl Iterator<Item = [f32; NR]>,
    c: &mut Block<'_>,
    row: usize,
    columns: Range<usize>,
    stage: &Stage<'_>,
) {
    let mut sums = [[0.0f32; NR]; R];
    for (a, b) in a.steps::<R, MR>(row, c.rows(), depth).zip(b) {
        for (sums, a) in sums.iter_mut().zip(&a) {
            for (sum, b) in sums.iter_mut().zip(&b) {
                *sum = a.mul_add(*b, *sum);
            }
        }
    }
    // A wall between the sums and their use: all are stored side by side, and by that the compiler finds the vectors.
    let stored = sums;
    store(std::hint::black_box(&stored), c, row, columns, stage);
}

/// Stores the sums of some rows of C, which may have fewer rows and columns.
#[inline(always)]
pub(crate) fn store<const R: usize, const NR: usize>(
    sums: &[[f32; NR]; R],
    c: &mut Block<'_>,
    row: usize,
    columns: Range<usize>,
    stage: &Stage<'_>,
) {
    let rows = (c.rows() - row).min(R);
    for (i, sums) in sums.iter().enumerate().take(rows) {
        let out = c.row(row + i, columns.clone());
        if let Ok(out) = <&mut [f32; NR]>::try_from(&mut *out) {
            finish(sums, out, stage, row + i, columns.start);
        } else {
            let (mut whole, len) = ([0.0; NR], out.len());
            whole[..len].copy_from_slice(out);
            finish(sums, &mut whole, stage, row + i, columns.start);
            out.copy_from_slice(&whole[..len]);
        }
    }
}

/// Stores the sums of a row of a tile.
///
/// One expression per element, with a bias and a floor that may do nothing: steps in place would become masked stores, which
/// some processors take 20 cycles for.
#[inline(always)]
fn finish<const NR: usize>(
    sums: &[f32; NR],
    out: &mut [f32; NR],
    stage: &Stage<'_>,
    row: usize,
    column: usize,
) {
    let mut bias = [-0.0; NR]; // adding minus zero changes nothing
    match stage.bias {
        Bias::None => {}
        Bias::Rows(rows) => bias = [rows[stage.row + row]; NR],
        Bias::Columns(columns) => {
            let columns = &columns[stage.column + column..];
            if let Some(columns) = columns.first_chunk::<NR>() {
                bias = *columns;
            } else {
                bias[..columns.len()].copy_from_slice(columns);
            }
        }
    }
    // By value, so that no store stands between the loads: the compiler does not see that `out` and `sums` are apart. Loops
    // rather than `array::from_fn`, which is not always inlined and then compiled for the lowest rung.
    let (mut all, sums) = (if stage.add { *out } else { [-0.0; NR] }, *sums);
    for ((all, sum), bias) in all.iter_mut().zip(&sums).zip(&bias) {
        *all = at_least(stage.floor, *all + sum + bias);
    }
    *out = all;
}
