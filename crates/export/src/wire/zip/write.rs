use super::{CENTRAL, END, END_64, EXTRA_64, LOCAL, LOCATOR_64, UTF8};
use crate::wire::crc32::crc32;

/// 1980-01-01, the first day that zip can say.
const DATE: u16 = 0x0021;
/// Readers of version 2.0 read it; those of 4.5 if it is zip64.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;
/// PyTorch's padding field: "FB", a length, that many `Z`.
const PADDING: u16 = u16::from_le_bytes(*b"FB");

/// Packs entries in the order they are added.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    align: u64,
    /// From this size, offset or (for entries, at most 0xffff) count on, the 64-bit fields are used.
    wide_from: u64,
}

struct Entry {
    name: String,
    crc: u32,
    size: u64,
    offset: u64,
}

impl Writer {
    /// An empty archive whose payloads will start at multiples of `align` bytes, at least 4.
    pub(crate) fn aligned(align: u64) -> Writer {
        Writer { bytes: vec![], entries: vec![], align, wide_from: u32::MAX.into() }
    }

    /// Appends one entry. The caller keeps names unique and shorter than 64 KiB.
    pub(crate) fn add(&mut self, name: &str, data: &[u8]) {
        let entry =
            Entry { name: name.to_owned(), crc: crc32(data), size: data.len() as u64, offset: self.here() };
        let wide = entry.size >= self.wide_from;
        let extra = match wide {
            true => wide_extra(&[entry.size, entry.size]),
            false => vec![],
        };
        self.u32(LOCAL);
        self.common(&entry, wide);
        let unpadded = self.here() + 2 + 2 + name.len() as u64 + extra.len() as u64 + 4;
        let padding = (self.align - unpadded % self.align) % self.align;
        self.u16(name.len() as u16);
        self.u16(extra.len() as u16 + 4 + padding as u16);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(&extra);
        self.u16(PADDING);
        self.u16(padding as u16);
        self.bytes.extend(std::iter::repeat_n(b'Z', padding as usize));
        self.bytes.extend_from_slice(data);
        self.entries.push(entry);
    }

    /// Writes the central directory and hands over the archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let entries = std::mem::take(&mut self.entries);
        let start = self.here();
        for entry in &entries {
            self.central(entry);
        }
        self.end(entries.len() as u64, start, self.here() - start);
        self.bytes
    }

    fn central(&mut self, entry: &Entry) {
        let wide = entry.size >= self.wide_from || entry.offset >= self.wide_from;
        let extra = match wide {
            true => wide_extra(&[entry.size, entry.size, entry.offset]),
            false => vec![],
        };
        self.u32(CENTRAL);
        self.u16(if wide { VERSION_64 } else { VERSION }); // made by
        self.common(entry, wide);
        self.u16(entry.name.len() as u16);
        self.u16(extra.len() as u16);
        self.u16(0); // comment
        self.u16(0); // disk
        self.u16(0); // internal attributes
        self.u32(0); // external attributes
        self.u32(if wide { u32::MAX } else { entry.offset as u32 });
        self.bytes.extend_from_slice(entry.name.as_bytes());
        self.bytes.extend_from_slice(&extra);
    }

    /// What both headers of an entry say in the same words.
    fn common(&mut self, entry: &Entry, wide: bool) {
        let size = if wide { u32::MAX } else { entry.size as u32 };
        self.u16(if wide { VERSION_64 } else { VERSION });
        self.u16(UTF8);
        self.u16(0); // stored
        self.u16(0); // midnight
        self.u16(DATE);
        self.u32(entry.crc);
        self.u32(size);
        self.u32(size);
    }

    fn end(&mut self, count: u64, start: u64, size: u64) {
        let wide = count >= self.wide_from.min(0xffff) || start >= self.wide_from || size >= self.wide_from;
        if wide {
            self.end_64(count, start, size);
        }
        self.u32(END);
        self.u32(0); // this disk, and that of the directory
        for _ in 0..2 {
            self.u16(if wide { u16::MAX } else { count as u16 });
        }
        self.u32(if wide { u32::MAX } else { size as u32 });
        self.u32(if wide { u32::MAX } else { start as u32 });
        self.u16(0); // comment
    }

    fn end_64(&mut self, count: u64, start: u64, size: u64) {
        let here = self.here();
        self.u32(END_64);
        self.u64(44); // bytes that follow
        self.u16(VERSION_64);
        self.u16(VERSION_64);
        self.u64(0); // this disk, and that of the directory
        for number in [count, count, size, start] {
            self.u64(number);
        }
        self.u32(LOCATOR_64);
        self.u32(0);
        self.u64(here);
        self.u32(1); // disks
    }

    fn here(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn u16(&mut self, number: u16) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }
}

/// The extra field of zip64: sizes, and in the central directory the offset.
fn wide_extra(numbers: &[u64]) -> Vec<u8> {
    let mut extra = EXTRA_64.to_le_bytes().to_vec();
    extra.extend_from_slice(&(8 * numbers.len() as u16).to_le_bytes());
    extra.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    extra
}

#[cfg(test)]
impl Writer {
    /// Uses the 64-bit fields from smaller numbers on, so that a test need not write four gigabytes.
    pub(crate) fn wide_from(mut self, size: u64) -> Writer {
        self.wide_from = size;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_byte_by_byte() {
        let mut zip = Writer::aligned(64);
        zip.add("a", b"hi");
        let bytes = zip.finish();
        let mut golden = b"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0".to_vec();
        golden.extend_from_slice(&crc32(b"hi").to_le_bytes());
        golden.extend_from_slice(b"\x02\0\0\0\x02\0\0\0\x01\0\x21\0aFB\x1d\0ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZhi");
        golden.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\x21\0");
        golden.extend_from_slice(&crc32(b"hi").to_le_bytes());
        golden.extend_from_slice(b"\x02\0\0\0\x02\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a");
        golden.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x42\0\0\0\0\0");
        assert_eq!(bytes, golden);
    }
}
