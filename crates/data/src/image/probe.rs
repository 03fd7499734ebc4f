//! What the first bytes of an image say, read without allocating: its format, its size, and whether its end
//! is there.
//!
//! A decoder gets a file only after its size was compared with the limits. Some decoders fill up what is
//! missing at the end of a file; a file that was cut short must not become a half grey image, so its end is
//! looked for here.

use ::image::ImageFormat;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Png,
    Jpeg,
    Gif,
    Bmp,
    WebP,
    Tiff,
}

/// What else a file might be, by its first bytes; for the message.
const OTHERS: [(&[u8], &str); 8] = [
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"8BPS", "a Photoshop file"),
];

/// What a file that is no image seems to be.
pub(super) fn guess(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    match OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic) || text.starts_with(magic)) {
        Some((_, name)) => name,
        None if bytes.is_empty() => "an empty file",
        None => "other bytes",
    }
}

impl Format {
    /// The format of a file, told by its first bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Format> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
            [b'B', b'M', ..] => Some(Format::Bmp),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Format::Tiff),
            _ => None,
        }
    }

    /// The name used in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Png => "PNG",
            Format::Jpeg => "JPEG",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            Format::WebP => "WebP",
            Format::Tiff => "TIFF",
        }
    }

    /// The decoder's name for it.
    pub(super) fn decoder(self) -> ImageFormat {
        match self {
            Format::Png => ImageFormat::Png,
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Gif => ImageFormat::Gif,
            Format::Bmp => ImageFormat::Bmp,
            Format::WebP => ImageFormat::WebP,
            Format::Tiff => ImageFormat::Tiff,
        }
    }

    /// Width and height as the header has them; `None` if the header is broken.
    pub(super) fn size(self, bytes: &[u8]) -> Option<(u32, u32)> {
        match self {
            Format::Png if bytes.get(12..16)? == b"IHDR" => Some((be32(bytes, 16)?, be32(bytes, 20)?)),
            Format::Png => None,
            Format::Jpeg => jpeg_size(bytes),
            Format::Gif => Some((le16(bytes, 6)?, le16(bytes, 8)?)),
            Format::Bmp if le32(bytes, 14)? == 12 => Some((le16(bytes, 18)?, le16(bytes, 20)?)),
            // A negative height means rows from the top.
            Format::Bmp => Some((le32(bytes, 18)?, le32(bytes, 22)?.cast_signed().unsigned_abs())),
            Format::WebP => webp_size(bytes),
            Format::Tiff => tiff_size(bytes),
        }
    }

    /// Whether the end of the image is there, as far as its format marks it.
    pub(super) fn is_whole(self, bytes: &[u8]) -> bool {
        match self {
            Format::Png => png_end(bytes).is_some(),
            Format::Jpeg => jpeg_end(bytes).is_some(),
            Format::Gif => gif_end(bytes).is_some(),
            Format::Bmp => le32(bytes, 2).is_some_and(|len| len as usize <= bytes.len()),
            Format::WebP => le32(bytes, 4).is_some_and(|len| (len as usize).saturating_add(8) <= bytes.len()),
            Format::Tiff => true, // its strips lie at offsets that the decoder has to reach
        }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(|two| u16::from_be_bytes(two).into())
}

fn le16(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(|two| u16::from_le_bytes(two).into())
}

/// The place behind the chunk `IEND`.
fn png_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 8;
    loop {
        let len = be32(bytes, at)? as usize;
        let kind: [u8; 4] = array(bytes, at + 4)?;
        at = at.checked_add(len)?.checked_add(12)?; // length, kind, data, checksum
        if at > bytes.len() {
            return None;
        }
        if &kind == b"IEND" {
            return Some(at);
        }
    }
}

/// One marker of a JPEG file: its kind, and where what belongs to it starts.
fn jpeg_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    if *bytes.get(at)? != 0xff {
        return None;
    }
    while *bytes.get(at)? == 0xff {
        at += 1; // any number of ff may stand before a marker
    }
    Some((bytes[at], at + 1))
}

/// Width and height from the frame header, SOF0 to SOF15; C4, C8 and CC are none.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let (marker, body) = jpeg_marker(bytes, at)?;
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((be16(bytes, body + 5)?, be16(bytes, body + 3)?));
            }
            0x01 | 0xd0..=0xd8 => at = body,
            0xd9 | 0xda => return None,
            _ => at = body + (be16(bytes, body)? as usize).max(2),
        }
    }
}

/// The place behind the marker EOI. In coded data a ff is followed by 00 or by a restart marker.
fn jpeg_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let (marker, body) = jpeg_marker(bytes, at)?;
        match marker {
            0xd9 => return Some(body),
            0x01 | 0xd0..=0xd8 => at = body,
            0xda => {
                at = body + (be16(bytes, body)? as usize).max(2);
                let coded = bytes.get(at..)?;
                let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7);
                at += coded.windows(2).position(is_marker)?;
            }
            _ => at = body + (be16(bytes, body)? as usize).max(2),
        }
    }
}

/// The place behind the trailer.
fn gif_end(bytes: &[u8]) -> Option<usize> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + colours(*bytes.get(10)?);
    loop {
        match bytes.get(at)? {
            0x3b => return Some(at + 1),
            0x21 => at = gif_blocks(bytes, at + 2)?,
            0x2c => at = gif_blocks(bytes, at + 11 + colours(*bytes.get(at + 9)?))?,
            _ => return None,
        }
    }
}

/// The place behind a run of blocks, each with its length in front; a block of none ends it.
fn gif_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let len = *bytes.get(at)?;
        at += 1 + usize::from(len);
        if len == 0 {
            return Some(at);
        }
    }
}

fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    match &array(bytes, 12)? {
        b"VP8 " => Some((le16(bytes, 26)? & 0x3fff, le16(bytes, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = le32(bytes, 21)?;
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some(((le32(bytes, 24)? & 0xff_ffff) + 1, (le32(bytes, 26)? >> 8) + 1)),
        _ => None,
    }
}

/// Reads a number at a place.
type Number = fn(&[u8], usize) -> Option<u32>;

/// Width and height are tags 256 and 257 of the first directory.
fn tiff_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (short, long): (Number, Number) = if bytes.starts_with(b"II") { (le16, le32) } else { (be16, be32) };
    let directory = long(bytes, 4)? as usize;
    let tag = |number: u32| {
        let count = short(bytes, directory)? as usize;
        let entries = (0..count).map(|entry| directory + 2 + entry * 12);
        let entry =
            entries.take_while(|at| at + 12 <= bytes.len()).find(|&at| short(bytes, at) == Some(number))?;
        match short(bytes, entry + 2)? {
            3 => short(bytes, entry + 8),
            4 => long(bytes, entry + 8),
            _ => None,
        }
    };
    Some((tag(256)?, tag(257)?))
}
