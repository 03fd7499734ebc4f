//! A table that is out of the ordinary: read whole, and cut row by row, so that what is wrong is told with its row.

use std::ops::Range;

use baeum_core::Limit;
use rayon::prelude::*;

use super::reading::{Reading, header};
use super::run::{Form, Run};
use super::split::Records;
use super::stored::Stored;
use super::{Dialect, FileRows, growing, text};
use crate::DataError;
use crate::config::OnBad;
use crate::profile::Repair;

/// Records whose cells are read in one go.
const RUN: usize = 1 << 14;

/// A text that was cut into rows.
#[derive(Default)]
struct Cut {
    /// The names of its columns, once a record was read.
    columns: Option<Vec<String>>,
    /// Where each row stands.
    rows: Vec<Range<usize>>,
    /// The rows that were left out, each with the reason.
    skipped: Vec<(usize, DataError)>,
    /// How many blank lines it ends in.
    blank_end: usize,
}

impl Reading<'_> {
    /// Reads a table, whatever is to be said of it.
    ///
    /// # Errors
    /// [`DataError`] names the row that is not what RFC 4180 and the limits allow.
    pub(super) fn whole(&mut self, stored: &Stored<'_>) -> Result<(), DataError> {
        let name = &stored.name;
        let bytes = stored.unpacked(self.limits)?;
        let (text, taken_for) = text::checked(name, bytes, self.format.header, self.format.encoding)?;
        self.begin(name, Dialect::of(self.format, &text))?;
        let Cut { columns, rows, skipped, blank_end } = self.cut(name, &text)?;
        self.name_columns(name, columns, rows.is_empty())?;
        for rows in rows.chunks(RUN * rayon::current_num_threads() * 4) {
            let forms = self.forms();
            let run = |rows: &[Range<usize>]| self.run_of(&text, rows, &forms);
            let runs: Vec<Run<'_>> = rows.par_chunks(RUN).map(run).collect();
            runs.iter().for_each(|run| self.ids.extend(&run.ids));
            growing::append(&mut self.growing, runs, self.room)?;
        }
        let file = || name.clone();
        self.repairs.extend(taken_for.map(|encoding| Repair::TakenFor { file: file(), encoding }));
        self.repairs.extend((blank_end > 0).then(|| Repair::BlankEnd { file: file(), count: blank_end }));
        let place = self.files.len();
        self.files.push(FileRows::new(file(), rows.len(), skipped.iter().map(|(row, _)| *row).collect()));
        self.left_out.extend(skipped.into_iter().map(|(row, error)| ((place, row), error.to_string())));
        Ok(())
    }

    fn run_of<'t>(&self, text: &'t str, rows: &[Range<usize>], forms: &[Form]) -> Run<'t> {
        Run::of_rows(text, rows, self.dialect, &self.formats, forms)
    }

    /// Cuts a text into rows; what is bad ends it, or is left out.
    fn cut(&self, name: &str, text: &str) -> Result<Cut, DataError> {
        let mut records = Records::new(name, text, self.dialect, self.limits);
        let mut fields = vec![];
        let mut cut = Cut::default();
        loop {
            let row = records.row();
            let record = match records.next(&mut fields) {
                Ok(Some(record)) => record,
                Ok(None) => {
                    cut.blank_end = records.blank_end();
                    return Ok(cut);
                }
                Err(error @ DataError::Row { .. }) if self.on_bad == OnBad::Skip && cut.columns.is_some() => {
                    cut.skipped.push((row, error));
                    records.skip();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_header = self.format.header && cut.columns.is_none();
            if cut.columns.is_none() {
                cut.columns = Some(header(self.format, self.dialect, name, &fields)?);
            }
            if !is_header {
                cut.rows.push(record);
            }
            let rows = self.rows() + cut.rows.len();
            self.limits.admit(Limit::Rows, format_args!("`{name}`"), rows as u64)?;
        }
    }
}
