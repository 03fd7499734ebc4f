//! The directory at the end of an archive.

use crate::error::quoted;
use crate::numpy::bytes::Bytes;
use crate::refusal::Refusal;

/// What the directory says about a member, apart from its name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) method: Method,
    pub(super) crc: u32,
    /// How many bytes it takes in the archive, and how many when unpacked.
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where its own header starts.
    pub(super) at: u64,
}

/// How a member is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

impl Method {
    /// Its number in the archive.
    pub(super) fn number(self) -> u16 {
        match self {
            Method::Stored => 0,
            Method::Deflated => 8,
        }
    }
}

/// Where the directory lies, as the record at the end says.
struct End {
    /// Where that record starts, and so the directory ends.
    at: usize,
    /// How many members there are.
    count: u64,
    /// Its length, and where it starts.
    size: u64,
    start: u64,
}

/// The record at the end without its comment, which has at most 65535 bytes.
const END: usize = 22;
/// The record that leads to the one of zip64, which stands right in front.
const LOCATOR: usize = 20;
/// A number that is in the zip64 field instead.
const ELSEWHERE: u32 = u32::MAX;

/// Flags that change nothing here: hints of the packer, sizes behind the member (the directory has them),
/// UTF-8.
const HARMLESS: u16 = 0b1000_0000_1110;
const UTF8: u16 = 1 << 11;
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// What lies in front of the directory, and the members with their names.
type Directory<'a> = (&'a [u8], Vec<(String, Entry)>);

/// Reads the directory.
pub(super) fn read(bytes: &[u8]) -> Result<Directory<'_>, Refusal> {
    let wants = "a zip archive such as `np.savez` writes";
    let end = end(bytes).ok_or_else(|| Refusal::new(wants, "none, or one that was cut short"))?;
    let broken = || Refusal::new(wants, "one whose directory is broken");
    let start = usize::try_from(end.start).ok().filter(|&start| start <= end.at).ok_or_else(broken)?;
    let (content, rest) = bytes.split_at_checked(start).ok_or_else(broken)?;
    let mut left = Bytes(rest.get(..end.at - start).ok_or_else(broken)?);
    if left.0.len() as u64 != end.size {
        return Err(broken());
    }
    let mut entries = vec![];
    while !left.0.is_empty() {
        entries.push(entry(&mut left).ok_or_else(broken)??);
    }
    if entries.len() as u64 == end.count { Ok((content, entries)) } else { Err(broken()) }
}

/// The last record whose comment reaches to the end of the file.
fn end(bytes: &[u8]) -> Option<End> {
    let last = bytes.len().checked_sub(END)?;
    let fits = |&at: &usize| {
        let mut record = Bytes(bytes.get(at..).unwrap_or_default());
        let is_end = record.take(4) == Some(b"PK\x05\x06");
        is_end
            && record
                .take(16)
                .and_then(|_| record.u16())
                .is_some_and(|comment| record.0.len() == usize::from(comment))
    };
    let at = (last.saturating_sub(u16::MAX.into())..=last).rev().find(fits)?;
    match at.checked_sub(LOCATOR) {
        Some(locator) if bytes.get(locator..)?.starts_with(b"PK\x06\x07") => wide_end(bytes, locator),
        Some(_) | None => {
            let mut record = Bytes(bytes.get(at + 4..)?);
            let disks = (record.u16()?, record.u16()?);
            let (here, count) = (record.u16()?, record.u16()?);
            let (size, start) = (record.u32()?.into(), record.u32()?.into());
            (disks == (0, 0) && here == count).then_some(End { at, count: count.into(), size, start })
        }
    }
}

/// The record of zip64, which ends where its locator starts.
fn wide_end(bytes: &[u8], locator: usize) -> Option<End> {
    let mut record = Bytes(bytes.get(locator + 4..)?);
    let (disk, at, disks) = (record.u32()?, usize::try_from(record.u64()?).ok()?, record.u32()?);
    let mut record = Bytes(bytes.get(at..locator)?);
    let is_end = record.take(4)? == b"PK\x06\x06" && record.u64()? == record.0.len() as u64;
    record.take(4)?; // versions
    let own_disks = (record.u32()?, record.u32()?);
    let (here, count, size, start) = (record.u64()?, record.u64()?, record.u64()?, record.u64()?);
    let is_one = disk == 0 && disks <= 1 && own_disks == (0, 0) && here == count;
    (is_end && is_one).then_some(End { at, count, size, start })
}

/// The next member; `None` if its bytes are no entry of a directory.
fn entry(left: &mut Bytes<'_>) -> Option<Result<(String, Entry), Refusal>> {
    let is_entry = left.take(4)? == b"PK\x01\x02";
    left.take(4)?; // versions
    let (flags, method) = (left.u16()?, left.u16()?);
    left.take(4)?; // time
    let (crc, packed, size) = (left.u32()?, left.u32()?, left.u32()?);
    let (name, extra, comment) = (left.u16()?, left.u16()?, left.u16()?);
    let disk = left.u16()?;
    left.take(6)?; // attributes
    let at = left.u32()?;
    let (name, extra) = (left.take(name.into())?, left.take(extra.into())?);
    left.take(comment.into())?;
    let [size, packed, at] = wide([size, packed, at], extra)?;
    let named = |name, method| (name, Entry { method, crc, packed, size, at });
    let read = || Ok(named(self::name(name, flags)?, self::method(name, flags, method)?));
    (is_entry && disk == 0).then(read)
}

/// The sizes and the place; those that do not fit stand in the zip64 field, in this order.
fn wide(narrow: [u32; 3], extra: &[u8]) -> Option<[u64; 3]> {
    let mut field = Bytes(if narrow.contains(&ELSEWHERE) { zip64(extra)? } else { &[] });
    let mut wide = narrow.map(u64::from);
    for (wide, narrow) in wide.iter_mut().zip(narrow) {
        if narrow == ELSEWHERE {
            *wide = field.u64()?;
        }
    }
    Some(wide)
}

/// The field of zip64 among the extra fields.
fn zip64(extra: &[u8]) -> Option<&[u8]> {
    let mut left = Bytes(extra);
    loop {
        let (id, length) = (left.u16()?, left.u16()?);
        let field = left.take(length.into())?;
        if id == 1 {
            return Some(field);
        }
    }
}

/// A name in UTF-8; without the flag that says so it has to be ASCII.
fn name(bytes: &[u8], flags: u16) -> Result<String, Refusal> {
    let is_clear = flags & UTF8 != 0 || bytes.is_ascii();
    let name = str::from_utf8(bytes).ok().filter(|_| is_clear);
    let shown = || quoted(&String::from_utf8_lossy(bytes));
    name.map(str::to_owned).ok_or_else(|| Refusal::new("names of members in UTF-8", shown()))
}

fn method(name: &[u8], flags: u16, number: u16) -> Result<Method, Refusal> {
    let shown = quoted(&String::from_utf8_lossy(name));
    if flags & ENCRYPTED != 0 {
        return Err(Refusal::new("members without a password", format!("{shown}, which is encrypted")));
    }
    let methods = [Method::Stored, Method::Deflated];
    let method = methods.into_iter().find(|method| method.number() == number);
    method.filter(|_| flags & !HARMLESS == 0).ok_or_else(|| {
        let got = format!("{shown} of method {number}, flags {flags:#x}; save it by `np.savez_compressed`");
        Refusal::new("members that are stored or deflated", got)
    })
}
