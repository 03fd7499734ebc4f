//! Tables whose columns have names, whatever file they come from.

mod absent;
mod cells;
mod jsonl;
mod lines;
mod long;
mod look;
mod parquet;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use baeum_core::fs::FsError;

use crate::config::OnBad;
use crate::csv::{Bytes, FileRows, Stored, located, shown_cell};
use crate::error::quoted;
use crate::place::shown_name;
use crate::plan::{Lists, TableFiles, TableFormat};
use crate::profile::{LISTED, Repair};
use crate::split::{Part, sample_id};
use crate::{CsvFormat, DataError, Place, csv};

use absent::Absent;
use cells::NoNumbers;
pub(crate) use cells::{Cells, Few, MOST_FEW, NOTHING, Names, Texts};
pub(crate) use long::{Long, Plain, Room};
pub(crate) use look::Seen;
pub(crate) use words::Words;

/// What a column is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Numbers; a missing one is NaN.
    Numbers,
    /// Names; a missing one is none.
    Names,
}

/// A table, read and checked, its cells in the form in which they were found.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) columns: Vec<String>,
    pub(crate) cells: Vec<Arc<Cells>>,
    pub(crate) files: Vec<FileRows>,
    /// A number for each row that depends on what it says alone.
    pub(crate) ids: Vec<u64>,
    /// The rows that were left out, by the places of their files and their numbers there, each with the reason.
    pub(crate) left_out: BTreeMap<(usize, usize), String>,
    /// What else was done to the files that nobody asked for.
    pub(crate) repairs: Vec<Repair>,
    /// Whether words that are written like numbers are some: a CSV file does not tell them apart.
    pub(crate) words_are_numbers: bool,
    pub(crate) room: Room,
}

/// A table, and the part that each of its files is for, where the recipe says it.
pub(crate) type Read = (Sheet, Vec<Option<Part>>);

/// Reads the files of a table. What `missing` lists is nothing; the text of the columns `words` is kept, whatever they say, and
/// cells of `lists` are lists.
///
/// # Errors
/// [`DataError`] names the file, and the row where there is one.
pub(crate) fn read(
    format: &TableFormat,
    files: &[TableFiles],
    (missing, words, lists): (&[String], &BTreeSet<String>, &[Lists]),
    on_bad: OnBad,
    place: &Place,
) -> Result<Read, DataError> {
    let (mut tables, mut parts, mut len) = (vec![], vec![], 0);
    for files in files {
        for (name, path) in place.find_each(&files.pattern)? {
            len += place.fs.metadata(&path)?.len as usize;
            let bytes = Bytes::File { fs: place.fs.as_ref(), path, progress: &place.progress };
            tables.push(Stored { name: shown_name(&name), bytes });
            parts.push(files.part);
        }
    }
    place.progress.begin("reading", len);
    let (room, limits) = (Room::new(Arc::clone(&place.fs)), &place.limits);
    let absent = Absent::new(missing, lists);
    let sheet = match format {
        TableFormat::Csv(config) => {
            let format = CsvFormat::new(config, missing).listing(lists);
            csv::read(&tables, &format, on_bad, words, (&room, limits))?
        }
        TableFormat::Jsonl => joined(
            tables.into_iter().map(|table| jsonl::read(&table, (&absent, lists), on_bad, (&room, limits))),
        )?,
        TableFormat::Parquet => {
            joined(tables.iter().map(|table| parquet::read(table, &absent, (&room, limits))))?
        }
    };
    Ok((sheet, parts))
}

/// Tables behind each other, as one; each row gets its number.
fn joined(tables: impl Iterator<Item = Result<Sheet, DataError>>) -> Result<Sheet, DataError> {
    let mut all: Option<Sheet> = None;
    for table in tables {
        let table = table?;
        match &mut all {
            Some(all) => all.append(table)?,
            None => all = Some(table),
        }
    }
    let mut sheet = all.ok_or_else(|| DataError::setting("data.source", "at least one file", "none"))?;
    sheet.ids = (0..sheet.rows()).map(|row| sheet.id(row)).collect::<Result<_, FsError>>()?;
    Ok(sheet)
}

impl Sheet {
    /// Columns that tell themselves which are numbers and which are words; what each row says has no number yet.
    fn new(
        columns: Vec<String>,
        cells: Vec<Arc<Cells>>,
        file: FileRows,
        repairs: Vec<Repair>,
        room: &Room,
    ) -> Sheet {
        let (files, ids, left_out, room) = (vec![file], vec![], BTreeMap::new(), room.clone());
        Sheet { columns, cells, files, ids, left_out, repairs, words_are_numbers: false, room }
    }

    /// The name that messages give the whole.
    pub(crate) fn name(&self) -> &str {
        self.files.first().map(|file| file.name.as_str()).unwrap_or_default()
    }

