use std::io::Cursor;

use ::image::imageops::thumbnail as shrink;
use ::image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use baeum_core::Tensor;

/// Longer sides are made shorter.
const SIDE: u32 = 128;

/// A small PNG of an image of bytes `[h, w, c]` with one or three channels, for people to look at; none of anything else.
pub fn thumbnail(image: &Tensor) -> Option<Vec<u8>> {
    let ([height, width, channels], Ok(bytes)) = (image.shape(), image.u8s()) else { return None };
    let (height, width) = (u32::try_from(*height).ok()?, u32::try_from(*width).ok()?);
    let image = match channels {
        1 => DynamicImage::from(GrayImage::from_raw(width, height, bytes.to_vec())?),
        3 => DynamicImage::from(RgbImage::from_raw(width, height, bytes.to_vec())?),
        _ => return None,
    };
    let longest = height.max(width);
    let small = match longest > SIDE {
        false => image,
        true => {
            let side = |side: u32| (u64::from(side) * u64::from(SIDE) / u64::from(longest)).max(1) as u32;
            DynamicImage::from(shrink(&image.to_rgb8(), side(width), side(height)))
        }
    };
    let mut png = Cursor::new(vec![]);
    small.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_large_image_becomes_small_and_keeps_its_shape() {
        let png = thumbnail(&Tensor::new([200, 400, 3], vec![7u8; 240_000]).unwrap()).unwrap();
        let image = ::image::load_from_memory(&png).unwrap();
        assert_eq!((image.width(), image.height()), (128, 64));
        let png = thumbnail(&Tensor::new([3, 2, 1], vec![7u8; 6]).unwrap()).unwrap();
        assert_eq!(::image::load_from_memory(&png).unwrap().to_luma8().into_raw(), [7; 6]);
    }

    #[test]
    fn what_is_no_image_has_none() {
        assert_eq!(thumbnail(&Tensor::vector(vec![1.0f32])), None);
        assert_eq!(thumbnail(&Tensor::new([1, 1, 2], vec![0u8; 2]).unwrap()), None);
    }
}
