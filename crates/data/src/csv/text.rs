//! From bytes to text, or the reason why not.

use super::encoding;
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

/// The text of a table, without its byte order mark, and the encoding it was taken for where that is not UTF-8 and
/// nobody has `said` so.
pub(super) fn checked(
    file: &str,
    bytes: Vec<u8>,
    header: bool,
    said: Option<Encoding>,
) -> Result<(String, Option<Encoding>), DataError> {
    refuse_other_formats(file, &bytes)?;
    let encoding = match said.or_else(|| encoding::of(&bytes)) {
        Some(encoding) => encoding,
        None => return Err(not_utf8(file, &bytes, header)),
    };
    let text = encoding::decode(encoding, bytes).map_err(|(bytes, offset)| match encoding {
        Encoding::Utf8 => not_utf8(file, &bytes, header),
        Encoding::Utf16 | Encoding::Cp949 | Encoding::Latin1 => {
            DataError::file(file, encoding.name(), format!("bytes that are none near byte {offset}"))
        }
    })?;
    if text.as_bytes().contains(&0) {
        let offset = text.bytes().position(|byte| byte == 0).unwrap_or_default();
        let (row, wants) = (row_of(&text.as_bytes()[..offset], header), "text".to_owned());
        return Err(DataError::Row {
            file: file.to_owned(),
            row,
            wants,
            got: format!("a NUL at byte {offset}"),
        });
    }
    let taken_for = (said.is_none() && encoding != Encoding::Utf8).then_some(encoding);
    Ok((text, taken_for))
}

/// The text of a whole file, and the encoding it was taken for where that is not UTF-8 and nobody has `said` so.
pub(crate) fn text_of(bytes: Vec<u8>, said: Option<Encoding>) -> Result<(String, Option<Encoding>), Refusal> {
    let other = "another encoding; say `encoding`, or save it as UTF-8";
    let encoding = said.or_else(|| encoding::of(&bytes)).ok_or_else(|| Refusal::new("UTF-8", other))?;
    let text = encoding::decode(encoding, bytes).map_err(|(_, offset)| {
        Refusal::new(encoding.name(), format!("bytes that are none near byte {offset}"))
    })?;
    match text.bytes().position(|byte| byte == 0) {
        Some(offset) => Err(Refusal::new("text", format!("a NUL at byte {offset}"))),
        None => Ok((text, (said.is_none() && encoding != Encoding::Utf8).then_some(encoding))),
    }
}

fn not_utf8(file: &str, bytes: &[u8], header: bool) -> DataError {
    let offset = std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to());
    let got =
        format!("another encoding at byte {offset}; say `data.source.csv.encoding`, or save it as UTF-8");
    let row = row_of(&bytes[..offset], header);
    DataError::Row { file: file.to_owned(), row, wants: "UTF-8".to_owned(), got }
}

fn refuse_other_formats(file: &str, bytes: &[u8]) -> Result<(), DataError> {
    if let Some((_, format)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(DataError::file(
            file,
            "a table of plain text",
            format!("{format}; unpack or convert it first"),
        ));
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
