//! The rows that stand in a part; others can give nothing away.

use baeum_core::Splits;

use crate::DataError;
use crate::sheet::Names;
use crate::source::{Cell, Raw, Steps};

/// These rows, counted by their places among each other.
pub(super) struct Divided<'a> {
    raw: &'a dyn Raw,
    /// The row of each, going up.
    pub(super) rows: Vec<usize>,
}

impl<'a> Divided<'a> {
    pub(super) fn of(raw: &'a dyn Raw, splits: &Splits) -> Divided<'a> {
        let mut rows = [splits.train.rows(), splits.valid.rows(), splits.test.rows()].concat();
        rows.sort_unstable();
        Divided { raw, rows }
    }
}

impl Raw for Divided<'_> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        self.raw.cell(self.rows[row], field)
    }

    fn place(&self, row: usize) -> String {
        self.raw.place(self.rows[row])
    }

    fn steps(&self, row: usize) -> Option<Steps> {
        self.raw.steps(self.rows[row])
    }

    fn names(&self, field: usize) -> Option<&Names> {
        let are_all = self.rows.len() == self.raw.rows();
        self.raw.names(field).filter(|_| are_all) // they are counted by their places in the source
    }

    fn image_size(&self, row: usize) -> Option<(usize, usize)> {
        self.raw.image_size(self.rows[row])
    }
}
