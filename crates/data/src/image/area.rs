use super::taps::{Tap, begin, resample};
use crate::source::Pixels;

/// Another size by area: each pixel is the mean of what it covers, pixels at its border by their share.
///
/// Bytes `[h, w, c]` to numbers `[c, height, width]`, 0 to 255 and not rounded. This is `cv2.resize` with
/// `INTER_AREA`, also where it enlarges: if either side grows, no more than two pixels count along either
/// side.
pub(crate) fn area(image: &Pixels<'_>, height: usize, width: usize) -> Vec<f32> {
    let shrinks = height <= image.height && width <= image.width;
    let taps = if shrinks { means } else { pairs };
    resample(image, &taps(image.height, height), &taps(image.width, width))
}

/// The mean of all that a pixel covers.
fn means(from: usize, to: usize) -> Vec<Tap> {
    let tap = |place: usize| {
        let (low, high) = (place * from, (place + 1) * from); // in whole numbers: source pixels are `to` wide
        let start = low / to;
        let share = |pixel: usize| high.min((pixel + 1) * to) - low.max(pixel * to);
        let weights = (start..high.div_ceil(to)).map(|pixel| share(pixel) as f32 / from as f32).collect();
        Tap { start, weights }
    };
    (0..to).map(tap).collect()
}

/// The share of the first pixel, and the next one for all the rest. Exact where a side grows: no pixel then
/// covers more than two.
fn pairs(from: usize, to: usize) -> Vec<Tap> {
    let tap = |place: usize| {
        let start = begin(place, from, to);
        let edge = (start + 1) as f64 * (to as f64 / from as f64);
        let rest = ((place + 1) as f64 - edge) as f32;
        Tap::between(start, if start + 1 < from { rest.max(0.0).fract() } else { 0.0 })
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8], width: usize) -> Vec<f32> {
        let image = Pixels { height: 1, width: bytes.len(), channels: 1, bytes: bytes.into() };
        area(&image, 1, width)
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        assert_eq!(row(&[10, 20, 30, 40], 2), [15.0, 35.0]);
        assert_eq!(row(&[0, 60, 120], 2), [20.0, 100.0]); // one pixel and a half
        assert_eq!(row(&[7, 8, 9], 3), [7.0, 8.0, 9.0]);
    }

    #[test]
    fn where_it_enlarges_a_pixel_covers_two_at_most() {
        assert_eq!(row(&[10, 20], 4), [10.0, 10.0, 20.0, 20.0]);
        assert_eq!(row(&[10, 20], 3), [10.0, 15.0, 20.0]);
    }

    /// One side grows, so along the other the second pixel stands for the third.
    #[test]
    fn two_pixels_count_if_the_other_side_grows() {
        let image = Pixels { height: 1, width: 4, channels: 1, bytes: vec![0, 100, 200, 40].into() };
        assert_eq!(area(&image, 2, 1), [75.0, 75.0]);
    }

    #[test]
    fn channels_stand_apart() {
        let image = Pixels { height: 2, width: 1, channels: 3, bytes: vec![0, 10, 20, 30, 40, 50].into() };
        assert_eq!(area(&image, 1, 1), [15.0, 25.0, 35.0]);
    }

    #[test]
    fn no_pixels_are_zeros_and_no_size_is_nothing() {
        let image = Pixels { height: 0, width: 4, channels: 1, bytes: vec![].into() };
        assert_eq!(area(&image, 1, 2), [0.0, 0.0]);
        assert_eq!(row(&[1, 2], 0), [0.0; 0]);
    }
}
