//! What the cells of each column say. Every record is cut once, many at a time, and a column keeps its cells in the
//! shortest form that they allow.

use std::borrow::Cow;
use std::ops::Range;

use rayon::prelude::*;

use super::{Csv, CsvFile, CsvFormat, number, split};
use crate::fnv::Places;

/// Records that are cut in one go; it decides who finds a cell first, never what is found.
const RUN: usize = 1 << 14;

/// With more different cells than this, a column is none of names.
const MOST_CELLS: usize = 1 << 12;

/// The cells of one column.
#[derive(Debug)]
pub(super) enum Held<'a> {
    /// Few different cells, in the order in which they come, and the place of each row's among them.
    Few { cells: Few<'a>, rows: Vec<u32> },
    /// Numbers; NaN where nothing is.
    Numbers(Vec<f64>),
    /// Anything else: so many cells, which stand in the text.
    Texts(usize),
}

/// Different cells with their places.
#[derive(Debug, Default)]
pub(super) struct Few<'a> {
    pub(super) cells: Vec<Cow<'a, str>>,
    places: Places<Cow<'a, str>, u32>,
}

impl<'a> Few<'a> {
    /// The place of a cell; none if there are too many.
    fn place(&mut self, cell: &str, kept: impl FnOnce() -> Cow<'a, str>) -> Option<u32> {
        if let Some(place) = self.places.get(cell) {
            return Some(*place);
        }
        let place = u32::try_from(self.cells.len()).ok().filter(|_| self.cells.len() < MOST_CELLS)?;
        let cell = kept();
        self.cells.push(cell.clone());
        self.places.insert(cell, place);
        Some(place)
    }
}

impl<'a> Held<'a> {
    fn new(room: usize) -> Held<'a> {
        Held::Few { cells: Few::default(), rows: Vec::with_capacity(room) }
    }

    fn len(&self) -> usize {
        match self {
            Held::Few { rows, .. } => rows.len(),
            Held::Numbers(numbers) => numbers.len(),
            Held::Texts(rows) => *rows,
        }
    }

    fn push(&mut self, cell: Cow<'a, str>, format: &CsvFormat) {
        match self {
            Held::Few { cells, rows } => match cells.place(&cell, || cell.clone()) {
                Some(place) => return rows.push(place),
                None => *self = self.widened(format),
            },
            Held::Numbers(numbers) => match read(&cell, format) {
                Some(number) => return numbers.push(number),
                None => *self = Held::Texts(numbers.len()),
            },
            Held::Texts(rows) => {
                *rows += 1;
                return;
            }
        }
        self.push(cell, format);
    }

    /// The same cells as numbers, if they are; else they stay in the text.
    fn widened(&self, format: &CsvFormat) -> Held<'static> {
        match self {
            Held::Few { cells, rows } => {
                let numbers: Option<Vec<f64>> = cells.cells.iter().map(|cell| read(cell, format)).collect();
                match numbers {
                    Some(numbers) => {
                        let mut all = Vec::with_capacity(rows.capacity());
                        all.extend(rows.iter().map(|place| numbers[*place as usize]));
                        Held::Numbers(all)
                    }
                    None => Held::Texts(rows.len()),
                }
            }
            Held::Numbers(numbers) => Held::Numbers(numbers.clone()),
            Held::Texts(rows) => Held::Texts(*rows),
        }
    }
}

impl Held<'static> {
    /// Appends the cells of the next rows.
    fn append(&mut self, other: Held<'_>, format: &CsvFormat) {
        match (&mut *self, other) {
            (Held::Few { cells, rows }, Held::Few { cells: others, rows: more }) => {
                let place = |cell: &Cow<'_, str>| cells.place(cell, || Cow::Owned(cell.to_string()));
                let places: Option<Vec<u32>> = others.cells.iter().map(place).collect();
                if let Some(places) = places {
                    rows.extend(more.iter().map(|place| places[*place as usize]));
                } else {
                    *self = self.widened(format);
                    self.append(Held::Few { cells: others, rows: more }.widened(format), format);
                }
            }
            (Held::Numbers(numbers), Held::Numbers(more)) => numbers.extend(more),
            (Held::Few { .. }, other) => {
                *self = self.widened(format);
                self.append(other, format);
            }
            (Held::Numbers(_), other @ Held::Few { .. }) => self.append(other.widened(format), format),
            (Held::Texts(rows), other) => *rows += other.len(),
            (Held::Numbers(numbers), Held::Texts(rows)) => *self = Held::Texts(numbers.len() + rows),
        }
    }
}

/// A cell as a number; NaN if nothing is there, none if it is something else.
fn read(cell: &str, format: &CsvFormat) -> Option<f64> {
    if format.is_missing(cell) { Some(f64::NAN) } else { number(cell).ok() }
}

impl Csv {
    /// What the cells of each column say, in all rows; read once.
    pub(super) fn held(&self) -> &[Held<'static>] {
        self.held.get_or_init(|| self.read())
    }

    fn read(&self) -> Vec<Held<'static>> {
        let runs = |file: &CsvFile| {
            let rows = file.rows();
            (0..rows).step_by(RUN).map(move |first| first..rows.min(first + RUN)).collect::<Vec<_>>()
        };
        let runs: Vec<(&CsvFile, Range<usize>)> =
            self.files.iter().flat_map(|file| runs(file).into_iter().map(move |rows| (file, rows))).collect();
        let mut held: Vec<Held<'static>> = self.columns.iter().map(|_| Held::new(self.rows())).collect();
        // A few runs at a time: what all of them hold need not be there twice.
        for runs in runs.chunks(rayon::current_num_threads() * 4) {
            let read: Vec<Vec<Held<'_>>> =
                runs.par_iter().map(|(file, rows)| self.held_in(file, rows.clone())).collect();
            for run in read {
                held.iter_mut().zip(run).for_each(|(held, more)| held.append(more, &self.format));
            }
        }
        held
    }

    fn held_in<'a>(&'a self, file: &'a CsvFile, rows: Range<usize>) -> Vec<Held<'a>> {
        let mut held: Vec<Held<'_>> = self.columns.iter().map(|_| Held::new(rows.len())).collect();
        let mut fields = vec![];
        for row in rows {
            split::fields(file.record(row), self.dialect, &mut fields);
            for (held, field) in held.iter_mut().zip(&fields) {
                held.push(self.said(field), &self.format);
            }
        }
        held
    }

    /// What a field says, without its quotes.
    pub(super) fn said<'a>(&self, field: &'a str) -> Cow<'a, str> {
        match self.dialect.unquote(field) {
            Cow::Borrowed(cell) => Cow::Borrowed(self.format.said(cell)),
            Cow::Owned(cell) => Cow::Owned(self.format.said(&cell).to_owned()),
        }
    }
}
