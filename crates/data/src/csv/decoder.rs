//! From bytes in any encoding to text.

use std::io::{self, Read};

use encoding_rs::mem::convert_latin1_to_utf8;
use encoding_rs::{DecoderResult, EUC_KR, UTF_8, UTF_16BE, UTF_16LE};

use super::encoding::{LOOKED_AT, zeros};
use crate::DataError;
use crate::config::Encoding;

/// Turns bytes into UTF-8, piece by piece, without a byte order mark.
pub(super) enum Decoder {
    Latin1,
    Rules(encoding_rs::Decoder),
}

impl Decoder {
    /// One that keeps to the rules of an encoding.
    pub(super) fn by(rules: &'static encoding_rs::Encoding) -> Decoder {
        Decoder::Rules(rules.new_decoder_with_bom_removal())
    }

    /// The decoder of bytes that begin like this.
    fn of(encoding: Encoding, first: &[u8]) -> Decoder {
        let first = &first[..first.len().min(LOOKED_AT)];
        let is_big = || first.starts_with(b"\xfe\xff") || zeros(first)[0] > zeros(first)[1];
        match encoding {
            Encoding::Utf8 => Decoder::by(UTF_8),
            Encoding::Utf16 => Decoder::by(if is_big() { UTF_16BE } else { UTF_16LE }),
            Encoding::Cp949 => Decoder::by(EUC_KR),
            Encoding::Latin1 => Decoder::Latin1,
        }
    }

    /// Appends the text of the bytes that come next; the place of the first that are none.
    pub(super) fn write(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>) -> Result<(), usize> {
        let start = text.len();
        let room = match self {
            Decoder::Latin1 => Some(bytes.len().saturating_mul(2)),
            Decoder::Rules(rules) => rules.max_utf8_buffer_length_without_replacement(bytes.len()),
        };
        text.resize(start.saturating_add(room.unwrap_or(0)), 0);
        let (written, ended) = match self {
            Decoder::Latin1 => (convert_latin1_to_utf8(bytes, &mut text[start..]), Ok(())),
            Decoder::Rules(rules) => {
                let (outcome, read, written) =
                    rules.decode_to_utf8_without_replacement(bytes, &mut text[start..], is_last);
                (written, if outcome == DecoderResult::InputEmpty { Ok(()) } else { Err(read) })
            }
        };
        text.truncate(start + written);
        ended
    }
}

/// The text of bytes in an encoding, without a byte order mark; the place of the first that are no text.
pub(super) fn decode(encoding: Encoding, bytes: Vec<u8>) -> Result<String, usize> {
    let utf8 = match encoding {
        Encoding::Utf8 => bytes,
        Encoding::Utf16 | Encoding::Cp949 | Encoding::Latin1 => {
            let mut text = vec![];
            Decoder::of(encoding, &bytes).write(&bytes, true, &mut text)?;
            text
        }
    };
    let mut text = String::from_utf8(utf8).map_err(|error| error.utf8_error().valid_up_to())?;
    if encoding == Encoding::Utf8 && text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// What there is to read, as UTF-8.
pub(super) struct Decoded<'a, R> {
    file: &'a str,
    encoding: Encoding,
    reader: R,
    /// Known once some bytes were read.
    decoder: Option<Decoder>,
    /// How many bytes were read, and whether these are all.
    read: usize,
    is_over: bool,
    /// The text of the last of them, and how much of it was given.
    text: Vec<u8>,
    given: usize,
}

impl<'a, R: Read> Decoded<'a, R> {
    pub(super) fn new(file: &'a str, encoding: Encoding, reader: R) -> Decoded<'a, R> {
        let (text, given) = (vec![], 0);
        Decoded { file, encoding, reader, decoder: None, read: 0, is_over: false, text, given }
    }

    /// Reads and decodes the bytes that come next.
    fn go_on(&mut self) -> io::Result<()> {
        let mut bytes = vec![];
        self.is_over = (&mut self.reader).take(LOOKED_AT as u64).read_to_end(&mut bytes)? < LOOKED_AT;
        self.text.clear();
        self.given = 0;
        let decoder = self.decoder.get_or_insert_with(|| Decoder::of(self.encoding, &bytes));
        decoder.write(&bytes, self.is_over, &mut self.text).map_err(|place| {
            let got = format!("bytes that are none near byte {}", self.read + place);
            io::Error::other(DataError::file(self.file, self.encoding.name(), got))
        })?;
        self.read += bytes.len();
        Ok(())
    }
}

impl<R: Read> Read for Decoded<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.is_over {
            self.go_on()?;
        }
        let given = (&self.text[self.given..]).read(room)?;
        self.given += given;
        Ok(given)
    }
}
