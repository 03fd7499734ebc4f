//! Examples some of whose targets were given by people.

use std::collections::BTreeMap;

use super::{Cell, FewCells, Raw, Steps};
use crate::DataError;
use crate::profile::Repair;
use crate::sheet::Room;

/// The same examples, but for the targets of some rows.
pub(crate) struct Relabelled {
    pub(crate) raw: Box<dyn Raw>,
    /// The place of the target in the schema.
    pub(crate) field: usize,
    pub(crate) targets: BTreeMap<usize, Target>,
    /// What is told of it, behind what the examples tell of themselves.
    pub(crate) repairs: Vec<Repair>,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Name(String),
    Number(f64),
    Numbers(Vec<f64>),
}

impl Raw for Relabelled {
    fn rows(&self) -> usize {
        self.raw.rows()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match self.targets.get(&row).filter(|_| field == self.field) {
            Some(Target::Name(name)) => Ok(Cell::Name(name)),
            Some(Target::Number(number)) => Ok(Cell::Number(*number)),
            Some(Target::Numbers(numbers)) => Ok(Cell::Numbers(numbers.into())),
            None => self.raw.cell(row, field),
        }
    }

    fn place(&self, row: usize) -> String {
        self.raw.place(row)
    }

    fn few(&self, field: usize) -> Option<FewCells<'_>> {
        self.raw.few(field).filter(|_| field != self.field)
    }

    fn is_decoded_anew(&self) -> bool {
        self.raw.is_decoded_anew()
    }

    fn beyond(&self) -> Option<Room> {
        self.raw.beyond()
    }

    fn image_size(&self, row: usize, field: usize) -> Option<(usize, usize)> {
        self.raw.image_size(row, field)
    }

    fn steps(&self, row: usize) -> Option<Steps> {
        self.raw.steps(row)
    }

    fn each_step(&self, rows: &[usize]) -> Option<Box<dyn Raw + '_>> {
        self.raw.each_step(rows)
    }

    fn repairs(&self) -> Vec<Repair> {
        [self.raw.repairs(), self.repairs.clone()].concat()
    }

    fn hidden_files(&self) -> usize {
        self.raw.hidden_files()
    }
}
