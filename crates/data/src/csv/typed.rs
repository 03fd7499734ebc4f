//! From text to numbers and names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::held::Held;
use super::{Csv, CsvFile, number, shown_cell};
use crate::DataError;

/// What a column is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Numbers; a missing one is NaN.
    Numbers,
    /// Names; a missing one is none.
    Names,
}

/// A typed column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cells {
    Numbers(Vec<f64>),
    Names(Names),
}

/// Names by row, each kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    names: Vec<String>,
    places: BTreeMap<String, u32>,
    rows: Vec<u32>,
}

/// The place of no name: there are at most as many names as rows, whose limit lies below it.
const NONE: u32 = u32::MAX;

impl Names {
    /// Adds a row.
    pub(crate) fn push(&mut self, name: Option<&str>) {
        let place = name.map(|name| {
            self.places.get(name).copied().unwrap_or_else(|| {
                let place = self.names.len() as u32;
                self.names.push(name.to_owned());
                self.places.insert(name.to_owned(), place);
                place
            })
        });
        self.rows.push(place.unwrap_or(NONE));
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The name of a row, if it has one.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.names.get(self.rows[row] as usize).map(String::as_str)
    }

    /// All names, each once.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a row's name among all of them; beyond the last where it has none.
    pub(crate) fn place(&self, row: usize) -> usize {
        self.rows[row] as usize
    }

    /// In how many of these rows each name stands, the others left out; and how many rows have none.
    pub(crate) fn counts(&self, rows: &[usize]) -> (BTreeMap<String, usize>, usize) {
        let mut counts = vec![0; self.names.len()];
        let mut none = 0;
        for row in rows {
            *counts.get_mut(self.place(*row)).unwrap_or(&mut none) += 1;
        }
        let there = self.names.iter().cloned().zip(counts).filter(|(_, count)| *count > 0);
        (there.collect(), none)
    }
}

impl Csv {
    /// Types some columns, in all rows; `wanted` goes up.
    ///
    /// # Errors
    /// [`DataError::Cell`] names the first cell of a column that is no number where one is wanted.
    pub(crate) fn typed(&self, wanted: &[(usize, Wanted)]) -> Result<Vec<Cells>, DataError> {
        let held = self.held();
        let typed = |&(column, wanted): &(usize, Wanted)| match (wanted, &held[column]) {
            (Wanted::Numbers, Held::Numbers(numbers)) => Ok(Cells::Numbers(numbers.clone())),
            (Wanted::Numbers, Held::Few { cells, rows }) => self.few_numbers(column, &cells.cells, rows),
            (Wanted::Numbers, Held::Texts(_)) => self.numbers(column),
            (Wanted::Names, Held::Few { cells, rows }) => {
                Ok(Cells::Names(self.few_names(&cells.cells, rows)))
            }
            (Wanted::Names, Held::Numbers(_) | Held::Texts(_)) => Ok(Cells::Names(self.names(column))),
        };
        let typed: Vec<Result<Cells, DataError>> = wanted.par_iter().map(typed).collect();
        typed.into_iter().collect()
    }

    fn few_numbers(&self, column: usize, cells: &[Cow<'_, str>], rows: &[u32]) -> Result<Cells, DataError> {
        let numbers: Vec<Result<f64, &'static str>> = cells.iter().map(|cell| self.number(cell)).collect();
        let number = |(row, place): (usize, &u32)| {
            let place = *place as usize;
            numbers[place].map_err(|wants| self.refuse(row, column, wants, shown_cell(&cells[place])))
        };
        Ok(Cells::Numbers(rows.iter().enumerate().map(number).collect::<Result<_, DataError>>()?))
    }

    fn numbers(&self, column: usize) -> Result<Cells, DataError> {
        let (mut fields, mut numbers) = (vec![], Vec::with_capacity(self.rows()));
        for record in self.files.iter().flat_map(CsvFile::records) {
            let cell = self.cell(record, column, &mut fields);
            let number = self.number(&cell);
            numbers
                .push(number.map_err(|wants| self.refuse(numbers.len(), column, wants, shown_cell(&cell)))?);
        }
        Ok(Cells::Numbers(numbers))
    }

    /// A cell as a number, or what it should have been; NaN where nothing is.
    fn number(&self, cell: &str) -> Result<f64, &'static str> {
        if self.format.is_missing(cell) { Ok(f64::NAN) } else { number(cell) }
    }

    fn few_names(&self, cells: &[Cow<'_, str>], rows: &[u32]) -> Names {
        let mut names = Names::default();
        let there = |cell: &&Cow<'_, str>| !self.format.is_missing(cell);
        names.names = cells.iter().filter(there).map(|cell| cell.to_string()).collect();
        names.places = names.names.iter().cloned().zip(0..).collect();
        let mut next = 0..;
        let place = |cell: &Cow<'_, str>| {
            if self.format.is_missing(cell) { NONE } else { next.next().unwrap_or(NONE) }
        };
        let places: Vec<u32> = cells.iter().map(place).collect();
        names.rows = rows.iter().map(|cell| places[*cell as usize]).collect();
        names
    }

    fn names(&self, column: usize) -> Names {
        let (mut fields, mut names) = (vec![], Names::default());
        for record in self.files.iter().flat_map(CsvFile::records) {
            let cell = self.cell(record, column, &mut fields);
            names.push((!self.format.is_missing(&cell)).then_some(&cell));
        }
        names
    }
}
