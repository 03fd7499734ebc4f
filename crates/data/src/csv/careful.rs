//! A table that is out of the ordinary: cut row by row, so that what is wrong is told with its row.

use std::io::{self, Read};
use std::ops::Range;

use baeum_core::Limit;
use rayon::prelude::*;

use super::blocks::BLOCK_BYTES;
use super::reading::{Reading, header};
use super::run::{Form, Run};
use super::split::Records;
use super::stored::{Stored, failed};
use super::{Dialect, FileRows, growing};
use crate::DataError;
use crate::config::{Encoding, OnBad};
use crate::profile::Repair;

/// How many bytes are read in one go. Tests cut tables everywhere.
const PIECE: usize = if cfg!(test) { 1 << 6 } else { BLOCK_BYTES };

/// Records whose cells are read in one go.
const RUN: usize = 1 << 14;

/// What was read of a table and belongs to no record yet.
#[derive(Default)]
struct Rest {
    bytes: Vec<u8>,
    /// How many stand before it.
    before: usize,
    is_last: bool,
}

/// What was cut from a table so far.
struct Cut {
    /// How many columns it has, once a record was read.
    columns: Option<usize>,
    rows: usize,
    /// The number of the next record.
    next: usize,
    /// The rows that were left out, each with the reason.
    skipped: Vec<(usize, DataError)>,
    /// How many blank lines it ends in.
    blank_end: usize,
}

impl Rest {
    /// Goes on behind the first of its bytes, which were cut.
    fn read(&mut self, cut: usize, reader: &mut dyn Read) -> io::Result<()> {
        self.bytes.drain(..cut);
        self.before += cut;
        self.is_last = reader.take(PIECE as u64).read_to_end(&mut self.bytes)? < PIECE;
        Ok(())
    }

    /// The text up to what is no UTF-8, and whether something is; a letter whose end is to come is no fault.
    fn text(&self) -> (&str, bool) {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => (text, false),
            Err(error) => {
                let valid = std::str::from_utf8(&self.bytes[..error.valid_up_to()]).unwrap_or_default();
                (valid, self.is_last || error.error_len().is_some())
            }
        }
    }
}

impl Reading<'_> {
    /// Reads a table in an encoding, whatever is to be said of it.
    ///
    /// # Errors
    /// [`DataError`] names the row that is not what RFC 4180 and the limits allow.
    pub(super) fn carefully(&mut self, stored: &Stored<'_>, encoding: Encoding) -> Result<(), DataError> {
        let name = &stored.name;
        let mut reader = stored.text(encoding, self.limits)?;
        let mut rest = Rest::default();
        rest.read(0, reader.as_mut()).map_err(failed(name))?;
        if rest.bytes.starts_with("\u{feff}".as_bytes()) {
            rest.read("\u{feff}".len(), reader.as_mut()).map_err(failed(name))?;
        }
        self.begin(name, Dialect::of(self.format, rest.text().0, !rest.is_last))?;
        let next = usize::from(!self.dialect.header);
        let mut cut = Cut { columns: None, rows: 0, next, skipped: vec![], blank_end: 0 };
        loop {
            let (text, is_broken) = rest.text();
            let is_part = !rest.is_last || is_broken;
            let (rows, end) = self.cut(name, text, is_part, &mut cut)?;
            self.take(text, &rows)?;
            if is_broken {
                return Err(no_text(name, cut.next, rest.before + text.len()));
            }
            if rest.is_last {
                break;
            }
            rest.read(end, reader.as_mut()).map_err(failed(name))?;
            let held = format_args!("`{name}` row {}", cut.next).to_string();
            self.limits.admit(Limit::InflatedBytes, held, rest.bytes.len() as u64)?;
        }
        self.end(name, cut)
    }

    /// Cuts the rows of a part of a text, and tells where the rest begins; what is bad ends it, or is left out.
    fn cut(
        &mut self,
        name: &str,
        text: &str,
        is_part: bool,
        cut: &mut Cut,
    ) -> Result<(Vec<Range<usize>>, usize), DataError> {
        let records = Records::new(name, text, self.dialect, self.limits).without_nul();
        let mut records = records.behind(cut.next, cut.columns).part(is_part);
        let (mut rows, mut fields) = (vec![], vec![]);
        loop {
            cut.next = records.row();
            let record = match records.next(&mut fields) {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error @ DataError::Row { .. }) if self.on_bad == OnBad::Skip && cut.columns.is_some() => {
                    if !records.skip() {
                        break;
                    }
                    cut.skipped.push((cut.next, error));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if cut.columns.is_none() {
                cut.columns = Some(fields.len());
                self.name_columns(name, header(self.format, self.dialect, name, &fields)?)?;
            }
            if cut.next > 0 {
                rows.push(record);
                cut.rows += 1;
                self.limits.admit(Limit::Rows, format_args!("`{name}`"), (self.rows() + cut.rows) as u64)?;
            }
        }
        cut.blank_end = records.blank_end();
        Ok((rows, records.start()))
    }

    /// Adds the cells of rows.
    fn take(&mut self, text: &str, rows: &[Range<usize>]) -> Result<(), DataError> {
        let forms = self.forms();
        let run = |rows: &[Range<usize>]| self.run_of(text, rows, &forms);
        let runs: Vec<Run<'_>> = rows.par_chunks(RUN).map(run).collect();
        runs.iter().for_each(|run| self.ids.extend(&run.ids));
        Ok(growing::append(&mut self.growing, runs, self.room)?)
    }

    fn run_of<'t>(&self, text: &'t str, rows: &[Range<usize>], forms: &[Form]) -> Run<'t> {
        Run::of_rows(text, rows, self.dialect, &self.formats, forms)
    }

    /// Notes what is to be said of a table.
    fn end(&mut self, name: &str, cut: Cut) -> Result<(), DataError> {
        match cut.columns {
            None => return Err(DataError::file(name, "a table of rows", "an empty file")),
            Some(_) if cut.rows == 0 => {
                return Err(DataError::file(name, "rows below its header", "none"));
            }
            Some(_) => {}
        }
        let (file, count) = (name.to_owned(), cut.blank_end);
        self.repairs.extend((count > 0).then_some(Repair::BlankEnd { file, count }));
        let (place, numbers) = (self.files.len(), cut.skipped.iter().map(|(row, _)| *row).collect());
        self.files.push(FileRows::new(name.to_owned(), cut.rows, numbers));
        let reasons = cut.skipped.into_iter().map(|(row, error)| ((place, row), error.to_string()));
        self.left_out.extend(reasons);
        Ok(())
    }
}

/// A refusal of what is no text, in a row and at a byte.
fn no_text(file: &str, row: usize, byte: usize) -> DataError {
    let way_out = "say `data.source.csv.encoding`, or save it as UTF-8";
    let (file, wants) = (file.to_owned(), "UTF-8".to_owned());
    DataError::Row { file, row, wants, got: format!("another encoding at byte {byte}; {way_out}") }
}
