//! Pictures: looked at by us, decoded by others, from bytes in memory alone.

mod area;
mod crop;
mod denoise;
mod letterbox;
mod linear;
mod nearest;
mod probe;
mod resize;
mod smooth;
mod taps;
#[cfg(test)]
mod tests;
mod thumbnail;

use std::io::Cursor;
use std::path::Path;

use ::image::{DynamicImage, ImageDecoder, ImageReader};
use baeum_core::{Limit, Limits, guard};

use crate::DataError;
use crate::source::Pixels;

pub(crate) use area::area;
pub(crate) use crop::crop;
pub(crate) use denoise::{denoised, reflect};
pub(crate) use resize::resize;
pub use thumbnail::thumbnail;

use probe::Format;

/// The widest pixel of any format, in bytes: four channels of 32 bits.
const WIDEST_PIXEL: u64 = 16;

/// What a decoder may take beside pixels and file: comments, colour profiles, tables.
const BESIDE_PIXELS: u64 = 8 << 20;

/// Decodes an image into bytes `[height, width, channels]`, one channel for grey and three for colour; `file`
/// is its name in messages.
///
/// The format is told by the content. Colour becomes grey by the luma of ITU-R 601, as PIL's mode `L` has it;
/// transparency is left out, as PIL's `convert("RGB")` does; a picture is turned upright if its EXIF says
/// how; of an animation the first frame counts.
///
/// # Errors
/// [`DataError`] names the file and the decoder: no image, cut short, broken, or beyond a limit.
pub(crate) fn decode(
    file: &str,
    bytes: &[u8],
    channels: usize,
    limits: &Limits,
) -> Result<Pixels<'static>, DataError> {
    let quoted = format!("`{file}`");
    limits.admit(Limit::ImageBytes, &quoted, bytes.len() as u64)?;
    let Some(format) = Format::of(bytes) else {
        let got = probe::guess(bytes);
        return Err(DataError::file(file, "an image (PNG, JPEG, GIF, BMP, WebP or TIFF)", got));
    };
    let Some((width, height)) = format.size(bytes) else {
        return Err(DataError::file(file, format!("a whole {} header", format.name()), "a broken one"));
    };
    if width == 0 || height == 0 {
        return Err(DataError::file(file, "at least one pixel", format!("{height}x{width}")));
    }
    limits.admit(Limit::ImageSide, &quoted, width.max(height).into())?;
    limits.admit(Limit::ImageArea, &quoted, u64::from(width) * u64::from(height))?;
    if !format.is_whole(bytes) {
        return Err(DataError::file(
            file,
            format!("the end of a {} image", format.name()),
            "a file that was cut short",
        ));
    }
    let image =
        guard(format.name(), Path::new(file), || pixels(file, format, bytes, (width, height), limits))??;
    Ok(lay_out(image, channels))
}

/// What the decoder says; runs under a guard.
fn pixels(
    file: &str,
    format: Format,
    bytes: &[u8],
    size: (u32, u32),
    limits: &Limits,
) -> Result<DynamicImage, DataError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| DataError::Decode {
        file: file.to_owned(),
        format: format.name(),
        source,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.decoder());
    let mut bounds = ::image::Limits::no_limits();
    bounds.max_alloc = Some(limits.get(Limit::ImageBytes).min(enough(size, bytes)));
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(|error| failed(error.into()))?;
    if decoder.dimensions() != size {
        let (width, height) = decoder.dimensions();
        return Err(failed(
            format!("it has {height}x{width} pixels inside, and says {}x{}", size.1, size.0).into(),
        ));
    }
    limits.admit(Limit::ImageBytes, format_args!("`{file}`"), decoder.total_bytes())?;
    let orientation = decoder.orientation().map_err(|error| failed(error.into()))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|error| failed(error.into()))?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// As many bytes as a decoder needs for an image of this size in a file of these bytes. The limit may be far above; a colour
/// profile that nobody looks at would be unpacked up to it, in each thread.
fn enough((width, height): (u32, u32), file: &[u8]) -> u64 {
    let area = u64::from(width) * u64::from(height);
    area.saturating_mul(WIDEST_PIXEL).saturating_add(file.len() as u64).saturating_add(BESIDE_PIXELS)
}

fn lay_out(image: DynamicImage, channels: usize) -> Pixels<'static> {
    let (height, width) = (image.height() as usize, image.width() as usize);
    let bytes = match (channels, image.color().has_color()) {
        (1, false) => image.into_luma8().into_raw(),
        (1, true) => image.into_rgb8().as_raw().as_chunks::<3>().0.iter().map(luma).collect(),
        _ => image.into_rgb8().into_raw(),
    };
    Pixels { height, width, channels, bytes: bytes.into() }
}

/// The luma of ITU-R 601 in PIL's arithmetic: 299, 587 and 114 thousandths in units of 2^-16, rounded.
fn luma(&[red, green, blue]: &[u8; 3]) -> u8 {
    ((u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16) as u8
}
