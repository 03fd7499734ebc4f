//! PNG and GIF files that a stranger made: kinds of pixels that are rare, and little that says it is much.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;

/// Width, height, bits of a sample, and what PNG calls the kind of pixel.
type Header = (u32, u32, u8, u8);

const GREY: u8 = 0;
const COLOUR: u8 = 2;
const PALETTE: u8 = 3;
const GREY_AND_ALPHA: u8 = 4;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZlibEncoder::new(vec![], Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    [&kind[..], data].iter().for_each(|bytes| crc.update(bytes));
    [&(data.len() as u32).to_be_bytes()[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

/// `lines`: each line of pixels behind the zero that says how it was filtered; `more` stands in front of them.
fn png((width, height, bits, kind): Header, more: &[u8], lines: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, kind, 0, 0, 0]].concat();
    let chunks =
        [chunk(b"IHDR", &header), more.to_vec(), chunk(b"IDAT", &packed(lines)), chunk(b"IEND", &[])];
    [&b"\x89PNG\r\n\x1a\n"[..], &chunks.concat()].concat()
}

/// A name and the way it is packed stand before what is packed.
fn with_name(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    chunk(kind, &[&b"x\0\0"[..], &packed(bytes)].concat())
}

#[test]
fn samples_of_1_and_16_bits_palettes_and_transparency_become_bytes() {
    let of = |header: Header, more: &[u8], lines: &[u8], channels: usize| {
        decode("a", &png(header, more, lines), channels, &Limits::default()).unwrap().bytes.into_owned()
    };
    assert_eq!(of((4, 1, 1, GREY), &[], &[0, 0b1010_0000], 1), [255, 0, 255, 0]);
    assert_eq!(of((2, 1, 16, GREY), &[], &[0, 0xff, 0xff, 0x80, 0x80], 1), [255, 128]);
    assert_eq!(of((1, 1, 16, COLOUR), &[], &[0, 0, 0, 0x40, 0x40, 0xff, 0xff], 3), [0, 64, 255]);
    let colours = chunk(b"PLTE", &[9, 8, 7, 250, 251, 252]);
    assert_eq!(of((2, 1, 2, PALETTE), &colours, &[0, 0b0100_0000], 3), [250, 251, 252, 9, 8, 7]);
    assert_eq!(of((2, 1, 8, GREY_AND_ALPHA), &[], &[0, 30, 0, 40, 255], 1), [30, 40]);
}

#[test]
fn a_palette_that_is_not_there_is_told() {
    let message = refusal(&png((2, 1, 2, PALETTE), &[], &[0, 0]), &Limits::default());
    assert!(message.starts_with("could not decode `a.png` as PNG: "), "{message}");
}

#[test]
fn an_image_without_pixels_is_refused() {
    let message = refusal(&png((0, 5, 8, GREY), &[], &[0; 5]), &Limits::default());
    assert_eq!(message, "`a.png` wants at least one pixel, got 5x0");
}

/// A colour profile, a comment or lines of 64 MiB zeros, in a few kilobytes: what is not pixels is never unpacked beyond the
/// limit of memory, and of pixels no more than there are.
#[test]
fn what_unpacks_to_more_than_it_says_takes_no_memory() {
    let zeros = vec![0; 64 << 20];
    let limits = Limits { image_bytes: 1 << 20, ..Limits::default() };
    let header = (2, 1, 8, GREY);
    let lines = [0, 3, 4];
    for image in [
        png(header, &with_name(b"iCCP", &zeros), &lines),
        png(header, &with_name(b"zTXt", &zeros), &lines),
        png(header, &[], &[&lines[..], &zeros].concat()),
    ] {
        assert!(image.len() < 100 << 10);
        match decode("a.png", &image, 1, &limits) {
            Ok(pixels) => assert_eq!(*pixels.bytes, [3, 4]),
            Err(error) => assert!(crate::error::chain(&error).contains("`a.png`"), "{error}"),
        }
    }
}

/// With the usual limits too, and however many threads decode them.
#[test]
fn what_is_beside_the_pixels_takes_little_memory() {
    crate::testing::alone("image::tests::hostile::one_process");
}

#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn one_process() {
    let zeros = vec![0; 256 << 20];
    for kind in [b"iCCP", b"zTXt"] {
        let image = png((2, 1, 8, GREY), &with_name(kind, &zeros), &[0, 3, 4]);
        let (decoded, peak) =
            crate::testing::ALLOCATOR.peak(|| decode("a.png", &image, 1, &Limits::default()));
        assert_eq!(*decoded.unwrap().bytes, [3, 4]);
        assert!(peak < 32 << 20, "{} KiB", peak >> 10);
    }
}

/// Of an animation the first frame counts, however many come behind it.
#[test]
fn a_hundred_thousand_frames_are_not_decoded() {
    let head = [&b"GIF89a"[..], &[2, 0, 1, 0, 0x80, 0, 0], &[0, 0, 0, 255, 255, 255]].concat();
    let frame = [0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0, 2, 2, 0x4c, 0x0a, 0]; // two pixels, the second white
    let image = [head, frame.repeat(100_000), vec![0x3b]].concat();
    let pixels = decode("a.gif", &image, 1, &Limits::default()).unwrap();
    assert_eq!((pixels.height, pixels.width), (1, 2));
}
