//! The lines of a file, one after the other, so that it may be longer than memory.

use std::io::{BufRead, BufReader, Read};

use baeum_core::{Limit, Limits};

use crate::DataError;
use crate::csv::failed;

/// So much room is kept from line to line; a long one gives it back.
const KEPT: usize = 1 << 20;

/// Lines as they are read.
pub(super) struct Lines<'a> {
    file: &'a str,
    reader: BufReader<Box<dyn Read + Send + 'a>>,
    limits: &'a Limits,
    line: Vec<u8>,
    /// How many bytes were read before the line, and how many lines with it.
    before: usize,
    row: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(file: &'a str, reader: Box<dyn Read + Send + 'a>, limits: &'a Limits) -> Lines<'a> {
        Lines { file, reader: BufReader::new(reader), limits, line: vec![], before: 0, row: 0 }
    }

    /// The next line without its end, and its number from 1.
    ///
    /// # Errors
    /// [`DataError`] for one that is too long, or no UTF-8, and for what the disk refuses.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &str)>, DataError> {
        let Lines { file, reader, limits, line, before, row } = self;
        *before += line.len();
        line.clear();
        line.shrink_to(KEPT);
        let most = limits.get(Limit::CsvFieldBytes).saturating_add(2); // and an end of two bytes
        let read = reader.take(most.saturating_add(1)).read_until(b'\n', line);
        if read.map_err(failed(file))? == 0 {
            return Ok(None);
        }
        *row += 1;
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        limits.admit(Limit::CsvFieldBytes, format_args!("`{file}` row {row}"), bare.len() as u64)?;
        limits.admit(Limit::Rows, format_args!("`{file}`"), *row as u64)?;
        let text = str::from_utf8(bare).map_err(|error| {
            let number = *before + error.valid_up_to() + 1;
            DataError::file(file, "UTF-8", format!("other bytes from number {number} on"))
        })?;
        let mark = if *row == 1 { "\u{feff}" } else { "" };
        Ok(Some((*row, text.strip_prefix(mark).unwrap_or(text))))
    }
}
