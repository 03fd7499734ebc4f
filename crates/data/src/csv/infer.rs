use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::held::Held;
use super::{Csv, number};

/// More different cells than this are words rather than names.
const MOST_NAMES: usize = 1_000;

/// Up to here a few rows may all have names of their own.
const FEW_NAMES: usize = 20;

/// A name is no longer than this, in characters.
const LONGEST_NAME: usize = 200;

/// What the rows of a column look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Every cell is missing.
    Nothing,
    /// Every cell that is there is a number.
    Numbers,
    /// Cells repeat: names out of a list.
    Names,
    /// Cells are long, or hardly repeat.
    Words {
        /// How many different cells there are, as far as they were counted.
        distinct: usize,
        /// In how many rows.
        rows: usize,
    },
}

/// What was seen of one column up to a row.
#[derive(Default)]
struct Sight {
    cells: usize,
    has_words: bool,
    distinct: BTreeSet<String>,
    is_long: bool,
}

/// What cells of words look like.
pub(crate) fn seen<'a>(cells: impl Iterator<Item = &'a str>) -> Seen {
    let mut sight = Sight { has_words: true, ..Sight::default() };
    for cell in cells {
        sight.cells += 1;
        sight.count(cell);
    }
    sight.seen()
}

impl Csv {
    /// What the cells of some columns look like in some rows.
    pub(crate) fn look(&self, columns: &[usize], rows: &[usize]) -> Vec<Seen> {
        let look = |&column: &usize| match &self.held()[column] {
            Held::Few { cells, rows: places } => {
                self.look_at_few(&cells.cells, rows.iter().map(|&row| places[row]))
            }
            Held::Numbers(numbers) if rows.iter().all(|row| numbers[*row].is_nan()) => Seen::Nothing,
            Held::Numbers(_) => Seen::Numbers,
            Held::Texts(_) => self.look_at_texts(column, rows),
        };
        columns.par_iter().map(look).collect()
    }

    /// What few cells look like; `places` are those of the rows.
    fn look_at_few(&self, cells: &[Cow<'_, str>], places: impl Iterator<Item = u32>) -> Seen {
        let mut counts = vec![0; cells.len()];
        places.for_each(|place| counts[place as usize] += 1);
        let there =
            || cells.iter().zip(&counts).filter(|(cell, count)| **count > 0 && !self.format.is_missing(cell));
        let mut sight = Sight { cells: there().map(|(_, count)| count).sum(), ..Sight::default() };
        there().for_each(|(cell, _)| sight.read(cell));
        there().for_each(|(cell, _)| sight.count(cell));
        sight.seen()
    }

    fn look_at_texts(&self, column: usize, rows: &[usize]) -> Seen {
        let mut sight = Sight::default();
        self.each(column, rows, |cell| {
            sight.cells += 1;
            sight.read(cell);
        });
        self.each(column, rows, |cell| sight.count(cell));
        sight.seen()
    }

    /// Calls `visit` with each cell of a column that is there, row by row.
    fn each(&self, column: usize, rows: &[usize], mut visit: impl FnMut(&str)) {
        let mut fields = vec![];
        for &row in rows {
            let (file, row) = self.locate(row);
            let cell = self.cell(file.record(row), column, &mut fields);
            if !self.format.is_missing(&cell) {
                visit(&cell);
            }
        }
    }
}

impl Sight {
    /// What is written as a number but is none, such as `inf`, is refused later, with its row.
    fn read(&mut self, cell: &str) {
        self.has_words = self.has_words || number(cell) == Err("a number");
    }

    fn count(&mut self, cell: &str) {
        if self.has_words && self.distinct.len() <= MOST_NAMES {
            self.is_long |= cell.chars().count() > LONGEST_NAME;
            if !self.distinct.contains(cell) {
                self.distinct.insert(cell.to_owned());
            }
        }
    }

    fn seen(&self) -> Seen {
        let distinct = self.distinct.len();
        let hardly_repeats = distinct > FEW_NAMES && distinct * 2 > self.cells;
        match self.cells {
            0 => Seen::Nothing,
            _ if !self.has_words => Seen::Numbers,
            rows if self.is_long || hardly_repeats || distinct > MOST_NAMES => Seen::Words { distinct, rows },
            _ => Seen::Names,
        }
    }
}
