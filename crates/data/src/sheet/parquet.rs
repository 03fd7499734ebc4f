//! Parquet files: looked at by us, read by polars.

mod claims;
mod thrift;

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use baeum_core::{Limit, Limits, guard};
use polars::prelude::{Column, DataFrame, DataType, ParquetReader, PolarsError, SerReader};

use super::{Cells, Long, Room, Sheet, Words};
use crate::DataError;
use crate::csv::FileRows;
use crate::error::quoted;

/// What every Parquet file starts and ends with.
const MAGIC: &[u8] = b"PAR1";

/// Reads one file, a group of rows at a time.
///
/// # Errors
/// [`DataError`] names the file that is none, and the column that holds no plain values.
pub(super) fn read(name: String, bytes: &[u8], (room, limits): (&Room, &Limits)) -> Result<Sheet, DataError> {
    if !bytes.starts_with(MAGIC) || !bytes.ends_with(MAGIC) || bytes.len() < 12 {
        return Err(DataError::file(&name, "a whole Parquet file, from `PAR1` to `PAR1`", "other bytes"));
    }
    claims::check(&name, bytes, limits)?;
    let (mut columns, mut growing, mut rows): (Vec<String>, Vec<Growing>, usize) = (vec![], vec![], 0);
    for count in groups(&name, bytes)? {
        let slice = ParquetReader::new(Cursor::new(bytes)).with_slice(Some((rows, count)));
        let frame: DataFrame = guarded(&name, || slice.finish())?;
        if frame.height() != count {
            let wants = format!("{count} rows in a group, as it claims");
            return Err(DataError::file(&name, wants, frame.height().to_string()));
        }
        rows += count;
        limits.admit(Limit::Rows, format_args!("`{name}`"), rows as u64)?;
        limits.admit(Limit::CsvColumns, format_args!("`{name}`"), frame.columns().len() as u64)?;
        if columns.is_empty() {
            columns = frame.columns().iter().map(|column| column.name().to_string()).collect();
            growing =
                frame.columns().iter().map(|column| Growing::of(&name, column)).collect::<Result<_, _>>()?;
        }
        let both = growing.iter_mut().zip(frame.columns());
        both.into_iter().try_for_each(|(growing, column)| growing.append(&name, column, room))?;
    }
    if rows == 0 {
        return Err(DataError::file(&name, "rows", "none"));
    }
    let cells = growing.into_iter().map(|column| Ok(Arc::new(column.cells(room)?)));
    let cells = cells.collect::<Result<_, DataError>>()?;
    Ok(Sheet::new(columns, cells, FileRows::new(name, rows, vec![]), vec![], room))
}

/// How many rows each group of a file has.
fn groups(name: &str, bytes: &[u8]) -> Result<Vec<usize>, DataError> {
    guarded(name, || {
        let mut reader = ParquetReader::new(Cursor::new(bytes));
        Ok(reader.get_metadata()?.row_groups.iter().map(|group| group.num_rows()).collect())
    })
}

/// What polars says about a file, which may be made to break it.
fn guarded<T>(name: &str, ask: impl FnOnce() -> Result<T, PolarsError>) -> Result<T, DataError> {
    guard("Parquet", Path::new(name), ask)?.map_err(failed(name))
}

fn failed(name: &str) -> impl Fn(PolarsError) -> DataError + '_ {
    |error| DataError::Decode { file: name.to_owned(), format: "Parquet", source: error.into() }
}

/// A column of plain values, as far as it was read.
enum Growing {
    Numbers(Long<f64>),
    Words(Words),
}

impl Growing {
    fn of(file: &str, column: &Column) -> Result<Growing, DataError> {
        let kind = column.dtype();
        if kind.is_primitive_numeric() || kind.is_null() {
            Ok(Growing::Numbers(Long::default()))
        } else if kind.is_bool()
            || kind.is_string()
            || kind.is_date()
            || kind.is_datetime()
            || kind.is_categorical()
        {
            Ok(Growing::Words(Words::default()))
        } else {
            let wants = format!("numbers, texts or booleans in {}", quoted(column.name()));
            Err(DataError::file(file, wants, format!("{kind}; write it as a text")))
        }
    }

    fn append(&mut self, file: &str, column: &Column, room: &Room) -> Result<(), DataError> {
        match self {
            Growing::Numbers(numbers) if column.dtype().is_null() => {
                numbers.extend(&vec![f64::NAN; column.len()], room)?;
            }
            Growing::Numbers(numbers) => {
                refuse_inexact(file, column)?;
                let column = column.cast(&DataType::Float64).map_err(failed(file))?;
                let column = column.f64().map_err(failed(file))?;
                let more: Vec<f64> = column.iter().map(|number| number.unwrap_or(f64::NAN)).collect();
                numbers.extend(&more, room)?;
            }
            Growing::Words(words) if column.dtype().is_bool() => {
                for value in column.bool().map_err(failed(file))?.iter() {
                    words.push(value.map(|value| if value { "true" } else { "false" }), room)?;
                }
            }
            Growing::Words(words) => {
                // Moments are written as ISO 8601 has them, categories by their names.
                let texts = column.cast(&DataType::String).map_err(failed(file))?;
                texts.str().map_err(failed(file))?.iter().try_for_each(|text| words.push(text, room))?;
            }
        }
        Ok(())
    }

    fn cells(self, room: &Room) -> Result<Cells, DataError> {
        Ok(match self {
            Growing::Numbers(numbers) => Cells::Numbers(numbers),
            Growing::Words(words) => words.cells(room)?,
        })
    }
}

/// Refuses whole numbers that no `f64` holds: an id of 64 bits would become another one.
fn refuse_inexact(file: &str, column: &Column) -> Result<(), DataError> {
    if *column.dtype() != DataType::Int64 && *column.dtype() != DataType::UInt64 {
        return Ok(());
    }
    let wide = column.cast(&DataType::Int64).map_err(failed(file))?;
    let is_inexact = |number: i64| number.unsigned_abs() > 1 << f64::MANTISSA_DIGITS;
    let whole = wide.i64().map_err(failed(file))?;
    if whole.null_count() == column.null_count() && !whole.iter().flatten().any(is_inexact) {
        return Ok(());
    }
    let wants = format!("whole numbers up to 2^53 in {}", quoted(column.name()));
    Err(DataError::file(file, wants, "larger ones; write them as a text"))
}
