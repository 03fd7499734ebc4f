//! Parquet files: looked at by us, read by polars.

mod alone;
mod claims;
mod thrift;

use std::io::{Cursor, Read, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use baeum_core::fs::ReadSeek;
use baeum_core::{Limit, Limits, guard};
use polars::prelude::{Column, DataFrame, DataType, ParquetReader, PolarsError, SerReader};

use claims::Group;
use thrift::Thrift;

use super::{Absent, Cells, Long, Room, Sheet, Words};
use crate::csv::{FileRows, Stored, failed as not_read};
use crate::error::quoted;
use crate::{DataError, packed};

/// What every Parquet file starts and ends with.
const MAGIC: &[u8] = b"PAR1";

/// Reads one file, a group of rows at a time; no other is in memory.
///
/// # Errors
/// [`DataError`] names the file that is none, and the column that holds no plain values.
pub(super) fn read(
    stored: &Stored<'_>,
    absent: &Absent<'_>,
    (room, limits): (&Room, &Limits),
) -> Result<Sheet, DataError> {
    let name = &stored.name;
    let mut file = File::open(stored, limits)?;
    let end = file.end()?;
    let broken = || DataError::file(name, "metadata that fit the file", "others");
    let (footer, _) = Thrift::read(&end).ok_or_else(broken)?;
    let groups = claims::groups(&footer, file.length).ok_or_else(broken)?;
    groups.iter().flat_map(|group| &group.chunks).try_for_each(|chunk| refuse_codec(name, chunk.codec))?;
    file.admit(&groups)?;
    let (mut columns, mut growing, mut rows): (Vec<String>, Vec<Growing>, usize) = (vec![], vec![], 0);
    for (number, group) in groups.iter().enumerate() {
        let alone = alone::end(file.chunks(group)?, &footer, number, group).ok_or_else(broken)?;
        let frame: DataFrame = guarded(name, || ParquetReader::new(Cursor::new(alone)).finish())?;
        if frame.height() as u64 != group.rows {
            let wants = format!("{} rows in a group, as it claims", group.rows);
            return Err(DataError::file(name, wants, frame.height().to_string()));
        }
        rows += frame.height();
        limits.admit(Limit::CsvColumns, format_args!("`{name}`"), frame.columns().len() as u64)?;
        if columns.is_empty() {
            columns = frame.columns().iter().map(|column| column.name().to_string()).collect();
            growing =
                frame.columns().iter().map(|column| Growing::of(name, column)).collect::<Result<_, _>>()?;
        }
        let both = growing.iter_mut().zip(frame.columns());
        both.into_iter().try_for_each(|(growing, column)| growing.append(name, column, (absent, room)))?;
    }
    if rows == 0 {
        return Err(DataError::file(name, "rows", "none"));
    }
    let cells = growing.into_iter().map(|column| Ok(Arc::new(column.cells(room)?)));
    let cells = cells.collect::<Result<_, DataError>>()?;
    Ok(Sheet::new(columns, cells, FileRows::new(name.clone(), rows, vec![]), vec![], room))
}

/// A file of which some bytes are read.
struct File<'a> {
    name: &'a str,
    reader: Box<dyn ReadSeek + 'a>,
    length: u64,
    limits: &'a Limits,
}