    /// How many rows there are in all files.
    pub(crate) fn rows(&self) -> usize {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// The places of all columns by their names: of many columns, nobody looks for each one by one.
    pub(crate) fn places(&self) -> BTreeMap<&str, usize> {
        self.columns.iter().map(String::as_str).zip(0..).collect()
    }

    /// The place of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The cells of one column as text, row by row; `None` where nothing is.
    ///
    /// # Errors
    /// [`DataError`] if they cannot be read again.
    pub(crate) fn texts(&self, column: usize) -> Result<Vec<Option<String>>, DataError> {
        let cells = &self.cells[column];
        let text = |row| Ok(cells.text(row)?.map(|text| text.into_owned()));
        (0..cells.len()).map(text).collect()
    }

    /// Whether each cell of a column that is there is a number, or written like one.
    pub(crate) fn is_number(&self, column: usize) -> bool {
        self.cells[column].are_numbers()
    }

    /// A column as what is wanted.
    ///
    /// # Errors
    /// [`DataError::Cell`] names the first cell that cannot be that.
    pub(crate) fn typed(&self, column: usize, wanted: Wanted) -> Result<Arc<Cells>, DataError> {
        let cells = &self.cells[column];
        match (wanted, &**cells) {
            (Wanted::Names, Cells::Names(_) | Cells::Texts(_)) | (Wanted::Numbers, Cells::FewNumbers(_)) => {
                Ok(Arc::clone(cells))
            }
            (Wanted::Numbers, Cells::Numbers(numbers))
                if self.words_are_numbers || numbers.are_finite()? =>
            {
                Ok(Arc::clone(cells)) // what a CSV file writes as a number is finite
            }
            (Wanted::Names, Cells::Numbers(_) | Cells::FewNumbers(_)) => {
                Ok(Arc::new(cells.to_words(&self.room)?))
            }
            (Wanted::Numbers, Cells::Numbers(_) | Cells::Names(_) | Cells::Texts(_)) => {
                let numbers = cells.to_numbers(&self.room).map_err(|error| match error {
                    NoNumbers::Fs(error) => error.into(),
                    NoNumbers::Cell { row, wants, got } => {
                        let shown = if cells.kind() == "numbers" { got } else { shown_cell(&got) };
                        self.refuse(row, column, wants, shown)
                    }
                })?;
                Ok(Arc::new(numbers))
            }
        }
    }

    /// Leaves out rows, each with the reason; it is told among the repairs, and the others keep their numbers.
    ///
    /// # Errors
    /// [`DataError`] if the others cannot be read again.
    pub(crate) fn leave_out(&mut self, reasons: &BTreeMap<usize, String>) -> Result<(), DataError> {
        let mut before = 0;
        for (place, file) in self.files.iter_mut().enumerate() {
            let here: Vec<(usize, &String)> = reasons
                .range(before..before + file.rows)
                .map(|(row, reason)| (row - before, reason))
                .collect();
            before += file.rows;
            self.left_out
                .extend(here.iter().map(|&(row, reason)| ((place, file.number(row)), reason.clone())));
            file.leave_out(here.iter().map(|(row, _)| *row));
        }
        for cells in &mut self.cells {
            *cells = Arc::new(cells.without(|row| reasons.contains_key(&row), &self.room)?);
        }
        let mut row = 0..;
        self.ids.retain(|_| row.next().is_none_or(|row| !reasons.contains_key(&row)));
        Ok(())
    }

    /// What was done to the files that nobody asked for.
    pub(crate) fn repairs(&self) -> Vec<Repair> {
        let of_file = |(place, file): (usize, &FileRows)| {
            let reasons =
                || self.left_out.range((place, 0)..(place + 1, 0)).map(|(_, reason)| reason.clone());
            let (count, first) = (reasons().count(), reasons().take(LISTED).collect());
            (count > 0).then(|| Repair::Skipped { file: file.name.clone(), count, first })
        };
        let skipped = self.files.iter().enumerate().filter_map(of_file);
        skipped.chain(self.repairs.iter().cloned()).collect()
    }

    /// A refusal of the cell of a row and a column.
    pub(crate) fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError {
        let (file, row) = match located(&self.files, row) {
            Some((file, number)) => (file.name.clone(), number),
            None => (self.name().to_owned(), row + 1),
        };
        DataError::Cell { file, row, column: self.columns[column].clone(), wants, got }
    }

    /// Adds the rows of another file with the same columns, in any order.
    fn append(&mut self, other: Sheet) -> Result<(), DataError> {
        let file = other.name().to_owned();
        let (mine, others) = (self.places(), other.places());
        if let Some(name) = other.columns.iter().find(|name| !mine.contains_key(name.as_str())) {
            let wants = format!("the columns of `{}`", self.name());
            return Err(DataError::file(&file, wants, format!("{}, which it has not", quoted(name))));
        }
        for (place, name) in self.columns.iter().enumerate() {
            let Some(&from) = others.get(name.as_str()) else {
                let wants = format!("the column {} of `{}`", quoted(name), self.name());
                return Err(DataError::file(&file, wants, "none"));
            };
            let Some(both) = self.cells[place].and(&other.cells[from], &self.room)? else {
                let wants =
                    format!("{} in {}, as in `{}`", self.cells[place].kind(), quoted(name), self.name());
                return Err(DataError::file(&file, wants, other.cells[from].kind()));
            };
            self.cells[place] = Arc::new(both);
        }
        let before = self.files.len();
        let moved = |((file, row), reason)| ((before + file, row), reason);
        self.left_out.extend(other.left_out.into_iter().map(moved));
        self.files.extend(other.files);
        self.repairs.extend(other.repairs);
        Ok(())
    }

    /// The number of a row of cells that have no text of their own.
    fn id(&self, row: usize) -> Result<u64, FsError> {
        let mut record = vec![];
        for cells in &self.cells {
            match &**cells {
                Cells::Numbers(numbers) => record.extend(numbers.get(row)?.to_le_bytes()),
                Cells::FewNumbers(few) => {
                    record.extend(few.get(row)?.copied().unwrap_or(f64::NAN).to_le_bytes());
                }
                Cells::Names(_) | Cells::Texts(_) => {
                    let name = cells.text(row)?.unwrap_or_default();
                    record.extend((name.len() as u64).to_le_bytes());
                    record.extend(name.as_bytes());
                }
            }
        }
        Ok(sample_id(&record))
    }
}
