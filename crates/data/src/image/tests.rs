#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::borrow::Cow;

use ::image::{ImageEncoder, ImageFormat, RgbImage};
use baeum_core::{Filter, Fit};

use super::*;

mod hostile;

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::WebP,
    ImageFormat::Tiff,
];

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        ::image::Rgb([(x * 40) as u8, (y * 60) as u8, ((x + y) * 20) as u8])
    })
}

fn encoded(format: ImageFormat, image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![]);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn refusal(bytes: &[u8], limits: &Limits) -> String {
    crate::error::chain(&decode("a.png", bytes, 3, limits).unwrap_err())
}

#[test]
fn every_format_is_told_by_its_content() {
    let image = picture(6, 4);
    for format in FORMATS {
        let bytes = encoded(format, &image.clone().into());
        let pixels = decode("misnamed.txt", &bytes, 3, &Limits::default()).unwrap();
        assert_eq!((pixels.height, pixels.width, pixels.channels), (4, 6, 3), "{format:?}");
        // JPEG loses some, and GIF has 256 colours; the others are exact.
        let loss = if matches!(format, ImageFormat::Jpeg | ImageFormat::Gif) { 40 } else { 0 };
        let differ = pixels.bytes.iter().zip(image.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(differ.unwrap() <= loss, "{format:?} {differ:?}");
    }
}

#[test]
fn an_image_that_is_cut_anywhere_is_refused() {
    for format in FORMATS {
        let whole = encoded(format, &picture(6, 4).into());
        for end in 0..whole.len() {
            let pixels = decode("a", &whole[..end], 3, &Limits::default());
            // A TIFF may end in a directory whose last bytes nobody needs.
            let same = || decode("a", &whole, 3, &Limits::default()).unwrap();
            assert!(
                pixels.is_err() || format == ImageFormat::Tiff && pixels.unwrap() == same(),
                "{format:?} {end}"
            );
        }
    }
}

#[test]
fn a_flipped_byte_gives_pixels_or_an_error() {
    for format in FORMATS {
        let whole = encoded(format, &picture(6, 4).into());
        for place in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] ^= flip;
                let limits = Limits { image_area: 1 << 16, ..Limits::default() };
                let _ = decode("a", &bytes, 3, &limits); // no panic passes the guard, and no header asks for too much
            }
        }
    }
}

#[test]
fn messages_name_the_file_and_the_reason() {
    let limits = Limits::default();
    let png = encoded(ImageFormat::Png, &picture(6, 4).into());
    assert_eq!(
        refusal(&png[..40], &limits),
        "`a.png` wants the end of a PNG image, got a file that was cut short"
    );
    assert_eq!(refusal(&png[..20], &limits), "`a.png` wants a whole PNG header, got a broken one");
    let image = "`a.png` wants an image (PNG, JPEG, GIF, BMP, WebP or TIFF), got";
    assert_eq!(refusal(b"  <svg></svg>", &limits), format!("{image} SVG"));
    assert_eq!(refusal(b"<!DOCTYPE html>", &limits), format!("{image} HTML"));
    assert_eq!(refusal(b"", &limits), format!("{image} an empty file"));
    assert_eq!(refusal(b"hello", &limits), format!("{image} other bytes"));
    let mut broken = png.clone();
    broken[45] ^= 0xff; // inside the pixels
    let error = refusal(&broken, &limits);
    assert!(error.starts_with("could not decode `a.png` as PNG: "), "{error}");
    let mut empty = png;
    empty[16..20].fill(0);
    assert_eq!(refusal(&empty, &limits), "`a.png` wants at least one pixel, got 4x0");
}

#[test]
fn every_limit_has_an_image_just_below_and_just_above() {
    let png = encoded(ImageFormat::Png, &picture(6, 4).into());
    let check = |limits: Limits, expect: Option<&str>| {
        let error = decode("a.png", &png, 3, &limits).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expect);
    };
    let limits = Limits::default;
    check(Limits { image_side: 6, ..limits() }, None);
    let over = "`a.png` wants at most 5 pixels a side, got 6; `run.limits.image_side` raises the limit";
    check(Limits { image_side: 5, ..limits() }, Some(over));
    check(Limits { image_area: 24, ..limits() }, None);
    let over = "`a.png` wants at most 23 pixels, got 24; `run.limits.image_area` raises the limit";
    check(Limits { image_area: 23, ..limits() }, Some(over));
    let bytes = png.len() as u64;
    check(Limits { image_bytes: bytes.max(72), ..limits() }, None);
    let over = format!(
        "`a.png` wants at most 10 bytes of memory, got {bytes}; `run.limits.image_bytes` raises the limit"
    );
    check(Limits { image_bytes: 10, ..limits() }, Some(&over));
}

#[test]
fn memory_is_compared_before_pixels_are_decoded() {
    let plain = encoded(ImageFormat::Png, &RgbImage::new(300, 200).into());
    let limits = Limits { image_bytes: 179_999, ..Limits::default() };
    assert!(plain.len() < 2_000);
    let over =
        "`a.png` wants at most 179999 bytes of memory, got 180000; `run.limits.image_bytes` raises the limit";
    assert_eq!(refusal(&plain, &limits), over);
}

/// A header of 65535 x 65535 without anything behind it asks for 12 GiB.
#[test]
fn a_header_that_lies_is_refused_before_the_decoder_sees_it() {
    let mut png = encoded(ImageFormat::Png, &picture(6, 4).into());
    png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let over =
        "`a.png` wants at most 16384 pixels a side, got 65535; `run.limits.image_side` raises the limit";
    assert_eq!(refusal(&png, &Limits::default()), over);
}

