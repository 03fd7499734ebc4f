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

/// Reads one file.
///
/// # Errors
/// [`DataError`] names the file that is none, and the column that holds no plain values.
pub(super) fn read(name: String, bytes: &[u8], (room, limits): (&Room, &Limits)) -> Result<Sheet, DataError> {
    if !bytes.starts_with(MAGIC) || !bytes.ends_with(MAGIC) || bytes.len() < 12 {
        return Err(DataError::file(&name, "a whole Parquet file, from `PAR1` to `PAR1`", "other bytes"));
    }
    claims::check(&name, bytes, limits)?;
    let failed = |error: PolarsError| DataError::Decode {
        file: name.clone(),
        format: "Parquet",
        source: error.into(),
    };
    let read = || ParquetReader::new(Cursor::new(bytes)).finish();
    let frame: DataFrame = guard("Parquet", Path::new(&name), read)?.map_err(failed)?;
    limits.admit(Limit::Rows, format_args!("`{name}`"), frame.height() as u64)?;
    limits.admit(Limit::CsvColumns, format_args!("`{name}`"), frame.columns().len() as u64)?;
    if frame.height() == 0 {
        return Err(DataError::file(&name, "rows", "none"));
    }
    let columns = frame.columns().iter().map(|column| column.name().to_string()).collect();
    let cells = frame.columns().iter().map(|column| Ok(Arc::new(cells(&name, column, room)?)));
    let cells = cells.collect::<Result<_, DataError>>()?;
    Ok(Sheet::new(columns, cells, FileRows::new(name, frame.height(), vec![]), vec![], room))
}

/// The cells of a column of plain values.
fn cells(file: &str, column: &Column, room: &Room) -> Result<Cells, DataError> {
    let failed = |error: PolarsError| DataError::Decode {
        file: file.to_owned(),
        format: "Parquet",
        source: error.into(),
    };
    let kind = column.dtype();
    if kind.is_primitive_numeric() {
        refuse_inexact(file, column)?;
        let numbers = column.cast(&DataType::Float64).map_err(failed)?;
        let numbers = numbers.f64().map_err(failed)?.iter().map(|number| number.unwrap_or(f64::NAN));
        return in_numbers(numbers.collect(), room);
    }
    let mut words = Words::default();
    if kind.is_bool() {
        let said = column.bool().map_err(failed)?.iter().map(|value| value.map(|value| value.to_string()));
        said.into_iter().try_for_each(|value| words.push(value.as_deref(), room))?;
    } else if kind.is_string() || kind.is_date() || kind.is_datetime() || kind.is_categorical() {
        // Moments are written as ISO 8601 has them, categories by their names.
        let texts = column.cast(&DataType::String).map_err(failed)?;
        texts.str().map_err(failed)?.iter().try_for_each(|text| words.push(text, room))?;
    } else if kind.is_null() {
        return in_numbers(vec![f64::NAN; column.len()], room);
    } else {
        let wants = format!("numbers, texts or booleans in {}", quoted(column.name()));
        return Err(DataError::file(file, wants, format!("{kind}; write it as a text")));
    }
    Ok(words.cells(room)?)
}

fn in_numbers(numbers: Vec<f64>, room: &Room) -> Result<Cells, DataError> {
    let mut long = Long::default();
    long.extend(&numbers, room)?;
    Ok(Cells::Numbers(long))
}

/// Refuses whole numbers that no `f64` holds: an id of 64 bits would become another one.
fn refuse_inexact(file: &str, column: &Column) -> Result<(), DataError> {
    if *column.dtype() != DataType::Int64 && *column.dtype() != DataType::UInt64 {
        return Ok(());
    }
    let failed = |error: PolarsError| DataError::Decode {
        file: file.to_owned(),
        format: "Parquet",
        source: error.into(),
    };
    let wide = column.cast(&DataType::Int64).map_err(failed)?;
    let is_inexact = |number: i64| number.unsigned_abs() > 1 << f64::MANTISSA_DIGITS;
    let whole = wide.i64().map_err(failed)?;
    if whole.null_count() == column.null_count() && !whole.iter().flatten().any(is_inexact) {
        return Ok(());
    }
    let wants = format!("whole numbers up to 2^53 in {}", quoted(column.name()));
    Err(DataError::file(file, wants, "larger ones; write them as a text"))
}
