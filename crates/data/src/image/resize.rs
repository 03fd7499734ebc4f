use baeum_core::{Filter, Fit};

use super::area::area;
use super::crop::{cover, crop};
use super::letterbox::letterbox;
use super::linear::linear;
use super::nearest::nearest;
use super::smooth::{BICUBIC, BILINEAR, smooth};
use crate::source::Pixels;

/// Another size for an image: bytes `[h, w, c]` to numbers `[c, height, width]`, 0 to 255 and neither rounded nor, with
/// `bicubic`, cut off where a curve swings over.
///
/// The error is that the image is too small for what is to be cut out of it.
pub(crate) fn resize(
    image: &Pixels<'_>,
    [height, width]: [usize; 2],
    filter: Filter,
    fit: Fit,
) -> Result<Vec<f32>, String> {
    match fit {
        Fit::Stretch => Ok(stretch(image, height, width, filter)),
        Fit::Cover => {
            let [high, wide] = cover(image, [height, width]);
            let middle = crop(image, high, wide).map_err(|error| error.to_string())?;
            Ok(stretch(&middle, height, width, filter))
        }
        Fit::Letterbox { grey } => {
            let inner =
                |image: &Pixels<'_>, height: usize, width: usize| Ok(stretch(image, height, width, filter));
            letterbox(image, [height, width], grey.into(), inner)
        }
    }
}

fn stretch(image: &Pixels<'_>, height: usize, width: usize, filter: Filter) -> Vec<f32> {
    match filter {
        Filter::Bilinear => smooth(image, height, width, BILINEAR),
        Filter::Bicubic => smooth(image, height, width, BICUBIC),
        Filter::Area => area(image, height, width),
        Filter::Linear => linear(image, height, width),
        Filter::Nearest => nearest(image, height, width),
    }
}
