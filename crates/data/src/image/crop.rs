use std::fmt;

use crate::source::Pixels;

/// The middle of an image, `height` x `width`, as bytes `[height, width, c]`.
///
/// If one pixel is left over, it stands on either side by turns: half of it is rounded to even, as
/// torchvision's `CenterCrop` does.
///
/// # Errors
/// [`TooSmall`] if the image is smaller on either side; torchvision would fill it with black.
pub(crate) fn crop(image: &Pixels<'_>, height: usize, width: usize) -> Result<Pixels<'static>, TooSmall> {
    let offset =
        |from: usize, to: usize| Some((from.checked_sub(to)? as f64 / 2.0).round_ties_even() as usize);
    let (Some(top), Some(left)) = (offset(image.height, height), offset(image.width, width)) else {
        return Err(TooSmall { wants: [height, width], got: [image.height, image.width] });
    };
    let channels = image.channels;
    let mut bytes = Vec::with_capacity(height * width * channels);
    for row in image.bytes.chunks_exact((image.width * channels).max(1)).skip(top).take(height) {
        bytes.extend_from_slice(&row[left * channels..(left + width) * channels]);
    }
    Ok(Pixels { height, width, channels, bytes: bytes.into() })
}

/// Height and width of the largest part of an image that has the ratio of these sides; at least one pixel each.
pub(super) fn cover(image: &Pixels<'_>, [height, width]: [usize; 2]) -> [usize; 2] {
    let ratio = height as f64 / width as f64;
    let high = (image.width as f64 * ratio).round_ties_even().max(1.0) as usize;
    match high <= image.height {
        true => [high, image.width],
        false => {
            let wide = (image.height as f64 / ratio).round_ties_even().max(1.0) as usize;
            [image.height, wide.min(image.width)]
        }
    }
}

/// An image that is smaller than the piece to be cut out of it; heights and widths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TooSmall {
    pub(crate) wants: [usize; 2],
    pub(crate) got: [usize; 2],
}

impl fmt::Display for TooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([height, width], [got_height, got_width]) = (self.wants, self.got);
        write!(f, "a crop of {height}x{width} pixels does not fit into an image of {got_height}x{got_width}")
    }
}

impl std::error::Error for TooSmall {}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(width: usize) -> Pixels<'static> {
        Pixels { height: 1, width, channels: 1, bytes: (0..width as u8).collect::<Vec<_>>().into() }
    }

    fn cut(image: &Pixels<'_>, height: usize, width: usize) -> Vec<u8> {
        crop(image, height, width).map(|image| image.bytes.into_owned()).unwrap_or_default()
    }

    #[test]
    fn the_middle_is_left() {
        assert_eq!(cut(&row(4), 1, 2), [1, 2]);
        assert_eq!(cut(&row(3), 1, 3), [0, 1, 2]);
        let image = Pixels { height: 3, width: 3, channels: 2, bytes: (0..18).collect::<Vec<_>>().into() };
        assert_eq!(cut(&image, 1, 1), [8, 9]);
    }

    #[test]
    fn half_a_pixel_is_rounded_to_even() {
        assert_eq!(cut(&row(4), 1, 3), [0, 1, 2]); // 0.5 becomes 0
        assert_eq!(cut(&row(4), 1, 1), [2]); // 1.5 becomes 2
    }

    #[test]
    fn the_largest_part_of_a_ratio_covers() {
        let blank =
            |height, width| Pixels { height, width, channels: 1, bytes: vec![0; height * width].into() };
        assert_eq!(cover(&blank(6, 9), [2, 2]), [6, 6]);
        assert_eq!(cover(&blank(9, 6), [32, 32]), [6, 6]);
        assert_eq!(cover(&blank(9, 6), [3, 4]), [4, 6]); // 4.5 rows
        assert_eq!(cover(&blank(1, 900), [9, 1]), [1, 1]);
    }

    #[test]
    fn a_small_image_is_refused() {
        let error = crop(&row(4), 1, 5).map_err(|error| error.to_string());
        assert_eq!(error, Err("a crop of 1x5 pixels does not fit into an image of 1x4".to_owned()));
    }
}
