//! Which encoding bytes are in, and their text.

use encoding_rs::{EUC_KR, UTF_16BE, UTF_16LE};

use crate::config::Encoding;

/// How many bytes are looked at to tell an encoding by how often some stand there.
const LOOKED_AT: usize = 1 << 16;

/// The encoding that bytes can be in, the likeliest first; none where each of them would have to be guessed.
///
/// UTF-8 and CP949 prove themselves: text in other encodings hardly ever follows their rules for long. UTF-16 has a
/// mark, or a zero in every second byte of its spaces and digits. Latin-1 has no rules but 32 bytes that no text
/// uses.
pub(super) fn of(bytes: &[u8]) -> Option<Encoding> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(Encoding::Utf16);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some(if is_utf16(bytes) { Encoding::Utf16 } else { Encoding::Utf8 });
    }
    match bytes {
        _ if is_utf16(bytes) => Some(Encoding::Utf16),
        _ if is_cp949(bytes) => Some(Encoding::Cp949),
        _ if is_latin1(bytes) => Some(Encoding::Latin1),
        _ => None,
    }
}

/// The text of bytes in an encoding, without a byte order mark; the bytes and the place of the first that is no text.
pub(super) fn decode(encoding: Encoding, bytes: Vec<u8>) -> Result<String, (Vec<u8>, usize)> {
    match encoding {
        Encoding::Utf8 => utf8(bytes),
        Encoding::Utf16 => {
            let is_big = bytes.starts_with(b"\xfe\xff") || zeros(&bytes)[0] > zeros(&bytes)[1];
            strict(if is_big { UTF_16BE } else { UTF_16LE }, bytes)
        }
        Encoding::Cp949 => strict(EUC_KR, bytes),
        Encoding::Latin1 => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, (Vec<u8>, usize)> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        (error.into_bytes(), offset)
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn strict(encoding: &'static encoding_rs::Encoding, bytes: Vec<u8>) -> Result<String, (Vec<u8>, usize)> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    let (outcome, read) = decoder.decode_to_string_without_replacement(&bytes, &mut text, true);
    match outcome {
        encoding_rs::DecoderResult::InputEmpty => Ok(text),
        encoding_rs::DecoderResult::OutputFull | encoding_rs::DecoderResult::Malformed(..) => {
            Err((bytes, read))
        }
    }
}

/// How many of the even and of the odd bytes are zero.
fn zeros(bytes: &[u8]) -> [usize; 2] {
    let looked = &bytes[..bytes.len().min(LOOKED_AT)];
    [0, 1].map(|first| looked.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count())
}

/// Whether zeros stand as text in Latin letters has them in UTF-16: in a fifth of all pairs and on one side alone.
fn is_utf16(bytes: &[u8]) -> bool {
    let [even, odd] = zeros(bytes);
    let pairs = bytes.len().min(LOOKED_AT) / 2;
    bytes.len().is_multiple_of(2) && even.max(odd) * 5 > pairs && even.min(odd) * 100 < pairs
}

/// Whether all bytes follow the rules of CP949, and most of those above ASCII are common syllables: pairs of b0 to c8
/// and a1 to fe.
fn is_cp949(bytes: &[u8]) -> bool {
    let (mut rest, mut syllables, mut others) = (bytes, 0usize, 0usize);
    loop {
        rest = match rest {
            [] => {
                return syllables > others
                    && EUC_KR.decode_without_bom_handling_and_without_replacement(bytes).is_some();
            }
            [0x00..=0x7f, rest @ ..] => rest,
            [0xb0..=0xc8, 0xa1..=0xfe, rest @ ..] => {
                syllables += 1;
                rest
            }
            [_, _, rest @ ..] => {
                others += 1;
                rest
            }
            [_] => return false,
        };
    }
}

/// Whether no byte is one of the 32 that Latin-1 gives no letter, and letters above ASCII are few.
fn is_latin1(bytes: &[u8]) -> bool {
    let above = bytes.iter().filter(|byte| **byte > 0x7f).count();
    above * 3 < bytes.len() && !bytes.iter().any(|byte| matches!(byte, 0x80..=0x9f))
}
