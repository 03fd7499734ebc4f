//! Tables whose columns have names, whatever file they come from: what a scan of rows asks of them.

mod frame;
mod jsonl;
mod parquet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use baeum_core::Limit;

use crate::config::OnBad;
use crate::csv::{Cells, Csv, FileRows, Seen, Wanted, number};
use crate::place::shown_name;
use crate::plan::{TableFiles, TableFormat};
use crate::profile::Repair;
use crate::split::Part;
use crate::{CsvFormat, DataError, Place, gzip};

use frame::Frame;

/// A table, read and checked, its cells not yet typed by what the fields want.
pub(crate) trait Sheet {
    /// The name that messages give the whole.
    fn name(&self) -> &str;

    /// How many rows there are in all files.
    fn rows(&self) -> usize;

    /// The names of the columns.
    fn columns(&self) -> &[String];

    /// The place of a column.
    fn column(&self, name: &str) -> Option<usize>;

    /// A number for each row that depends on what it says alone.
    fn ids(&self) -> Vec<u64>;

    /// The cells of one column as text, row by row; `None` where nothing is.
    fn texts(&self, column: usize) -> Vec<Option<String>>;

    /// The same for a column whose cells are lists: an empty one is there, unless the file itself says otherwise.
    fn lists(&self, column: usize) -> Vec<Option<String>> {
        self.texts(column)
    }

    /// Whether each cell of a column that is there is a number, or written like one.
    fn is_number(&self, column: usize) -> bool {
        self.texts(column).iter().flatten().all(|cell| number(cell) != Err("a number"))
    }

    /// What the cells of some columns look like in some rows.
    fn look(&self, columns: &[usize], rows: &[usize]) -> Vec<Seen>;

    /// Types some columns, in all rows; `wanted` goes up.
    ///
    /// # Errors
    /// [`DataError::Cell`] names the first cell that cannot be what is wanted.
    fn typed(&self, wanted: &[(usize, Wanted)]) -> Result<Vec<Cells>, DataError>;

    /// What is needed to name a row: the files and their rows.
    fn places(&self) -> Vec<FileRows>;

    /// What was done to the files that nobody asked for.
    fn repairs(&self) -> Vec<Repair>;

    /// Leaves out rows, each with the reason; it is told among the repairs, and the others keep their numbers.
    fn leave_out(&mut self, reasons: &BTreeMap<usize, String>);

    /// A refusal of the cell of a row and a column.
    fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError;
}

impl Sheet for Csv {
    fn name(&self) -> &str {
        Csv::name(self)
    }

    fn rows(&self) -> usize {
        Csv::rows(self)
    }

    fn columns(&self) -> &[String] {
        Csv::columns(self)
    }

    fn column(&self, name: &str) -> Option<usize> {
        Csv::column(self, name)
    }

    fn ids(&self) -> Vec<u64> {
        Csv::ids(self)
    }

    fn texts(&self, column: usize) -> Vec<Option<String>> {
        Csv::texts(self, column)
    }

    fn lists(&self, column: usize) -> Vec<Option<String>> {
        Csv::lists(self, column)
    }

    fn is_number(&self, column: usize) -> bool {
        Csv::is_number(self, column)
    }

    fn look(&self, columns: &[usize], rows: &[usize]) -> Vec<Seen> {
        Csv::look(self, columns, rows)
    }

    fn typed(&self, wanted: &[(usize, Wanted)]) -> Result<Vec<Cells>, DataError> {
        Csv::typed(self, wanted)
    }

    fn places(&self) -> Vec<FileRows> {
        Csv::places(self)
    }

    fn repairs(&self) -> Vec<Repair> {
        Csv::repairs(self)
    }

    fn leave_out(&mut self, reasons: &BTreeMap<usize, String>) {
        Csv::leave_out(self, reasons);
    }

    fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError {
        Csv::refuse(self, row, column, wants, got)
    }
}

/// A table, and the part that each of its files is for, where the recipe says it.
pub(crate) type Read = (Box<dyn Sheet>, Vec<Option<Part>>);

/// Reads the files of a table.
///
/// # Errors
/// [`DataError`] names the file, and the row where there is one.
pub(crate) fn read(
    format: &TableFormat,
    files: &[TableFiles],
    missing: &[String],
    on_bad: OnBad,
    place: &Place,
) -> Result<Read, DataError> {
    let (mut tables, mut parts) = (vec![], vec![]);
    for files in files {
        for (name, path) in place.find_each(&files.pattern)? {
            let bytes = place.limits.read(Limit::InflatedBytes, place.fs.as_ref(), &path)?;
            tables.push((shown_name(&name), bytes));
            parts.push(files.part);
        }
    }
    let sheet: Box<dyn Sheet> = match format {
        TableFormat::Csv(config) => {
            Box::new(Csv::new(tables, &CsvFormat::new(config, missing), on_bad, &place.limits)?)
        }
        TableFormat::Jsonl { lists } => {
            let mut frame = Frame::default();
            for (name, bytes) in tables {
                let packed = name.ends_with(".gz");
                let bytes = if packed { gzip::unpacked(&name, &bytes, &place.limits)? } else { bytes };
                frame.append(jsonl::read(name, &bytes, lists.as_ref(), on_bad, &place.limits)?)?;
            }
            Box::new(frame)
        }
        TableFormat::Parquet => {
            let mut frame = Frame::default();
            for (name, bytes) in tables {
                frame.append(parquet::read(name, &bytes, &place.limits)?)?;
            }
            Box::new(frame)
        }
    };
    Ok((sheet, parts))
}
