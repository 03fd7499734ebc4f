//! Tables of comma-separated values: read whole, checked row by row, then typed in runs of rows at the
//! same time.

mod cut;
mod dialect;
mod encoding;
mod file;
mod format;
mod held;
mod infer;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod typed;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use baeum_core::{Limit, Limits};
use rayon::prelude::*;

use crate::config::OnBad;
use crate::error::quoted;
use crate::profile::{LISTED, Repair};
use crate::split::sample_id;
use crate::{DataError, gzip};

pub(crate) use dialect::Dialect;
pub(crate) use file::{FileRows, located, row_place};
pub use format::CsvFormat;
pub(crate) use infer::{Seen, seen};
pub(crate) use text::text_of;
pub(crate) use typed::{Cells, Names, Wanted};

use file::{CsvFile, Cut, joined};
use held::Held;
use split::Records;

/// One or more tables with the same columns, checked and cut into rows, their cells still text.
#[derive(Debug)]
pub(crate) struct Csv {
    format: CsvFormat,
    /// That of the first file; all have the same.
    dialect: Dialect,
    columns: Vec<String>,
    places: BTreeMap<String, usize>,
    files: Vec<CsvFile>,
    /// What the cells of each column say, once somebody asked.
    held: OnceLock<Vec<Held<'static>>>,
}

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

impl Csv {
    /// Checks tables and cuts them into rows; each is its name in messages and its bytes.
    ///
    /// # Errors
    /// [`DataError`] names the file and the row that is not what RFC 4180 and the limits allow.
    pub(crate) fn new(
        files: Vec<(String, Vec<u8>)>,
        format: &CsvFormat,
        on_bad: OnBad,
        limits: &Limits,
    ) -> Result<Csv, DataError> {
        let mut csv = Csv {
            format: format.clone(),
            dialect: Dialect::default(),
            columns: vec![],
            places: BTreeMap::new(),
            files: vec![],
            held: OnceLock::new(),
        };
        for (name, bytes) in files {
            csv.add(name, bytes, on_bad, limits)?;
        }
        Ok(csv)
    }

    fn add(&mut self, name: String, bytes: Vec<u8>, on_bad: OnBad, limits: &Limits) -> Result<(), DataError> {
        let bytes = if name.ends_with(".gz") { gzip::unpacked(&name, &bytes, limits)? } else { bytes };
        let (text, taken_for) = text::checked(&name, bytes, self.format.header, self.format.encoding)?;
        let dialect = Dialect::of(&self.format, &text);
        if let Some(first) = self.files.first().filter(|_| dialect != self.dialect) {
            let (wants, got) = (format!("the delimiter of `{}`", first.name), dialect.delimiter_shown());
            return Err(DataError::file(&name, wants, got));
        }
        self.dialect = dialect;
        let cut = self.cut(&name, &text, on_bad, limits)?;
        let Cut { columns, starts, skipped, blank_end } = cut;
        match columns {
            None => return Err(DataError::file(&name, "a table of rows", "an empty file")),
            Some(_) if starts.is_empty() => {
                return Err(DataError::file(&name, "rows below its header", "none"));
            }
            Some(columns) if self.files.is_empty() => {
                self.places = columns.iter().cloned().zip(0..).collect();
                self.columns = columns;
            }
            Some(columns) => self.refuse_other_columns(&name, &columns)?,
        }
        let (text, starts) = joined(text, starts);
        let skipped = skipped.into_iter().map(|(row, error)| (row, error.to_string())).collect();
        self.files.push(CsvFile {
            name,
            rows_before: self.rows(),
            text,
            starts,
            skipped,
            blank_end,
            taken_for,
        });
        Ok(())
    }

    /// Cuts a text into rows; what is bad ends it, or is left out.
    fn cut(&self, name: &str, text: &str, on_bad: OnBad, limits: &Limits) -> Result<Cut, DataError> {
        match self.cut_at_once(name, text, limits) {
            Some(cut) => Ok(cut),
            None => self.cut_one_by_one(name, text, on_bad, limits),
        }
    }

