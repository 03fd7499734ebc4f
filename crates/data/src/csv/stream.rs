//! A table that is as it should be: read piece by piece, so that it may be longer than memory.

use std::ops::Range;

use baeum_core::Limit;
use rayon::prelude::*;

use super::blocks::{Block, parts};
use super::reading::{Reading, header};
use super::run::Run;
use super::split::Records;
use super::stored::{Stored, failed};
use super::{Dialect, FileRows, growing};
use crate::DataError;
use crate::config::Encoding;
use crate::profile::Repair;

impl Reading<'_> {
    /// Reads a table; whether all of it was as it should be. If not, part of its rows may have been added.
    pub(super) fn stream(&mut self, stored: &Stored<'_>, encoding: Encoding) -> Result<bool, DataError> {
        let mut reader = stored.text(encoding, self.limits)?;
        let failed = failed(&stored.name);
        let (mut block, mut next) = (Block::default(), Block::default());
        block.read_behind(&Block::default(), reader.as_mut(), Dialect::default()).map_err(&failed)?;
        let Some(mut begin) = self.head(stored, &block)? else { return Ok(false) };
        let (mut rows, mut blank_end) = (0, 0);
        loop {
            let dialect = self.dialect;
            let (read, found) = rayon::join(
                || if block.is_last { Ok(()) } else { next.read_behind(&block, reader.as_mut(), dialect) },
                || self.runs(&stored.name, &block, begin),
            );
            read.map_err(&failed)?;
            let Some(runs) = found else { return Ok(false) };
            for (place, run) in (1..).zip(&runs) {
                let is_last = block.is_last && place == runs.len();
                if run.blank_end > 0 && !is_last {
                    return Ok(false);
                }
                rows += run.ids.len();
                blank_end = run.blank_end;
                self.ids.extend(&run.ids);
            }
            growing::append(&mut self.growing, runs, self.room)?;
            if self.limits.admit(Limit::Rows, "", (self.rows() + rows) as u64).is_err() {
                return Ok(false);
            }
            if block.is_last {
                break;
            }
            std::mem::swap(&mut block, &mut next);
            begin = 0;
        }
        let file = stored.name.clone();
        self.repairs
            .extend((blank_end > 0).then(|| Repair::BlankEnd { file: file.clone(), count: blank_end }));
        self.files.push(FileRows::new(file, rows, vec![]));
        Ok(rows > 0)
    }

    /// Reads the names of the columns in the first piece of a table; where its first row begins.
    fn head(&mut self, stored: &Stored<'_>, block: &Block) -> Result<Option<usize>, DataError> {
        let Some(text) = block.text() else { return Ok(None) };
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let (text, name) = (&text[mark..], &stored.name);
        self.begin(name, Dialect::of(self.format, text, false))?;
        let (mut records, mut fields) = (Records::new(name, text, self.dialect, self.limits), vec![]);
        let Ok(Some(first)) = records.next(&mut fields) else { return Ok(None) };
        let Ok(columns) = header(self.format, self.dialect, name, &fields) else { return Ok(None) };
        self.name_columns(name, columns)?;
        Ok(Some(mark + if self.format.header { first.end } else { 0 }))
    }

    /// The cells of a piece; none if anything in it is out of the ordinary.
    fn runs<'t>(&self, name: &'t str, block: &'t Block, begin: usize) -> Option<Vec<Run<'t>>>
    where
        Self: 't,
    {
        let (text, forms) = (block.text()?, self.forms());
        if !block.is_last && text.is_empty() {
            return None; // a record is longer than any piece
        }
        let run = |part: Range<usize>| {
            let records = Records::new(name, &text[part], self.dialect, self.limits);
            Run::of(records.behind(1, Some(self.columns.len())), self.dialect, &self.formats, &forms)
        };
        parts(text, begin, self.dialect).into_par_iter().map(run).collect()
    }
}
