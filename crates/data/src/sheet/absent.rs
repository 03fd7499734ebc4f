//! How the cells of a table say that nothing is there, where they say something.

use crate::csv::{number, says_nothing};
use crate::plan::Lists;

/// What `data.missing` lists, for tables that tell numbers from texts.
#[derive(Debug)]
pub(super) struct Absent<'a> {
    words: &'a [String],
    numbers: Vec<f64>,
    lists: &'a [Lists],
}

impl<'a> Absent<'a> {
    pub(super) fn new(missing: &'a [String], lists: &'a [Lists]) -> Absent<'a> {
        let numbers = missing.iter().filter_map(|word| number(word).ok()).collect();
        Absent { words: missing, numbers, lists }
    }

    /// Whether a text of a column says it; an empty list of labels is a list.
    pub(super) fn is_word(&self, column: &str, word: &str) -> bool {
        let lists = || self.lists.iter().any(|lists| lists.column == column);
        !(word.is_empty() && lists()) && says_nothing(self.words, word)
    }

    /// Whether a number says it.
    pub(super) fn is_number(&self, number: f64) -> bool {
        self.numbers.contains(&number)
    }
}
