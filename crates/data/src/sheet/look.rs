//! What columns look like, where nobody says what they are.

use std::collections::BTreeSet;

use baeum_core::fs::FsError;
use rayon::prelude::*;

use super::Sheet;
use super::cells::{Cells, Names};
use crate::csv::number;

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

impl Sheet {
    /// What the cells of some columns look like in some rows.
    ///
    /// # Errors
    /// [`FsError`] if they cannot be read again.
    pub(crate) fn look(&self, columns: &[usize], rows: &[usize]) -> Result<Vec<Seen>, FsError> {
        let words_are_numbers = self.words_are_numbers;
        let look = |&column: &usize| match &*self.cells[column] {
            Cells::Numbers(numbers) => {
                for &row in rows {
                    if !numbers.get(row)?.is_nan() {
                        return Ok(Seen::Numbers);
                    }
                }
                Ok(Seen::Nothing)
            }
            Cells::FewNumbers(_) => Ok(Seen::Numbers),
            Cells::Names(names) => look_at_names(names, rows, words_are_numbers),
            Cells::Texts(texts) => {
                let there = || rows.iter().filter_map(|row| texts.get(*row));
                let mut sight = Sight { cells: there().count(), ..Sight::default() };
                there().for_each(|cell| sight.read(cell, words_are_numbers));
                there().for_each(|cell| sight.count(cell));
                Ok(sight.seen())
            }
        };
        let seen: Vec<Result<Seen, FsError>> = columns.par_iter().map(look).collect();
        seen.into_iter().collect()
    }
}

fn look_at_names(names: &Names, rows: &[usize], words_are_numbers: bool) -> Result<Seen, FsError> {
    let (counts, _) = names.counts(rows)?;
    let there = || names.values().iter().zip(&counts).filter(|(_, count)| **count > 0);
    let mut sight = Sight { cells: there().map(|(_, count)| count).sum(), ..Sight::default() };
    there().for_each(|(cell, _)| sight.read(cell, words_are_numbers));
    there().for_each(|(cell, _)| sight.count(cell));
    Ok(sight.seen())
}

impl Sight {
    /// What is written as a number but is none, such as `inf`, is refused later, with its row.
    fn read(&mut self, cell: &str, words_are_numbers: bool) {
        self.has_words = self.has_words || !words_are_numbers || number(cell) == Err("a number");
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
