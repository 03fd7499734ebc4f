use std::collections::BTreeMap;
use std::ops::Range;

use super::{CENTRAL, DESCRIPTOR, ENCRYPTED, END, END_64, EXTRA_64, LOCAL, LOCATOR_64};
use crate::error::ReadError;
use crate::wire::crc32::crc32;
use crate::wire::cursor::Cursor;

/// The fixed part of the end record, and how long a comment may follow it.
const END_SIZE: usize = 22;
const COMMENT: usize = u16::MAX as usize;
/// The size of the record that says where the end record of zip64 is.
const LOCATOR_SIZE: usize = 20;

/// An opened archive: every entry was checked against its checksum.
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<String, Range<usize>>,
}

/// What the end of an archive says of its central directory.
struct Directory {
    count: u64,
    size: u64,
    start: u64,
}

/// One entry of the central directory.
struct Central {
    name: String,
    flags: u16,
    crc: u32,
    size: u64,
    offset: u64,
}

impl<'a> Archive<'a> {
    /// Opens an archive.
    ///
    /// Refused: entries that are compressed or encrypted, doubled names, headers that disagree, entries that overlap or
    /// leave the file, wrong checksums, archives in several parts.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Archive<'a>, ReadError> {
        let directory = find_directory(bytes)?;
        let entries = read_directory(bytes, &directory)?;
        let mut ranges = vec![];
        let mut named = BTreeMap::new();
        for entry in &entries {
            let (whole, data) = locate(bytes, entry, directory.start)?;
            ranges.push(whole);
            if named.insert(entry.name.clone(), data).is_some() {
                let got = format!("`{}` again", entry.name);
                return Err(ReadError::malformed("zip archive", "each name once", got));
            }
        }
        refuse_overlap(ranges)?;
        // Only now, so that no byte is summed twice however many entries claim it.
        let archive = Archive { bytes, entries: named };
        entries.iter().try_for_each(|entry| archive.refuse_damaged(entry))?;
        Ok(archive)
    }

    fn refuse_damaged(&self, entry: &Central) -> Result<(), ReadError> {
        match crc32(self.get(&entry.name).unwrap_or_default()) {
            crc if crc == entry.crc => Ok(()),
            crc => {
                let (part, wanted) =
                    (format!("zip entry `{}`", entry.name), format!("checksum {:08x}", entry.crc));
                Err(ReadError::malformed(part, wanted, format!("{crc:08x}")))
            }
        }
    }

    /// The names of all entries, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of an entry.
    pub(crate) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.entries.get(name).and_then(|range| self.bytes.get(range.clone()))
    }
}

/// The end record is the last one whose comment reaches exactly to the end of the file.
fn find_directory(bytes: &[u8]) -> Result<Directory, ReadError> {
    let first = bytes.len().saturating_sub(END_SIZE + COMMENT);
    let last = bytes.len().saturating_sub(END_SIZE);
    let comment =
        |at: usize| bytes.get(at + 20..at + 22).map(|n| usize::from(n[0]) + 256 * usize::from(n[1]));
    let found = (first..=last).rev().find(|&at| {
        bytes[at..].starts_with(&END.to_le_bytes())
            && comment(at).is_some_and(|n| at + END_SIZE + n == bytes.len())
    });
    let at = found.ok_or_else(|| ReadError::malformed("zip archive", "an end record", "none"))?;
    let mut end = Cursor::new("zip end record", bytes, at + 4);
    let (disk, first_disk, here, count) = (end.u16()?, end.u16()?, end.u16()?, end.u16()?);
    if (disk, first_disk, here) != (0, 0, count) {
        return Err(ReadError::malformed("zip archive", "to be one file", "a part of several"));
    }
    let (size, start) = (end.u32()?, end.u32()?);
    let directory = match count == u16::MAX || size == u32::MAX || start == u32::MAX {
        true => find_directory_64(bytes, at)?,
        false => Directory { count: count.into(), size: size.into(), start: start.into() },
    };
    match directory.start.checked_add(directory.size) {
        Some(stop) if stop <= at as u64 => Ok(directory),
        _ => Err(ReadError::malformed(
            "zip end record",
            "a central directory before itself",
            format!("{} bytes from {}", directory.size, directory.start),
        )),
    }
}

fn find_directory_64(bytes: &[u8], end: usize) -> Result<Directory, ReadError> {
    let at = end
        .checked_sub(LOCATOR_SIZE)
        .ok_or_else(|| ReadError::malformed("zip64 archive", "a locator", "none"))?;
    let mut locator = Cursor::new("zip64 locator", bytes, at);
    expect(&mut locator, LOCATOR_64)?;
    locator.u32()?;
    let record = usize::try_from(locator.u64()?).unwrap_or(usize::MAX);
    let mut cursor = Cursor::new("zip64 end record", bytes, record);
    expect(&mut cursor, END_64)?;
    cursor.take(8 + 2 + 2)?; // own size, versions
    if cursor.u64()? != 0 {
        return Err(ReadError::malformed("zip archive", "to be one file", "a part of several"));
    }
    let (here, count, size, start) = (cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?);
    match here == count {
        true => Ok(Directory { count, size, start }),
        false => Err(ReadError::malformed("zip archive", "to be one file", "a part of several")),
    }
}

