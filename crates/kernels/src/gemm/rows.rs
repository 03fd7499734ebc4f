//! The rows of A: in panels, or where they stand.

use std::ops::Range;

use super::Lines;

/// The rows of A over a block of K.
pub(crate) trait Rows {
    /// Step after step of `R` rows from `row` on. Beyond the last of `count` there is anything.
    fn steps<const R: usize, const MR: usize>(
        &self,
        row: usize,
        count: usize,
        depth: usize,
    ) -> impl Iterator<Item = [f32; R]>;
}

/// PackedRows of rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedRows<'a>(pub(crate) &'a [f32]);

impl Rows for PackedRows<'_> {
    #[inline(always)]
    fn steps<const R: usize, const MR: usize>(
        &self,
        row: usize,
        _: usize,
        depth: usize,
    ) -> impl Iterator<Item = [f32; R]> {
        self.0[row * depth..][..MR * depth].as_chunks::<MR>().0.iter().map(|all| {
            let mut step = [0.0; R];
            step.copy_from_slice(&all[..R]);
            step
        })
    }
}

/// Rows that are read where they stand: each in one piece, so far from the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandingRows<'a> {
    data: &'a [f32],
    line: usize,
}

/// Rows that are a multiple of so many numbers apart meet in the same lines of a first cache, and are better packed.
const MEET: usize = 1024;

impl<'a> Lines<'a> {
    /// Some of the lines where they stand, if that is as good as packing them.
    pub(super) fn standing(&self, lines: Range<usize>) -> Option<StandingRows<'a>> {
        let Lines { data, line, deep, .. } = *self;
        (deep == 1 && !line.is_multiple_of(MEET))
            .then(|| StandingRows { data: &data[lines.start * line..], line })
    }
}

impl<'a> StandingRows<'a> {
    /// The same rows from a step of K on.
    pub(super) fn from(self, step: usize) -> StandingRows<'a> {
        StandingRows { data: self.data.get(step..).unwrap_or_default(), ..self }
    }
}

impl Rows for StandingRows<'_> {
    #[inline(always)]
    fn steps<const R: usize, const MR: usize>(
        &self,
        row: usize,
        count: usize,
        depth: usize,
    ) -> impl Iterator<Item = [f32; R]> {
        let mut rows = [&[][..]; R];
        for (i, place) in rows.iter_mut().enumerate() {
            *place = &self.data[(row + i).min(count - 1) * self.line..][..depth];
        }
        (0..depth).map(move |k| {
            let mut step = [0.0; R];
            for (step, row) in step.iter_mut().zip(&rows) {
                *step = row[k];
            }
            step
        })
    }
}
