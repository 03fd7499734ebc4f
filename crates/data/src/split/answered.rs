//! The rows that can be divided: those that have a target. Others teach and judge nothing.

use super::Part;
use crate::DataError;
use crate::source::Scan;

/// Those rows of a source, counted by their places among each other.
pub(super) struct Answered<'a> {
    scan: &'a dyn Scan,
    /// The row of each, going up.
    rows: Vec<usize>,
    targets: Vec<&'a str>,
}

impl<'a> Answered<'a> {
    pub(super) fn new(scan: &'a dyn Scan, targets: &'a [Option<String>]) -> Answered<'a> {
        let there = targets.iter().enumerate().filter_map(|(row, target)| Some((row, target.as_deref()?)));
        let (rows, targets) = there.unzip();
        Answered { scan, rows, targets }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The row at a place.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows[place]
    }

    pub(super) fn target(&self, place: usize) -> &str {
        self.targets[place]
    }

    pub(super) fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(self.scan.parts()?.map(|parts| self.only(&parts)))
    }

    pub(super) fn cells(&self) -> Result<Vec<String>, DataError> {
        let cells = self.scan.cells()?;
        Ok(if cells.is_empty() { cells } else { self.only(&cells) })
    }

    pub(super) fn names(&self) -> Result<Vec<String>, DataError> {
        Ok(self.only(&self.scan.names()?))
    }

    /// What these rows have of something that all rows have.
    pub(super) fn only<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.rows.iter().filter_map(|&row| all.get(row).cloned()).collect()
    }
}
