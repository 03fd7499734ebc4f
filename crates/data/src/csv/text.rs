//! From bytes to text, or the reason why not.

use super::{decoder, encoding};
use crate::DataError;
use crate::config::Encoding;
use crate::refusal::Refusal;

/// The first bytes of files that are often taken for tables.
const OTHERS: [(&[u8], &str); 6] = [
    (&[0x1f, 0x8b], "gzip"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
    (b"PAR1\x15", "Parquet"),
    (&[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook"),
];

/// As many of them as tell one from the other.
pub(super) const FIRST_BYTES: u64 = 8;

/// The text of a whole file, and the encoding it was taken for where that is not UTF-8 and nobody has `said` so.
pub(crate) fn text_of(bytes: Vec<u8>, said: Option<Encoding>) -> Result<(String, Option<Encoding>), Refusal> {
    let other = "another encoding; say `encoding`, or save it as UTF-8";
    let encoding = said.or_else(|| encoding::of(&bytes)).ok_or_else(|| Refusal::new("UTF-8", other))?;
    let text = decoder::decode(encoding, bytes)
        .map_err(|offset| Refusal::new(encoding.name(), format!("bytes that are none near byte {offset}")))?;
    match text.bytes().position(|byte| byte == 0) {
        Some(offset) => Err(Refusal::new("text", format!("a NUL at byte {offset}"))),
        None => Ok((text, (said.is_none() && encoding != Encoding::Utf8).then_some(encoding))),
    }
}

/// Refuses a file that is no table by its first bytes.
pub(super) fn refuse_other_formats(file: &str, bytes: &[u8]) -> Result<(), DataError> {
    if let Some((_, format)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(DataError::file(
            file,
            "a table of plain text",
            format!("{format}; unpack or convert it first"),
        ));
    }
    Ok(())
}
