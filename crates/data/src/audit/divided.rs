//! The rows that stand in a part; others can give nothing away.

use baeum_core::Splits;

use crate::DataError;
use crate::source::{Cell, FewCells, Raw, Steps};

/// These rows, counted by their places among each other.
pub(super) struct Divided<'a> {
    raw: &'a dyn Raw,
    /// The row of each, going up; nothing where all rows stand in a part.
    rows: Option<Vec<usize>>,
    /// Whether each does not teach.
    pub(super) is_held_out: Vec<bool>,
}

impl<'a> Divided<'a> {
    pub(super) fn of(raw: &'a dyn Raw, splits: &Splits) -> Divided<'a> {
        let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
        let mut is_held_out = vec![true; raw.rows()];
        splits.train.rows().iter().for_each(|&row| is_held_out[row] = false);
        if parts.iter().map(|rows| rows.len()).sum::<usize>() == raw.rows() {
            return Divided { raw, rows: None, is_held_out };
        }
        let mut rows = parts.concat();
        rows.sort_unstable();
        let is_held_out = rows.iter().map(|&row| is_held_out[row]).collect();
        Divided { raw, rows: Some(rows), is_held_out }
    }

    fn row(&self, place: usize) -> usize {
        self.rows.as_ref().map_or(place, |rows| rows[place])
    }
}

impl Raw for Divided<'_> {
    fn rows(&self) -> usize {
        self.is_held_out.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        self.raw.cell(self.row(row), field)
    }

    fn place(&self, row: usize) -> String {
        self.raw.place(self.row(row))
    }

    fn steps(&self, row: usize) -> Option<Steps> {
        self.raw.steps(self.row(row))
    }

    fn few(&self, field: usize) -> Option<FewCells<'_>> {
        self.raw.few(field).filter(|_| self.rows.is_none()) // they are counted by their places in the source
    }

    fn image_size(&self, row: usize, field: usize) -> Option<(usize, usize)> {
        self.raw.image_size(self.row(row), field)
    }
}
