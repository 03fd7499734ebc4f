//! Tables of comma-separated values: read whole, checked row by row before anyone else sees them, typed by
//! polars.

mod dialect;
mod encoding;
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

use crate::config::{Encoding, OnBad};
use crate::error::quoted;
use crate::profile::{LISTED, Repair};
use crate::split::sample_id;
use crate::{CsvConfig, DataError, gzip};

pub(crate) use dialect::Dialect;
pub(crate) use infer::Seen;
pub(crate) use typed::{Cells, Names, Wanted};

use split::Records;

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
        }
    }

    /// Whether a cell says that nothing is there; spaces around it do not count.
    pub(crate) fn is_missing(&self, cell: &str) -> bool {
        let cell = cell.trim();
        self.missing.iter().any(|missing| missing == cell)
    }

    /// What a cell says.
    fn said<'a>(&self, cell: &'a str) -> &'a str {
        if self.trim { cell.trim() } else { cell }
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
    /// That of the first file; all have the same.
    dialect: Dialect,
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
    /// The rows that were left out, counted from 1 as they stand in the file, each with the reason.
    skipped: Vec<(usize, String)>,
    /// How many blank lines it ends in.
    blank_end: usize,
    /// The encoding, where the file had to be read as another one than UTF-8 and nobody had said so.
    taken_for: Option<Encoding>,
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
        on_bad: OnBad,
        limits: &Limits,
    ) -> Result<Csv, DataError> {
        let mut csv = Csv {
            format: format.clone(),
            dialect: Dialect::default(),
            columns: vec![],
            places: BTreeMap::new(),
            files: vec![],
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

    /// How many rows each file has, with its name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, usize)> {
        self.files.iter().map(|file| (file.name.as_str(), file.rows()))
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
        let (places, column) = (file.places(), self.columns[column].clone());
        DataError::Cell { row: places.number(row), file: places.name, column, wants, got }
    }

    fn cell<'a>(&self, record: &'a str, column: usize, fields: &mut Vec<&'a str>) -> Cow<'a, str> {
        split::fields(record, self.dialect, fields);
        match fields.get(column).map(|field| self.dialect.unquote(field)).unwrap_or_default() {
            Cow::Borrowed(cell) => Cow::Borrowed(self.format.said(cell)),
            Cow::Owned(cell) => Cow::Owned(self.format.said(&cell).to_owned()),
        }
    }

    /// The file of a row, and its place there.
    fn locate(&self, row: usize) -> (&CsvFile, usize) {
        let behind = self.files.partition_point(|file| file.rows_before <= row);
        let file = &self.files[behind.saturating_sub(1)];
        (file, row - file.rows_before)
    }
}

/// A text that was cut into rows.
#[derive(Default)]
struct Cut {
    /// The names of its columns, once a record was read.
    columns: Option<Vec<String>>,
    /// Where each row stands.
    starts: Vec<Range<usize>>,
    /// The rows that were left out, each with the reason.
    skipped: Vec<(usize, DataError)>,
    /// How many blank lines it ends in.
    blank_end: usize,
}

/// A text whose rows stand behind each other, and where each starts and the last one ends. Only where rows were left
/// out is it written anew.
fn joined(text: String, rows: Vec<Range<usize>>) -> (String, Vec<usize>) {
    let is_whole = rows.windows(2).all(|pair| pair[0].end == pair[1].start);
    let end = rows.last().map_or(text.len(), |last| last.end);
    if is_whole {
        let starts = rows.iter().map(|row| row.start).chain([end]).collect();
        return (text, starts);
    }
    let (mut kept, mut starts) = (String::with_capacity(text.len()), vec![]);
    for row in rows {
        starts.push(kept.len());
        kept.push_str(&text[row]);
    }
    starts.push(kept.len());
    (kept, starts)
}

/// The rows of a file, as messages number them.
#[derive(Debug)]
pub(crate) struct FileRows {
    pub(crate) name: String,
    pub(crate) rows: usize,
    /// The numbers of those that were left out, going up.
    skipped: Vec<usize>,
}

impl FileRows {
    /// The number of a row, counted from 1 with those that were left out.
    pub(crate) fn number(&self, row: usize) -> usize {
        self.skipped.iter().fold(row + 1, |number, skipped| number + usize::from(*skipped <= number))
    }
}

impl CsvFile {
    fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn places(&self) -> FileRows {
        let skipped = self.skipped.iter().map(|(row, _)| *row).collect();
        FileRows { name: self.name.clone(), rows: self.rows(), skipped }
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
