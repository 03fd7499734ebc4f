//! The rows that can be divided: those that have a target. Others teach and judge nothing.

use std::borrow::Cow;

use super::Part;
use crate::DataError;
use crate::source::{Scan, Targets};

/// Those rows of a source, counted by their places among each other.
pub(super) struct Answered<'a> {
    scan: &'a dyn Scan,
    targets: &'a Targets,
    /// The row of each, going up; nothing where all rows have a target.
    rows: Option<Vec<usize>>,
}

impl<'a> Answered<'a> {
    pub(super) fn new(scan: &'a dyn Scan, targets: &'a Targets) -> Result<Answered<'a>, DataError> {
        let without = targets.unknown()?;
        let has = |row: &usize| without.binary_search(row).is_err();
        let rows = (!without.is_empty()).then(|| (0..targets.len()).filter(has).collect());
        Ok(Answered { scan, targets, rows })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.as_ref().map_or(self.targets.len(), Vec::len)
    }

    /// The row at a place.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows.as_ref().map_or(place, |rows| rows[place])
    }

    pub(super) fn target(&self, place: usize) -> Result<Cow<'a, str>, DataError> {
        Ok(self.targets.get(self.row(place))?.unwrap_or_default())
    }

    pub(super) fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(self.scan.parts()?.map(|parts| self.only(parts)))
    }

    pub(super) fn cells(&self) -> Result<Vec<String>, DataError> {
        let cells = self.scan.cells()?;
        Ok(if cells.is_empty() { cells } else { self.only(cells) })
    }

    pub(super) fn names(&self) -> Result<Vec<String>, DataError> {
        Ok(self.only(self.scan.names()?))
    }

    /// What these rows have of something that all rows have.
    pub(super) fn only<T: Clone>(&self, all: Vec<T>) -> Vec<T> {
        match &self.rows {
            None => all,
            Some(rows) => rows.iter().filter_map(|&row| all.get(row).cloned()).collect(),
        }
    }
}
