use baeum_core::{Filter, Fit};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::F32;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::area::area;
use super::crop::{cover, crop};
use super::letterbox::letterbox;
use super::linear::linear;
use super::nearest::nearest;
use crate::source::Pixels;

/// Another size for an image: bytes `[h, w, c]` to numbers `[c, height, width]`, 0 to 255 and neither rounded nor, with
/// `bicubic`, cut off where a curve swings over.
///
/// The error is what a library said, or that a size does not fit it.
pub(crate) fn resize(
    image: &Pixels<'_>,
    [height, width]: [usize; 2],
    filter: Filter,
    fit: Fit,
) -> Result<Vec<f32>, String> {
    match fit {
        Fit::Stretch => stretch(image, height, width, filter),
        Fit::Cover => {
            let [high, wide] = cover(image, [height, width]);
            let middle = crop(image, high, wide).map_err(|error| error.to_string())?;
            stretch(&middle, height, width, filter)
        }
        Fit::Letterbox { grey } => {
            let inner =
                |image: &Pixels<'_>, height: usize, width: usize| stretch(image, height, width, filter);
            letterbox(image, [height, width], grey.into(), inner)
        }
    }
}

fn stretch(image: &Pixels<'_>, height: usize, width: usize, filter: Filter) -> Result<Vec<f32>, String> {
    match filter {
        Filter::Bilinear => antialiased(image, height, width, FilterType::Bilinear),
        Filter::Bicubic => antialiased(image, height, width, FilterType::CatmullRom),
        Filter::Area => Ok(area(image, height, width)),
        Filter::Linear => Ok(linear(image, height, width)),
        Filter::Nearest => Ok(nearest(image, height, width)),
    }
}

/// Where it shrinks, the filter covers more pixels. This is PIL's `resize` on images of mode `F`, and ONNX's `Resize` with
/// `antialias`, `exclude_outside`, `half_pixel` and `cubic_coeff_a = -0.5` (formats.md 2.6).
fn antialiased(
    image: &Pixels<'_>,
    height: usize,
    width: usize,
    filter: FilterType,
) -> Result<Vec<f32>, String> {
    let side = |size: usize| u32::try_from(size).map_err(|error| error.to_string());
    let (from_width, from_height) = (side(image.width)?, side(image.height)?);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).use_alpha(false);
    let mut resizer = Resizer::new();
    let mut resized = TypedImage::<F32>::new(side(width)?, side(height)?);
    let mut planes = Vec::with_capacity(image.channels * height * width);
    for channel in 0..image.channels {
        let plane = image.bytes.iter().skip(channel).step_by(image.channels);
        let plane: Vec<F32> = plane.map(|&byte| F32::new(f32::from(byte))).collect();
        let source =
            TypedImageRef::new(from_width, from_height, &plane).map_err(|error| error.to_string())?;
        resizer.resize_typed(&source, &mut resized, &options).map_err(|error| error.to_string())?;
        planes.extend(resized.pixels().iter().map(|pixel| pixel.0));
    }
    Ok(planes) // [c, height, width]
}
