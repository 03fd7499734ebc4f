use super::taps::{Tap, resample};
use crate::source::Pixels;

/// Another size by lines between the four nearest pixels, without antialiasing; the edge repeats.
///
/// Bytes `[h, w, c]` to numbers `[c, height, width]`, 0 to 255 and not rounded. This is `cv2.resize` with
/// `INTER_LINEAR`.
pub(crate) fn linear(image: &Pixels<'_>, height: usize, width: usize) -> Vec<f32> {
    resample(image, &taps(image.height, height), &taps(image.width, width))
}

/// The two pixels whose centres are the nearest.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let last = from.saturating_sub(1) as f64;
    let tap = |place: usize| {
        let centre = (place as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let centre = centre.max(0.0).min(last);
        Tap::between(centre as usize, centre.fract() as f32)
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8], width: usize) -> Vec<f32> {
        let image = Pixels { height: 1, width: bytes.len(), channels: 1, bytes: bytes.into() };
        linear(&image, 1, width)
    }

    #[test]
    fn a_pixel_lies_between_two_and_the_edge_repeats() {
        assert_eq!(row(&[10, 20], 4), [10.0, 12.5, 17.5, 20.0]);
        assert_eq!(row(&[7], 3), [7.0; 3]);
    }

    #[test]
    fn what_lies_between_the_two_is_left_out() {
        assert_eq!(row(&[0, 0, 50, 70, 0, 0], 1), [60.0]);
        assert_eq!(row(&[255, 8, 255], 1), [8.0]);
    }

    #[test]
    fn no_pixels_are_zeros_and_no_size_is_nothing() {
        let image = Pixels { height: 0, width: 4, channels: 1, bytes: vec![].into() };
        assert_eq!(linear(&image, 1, 2), [0.0, 0.0]);
        assert_eq!(row(&[1, 2], 0), [0.0; 0]);
    }
}