/// Expected values: Pillow 13.0.0, `Image.convert("L")`.
#[test]
fn colour_becomes_grey_as_in_pil() {
    let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [12, 200, 99], [255, 255, 255], [1, 2, 3]];
    let image = RgbImage::from_fn(6, 1, |x, _| ::image::Rgb(colours[x as usize]));
    let pixels = decode("a", &encoded(ImageFormat::Png, &image.into()), 1, &Limits::default()).unwrap();
    assert_eq!(pixels.bytes, [76, 150, 29, 132, 255, 2].as_slice());
}

#[test]
fn grey_becomes_colour_and_transparency_is_left_out() {
    let grey = ::image::GrayImage::from_raw(2, 1, vec![7, 200]).unwrap();
    let pixels = decode("a", &encoded(ImageFormat::Png, &grey.into()), 3, &Limits::default()).unwrap();
    assert_eq!(pixels.bytes, [7, 7, 7, 200, 200, 200].as_slice());
    let clear = ::image::RgbaImage::from_raw(1, 1, vec![1, 2, 3, 0]).unwrap();
    let pixels = decode("a", &encoded(ImageFormat::Png, &clear.into()), 3, &Limits::default()).unwrap();
    assert_eq!(pixels.bytes, [1, 2, 3].as_slice());
}

/// The EXIF of a camera that was held on its side: its one entry, the orientation, says that the first row is
/// the right side.
const ON_ITS_SIDE: [u8; 26] =
    [b'I', b'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn a_picture_is_turned_upright() {
    let mut bytes = vec![];
    let mut encoder = ::image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(ON_ITS_SIDE.to_vec()).unwrap();
    encoder.write_image(&[1, 2, 3, 4, 5, 6], 3, 2, ::image::ExtendedColorType::L8).unwrap();
    let pixels = decode("a", &bytes, 1, &Limits::default()).unwrap();
    assert_eq!((pixels.height, pixels.width, &*pixels.bytes), (3, 2, &[4, 1, 5, 2, 6, 3][..]));
}

const PIXELS: [[u8; 5]; 4] =
    [[0, 91, 182, 17, 108], [37, 141, 245, 93, 197], [74, 191, 52, 169, 195], [111, 241, 115, 154, 28]];

/// Resizes [`PIXELS`] and compares with what Pillow 13.0.0 gives for `Image.fromarray(..,
/// mode="F").resize(..)`.
#[track_caller]
fn check_resize(height: usize, width: usize, filter: Filter, expect: &[f32]) {
    let bytes: Vec<u8> = PIXELS.concat();
    let colour: Vec<u8> = bytes.iter().flat_map(|&byte| [byte, 255 - byte, byte]).collect();
    let grey = Pixels { height: 4, width: 5, channels: 1, bytes: Cow::Owned(bytes) };
    let found = resize(&grey, [height, width], filter, Fit::Stretch).unwrap();
    // PIL adds up in f64, we in f32: some 2^-23 of 255 for each of at most 10 pixels that are weighed.
    let near = |found: &[f32]| found.iter().zip(expect).all(|(found, expect)| (found - expect).abs() < 3e-4);
    assert!(found.len() == expect.len() && near(&found), "{found:?}");
    let colour = Pixels { height: 4, width: 5, channels: 3, bytes: Cow::Owned(colour) };
    let planes = resize(&colour, [height, width], filter, Fit::Stretch).unwrap();
    let plane = height * width;
    assert!(planes[..plane] == found && planes[2 * plane..] == found && planes[plane..2 * plane] != found);
}

#[test]
fn resizing_is_pils() {
    check_resize(
        2,
        3,
        Filter::Bilinear,
        &[69.408_165, 149.793_66, 121.163_27, 136.306_12, 138.539_69, 135.714_3],
    );
    check_resize(
        2,
        3,
        Filter::Bicubic,
        &[64.382_71, 153.844_8, 120.126_19, 141.751_31, 141.101_12, 135.527_08],
    );
    #[rustfmt::skip]
    let larger = [
        0.0, 52.0, 117.0, 182.0, 64.142_86, 56.0, 108.0,
        18.5, 74.214_29, 143.857_15, 213.5, 100.285_72, 96.785_71, 152.5,
        43.166_668, 103.833_336, 167.476_18, 212.833_33, 136.285_72, 144.666_66, 196.666_67,
        67.833_336, 133.452_38, 154.523_82, 84.166_664, 135.714_28, 173.047_6, 195.333_33,
        92.5, 163.071_44, 178.142_85, 83.5, 139.214_3, 140.071_43, 111.5,
        111.0, 185.285_72, 205.0, 115.0, 142.857_15, 100.0, 28.0,
    ];
    check_resize(6, 7, Filter::Bilinear, &larger);
    #[rustfmt::skip]
    let larger = [
        -7.685_36, 42.013_885, 120.929_72, 177.855_27, 48.191_883, 40.677_246, 107.395_89,
        9.622_501, 61.743_36, 150.664_2, 223.0, 86.405_075, 81.474_99, 155.924_62,
        36.982_2, 97.563_4, 178.744_48, 224.685_18, 130.383_38, 141.654_37, 209.500_23,
        61.144_012, 139.425_5, 161.730_16, 72.314_81, 133.545_49, 187.062_7, 208.517_84,
        88.503_71, 175.245_56, 191.399_25, 74.0, 143.416_92, 145.602_42, 103.030_266,
        105.811_58, 194.975_04, 222.556_78, 119.144_74, 151.081_6, 95.364_525, 9.090_829,
    ];
    check_resize(6, 7, Filter::Bicubic, &larger);
}

#[test]
fn the_same_size_changes_nothing() {
    let expect: Vec<f32> = PIXELS.concat().into_iter().map(f32::from).collect();
    check_resize(4, 5, Filter::Bilinear, &expect);
}