fn read_directory(bytes: &[u8], directory: &Directory) -> Result<Vec<Central>, ReadError> {
    let (start, size) = (directory.start as usize, directory.size as usize); // lie within `bytes`: checked above
    let mut cursor = Cursor::new("zip central directory", &bytes[..start + size], start);
    let mut entries = vec![];
    for _ in 0..directory.count {
        entries.push(read_central(&mut cursor)?);
    }
    match cursor.left() {
        0 => Ok(entries),
        left => Err(cursor.refuse("its end", format!("{left} more bytes"))),
    }
}

fn read_central(cursor: &mut Cursor<'_>) -> Result<Central, ReadError> {
    expect(cursor, CENTRAL)?;
    cursor.take(2 + 2)?; // versions
    let (flags, method) = (cursor.u16()?, cursor.u16()?);
    cursor.take(2 + 2)?; // time and date
    let (crc, packed, size) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let (name, extra, comment) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    cursor.take(2 + 2 + 4)?; // disk, attributes
    let offset = cursor.u32()?;
    let name = cursor.text(name.into())?.to_owned();
    let extra = cursor.take(extra.into())?;
    cursor.take(comment.into())?;
    let refuse =
        |wanted: &str, got: String| Err(ReadError::malformed(format!("zip entry `{name}`"), wanted, got));
    if flags & ENCRYPTED != 0 {
        return refuse("to be readable without a password", "an encrypted one".to_owned());
    }
    if method != 0 {
        return refuse("to be stored (method 0)", format!("method {method}"));
    }
    let mut wide = Cursor::new("zip64 extra field", find_extra(extra)?, 0);
    let mut widen = |number: u32| if number == u32::MAX { wide.u64() } else { Ok(number.into()) };
    let (size, packed, offset) = (widen(size)?, widen(packed)?, widen(offset)?);
    match size == packed {
        true => Ok(Central { name, flags, crc, size, offset }),
        false => refuse("one size", format!("{packed} stored for {size}")),
    }
}

/// The 64-bit numbers among the extra fields of an entry; empty if there are none.
fn find_extra(extra: &[u8]) -> Result<&[u8], ReadError> {
    let mut cursor = Cursor::new("zip extra field", extra, 0);
    while cursor.left() > 0 {
        let (id, size) = (cursor.u16()?, cursor.u16()?);
        let body = cursor.take(size.into())?;
        if id == EXTRA_64 {
            return Ok(body);
        }
    }
    Ok(&[])
}

/// Where an entry lies with its local header, and where its data does.
fn locate(bytes: &[u8], entry: &Central, directory: u64) -> Result<(Range<usize>, Range<usize>), ReadError> {
    let refuse =
        |wanted: &str, got: String| ReadError::malformed(format!("zip entry `{}`", entry.name), wanted, got);
    let start = usize::try_from(entry.offset).unwrap_or(usize::MAX);
    let mut local = Cursor::new("zip local header", bytes, start);
    expect(&mut local, LOCAL)?;
    local.take(2 + 2 + 2 + 2 + 2)?; // version, flags, method, time, date: the central directory's count
    let (crc, packed, size) = (local.u32()?, local.u32()?, local.u32()?);
    let (name, extra) = (local.u16()?, local.u16()?);
    let name = local.text(name.into())?;
    if name != entry.name {
        return Err(refuse("the same name in both headers", format!("`{name}`")));
    }
    local.take(extra.into())?;
    let narrow = |number: u32| number == u32::MAX || u64::from(number) == entry.size;
    let agree = crc == entry.crc && narrow(packed) && narrow(size);
    if entry.flags & DESCRIPTOR == 0 && !agree {
        return Err(refuse(
            "the same size and checksum in both headers",
            format!("{size} bytes with {crc:08x}"),
        ));
    }
    let data = local.at();
    let stop = (data as u64).checked_add(entry.size).filter(|&stop| stop <= directory);
    let stop = stop.ok_or_else(|| {
        refuse("to end before the central directory", format!("{} bytes from {data}", entry.size))
    })?;
    Ok((start..stop as usize, data..stop as usize))
}

fn refuse_overlap(mut ranges: Vec<Range<usize>>) -> Result<(), ReadError> {
    ranges.sort_by_key(|range| range.start);
    match ranges.windows(2).find(|pair| pair[0].end > pair[1].start) {
        None => Ok(()),
        Some(pair) => Err(ReadError::malformed(
            "zip archive",
            "entries that lie apart",
            format!("an overlap at byte {}", pair[1].start),
        )),
    }
}

