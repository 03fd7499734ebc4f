use super::taps::{Tap, resample};
use crate::source::Pixels;

/// A curve around a pixel: its weight at a distance, and how far it reaches.
type Curve = (fn(f64) -> f64, f64);

/// Straight lines to the neighbours.
pub(super) const BILINEAR: Curve = (|x| (1.0 - x.abs()).max(0.0), 1.0);

/// The cubic of Keys (1981) with a = -0.5, also known as Catmull and Rom's.
pub(super) const BICUBIC: Curve = (cubic, 2.0);

fn cubic(x: f64) -> f64 {
    match x.abs() {
        x if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        x if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
        _ => 0.0,
    }
}

/// Another size by a curve that covers more pixels where the image shrinks, so that none of them is left out.
///
/// Bytes `[h, w, c]` to numbers `[c, height, width]`, 0 to 255 and not rounded. This is PIL's `resize` on images of mode
/// `F`, and ONNX's `Resize` with `antialias`, `exclude_outside`, `half_pixel` and `cubic_coeff_a = -0.5` (formats.md 2.6).
pub(super) fn smooth(image: &Pixels<'_>, height: usize, width: usize, curve: Curve) -> Vec<f32> {
    resample(image, &taps(image.height, height, curve), &taps(image.width, width, curve))
}

/// The pixels that the curve covers, cut off at the edges; their weights add up to 1.
fn taps(from: usize, to: usize, (curve, reach): Curve) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let wide = scale.max(1.0);
    let tap = |place: usize| {
        let centre = (place as f64 + 0.5) * scale;
        let start = (centre - reach * wide + 0.5).max(0.0) as usize;
        let end = ((centre + reach * wide + 0.5) as usize).min(from);
        let weight = |pixel: usize| curve((pixel as f64 - centre + 0.5) / wide);
        let total: f64 = (start..end).map(weight).sum();
        Tap { start, weights: (start..end).map(|pixel| (weight(pixel) / total) as f32).collect() }
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(bytes: &[u8], width: usize, curve: Curve) -> Vec<f32> {
        let image = Pixels { height: 1, width: bytes.len(), channels: 1, bytes: bytes.into() };
        smooth(&image, 1, width, curve)
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let bytes = [10, 200, 30, 40, 255];
        for curve in [BILINEAR, BICUBIC] {
            assert_eq!(row(&bytes, 5, curve), bytes.map(f32::from));
        }
    }

    #[test]
    fn where_it_grows_a_pixel_lies_between_its_neighbours() {
        assert_eq!(row(&[10, 20], 4, BILINEAR), [10.0, 12.5, 17.5, 20.0]);
    }

    #[test]
    fn where_it_shrinks_all_pixels_count() {
        // The first of two lies over the second of six pixels, and reaches as far as the fifth.
        let two = row(&[0, 0, 60, 0, 0, 0], 2, BILINEAR);
        let weights = [2.0 / 3.0, 1.0, 2.0 / 3.0, 1.0 / 3.0];
        let total: f32 = weights.iter().sum();
        assert!((two[0] - 60.0 * weights[2] / total).abs() < 1e-4, "{two:?}");
        assert!((two[1] - 60.0 * weights[3] / total).abs() < 1e-4, "{two:?}");
    }

    #[test]
    fn a_cubic_swings_over() {
        let grown = row(&[0, 0, 255, 255], 8, BICUBIC);
        assert!(grown.iter().any(|number| *number > 255.0) && grown.iter().any(|number| *number < 0.0));
    }

    #[test]
    fn no_pixels_are_zeros_and_no_size_is_nothing() {
        let image = Pixels { height: 0, width: 4, channels: 1, bytes: vec![].into() };
        assert_eq!(smooth(&image, 1, 2, BILINEAR), [0.0, 0.0]);
        assert_eq!(row(&[1, 2], 0, BILINEAR), [0.0; 0]);
    }
}
