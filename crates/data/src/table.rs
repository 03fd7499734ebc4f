//! Tables that stages leave behind: columns of plain numbers and words, to Parquet and back, in memory.

use std::io::Cursor;
use std::path::Path;

use baeum_core::guard;
use polars::prelude::{
    Column as Series, DataFrame, DataType, ParquetReader, ParquetWriter, PlSmallStr, PolarsError, SerReader,
};

use crate::DataError;

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers; NaN stays NaN.
    Numbers(Vec<f64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Words.
    Texts(Vec<String>),
}

impl Column {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Column::Numbers(numbers) => numbers.len(),
            Column::Integers(integers) => integers.len(),
            Column::Texts(texts) => texts.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn series(&self, name: &str) -> Series {
        let name = PlSmallStr::from(name);
        match self {
            Column::Numbers(numbers) => Series::new(name, numbers),
            Column::Integers(integers) => Series::new(name, integers),
            Column::Texts(texts) => Series::new(name, texts),
        }
    }

    fn of(series: &Series) -> Result<Column, PolarsError> {
        let name = series.name().as_str();
        if series.null_count() > 0 {
            return Err(PolarsError::ComputeError(format!("column {name} wants a value in each row").into()));
        }
        if *series.dtype() == DataType::Float64 {
            return Ok(Column::Numbers(series.f64()?.iter().flatten().collect()));
        }
        if *series.dtype() == DataType::Int64 {
            return Ok(Column::Integers(series.i64()?.iter().flatten().collect()));
        }
        let texts = series.str()?; // an error that names any other type
        Ok(Column::Texts(texts.iter().flatten().map(str::to_owned).collect()))
    }
}

/// The bytes of a Parquet file with these columns, in this order. The same columns give the same bytes.
///
/// # Errors
/// [`DataError::Parquet`] if the columns differ in length, or two have one name.
pub fn write_parquet(columns: &[(&str, Column)]) -> Result<Vec<u8>, DataError> {
    let failed = |error: PolarsError| DataError::Parquet { action: "write", source: error.into() };
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let series = columns.iter().map(|(name, column)| column.series(name)).collect();
    let mut frame = DataFrame::new(rows, series).map_err(failed)?;
    let mut bytes = vec![];
    ParquetWriter::new(&mut bytes).set_parallel(false).finish(&mut frame).map_err(failed)?;
    Ok(bytes)
}

/// The columns of a Parquet file, with their names.
///
/// # Errors
/// [`DataError::Parquet`] if it is none, or has columns of another type; a panic of the reader is a
/// [`DataError::Guard`].
pub fn read_parquet(bytes: &[u8]) -> Result<Vec<(String, Column)>, DataError> {
    let failed = |error: PolarsError| DataError::Parquet { action: "read", source: error.into() };
    let frame = guard("Parquet", Path::new("table"), || ParquetReader::new(Cursor::new(bytes)).finish())?
        .map_err(failed)?;
    let columns = frame.columns().iter();
    columns.map(|series| Ok((series.name().to_string(), Column::of(series).map_err(failed)?))).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn columns(rows: usize) -> Vec<(&'static str, Column)> {
        vec![
            ("number", Column::Numbers((0..rows).map(|row| row as f64 / 3.0).collect())),
            ("count", Column::Integers((0..rows as i64).map(|row| row - 5).collect())),
            ("word", Column::Texts((0..rows).map(|row| format!("단어 {}", row % 7)).collect())),
        ]
    }

    #[test]
    fn what_is_written_reads_back() {
        for rows in [0, 1, 1_000, 300_000] {
            let bytes = write_parquet(&columns(rows)).unwrap();
            let expect: Vec<(String, Column)> =
                columns(rows).into_iter().map(|(name, column)| (name.to_owned(), column)).collect();
            assert_eq!(read_parquet(&bytes).unwrap(), expect, "{rows}");
            assert_eq!(write_parquet(&columns(rows)).unwrap(), bytes, "{rows}");
        }
    }

    #[test]
    fn numbers_that_are_none_stay_so() {
        let bytes = write_parquet(&[("x", Column::Numbers(vec![f64::NAN, f64::INFINITY]))]).unwrap();
        let (_, column) = read_parquet(&bytes).unwrap().remove(0);
        assert!(
            matches!(&column, Column::Numbers(x) if x[0].is_nan() && x[1] == f64::INFINITY),
            "{column:?}"
        );
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let uneven = [("a", Column::Integers(vec![1])), ("b", Column::Integers(vec![1, 2]))];
        assert_eq!(write_parquet(&uneven).unwrap_err().to_string(), "could not write a parquet table");
        let twice = [("a", Column::Integers(vec![1])), ("a", Column::Integers(vec![1]))];
        assert!(write_parquet(&twice).is_err());
    }

    #[test]
    fn a_file_that_is_cut_is_refused() {
        let bytes = write_parquet(&columns(20)).unwrap();
        for end in 0..bytes.len() {
            assert!(read_parquet(&bytes[..end]).is_err(), "{end}");
        }
    }
}
