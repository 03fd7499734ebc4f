//! Tables of comma-separated values: checked record by record, and their cells typed on the way, many records at the same
//! time.

mod blocks;
mod careful;
mod decoder;
mod dialect;
mod encoding;
mod file;
mod format;
mod growing;
mod reading;
mod run;
mod split;
mod stored;
mod stream;
#[cfg(test)]
mod tests;
mod text;

use crate::error::quoted;

pub(crate) use dialect::Dialect;
pub(crate) use file::{FileRows, located, row_place};
pub use format::CsvFormat;
pub(crate) use format::says_nothing;
pub(crate) use reading::read;
pub(crate) use stored::{Bytes, Stored, failed};
pub(crate) use text::text_of;

/// A number as a table writes it; spaces around it do not count. The error is what the cell should have been.
pub(crate) fn number(cell: &str) -> Result<f64, &'static str> {
    match format::trimmed(cell).parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err("a finite number"),
        Err(_) => Err("a number"),
    }
}

/// A cell as a message shows it.
pub(crate) fn shown_cell(cell: &str) -> String {
    if cell.trim().is_empty() { "an empty cell".to_owned() } else { quoted(cell) }
}