impl<'a> File<'a> {
    fn open(stored: &'a Stored<'_>, limits: &'a Limits) -> Result<File<'a>, DataError> {
        Ok(File { name: &stored.name, reader: stored.open()?, length: stored.len()?, limits })
    }

    /// The bytes of a place.
    fn read(&mut self, place: Range<u64>, bytes: &mut Vec<u8>) -> Result<(), DataError> {
        let (length, before) = (place.end.saturating_sub(place.start), bytes.len());
        self.reader.seek(SeekFrom::Start(place.start)).map_err(not_read(self.name))?;
        (&mut self.reader).take(length).read_to_end(bytes).map_err(not_read(self.name))?;
        match (bytes.len() - before) as u64 == length {
            true => Ok(()),
            false => Err(DataError::file(self.name, "to be whole", "a file that was cut short")),
        }
    }

    /// What stands at its end and tells where everything is.
    fn end(&mut self) -> Result<Vec<u8>, DataError> {
        let other =
            || DataError::file(self.name, "a whole Parquet file, from `PAR1` to `PAR1`", "other bytes");
        let mark = MAGIC.len() as u64;
        let end = self.length.checked_sub(2 * mark).filter(|end| *end >= mark).ok_or_else(other)?;
        let (mut first, mut last) = (vec![], vec![]);
        self.read(0..mark, &mut first)?;
        self.read(end..self.length, &mut last)?; // the length of what stands before, and the mark
        let length = match last.split_first_chunk() {
            Some((length, MAGIC)) if first == MAGIC => u64::from(u32::from_le_bytes(*length)),
            Some(_) | None => return Err(other()),
        };
        let fits = end.checked_sub(length).filter(|start| *start >= mark);
        let wants = "metadata that fit the file";
        let start = fits.ok_or_else(|| DataError::file(self.name, wants, "others"))?;
        self.limits.admit(Limit::CsvHeaderBytes, format_args!("`{}`", self.name), length)?;
        let mut bytes = vec![];
        self.read(start..end, &mut bytes)?;
        Ok(bytes)
    }

    /// Compares with the limits what the columns are said to hold.
    fn admit(&self, groups: &[Group]) -> Result<(), DataError> {
        let rows: u64 = groups.iter().map(|group| group.rows).sum();
        self.limits.admit(Limit::Rows, format_args!("`{}`", self.name), rows)?;
        let chunks = groups.iter().flat_map(|group| &group.chunks);
        let values = chunks.map(|chunk| chunk.values).fold(0, u64::saturating_add).max(rows);
        packed::admit(self.name, values.saturating_mul(8), self.length, self.limits)
    }

    /// The mark of a file, and the pages of all columns of a group, one behind the other.
    fn chunks(&mut self, group: &Group) -> Result<Vec<u8>, DataError> {
        let mut bytes = MAGIC.to_vec();
        for chunk in &group.chunks {
            let start = bytes.len();
            self.read(chunk.place.clone(), &mut bytes)?;
            let unpacked = chunk.unpacked(&bytes[start..]);
            let broken = || DataError::file(self.name, "metadata that fit the file", "others");
            packed::admit(self.name, unpacked.ok_or_else(broken)?, self.length, self.limits)?;
        }
        Ok(bytes)
    }
}

/// Refuses pages that are packed in a way that nobody here reads; the numbers are those of the format.
fn refuse_codec(file: &str, codec: i64) -> Result<(), DataError> {
    let got = match codec {
        0 | 1 | 2 | 4..=7 => return Ok(()), // as they are, snappy, gzip, brotli, lz4, zstd, lz4 without a frame
        3 => "LZO".to_owned(),
        other => format!("codec {other}"),
    };
    let wants = "pages packed by snappy, zstd, gzip, brotli or lz4";
    Err(DataError::file(file, wants, format!("{got}; write the file anew with another")))
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

    fn append(
        &mut self,
        file: &str,
        column: &Column,
        (absent, room): (&Absent<'_>, &Room),
    ) -> Result<(), DataError> {
        let number = |number: Option<f64>| number.filter(|number| !absent.is_number(*number));
        let word = |word: &&str| !absent.is_word(column.name(), word);
        match self {
            Growing::Numbers(numbers) if column.dtype().is_null() => {
                numbers.extend(&vec![f64::NAN; column.len()], room)?;
            }
            Growing::Numbers(numbers) => {
                refuse_inexact(file, column)?;
                let column = column.cast(&DataType::Float64).map_err(failed(file))?;
                let column = column.f64().map_err(failed(file))?;
                let more: Vec<f64> = column.iter().map(|cell| number(cell).unwrap_or(f64::NAN)).collect();
                numbers.extend(&more, room)?;
            }
            Growing::Words(words) if column.dtype().is_bool() => {
                for value in column.bool().map_err(failed(file))?.iter() {
                    let text = value.map(|value| if value { "true" } else { "false" });
                    words.push(text.filter(word), room)?;
                }
            }
            Growing::Words(words) => {
                // Moments are written as ISO 8601 has them, categories by their names.
                let texts = column.cast(&DataType::String).map_err(failed(file))?;
                let mut texts = texts.str().map_err(failed(file))?.iter();
                texts.try_for_each(|text| words.push(text.filter(word), room))?;
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

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    /// A file that says of its one column that it is packed by this codec.
    fn packed_by(codec: i64) -> Vec<u8> {
        let column = ("a", crate::table::Column::Numbers(vec![1.0, 2.0]));
        let whole = crate::table::write_parquet(&[column]).unwrap();
        let (before, length) = whole[..whole.len() - MAGIC.len()].split_last_chunk().unwrap();
        let (pages, end) = before.split_at(before.len() - u32::from_le_bytes(*length) as usize);
        let (mut footer, _) = Thrift::read(end).unwrap();
        let Some(Thrift::List(_, groups)) = footer.field_mut(4) else { panic!("no groups") };
        let Some(Thrift::List(_, columns)) = groups[0].field_mut(1) else { panic!("no columns") };
        *columns[0].field_mut(3).unwrap().field_mut(4).unwrap() = Thrift::Integer(codec);
        let mut bytes = pages.to_vec();
        footer.write(thrift::STRUCT, &mut bytes);
        let length = (bytes.len() - pages.len()) as u32;
        [bytes, length.to_le_bytes().into(), MAGIC.into()].concat()
    }

    #[test]
    fn what_packs_pages_is_known_or_named() {
        let refused = |codec: i64| {
            let stored = Stored::memory("a.parquet", packed_by(codec));
            let read = read(&stored, &Absent::new(&[], &[]), (&Room::memory(), &Limits::default()));
            read.map(drop).unwrap_err().to_string()
        };
        let wants = "`a.parquet` wants pages packed by snappy, zstd, gzip, brotli or lz4, got";
        assert_eq!(refused(3), format!("{wants} LZO; write the file anew with another"));
        assert_eq!(refused(9), format!("{wants} codec 9; write the file anew with another"));
        // Any other than the one it is: what comes out is no page.
        assert_eq!(refused(2), "could not decode `a.parquet` as Parquet");
    }
}
