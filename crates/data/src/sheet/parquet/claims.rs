//! What a Parquet file says about its own size, compared with what it can hold: the reader believes it and asks for the
//! memory, which ends the process where there is none.
//!
//! The numbers of fields are those of `parquet.thrift` (Apache Parquet format 2.11).

use baeum_core::{Limit, Limits};

use super::thrift::Thrift;
use crate::{DataError, gzip};

/// Refuses a file whose metadata claim more rows, values or bytes than there can be.
pub(super) fn check(file: &str, bytes: &[u8], limits: &Limits) -> Result<(), DataError> {
    let broken = || DataError::file(file, "metadata that fit the file", "others");
    let (rows, chunks) = claims(bytes).ok_or_else(broken)?;
    limits.admit(Limit::Rows, format_args!("`{file}`"), rows)?;
    let columns = chunks.iter().map(|chunk| chunk.values).sum::<u64>().max(rows);
    gzip::admit(file, columns.saturating_mul(8), bytes.len() as u64, limits)?;
    for chunk in &chunks {
        let unpacked = chunk.check(bytes).ok_or_else(broken)?;
        gzip::admit(file, unpacked, bytes.len() as u64, limits)?;
    }
    Ok(())
}

/// A column of a group of rows.
struct Chunk {
    values: u64,
    start: usize,
    end: usize,
}

/// How many rows there are, and the columns of all groups; `None` where the numbers contradict each other.
fn claims(bytes: &[u8]) -> Option<(u64, Vec<Chunk>)> {
    let (rest, _magic) = bytes.split_last_chunk::<4>()?;
    let (rest, length) = rest.split_last_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    let (footer, _) = Thrift::read(rest.get(rest.len().checked_sub(length)?..)?)?;
    let rows = u64::try_from(footer.integer(3)?).ok()?;
    let groups = footer.list(4);
    let of_groups: Option<Vec<u64>> =
        groups.iter().map(|group| u64::try_from(group.integer(3)?).ok()).collect();
    if of_groups?.iter().try_fold(0u64, |sum, rows| sum.checked_add(*rows))? != rows {
        return None;
    }
    let chunks = groups.iter().flat_map(|group| {
        let rows = group.integer(3);
        group.list(1).iter().map(move |column| chunk(column.field(3)?, rows?, bytes.len()))
    });
    Some((rows, chunks.collect::<Option<Vec<_>>>()?))
}

fn chunk(metadata: &Thrift, rows: i64, length: usize) -> Option<Chunk> {
    // A list may have more values than rows; we read none, but a file may hold some.
    let values = u64::try_from(metadata.integer(5)?).ok()?;
    let is_nested = metadata.list(3).len() > 1;
    let data = metadata.integer(9)?;
    let start = metadata.integer(11).filter(|start| *start > 0).unwrap_or(data).min(data);
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(metadata.integer(7)?).ok()?)?;
    let fits = end <= length && (is_nested || values == u64::try_from(rows).ok()?);
    fits.then_some(Chunk { values, start, end })
}

impl Chunk {
    /// Walks its pages; gives how many bytes they have unpacked.
    fn check(&self, bytes: &[u8]) -> Option<u64> {
        let (mut at, mut values, mut unpacked) = (self.start, 0u64, 0u64);
        while at < self.end {
            let (header, length) = Thrift::read(bytes.get(at..self.end)?)?;
            let size = |number: i64| u64::try_from(header.integer(number)?).ok();
            unpacked = unpacked.checked_add(size(2)?)?;
            let count = |field: i64| {
                let header = header.field(field)?;
                u64::try_from(header.integer(1)?).ok()
            };
            // Pages of data, of a dictionary, and of data in version 2.
            values = values.checked_add(count(5).or_else(|| count(8)).unwrap_or(0))?;
            // A dictionary may have more than the group has rows, but no more than bytes.
            let in_dictionary = count(7).unwrap_or(0);
            if values > self.values || in_dictionary > size(2)? {
                return None;
            }
            at = at.checked_add(length)?.checked_add(usize::try_from(size(3)?).ok()?)?;
        }
        (at == self.end && values == self.values).then_some(unpacked)
    }
}
