//! What a Parquet file says about its own size, compared with what it can hold: the reader believes it and asks for the
//! memory, which ends the process where there is none.
//!
//! The numbers of fields are those of `parquet.thrift` (Apache Parquet format 2.11).

use std::ops::Range;

use super::thrift::Thrift;

/// A column of a group of rows.
pub(super) struct Chunk {
    pub(super) values: u64,
    /// The number of how its pages are packed.
    pub(super) codec: i64,
    /// Where its pages lie.
    pub(super) place: Range<u64>,
}

/// The columns of a group of rows.
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) chunks: Vec<Chunk>,
}

/// The groups of a file of so many bytes, by what stands at its end; `None` where the numbers contradict each other.
pub(super) fn groups(footer: &Thrift<'_>, length: u64) -> Option<Vec<Group>> {
    let groups = footer.list(4).iter().map(|group| {
        let rows = u64::try_from(group.integer(3)?).ok()?;
        let chunk = |column: &Thrift<'_>| chunk(column.field(3)?, rows, length);
        Some(Group { rows, chunks: group.list(1).iter().map(chunk).collect::<Option<_>>()? })
    });
    let groups: Vec<Group> = groups.collect::<Option<_>>()?;
    let rows = groups.iter().try_fold(0u64, |sum, group| sum.checked_add(group.rows))?;
    let lengths =
        groups.iter().flat_map(|group| &group.chunks).map(|chunk| chunk.place.end - chunk.place.start);
    // Columns that lie in each other would be read more often than there are bytes.
    let fit = lengths.fold(0u64, u64::saturating_add) <= length;
    (fit && u64::try_from(footer.integer(3)?).ok()? == rows).then_some(groups)
}

fn chunk(metadata: &Thrift<'_>, rows: u64, length: u64) -> Option<Chunk> {
    // A list may have more values than rows; we read none, but a file may hold some.
    let values = u64::try_from(metadata.integer(5)?).ok()?;
    let is_nested = metadata.list(3).len() > 1;
    let data = metadata.integer(9)?;
    let start = dictionary(metadata).unwrap_or(data).min(data);
    let start = u64::try_from(start).ok()?;
    let end = start.checked_add(u64::try_from(metadata.integer(7)?).ok()?)?;
    let fits = end <= length && (is_nested || values == rows);
    let codec = metadata.integer(4)?;
    fits.then_some(Chunk { values, codec, place: start..end })
}

/// Where the dictionary of a column lies, if it has one; some writers say 0 for none.
pub(super) fn dictionary(metadata: &Thrift<'_>) -> Option<i64> {
    metadata.integer(11).filter(|start| *start > 0)
}

impl Chunk {
    /// Walks its pages, which are these bytes; gives how many they have unpacked.
    pub(super) fn unpacked(&self, bytes: &[u8]) -> Option<u64> {
        let (mut at, mut values, mut unpacked) = (0usize, 0u64, 0u64);
        while at < bytes.len() {
            let (header, length) = Thrift::read(bytes.get(at..)?)?;
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
        (at == bytes.len() && values == self.values).then_some(unpacked)
    }
}
