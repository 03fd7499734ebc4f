//! From bytes to text, or the reason why not.

use crate::DataError;

/// The first bytes of files that are often taken for tables.
const OTHERS: [(&[u8], &str); 6] = [
    (&[0x1f, 0x8b], "gzip"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
    (b"PAR1\x15", "Parquet"),
    (&[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook"),
];

/// The text of a table: UTF-8 without a NUL; its byte order mark, which is no part of the text, is left out.
pub(super) fn checked(file: &str, bytes: Vec<u8>, header: bool) -> Result<String, DataError> {
    refuse_other_formats(file, &bytes)?;
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let row = |offset: usize| row_of(&bytes[start..offset], header);
    if let Err(error) = std::str::from_utf8(&bytes) {
        let offset = error.valid_up_to();
        let got = format!("another encoding at byte {offset}{}", way_out(&bytes[offset..]));
        return Err(DataError::Row {
            file: file.to_owned(),
            row: row(offset),
            wants: "UTF-8".to_owned(),
            got,
        });
    }
    if let Some(offset) = bytes.iter().position(|&byte| byte == 0) {
        let got = format!("a NUL at byte {offset}");
        return Err(DataError::Row {
            file: file.to_owned(),
            row: row(offset),
            wants: "text".to_owned(),
            got,
        });
    }
    let mut text =
        String::from_utf8(bytes).map_err(|_| DataError::file(file, "UTF-8", "another encoding"))?;
    text.drain(..start);
    Ok(text)
}

fn refuse_other_formats(file: &str, bytes: &[u8]) -> Result<(), DataError> {
    if let Some((_, format)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(DataError::file(
            file,
            "a table of plain text",
            format!("{format}; unpack or convert it first"),
        ));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(DataError::file(file, "UTF-8", "UTF-16; save it as UTF-8 first"));
    }
    Ok(())
}

/// The row in which the text goes on behind `before`; 0 is the header.
fn row_of(before: &[u8], header: bool) -> usize {
    let mut quoted = false;
    let mut lines = 0;
    for &byte in before {
        quoted ^= byte == b'"';
        lines += usize::from(byte == b'\n' && !quoted);
    }
    lines + usize::from(!header)
}

/// What to do about bytes that are no UTF-8.
///
/// Korean text of older Windows programs is CP949: its syllables are pairs of bytes, b0 to c8 and then a1 to
/// fe.
fn way_out(bytes: &[u8]) -> &'static str {
    const LOOKED_AT: usize = 1 << 12;
    let mut rest = &bytes[..bytes.len().min(LOOKED_AT)];
    let mut syllables = 0;
    loop {
        rest = match rest {
            [0xb0..=0xc8, 0xa1..=0xfe, rest @ ..] => {
                syllables += 1;
                rest
            }
            [0x00..=0x7f, rest @ ..] => rest,
            [] | [_] if syllables > 0 => return "; it looks like CP949, so save it as UTF-8 first",
            _ => return "; save it as UTF-8 first",
        };
    }
}
