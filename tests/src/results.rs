//! What the recipes of `datasets/` reach, beside what others published: `cargo xtask results`.
//!
//! [`LESSONS`] says what is worth reaching. `measure` runs a recipe with several seeds through the command that people use, and
//! keeps the scores on the test rows as a [`Record`]; with one seed `peer` lets PyTorch do the same training; `page` shows the newest
//! record of each.

mod error;
mod lessons;
mod measure;
mod page;
pub mod peer;
mod record;

use std::fs;

pub use error::ResultError;
pub use lessons::{Bar, LESSONS, Lesson, Measure, WRONG_LABELS, WrongLabels};
pub use measure::Arguments;
pub use page::page;
pub use record::{Peer, Record, Run, Theirs, parse_records};

use crate::root;

/// Where the records are kept, one JSON line each, from the root of the workspace.
pub const RECORDS: &str = "docs/results/runs.jsonl";
/// The page that shows the newest of them.
pub const PAGE: &str = "docs/results.md";

/// Does what the command line says.
///
/// # Errors
/// [`ResultError`] says what could not be run, read or written.
pub fn run(arguments: &Arguments) -> Result<(), ResultError> {
    let measured = measure::measure(arguments);
    let path = root().join(PAGE);
    fs::write(&path, expected_page()?).map_err(ResultError::file("write", &path))?;
    measured // what was kept before something failed is shown
}

/// The page as it should be.
///
/// # Errors
/// [`ResultError`] if the records cannot be read.
pub fn expected_page() -> Result<String, ResultError> {
    let path = root().join(RECORDS);
    let lines = fs::read_to_string(&path).map_err(ResultError::file("read", &path))?;
    Ok(page(&parse_records(&lines)?))
}
