use super::taps::{Tap, begin, resample};
use crate::source::Pixels;

/// Another size by the pixel in which each target pixel begins.
///
/// Bytes `[h, w, c]` to numbers `[c, height, width]`, each of them one that was there. This is `cv2.resize`
/// with `INTER_NEAREST`, which goes by corners; others, such as PIL, go by centres.
pub(crate) fn nearest(image: &Pixels<'_>, height: usize, width: usize) -> Vec<f32> {
    resample(image, &taps(image.height, height), &taps(image.width, width))
}

fn taps(from: usize, to: usize) -> Vec<Tap> {
    (0..to).map(|place| Tap::between(begin(place, from, to), 0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8], width: usize) -> Vec<f32> {
        let image = Pixels { height: 1, width: bytes.len(), channels: 1, bytes: bytes.into() };
        nearest(&image, 1, width)
    }

    #[test]
    fn a_pixel_is_the_one_in_which_it_begins() {
        assert_eq!(row(&[1, 2], 4), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(row(&[1, 2, 3, 4, 5], 2), [1.0, 3.0]);
    }

    /// 17 / (34 / 6) is a little less than 3, so OpenCV takes the pixel before.
    #[test]
    fn the_scale_is_rounded_as_opencv_does_it() {
        assert_eq!(row(&[0, 1, 2, 3, 4, 5], 34)[17], 2.0);
    }

    #[test]
    fn no_pixels_are_zeros_and_no_size_is_nothing() {
        let image = Pixels { height: 0, width: 4, channels: 1, bytes: vec![].into() };
        assert_eq!(nearest(&image, 1, 2), [0.0, 0.0]);
        assert_eq!(row(&[1, 2], 0), [0.0; 0]);
    }
}
