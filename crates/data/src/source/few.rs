//! Fields whose rows repeat few values: what is done with a value is done once, and not row by row.

use baeum_core::fs::FsError;

use super::Cell;
use crate::sheet::{Few, Names};

/// The different cells of a field, and the place of each row's among them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FewCells<'a> {
    Names(&'a Names),
    Numbers(&'a Few<f64>),
}

impl<'a> FewCells<'a> {
    /// Each cell once; the last is missing.
    pub(crate) fn cells(self) -> Vec<Cell<'a>> {
        let mut cells: Vec<Cell<'a>> = match self {
            FewCells::Names(few) => few.values().iter().map(|name| Cell::Name(name)).collect(),
            FewCells::Numbers(few) => few.values().iter().map(|number| Cell::Number(*number)).collect(),
        };
        cells.push(Cell::Missing);
        cells
    }

    /// The place of a row's cell among them.
    ///
    /// # Errors
    /// [`FsError`] if it cannot be read again.
    #[inline]
    pub(crate) fn place(self, row: usize) -> Result<usize, FsError> {
        let (place, missing) = match self {
            FewCells::Names(few) => (few.place(row)?, few.values().len()),
            FewCells::Numbers(few) => (few.place(row)?, few.values().len()),
        };
        Ok(place.unwrap_or(missing))
    }
}
