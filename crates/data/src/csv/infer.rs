use std::collections::BTreeSet;

use super::{Csv, number, split};

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
        let mut sights: Vec<Sight> = columns.iter().map(|_| Sight::default()).collect();
        self.each(columns, rows, |place, cell| {
            sights[place].cells += 1;
            // What is written as a number but is none, such as `inf`, is refused later, with its row.
            sights[place].has_words |= number(cell) == Err("a number");
        });
        self.each(columns, rows, |place, cell| sights[place].count(cell));
        sights.iter().map(Sight::seen).collect()
    }

    /// Calls `visit` with each cell that is there, row by row, and the place of its column in `columns`.
    fn each(&self, columns: &[usize], rows: &[usize], mut visit: impl FnMut(usize, &str)) {
        let mut fields = vec![];
        for &row in rows {
            let (file, row) = self.locate(row);
            split::fields(file.record(row), self.dialect, &mut fields);
            for (place, &column) in columns.iter().enumerate() {
                let cell = fields.get(column).map(|field| self.dialect.unquote(field)).unwrap_or_default();
                if !self.format.is_missing(&cell) {
                    visit(place, self.format.said(&cell));
                }
            }
        }
    }
}

impl Sight {
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
