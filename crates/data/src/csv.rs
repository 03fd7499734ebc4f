//! Tables of comma-separated values: read whole, checked row by row before anyone else sees them, typed by
//! polars.

mod infer;
mod split;
#[cfg(test)]
mod tests;
mod text;
mod typed;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use baeum_core::{Limit, Limits};

use crate::error::quoted;
use crate::split::sample_id;
use crate::{CsvConfig, DataError};

pub(crate) use infer::Seen;
pub(crate) use split::{Dialect, unquote};
pub(crate) use typed::{Cells, Names, Wanted};

use split::Records;

/// How a table is written, and how it says that nothing is there.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvFormat {
    /// Whether the first line names the columns.
    pub header: bool,
    /// What stands between two fields: one ASCII character.
    pub delimiter: char,
    /// How a cell without a value is written.
    pub missing: Vec<String>,
}

impl CsvFormat {
    /// What a recipe says; `missing` is its `data.missing`.
    pub(crate) fn new(config: &CsvConfig, missing: &[String]) -> CsvFormat {
        let delimiter = config.delimiter.chars().next().unwrap_or(',');
        CsvFormat { header: config.header, delimiter, missing: missing.to_vec() }
    }

    /// Whether a cell says that nothing is there; spaces around it do not count.
    pub(crate) fn is_missing(&self, cell: &str) -> bool {
        let cell = cell.trim();
        self.missing.iter().any(|missing| missing == cell)
    }

    fn dialect(&self) -> Dialect {
        // Cutting at a byte of a longer character would cut text in the middle of one.
        let delimiter = u8::try_from(self.delimiter).ok().filter(u8::is_ascii);
        Dialect { header: self.header, delimiter: delimiter.unwrap_or(b',') }
    }
}

/// The default is what a recipe without a word about it says.
impl Default for CsvFormat {
    fn default() -> CsvFormat {
        CsvFormat::new(&CsvConfig::default(), &crate::DataConfig::default().missing)
    }
}

/// One or more tables with the same columns, checked and cut into rows, their cells still text.
#[derive(Debug)]
pub(crate) struct Csv {
    format: CsvFormat,
    columns: Vec<String>,
    places: BTreeMap<String, usize>,
    files: Vec<CsvFile>,
}

/// One table.
#[derive(Debug)]
struct CsvFile {
    /// As messages call it.
    name: String,
    /// The rows of the files before it.
    rows_before: usize,
    text: String,
    /// Where each row starts in the text, and where the last one ends.
    starts: Vec<usize>,
}

/// A number as a table writes it; spaces around it do not count. The error is what the cell should have been.
pub(crate) fn number(cell: &str) -> Result<f64, &'static str> {
    match cell.trim().parse::<f64>() {
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
        limits: &Limits,
    ) -> Result<Csv, DataError> {
        let mut csv = Csv { format: format.clone(), columns: vec![], places: BTreeMap::new(), files: vec![] };
        for (name, bytes) in files {
            csv.add(name, bytes, limits)?;
        }
        Ok(csv)
    }

    fn add(&mut self, name: String, bytes: Vec<u8>, limits: &Limits) -> Result<(), DataError> {
        let text = text::checked(&name, bytes, self.format.header)?;
        let mut records = Records::new(&name, &text, self.format.dialect(), limits);
        let (mut fields, mut starts) = (vec![], vec![]);
        let mut columns = None;
        while let Some(record) = records.next(&mut fields)? {
            let is_header = self.format.header && columns.is_none();
            if columns.is_none() {
                columns = Some(self.header(&name, &fields)?);
            }
            if !is_header {
                starts.push(record.start);
            }
            let rows = self.rows() + starts.len();
            limits.admit(Limit::Rows, format_args!("`{name}`"), rows as u64)?;
        }
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
        starts.push(text.len());
        self.files.push(CsvFile { name, rows_before: self.rows(), text, starts });
        Ok(())
    }

    /// The names of the columns, out of the first record.
    fn header(&self, file: &str, fields: &[&str]) -> Result<Vec<String>, DataError> {
        if !self.format.header {
            return Ok((1..=fields.len()).map(|place| format!("column_{place}")).collect());
        }
        let mut places = BTreeMap::new();
        for (place, field) in fields.iter().enumerate() {
            let name = unquote(field).into_owned();
            if name.trim().is_empty() {
                let wants = format!("a name for column {}", place + 1);
                return Err(DataError::file(file, wants, "an empty one"));
            }
            if let Some(first) = places.insert(name.clone(), place) {
                let got = format!("{} for columns {} and {}", quoted(&name), first + 1, place + 1);
                return Err(DataError::file(file, "columns of different names", got));
            }
        }
        Ok(fields.iter().map(|field| unquote(field).into_owned()).collect())
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

    /// How many rows each file has, with its name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        self.files.iter().map(|file| (file.name.as_str(), file.rows()))
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
        let ids =
            |file: &CsvFile| file.records().map(|record| sample_id(record.as_bytes())).collect::<Vec<u64>>();
        self.files.iter().flat_map(ids).collect()
    }

    /// The cells of one column, row by row, as they stand there; `None` where nothing is.
    pub(crate) fn texts(&self, column: usize) -> Vec<Option<String>> {
        let mut fields = vec![];
        let mut texts = vec![];
        for record in self.files.iter().flat_map(CsvFile::records) {
            let cell = self.cell(record, column, &mut fields);
            texts.push((!self.format.is_missing(&cell)).then(|| cell.into_owned()));
        }
        texts
    }

    /// A refusal of the cell of a row and a column.
    pub(crate) fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError {
        let (file, row) = self.locate(row);
        let (file, column) = (file.name.clone(), self.columns[column].clone());
        DataError::Cell { file, row: row + 1, column, wants, got }
    }

    fn cell<'a>(&self, record: &'a str, column: usize, fields: &mut Vec<&'a str>) -> Cow<'a, str> {
        split::fields(record, self.format.dialect().delimiter, fields);
        fields.get(column).map(|field| unquote(field)).unwrap_or_default()
    }

    /// The file of a row, and its place there.
    fn locate(&self, row: usize) -> (&CsvFile, usize) {
        let behind = self.files.partition_point(|file| file.rows_before <= row);
        let file = &self.files[behind.saturating_sub(1)];
        (file, row - file.rows_before)
    }
}

impl CsvFile {
    fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Where a row stands in the text, its line ending included.
    fn range(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// One row, without its line ending.
    fn record(&self, row: usize) -> &str {
        let record = &self.text[self.range(row)];
        let record = record.strip_suffix('\n').unwrap_or(record);
        record.strip_suffix('\r').unwrap_or(record)
    }

    fn records(&self) -> impl Iterator<Item = &str> {
        (0..self.rows()).map(|row| self.record(row))
    }
}
