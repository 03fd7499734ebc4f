//! The steps that some windows are made of, each as an example of its own.

use std::borrow::Cow;

use super::windows::{Use, Windows};
use crate::DataError;
use crate::source::{Cell, Raw};

/// Each step once, however many windows hold it.
pub(super) struct EachStep<'a> {
    pub(super) windows: &'a Windows,
    pub(super) steps: Vec<usize>,
}

impl Raw for EachStep<'_> {
    fn rows(&self) -> usize {
        self.steps.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        let (track, step) = (&self.windows.track, self.steps[row]);
        let of = |columns: &[Vec<f64>]| {
            Cell::Numbers(Cow::Owned(columns.iter().map(|column| column[step]).collect()))
        };
        Ok(match self.windows.fields()[field] {
            Use::Seen => of(&track.channels),
            Use::Told => of(&track.told),
            Use::Moment | Use::Group | Use::Nothing => Cell::Missing,
        })
    }

    fn place(&self, row: usize) -> String {
        self.windows.step_place(self.steps[row])
    }
}