    fn cut_one_by_one(
        &self,
        name: &str,
        text: &str,
        on_bad: OnBad,
        limits: &Limits,
    ) -> Result<Cut, DataError> {
        let mut records = Records::new(name, text, self.dialect, limits);
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
                Err(error @ DataError::Row { .. }) if on_bad == OnBad::Skip && cut.columns.is_some() => {
                    cut.skipped.push((row, error));
                    records.skip();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_header = self.format.header && cut.columns.is_none();
            if cut.columns.is_none() {
                cut.columns = Some(self.header(name, &fields)?);
            }
            if !is_header {
                cut.starts.push(record);
            }
            let rows = self.rows() + cut.starts.len();
            limits.admit(Limit::Rows, format_args!("`{name}`"), rows as u64)?;
        }
    }

    /// The names of the columns, out of the first record.
    fn header(&self, file: &str, fields: &[&str]) -> Result<Vec<String>, DataError> {
        if !self.format.header && self.format.columns.is_empty() {
            return Ok((1..=fields.len()).map(|place| format!("column_{place}")).collect());
        }
        if !self.format.header {
            let (named, got) = (self.format.columns.len(), fields.len());
            return match named == got {
                true => Ok(self.format.columns.clone()),
                false => {
                    let wants = format!("{named} columns, as many as `data.source.csv.columns` names");
                    Err(DataError::file(file, wants, got.to_string()))
                }
            };
        }
        let mut places = BTreeMap::new();
        for (place, field) in fields.iter().enumerate() {
            let name = self.dialect.unquote(field).trim().to_owned();
            if name.trim().is_empty() {
                let wants = format!("a name for column {}", place + 1);
                return Err(DataError::file(file, wants, "an empty one"));
            }
            if let Some(first) = places.insert(name.clone(), place) {
                let got = format!("{} for columns {} and {}", quoted(&name), first + 1, place + 1);
                return Err(DataError::file(file, "columns of different names", got));
            }
        }
        Ok(fields.iter().map(|field| self.dialect.unquote(field).trim().to_owned()).collect())
    }

    fn refuse_other_columns(&self, file: &str, columns: &[String]) -> Result<(), DataError> {
        let first = self.files.first().map(|file| file.name.as_str()).unwrap_or_default();
        if columns.len() != self.columns.len() {
            let wants = format!("the {} columns of `{first}`", self.columns.len());
            return Err(DataError::file(file, wants, columns.len().to_string()));
        }
        let differs = self.columns.iter().zip(columns).position(|(wanted, got)| wanted != got);
        match differs {
            None => Ok(()),
            Some(place) => {
                let wants = format!(
                    "the columns of `{first}`, {} as number {}",
                    quoted(&self.columns[place]),
                    place + 1
                );
                Err(DataError::file(file, wants, quoted(&columns[place])))
            }
        }
    }

    /// How many rows there are in all files.
    pub(crate) fn rows(&self) -> usize {
        self.files.iter().map(CsvFile::rows).sum()
    }

    /// What was done to the files that nobody asked for: the rows that were left out, and guessed encodings.
    pub(crate) fn repairs(&self) -> Vec<Repair> {
        let of_file = |file: &CsvFile| {
            let file_name = file.name.clone();
            let taken = file.taken_for.map(|encoding| Repair::TakenFor { file: file_name.clone(), encoding });
            let skipped = (!file.skipped.is_empty()).then(|| Repair::Skipped {
                file: file_name,
                count: file.skipped.len(),
                first: file.skipped.iter().take(LISTED).map(|(_, reason)| reason.clone()).collect(),
            });
            let blank = (file.blank_end > 0)
                .then(|| Repair::BlankEnd { file: file.name.clone(), count: file.blank_end });
            taken.into_iter().chain(skipped).chain(blank)
        };
        self.files.iter().flat_map(of_file).collect()
    }

