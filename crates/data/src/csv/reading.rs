//! Tables of the same columns, as far as they were read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use baeum_core::Limits;

use super::growing::Growing;
use super::run::{Form, Formats};
use super::stored::{Stored, failed};
use super::text::{FIRST_BYTES, refuse_other_formats};
use super::{CsvFormat, Dialect, FileRows, encoding};
use crate::DataError;
use crate::config::{Encoding, OnBad};
use crate::error::quoted;
use crate::profile::Repair;
use crate::sheet::{Room, Sheet};

/// What is asked of all tables.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) format: &'a CsvFormat,
    pub(super) on_bad: OnBad,
    pub(super) limits: &'a Limits,
    pub(super) room: &'a Room,
    /// The columns whose text is wanted, whatever it says.
    words: &'a BTreeSet<String>,
    /// That of the first table; all have the same.
    pub(super) dialect: Dialect,
    pub(super) columns: Vec<String>,
    pub(super) formats: Formats,
    pub(super) growing: Vec<Growing>,
    pub(super) files: Vec<FileRows>,
    pub(super) ids: Vec<u64>,
    /// The rows that were left out, by the places of their files and their numbers there, each with the reason.
    pub(super) left_out: BTreeMap<(usize, usize), String>,
    pub(super) repairs: Vec<Repair>,
}

/// How a table is read.
#[derive(Clone, Copy)]
struct Way {
    encoding: Encoding,
    /// Record by record, so that what is out of the ordinary is told with its row.
    is_careful: bool,
}

/// Reads tables with the same columns; the text of some of them is kept, whatever it says.
///
/// A table is read many records at a time, and with care where that does not do: where rows are not what they should be.
/// What is found in the middle makes it begin again; so do letters that are not UTF-8, and a word behind many numbers,
/// whose text would be gone.
///
/// # Errors
/// [`DataError`] names the file and the row that is not what RFC 4180 and the limits allow.
pub(crate) fn read(
    tables: &[Stored<'_>],
    format: &CsvFormat,
    on_bad: OnBad,
    words: &BTreeSet<String>,
    (room, limits): (&Room, &Limits),
) -> Result<Sheet, DataError> {
    let encoding = format.encoding.unwrap_or(Encoding::Utf8);
    let (mut ways, mut words) = (vec![Way { encoding, is_careful: false }; tables.len()], words.clone());
    loop {
        let mut reading = Reading {
            format,
            on_bad,
            limits,
            room,
            words: &words,
            dialect: Dialect::default(),
            columns: vec![],
            formats: Formats::of(format, &[]),
            growing: vec![],
            files: vec![],
            ids: vec![],
            left_out: BTreeMap::new(),
            repairs: vec![],
        };
        if let Some(odd) = reading.all(tables, &ways)? {
            ways[odd] = reading.other_way(&tables[odd], ways[odd])?;
            continue;
        }
        match reading.sheet()? {
            Ok(sheet) => return Ok(sheet),
            Err(spoiled) => words.extend(spoiled),
        }
    }
}

impl Reading<'_> {
    /// Reads all tables; the place of the first that has to be read in another way.
    fn all(&mut self, tables: &[Stored<'_>], ways: &[Way]) -> Result<Option<usize>, DataError> {
        for (place, (table, Way { encoding, is_careful })) in tables.iter().zip(ways).enumerate() {
            if self.format.encoding.is_none() && *encoding != Encoding::Utf8 {
                self.repairs.push(Repair::TakenFor { file: table.name.clone(), encoding: *encoding });
            }
            match is_careful {
                true => self.carefully(table, *encoding)?,
                false if self.stream(table, *encoding)? => {}
                false => return Ok(Some(place)),
            }
        }
        Ok(None)
    }

    /// How a table is read that is out of the ordinary: in the encoding that it seems to be in, or else with care.
    fn other_way(&self, table: &Stored<'_>, way: Way) -> Result<Way, DataError> {
        let failed = failed(&table.name);
        let mut first = vec![];
        table.unpacked(self.limits)?.take(FIRST_BYTES).read_to_end(&mut first).map_err(&failed)?;
        refuse_other_formats(&table.name, &first)?;
        let is_open = self.format.encoding.is_none() && way.encoding == Encoding::Utf8;
        let told = match is_open {
            true => encoding::told(table.unpacked(self.limits)?.as_mut()).map_err(failed)?,
            false => None,
        };
        let other = told.filter(|told| *told != way.encoding);
        Ok(other.map_or(Way { is_careful: true, ..way }, |encoding| Way { encoding, is_careful: false }))
    }

    /// How many rows there are in the tables that were read.
    pub(super) fn rows(&self) -> usize {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Takes the dialect of a table.
    pub(super) fn begin(&mut self, name: &str, dialect: Dialect) -> Result<(), DataError> {
        if let Some(first) = self.files.first().filter(|_| dialect != self.dialect) {
            let wants = format!("the delimiter of `{}`", first.name);
            return Err(DataError::file(name, wants, dialect.delimiter_shown()));
        }
        self.dialect = dialect;
        Ok(())
    }

    /// Takes the columns of a table, or compares them with those of the first.
    pub(super) fn name_columns(&mut self, name: &str, columns: Vec<String>) -> Result<(), DataError> {
        if !self.files.is_empty() {
            return self.refuse_other_columns(name, &columns);
        }
        self.growing = columns.iter().map(|column| Growing::new(self.words.contains(column))).collect();
        self.formats = Formats::of(self.format, &columns);
        self.columns = columns;
        Ok(())
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

    /// The form in which the next cells of each column are read.
    pub(super) fn forms(&self) -> Vec<Form> {
        self.growing.iter().map(Growing::form).collect()
    }

    /// The table, or its columns of numbers in which a word came.
    fn sheet(self) -> Result<Result<Sheet, Vec<String>>, DataError> {
        let (mut cells, mut spoiled) = (vec![], vec![]);
        for (name, growing) in self.columns.iter().zip(self.growing) {
            match growing.cells(self.room)? {
                Some(whole) => cells.push(Arc::new(whole)),
                None => spoiled.push(name.clone()),
            }
        }
        if !spoiled.is_empty() {
            return Ok(Err(spoiled));
        }
        let Reading { columns, files, ids, left_out, repairs, .. } = self;
        let room = self.room.clone();
        Ok(Ok(Sheet { columns, cells, files, ids, left_out, repairs, words_are_numbers: true, room }))
    }
}

/// The names of the columns, out of the first record.
pub(super) fn header(
    format: &CsvFormat,
    dialect: Dialect,
    file: &str,
    fields: &[&str],
) -> Result<Vec<String>, DataError> {
    if !format.header && format.columns.is_empty() {
        return Ok((1..=fields.len()).map(|place| format!("column_{place}")).collect());
    }
    if !format.header {
        let (named, got) = (format.columns.len(), fields.len());
        return match named == got {
            true => Ok(format.columns.clone()),
            false => {
                let wants = format!("{named} columns, as many as `data.source.csv.columns` names");
                Err(DataError::file(file, wants, got.to_string()))
            }
        };
    }
    let names: Vec<String> = fields.iter().map(|field| dialect.unquote(field).trim().to_owned()).collect();
    let mut places = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        if name.is_empty() {
            let wants = format!("a name for column {}", place + 1);
            return Err(DataError::file(file, wants, "an empty one"));
        }
        if let Some(first) = places.insert(name, place) {
            let got = format!("{} for columns {} and {}", quoted(name), first + 1, place + 1);
            return Err(DataError::file(file, "columns of different names", got));
        }
    }
    Ok(names)
}
