//! From text to numbers and names: polars types blocks of whole records, and every cell that it could not
//! type is looked at again.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use baeum_core::guard;
use polars::prelude::{
    Column, CsvReadOptions, CsvReader, DataFrame, DataType, Field, PlSmallStr, PolarsError, Schema, SerReader,
};

use super::{Csv, CsvFile, Dialect, number, shown_cell};
use crate::DataError;

/// How much text polars gets at once.
const BLOCK_BYTES: usize = 8 << 20;

/// What a column is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Numbers; a missing one is NaN.
    Numbers,
    /// Names; a missing one is none.
    Names,
}

/// A typed column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cells {
    Numbers(Vec<f64>),
    Names(Names),
}

/// Names by row, each kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    names: Vec<String>,
    places: BTreeMap<String, u32>,
    rows: Vec<Option<u32>>,
}

impl Names {
    /// Adds a row.
    pub(crate) fn push(&mut self, name: Option<&str>) {
        let place = name.map(|name| {
            self.places.get(name).copied().unwrap_or_else(|| {
                let place = self.names.len() as u32; // at most as many names as rows, whose limit lies below 2^32
                self.names.push(name.to_owned());
                self.places.insert(name.to_owned(), place);
                place
            })
        });
        self.rows.push(place);
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The name of a row, if it has one.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.rows[row].map(|place| self.names[place as usize].as_str())
    }
}

impl Csv {
    /// Types some columns, in all rows; `wanted` goes up.
    ///
    /// # Errors
    /// [`DataError::Cell`] names the first cell of a column that is no number where one is wanted.
    pub(crate) fn typed(&self, wanted: &[(usize, Wanted)]) -> Result<Vec<Cells>, DataError> {
        let empty = |(_, wanted): &(usize, Wanted)| match wanted {
            Wanted::Numbers => Cells::Numbers(Vec::with_capacity(self.rows())),
            Wanted::Names => Cells::Names(Names::default()),
        };
        let mut cells: Vec<Cells> = wanted.iter().map(empty).collect();
        let mut first_row = 0;
        for file in &self.files {
            for rows in file.blocks() {
                let frame = self.frame(file, rows.clone(), wanted)?;
                for ((cells, (column, _)), typed) in cells.iter_mut().zip(wanted).zip(frame.columns()) {
                    self.append(cells, typed, *column, first_row)?;
                }
                first_row += rows.len();
            }
        }
        Ok(cells)
    }

    /// What polars makes of the rows of a block; a cell that it cannot type is null there.
    fn frame(
        &self,
        file: &CsvFile,
        rows: Range<usize>,
        wanted: &[(usize, Wanted)],
    ) -> Result<DataFrame, DataError> {
        if wanted.is_empty() {
            return Ok(DataFrame::empty());
        }
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| DataError::Decode {
            file: file.name.clone(),
            format: "CSV",
            source: error,
        };
        let block = self.block(&file.text[file.starts[rows.start]..file.starts[rows.end]]);
        let options = self.options(wanted);
        let read = || CsvReader::new(Cursor::new(block)).with_options(options).finish();
        let frame: Result<DataFrame, PolarsError> = guard("CSV", Path::new(&file.name), read)?;
        let frame = frame.map_err(|error| failed(error.into()))?;
        match frame.height() == rows.len() {
            true => Ok(frame),
            false => Err(failed(format!("{} rows came out of {}", frame.height(), rows.len()).into())),
        }
    }

    /// The records under a header of our own. It keeps polars from taking the first bytes of a record for a
    /// byte order mark, or for a compressed file: a table whose first cell is `x^2` would be zlib to it.
    fn block(&self, records: &str) -> Vec<u8> {
        let delimiter = char::from(self.dialect.delimiter).to_string();
        let names: Vec<String> = (0..self.columns.len()).map(name_of).collect();
        let mut block = names.join(&delimiter).into_bytes();
        block.push(b'\n');
        block.extend_from_slice(records.as_bytes());
        if block.last() != Some(&b'\n') {
            block.push(b'\n');
        }
        block
    }

    fn options(&self, wanted: &[(usize, Wanted)]) -> CsvReadOptions {
        let types: BTreeMap<usize, Wanted> = wanted.iter().copied().collect();
        let dtype = |column| match types.get(&column) {
            Some(Wanted::Numbers) => DataType::Float64,
            Some(Wanted::Names) | None => DataType::String,
        };
        let fields = (0..self.columns.len())
            .map(|column| Field::new(PlSmallStr::from(name_of(column)), dtype(column)));
        let Dialect { delimiter, quote, .. } = self.dialect;
        CsvReadOptions::default()
            .with_has_header(true)
            .with_schema(Some(Arc::new(Schema::from_iter(fields))))
            .with_projection(Some(Arc::new(types.keys().copied().collect())))
            .with_infer_schema_length(Some(0))
            .with_ignore_errors(true)
            .with_rechunk(true)
            .map_parse_options(|options| options.with_separator(delimiter).with_quote_char(quote))
    }

    /// Appends what polars made of a column; its first row is `first_row` of the table.
    fn append(
        &self,
        cells: &mut Cells,
        typed: &Column,
        column: usize,
        first_row: usize,
    ) -> Result<(), DataError> {
        let failed = |error: PolarsError| DataError::Decode {
            file: self.name().to_owned(),
            format: "CSV",
            source: error.into(),
        };
        match cells {
            Cells::Numbers(numbers) => {
                // A number can also be how the recipe says that nothing is there: -999.
                let missing: Vec<f64> =
                    self.format.missing.iter().flat_map(|missing| number(missing)).collect();
                for (i, number) in typed.f64().map_err(failed)?.iter().enumerate() {
                    match number.filter(|number| number.is_finite() && !missing.contains(number)) {
                        Some(number) => numbers.push(number),
                        None => numbers.push(self.look_again(first_row + i, column)?),
                    }
                }
            }
            Cells::Names(names) => {
                for name in typed.str().map_err(failed)?.iter() {
                    let name = name.map(|name| self.format.said(name));
                    names.push(name.filter(|name| !self.format.is_missing(name)).or(self.empty_name(name)));
                }
            }
        }
        Ok(())
    }

    /// An empty cell is a name like any other if `missing` does not say otherwise.
    fn empty_name(&self, name: Option<&str>) -> Option<&'static str> {
        (name.is_none() && !self.format.is_missing("")).then_some("")
    }

    /// A cell that polars takes for no number: missing, a number after all, or a refusal.
    fn look_again(&self, row: usize, column: usize) -> Result<f64, DataError> {
        let (file, local) = self.locate(row);
        let cell = self.cell(file.record(local), column, &mut vec![]);
        match self.format.is_missing(&cell) {
            true => Ok(f64::NAN),
            false => number(&cell).map_err(|wants| self.refuse(row, column, wants, shown_cell(&cell))),
        }
    }
}

impl CsvFile {
    /// The rows, in runs of about [`BLOCK_BYTES`].
    fn blocks(&self) -> Vec<Range<usize>> {
        let mut blocks = vec![];
        let mut start = 0;
        for row in 1..=self.rows() {
            if row == self.rows() || self.starts[row + 1] - self.starts[start] > BLOCK_BYTES {
                blocks.push(start..row);
                start = row;
            }
        }
        blocks
    }
}

/// The name that polars knows a column by; its own may be anything.
fn name_of(column: usize) -> String {
    format!("c{column}")
}