    /// Leaves out rows, each with the reason.
    pub(crate) fn leave_out(&mut self, reasons: &BTreeMap<usize, String>) {
        self.held = OnceLock::new(); // its cells stood in other rows
        let mut rows_before = 0;
        for file in &mut self.files {
            let here = reasons.range(file.rows_before..file.rows_before + file.rows());
            let here = here.map(|(row, reason)| (row - file.rows_before, reason.clone())).collect();
            file.leave_out(&here);
            file.rows_before = rows_before;
            rows_before += file.rows();
        }
    }

    /// What is needed to name a row.
    pub(crate) fn places(&self) -> Vec<FileRows> {
        self.files.iter().map(CsvFile::places).collect()
    }

    /// The names of the columns.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The name that messages give the whole.
    pub(crate) fn name(&self) -> &str {
        self.files.first().map(|file| file.name.as_str()).unwrap_or_default()
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// A number for each row that depends on what it says alone: the first 64 bits of BLAKE3 (engine.md
    /// section 7).
    pub(crate) fn ids(&self) -> Vec<u64> {
        let ids = |file: &CsvFile| {
            let id = |row: usize| sample_id(file.record(row).as_bytes());
            (0..file.rows()).into_par_iter().map(id).collect::<Vec<u64>>()
        };
        self.files.iter().flat_map(ids).collect()
    }

    /// The cells of one column, row by row, as they stand there; `None` where nothing is.
    pub(crate) fn texts(&self, column: usize) -> Vec<Option<String>> {
        self.texts_but(column, |cell| self.format.is_missing(cell))
    }

    /// The same where an empty cell is a list of nothing.
    pub(crate) fn lists(&self, column: usize) -> Vec<Option<String>> {
        self.texts_but(column, |cell| self.format.is_missing(cell) && !cell.trim().is_empty())
    }

    fn texts_but(&self, column: usize, is_missing: impl Fn(&str) -> bool) -> Vec<Option<String>> {
        if let Some(Held::Few { cells, rows }) = self.held().get(column) {
            let text = |cell: &Cow<'_, str>| (!is_missing(cell)).then(|| cell.to_string());
            let texts: Vec<Option<String>> = cells.cells.iter().map(text).collect();
            return rows.iter().map(|place| texts[*place as usize].clone()).collect();
        }
        let mut fields = vec![];
        let mut texts = vec![];
        for record in self.files.iter().flat_map(CsvFile::records) {
            let cell = self.cell(record, column, &mut fields);
            texts.push((!is_missing(&cell)).then(|| cell.into_owned()));
        }
        texts
    }

    /// Whether each cell of a column that is there is a number, or written like one.
    pub(crate) fn is_number(&self, column: usize) -> bool {
        let is_number = |cell: &str| self.format.is_missing(cell) || number(cell) != Err("a number");
        match &self.held()[column] {
            Held::Few { cells, .. } => cells.cells.iter().all(|cell| is_number(cell)),
            Held::Numbers(_) => true,
            Held::Texts(_) => {
                let mut fields = vec![];
                self.files
                    .iter()
                    .flat_map(CsvFile::records)
                    .all(|record| is_number(&self.cell(record, column, &mut fields)))
            }
        }
    }

    /// A refusal of the cell of a row and a column.
    pub(crate) fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError {
        let (file, row) = self.locate(row);
        let (places, column) = (file.places(), self.columns[column].clone());
        DataError::Cell { row: places.number(row), file: places.name, column, wants, got }
    }

    fn cell<'a>(&self, record: &'a str, column: usize, fields: &mut Vec<&'a str>) -> Cow<'a, str> {
        split::fields(record, self.dialect, fields);
        fields.get(column).map(|field| self.said(field)).unwrap_or_default()
    }

    /// The file of a row, and its place there.
    fn locate(&self, row: usize) -> (&CsvFile, usize) {
        let behind = self.files.partition_point(|file| file.rows_before <= row);
        let file = &self.files[behind.saturating_sub(1)];
        (file, row - file.rows_before)
    }
}
