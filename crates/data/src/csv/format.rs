use super::number;
use crate::CsvConfig;
use crate::config::{Encoding, usual_missing};
use crate::plan::Lists;

/// How a table is written, and how it says that nothing is there.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvFormat {
    /// Whether the first line names the columns.
    pub header: bool,
    /// Names for the columns of a table without a header; none are counted.
    pub columns: Vec<String>,
    /// What stands between two fields: one ASCII character, or what the first lines tell.
    pub delimiter: Option<char>,
    /// What stands around fields: one ASCII character, or nothing.
    pub quote: Option<char>,
    /// How bytes are letters, unless they tell it themselves.
    pub encoding: Option<Encoding>,
    /// Whether spaces around a cell are left out.
    pub trim: bool,
    /// How a cell without a value is written.
    pub missing: Vec<String>,
    /// The columns whose cells are lists: an empty cell is a list of nothing there, and not missing.
    pub lists: Vec<String>,
}

impl CsvFormat {
    /// What a recipe says; `missing` is its `data.missing`.
    pub(crate) fn new(config: &CsvConfig, missing: &[String]) -> CsvFormat {
        CsvFormat {
            header: config.header,
            columns: config.columns.clone(),
            delimiter: config.delimiter.as_ref().and_then(|text| text.chars().next()),
            quote: config.quote.chars().next(),
            encoding: config.encoding,
            trim: config.trim,
            missing: missing.to_vec(),
            lists: vec![],
        }
    }

    /// The same for a table with columns of lists.
    pub(crate) fn listing(self, lists: &[Lists]) -> CsvFormat {
        CsvFormat { lists: lists.iter().map(|lists| lists.column.clone()).collect(), ..self }
    }

    /// The same for the cells of a column of lists alone.
    pub(super) fn of_lists(&self) -> CsvFormat {
        let missing = self.missing.iter().filter(|missing| !missing.is_empty()).cloned().collect();
        CsvFormat { missing, ..self.clone() }
    }

    /// Whether a cell says that nothing is there; spaces around it do not count, nor how a number is written.
    pub(crate) fn is_missing(&self, cell: &str) -> bool {
        says_nothing(&self.missing, cell)
    }

    /// What a cell says.
    pub(super) fn said<'a>(&self, cell: &'a str) -> &'a str {
        if self.trim { trimmed(cell) } else { cell }
    }
}

/// Whether a cell is one of those that say that nothing is there.
pub(crate) fn says_nothing(missing: &[String], cell: &str) -> bool {
    let cell = trimmed(cell);
    missing.iter().any(|missing| missing == cell || is_same_number(missing, cell))
}

/// Whether both are one number: `-999` and `-999.0`. Mostly the first is none at a glance.
fn is_same_number(missing: &str, cell: &str) -> bool {
    let may_be = |text: &str| text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    may_be(missing) && may_be(cell) && number(missing).is_ok_and(|number_of| number(cell) == Ok(number_of))
}

/// A cell without the white space around it; nearly always there is none, or it is spaces.
pub(super) fn trimmed(cell: &str) -> &str {
    let start = cell.bytes().take_while(|byte| *byte == b' ').count();
    let end = cell.len() - cell.bytes().rev().take_while(|byte| *byte == b' ').count();
    let bare = cell.get(start..end).unwrap_or_default();
    match bare.as_bytes() {
        [only] if only.is_ascii_graphic() => bare,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => bare,
        _ => bare.trim(),
    }
}

/// The default is what a recipe without a word about it says.
impl Default for CsvFormat {
    fn default() -> CsvFormat {
        CsvFormat::new(&CsvConfig::default(), &usual_missing())
    }
}