fn expect(cursor: &mut Cursor<'_>, signature: u32) -> Result<(), ReadError> {
    let at = cursor.clone();
    match cursor.u32()? {
        found if found == signature => Ok(()),
        found => Err(at.refuse(format!("{signature:08x}"), format!("{found:08x}"))),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::Writer;
    use super::*;

    fn two() -> Vec<u8> {
        let mut zip = Writer::aligned(64);
        zip.add("top/one", b"first");
        zip.add("top/two", &[7; 100]);
        zip.finish()
    }

    /// `two()` with the bytes at `at` replaced.
    fn patched(at: usize, bytes: &[u8]) -> Vec<u8> {
        let mut zip = two();
        zip[at..at + bytes.len()].copy_from_slice(bytes);
        zip
    }

    /// Where the n-th central header starts.
    fn central(zip: &[u8], n: usize) -> usize {
        (0..zip.len()).filter(|&at| zip[at..].starts_with(b"PK\x01\x02")).nth(n).unwrap()
    }

    #[track_caller]
    fn refused(zip: &[u8], expect: &str) {
        assert_eq!(Archive::open(zip).err().map(|error| error.to_string()).as_deref(), Some(expect));
    }

    #[test]
    fn what_was_written_is_read_and_lies_aligned() {
        let bytes = two();
        let zip = Archive::open(&bytes).unwrap();
        assert_eq!(zip.names().collect::<Vec<_>>(), ["top/one", "top/two"]);
        assert_eq!(zip.get("top/one"), Some(&b"first"[..]));
        assert_eq!(zip.get("top/two"), Some(&[7; 100][..]));
        assert!(zip.entries.values().all(|range| range.start % 64 == 0));
        assert_eq!(zip.get("top/three"), None);
    }

    #[test]
    fn zip64_is_read_as_written() {
        for size in [0, 50, 101] {
            let mut zip = Writer::aligned(64).wide_from(size);
            zip.add("one", b"first");
            zip.add("two", &[7; 100]);
            let bytes = zip.finish();
            assert!(bytes.windows(4).any(|word| word == b"PK\x06\x06"), "{size}");
            assert_eq!(Archive::open(&bytes).unwrap().get("two"), Some(&[7; 100][..]));
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let zip = two();
        assert!((0..zip.len()).all(|end| Archive::open(&zip[..end]).is_err()));
    }

    #[test]
    fn compressed_and_encrypted_entries_are_refused() {
        let first = central(&two(), 0);
        refused(
            &patched(first + 10, &[8]),
            "zip entry `top/one` wants to be stored (method 0), got method 8",
        );
        refused(
            &patched(first + 8, &[1]),
            "zip entry `top/one` wants to be readable without a password, got an encrypted one",
        );
    }

    #[test]
    fn a_changed_byte_of_data_is_refused() {
        refused(&patched(64, b"F"), "zip entry `top/one` wants checksum 9271ee57, got 53b0c153");
    }

    #[test]
    fn headers_that_disagree_are_refused() {
        refused(
            &patched(30, b"TOP"),
            "zip entry `top/one` wants the same name in both headers, got `TOP/one`",
        );
        refused(
            &patched(22, &[4]),
            "zip entry `top/one` wants the same size and checksum in both headers, got 4 bytes with 9271ee57",
        );
    }

    #[test]
    fn sizes_behind_the_data_are_read_from_the_directory() {
        let first = central(&two(), 0);
        let mut zip = patched(first + 8, &[8, 8]);
        zip[14..26].fill(0); // as PyTorch writes it
        assert_eq!(Archive::open(&zip).unwrap().get("top/one"), Some(&b"first"[..]));
    }

    #[test]
    fn doubled_names_are_refused() {
        let mut zip = Writer::aligned(4);
        zip.add("data.pkl", b"one");
        zip.add("data.pkl", b"two");
        refused(&zip.finish(), "zip archive wants each name once, got `data.pkl` again");
    }

    #[test]
    fn entries_that_overlap_are_refused() {
        let zip = two();
        let second = central(&zip, 1);
        let (mut same, name) = (zip.clone(), b"top/one");
        same[second..second + 46].copy_from_slice(&zip[central(&zip, 0)..central(&zip, 0) + 46]);
        same[second + 46..second + 53].copy_from_slice(name);
        refused(&same, "zip archive wants each name once, got `top/one` again");
        // A local header hidden in the data of another entry.
        let mut inner = Writer::aligned(4);
        inner.add("inner", b"x");
        let inner = inner.finish();
        let mut outer = Writer::aligned(4);
        outer.add("outer", &inner);
        outer.add("inner", b"x");
        let mut bytes = outer.finish();
        let hidden =
            bytes.windows(4).enumerate().filter(|(_, word)| *word == b"PK\x03\x04").nth(1).unwrap().0 as u32;
        let last = (0..bytes.len()).rev().find(|&at| bytes[at..].starts_with(b"PK\x01\x02")).unwrap();
        bytes[last + 42..last + 46].copy_from_slice(&hidden.to_le_bytes());
        refused(
            &bytes,
            &format!("zip archive wants entries that lie apart, got an overlap at byte {hidden}"),
        );
    }
}
