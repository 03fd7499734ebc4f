use super::likeness::grey;
use super::waves::Waves;
use crate::image::area;
use crate::source::Pixels;

/// The largest side on which two images are compared.
const SIDE: usize = 32;

/// How many waves along each side are compared.
const WAVES: usize = 8;

/// The least correlation of the lowest waves of copies.
///
/// Measured together with `FINE`. On 522 photos all copies pass (JPEG, half to 150 % of the size, 10 % more
/// or less light) but one whose white was cut off, and no other pair does. On fashion-mnist, 28x28 pixels, 99
/// % of the copies pass in JPEG's quality 70, 97 to 99.8 % in 80 % of the size, by the filter, and 12 % in
/// half of it; of 6 * 10^8 pairs of a test and a training image 29 pass, most of them the same article or its
/// twin in another shade or print.
const COARSE: f64 = 0.999;

/// The least correlation of all pixels of copies, and the side from which on few others reach it.
const FINE: f64 = 0.994;
const FINE_SIDE: usize = 28;

/// Whether one image is a copy of the other, in another size, quality or light.
///
/// Both are brought to the size of the smaller one, 32x32 at most. They are copies if their lowest waves are
/// the same but for light and contrast, which forgives what JPEG does to small images; or if all pixels are,
/// which forgives a white that was cut off in large ones. Colours count if both have them.
pub(crate) fn alike(a: &Pixels<'_>, b: &Pixels<'_>) -> bool {
    let [coarse, fine] = correlations(a, b);
    coarse >= COARSE || fine >= FINE
}

/// How far the lowest waves correlate, and all pixels (0 if they are too few).
pub(crate) fn correlations(a: &Pixels<'_>, b: &Pixels<'_>) -> [f64; 2] {
    let [height, width] = [a.height.min(b.height).min(SIDE), a.width.min(b.width).min(SIDE)];
    let in_grey = a.channels != b.channels;
    let planes = [a, b].map(|image| centred(image, height, width, in_grey));
    let waves = Waves::new(height, width, WAVES);
    let lowest = |planes: &[Vec<f32>]| planes.iter().flat_map(|plane| waves.of(plane)).collect::<Vec<_>>();
    let [low, other_low] = planes.each_ref().map(|planes| lowest(planes));
    let [all, other_all] = planes.map(|planes| planes.concat());
    let is_fine = height.min(width) >= FINE_SIDE;
    [cosine(&low, &other_low), if is_fine { cosine(&all, &other_all) } else { 0.0 }]
}

/// The planes of an image in this size, each with the mean 0.
fn centred(image: &Pixels<'_>, height: usize, width: usize, in_grey: bool) -> Vec<Vec<f32>> {
    let pixels = height * width;
    let resized = area(image, height, width);
    let resized = if in_grey { grey(&resized, pixels) } else { resized };
    let centred = |plane: &[f32]| {
        let mean = plane.iter().sum::<f32>() / pixels as f32;
        plane.iter().map(|number| number - mean).collect()
    };
    resized.chunks_exact(pixels.max(1)).map(centred).collect()
}

/// The cosine of the angle between two lists of numbers; 0 if one of them is all zeros.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let length = (dot(a, a) * dot(b, b)).sqrt();
    if length > 0.0 { dot(a, b) / length } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stripes that get finer from left to right.
    fn picture(height: usize, width: usize, phase: f64) -> Pixels<'static> {
        let level = |place: usize| {
            let (y, x) = ((place / width) as f64 / height as f64, (place % width) as f64 / width as f64);
            (110.0 + 60.0 * (9.0 * x * x + 4.0 * y + phase).sin() + 30.0 * y) as u8
        };
        Pixels {
            height,
            width,
            channels: 1,
            bytes: (0..height * width).map(level).collect::<Vec<_>>().into(),
        }
    }

    #[test]
    fn another_size_and_more_light_are_alike() {
        let image = picture(80, 60, 0.0);
        let lighter: Vec<u8> = image.bytes.iter().map(|byte| byte + byte / 10).collect();
        for other in [picture(64, 48, 0.0), picture(120, 90, 0.0), Pixels { bytes: lighter.into(), ..image }]
        {
            assert!(alike(&image, &other), "{:?}", correlations(&image, &other));
        }
        assert!(!alike(&image, &picture(80, 60, 0.2)));
    }

    #[test]
    fn another_colour_is_another_image() {
        let plain = picture(40, 40, 0.0);
        let colour = |pixel: fn(u8) -> [u8; 3]| Pixels {
            channels: 3,
            bytes: plain.bytes.iter().flat_map(|&byte| pixel(byte)).collect::<Vec<_>>().into(),
            ..plain
        };
        let [red, blue] = [colour(|byte| [byte, 100, 100]), colour(|byte| [100, 100, byte])];
        assert!(alike(&red, &red) && alike(&red, &plain) && !alike(&red, &blue));
    }

    #[test]
    fn what_is_flat_or_empty_is_like_nothing() {
        let flat = Pixels { height: 9, width: 9, channels: 1, bytes: vec![5; 81].into() };
        let empty = Pixels { height: 0, width: 9, channels: 1, bytes: vec![].into() };
        assert!(!alike(&flat, &flat) && !alike(&empty, &flat) && !alike(&empty, &empty));
    }
}
