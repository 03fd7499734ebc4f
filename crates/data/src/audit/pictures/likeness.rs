//! What an image looks like, in few bits: alike where two images are copies of each other.

use super::waves::Waves;
use crate::image::area;
use crate::source::Pixels;

/// The side of the square whose waves are looked at.
const SIDE: usize = 32;

/// How many waves along each side count, the mean apart.
const WAVES: usize = 8;

/// What is smaller than this share of the usual size counts as nothing, so that no bit hangs on noise: a wave
/// against the root mean square of all, a slope against the standard deviation.
const NOISE: f32 = 0.1;

/// The least standard deviation, in grey levels: what is flatter shows nothing but noise.
const FLAT: f32 = 4.0;

/// How many bits may differ between copies. Measured on fashion-mnist's test images (10,000) and 522 photos:
/// JPEG of quality 70, 80 % or 150 % of the size and 10 % more or less light stay below; of copies of half
/// the size, 14x14 pixels, 4 in 10,000 do not. Of 10^8 pairs of different images of fashion-mnist 0.2 % are
/// that near, of 136,000 of photos 16. So this finds candidates, and `alike` looks at their pixels.
pub(crate) const WAVE_BITS: u32 = 11;
const SLOPE_BITS: u32 = 14;

/// Two hashes of 64 bits that outlive another size, JPEG and a little more or less light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likeness {
    /// Which of the lowest waves are positive: after the DCT hash (Zauner 2010).
    pub(crate) waves: u64,
    /// Where it becomes brighter from left to right: the difference hash (Krawetz 2013).
    pub(crate) slopes: u64,
}

/// The hashes of an image; `None` for one that is nearly flat, and so is like any other flat one.
pub(crate) fn likeness(image: &Pixels<'_>) -> Option<Likeness> {
    let plane = grey(&area(image, SIDE, SIDE), SIDE * SIDE);
    let deviation = deviation(&plane);
    let is_flat = deviation < FLAT || plane.is_empty();
    (!is_flat).then(|| Likeness { waves: waves(&plane), slopes: slopes(image, NOISE * deviation) })
}

impl Likeness {
    /// Whether both hashes differ in few bits.
    pub(crate) fn is_near(self, other: Likeness) -> bool {
        (self.waves ^ other.waves).count_ones() <= WAVE_BITS
            && (self.slopes ^ other.slopes).count_ones() <= SLOPE_BITS
    }
}

/// The waves that run both across and down.
fn waves(plane: &[f32]) -> u64 {
    let lowest = Waves::new(SIDE, SIDE, WAVES + 1).of(plane);
    let both: Vec<f32> = lowest.chunks_exact(WAVES + 1).skip(1).flat_map(|row| &row[1..]).copied().collect();
    let square = both.iter().map(|wave| wave * wave).sum::<f32>() / both.len() as f32;
    bits(both.iter().map(|&wave| wave > NOISE * square.sqrt()))
}

/// The steps between nine columns, in each of eight rows.
fn slopes(image: &Pixels<'_>, noise: f32) -> u64 {
    let plane = grey(&area(image, 8, 9), 8 * 9);
    bits(plane.chunks_exact(9).flat_map(|row| row.windows(2).map(|pair| pair[1] - pair[0] > noise)))
}

fn bits(flags: impl Iterator<Item = bool>) -> u64 {
    flags.fold(0, |bits, flag| bits << 1 | u64::from(flag))
}

/// One plane out of one or three, by the luma of ITU-R 601; nothing out of none.
pub(super) fn grey(planes: &[f32], pixels: usize) -> Vec<f32> {
    let luma = |((red, green), blue)| 0.299 * red + 0.587 * green + 0.114 * blue;
    let mut planes_of = planes.chunks_exact(pixels.max(1));
    match (planes_of.next(), planes_of.next(), planes_of.next()) {
        (Some(red), Some(green), Some(blue)) => red.iter().zip(green).zip(blue).map(luma).collect(),
        (first, ..) => first.unwrap_or_default().to_vec(),
    }
}

fn deviation(plane: &[f32]) -> f32 {
    let count = plane.len().max(1) as f32;
    let mean = plane.iter().sum::<f32>() / count;
    (plane.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / count).sqrt()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Soft blobs in colour, elsewhere for each seed.
    fn picture(height: usize, width: usize, seed: f64) -> Pixels<'static> {
        let level = |y: usize, x: usize, channel: usize| {
            let (y, x) = (y as f64 / height as f64, x as f64 / width as f64);
            let wave =
                (7.0 * x + seed).sin() * (5.0 * y + seed * seed).cos() + (9.0 * x * y + 3.0 * seed).sin();
            (120.0 + (40.0 + 5.0 * channel as f64) * wave) as u8
        };
        let pixel = |place: usize| level(place / width, place % width, 0);
        let bytes = (0..height * width * 3).map(|place| match place % 3 {
            0 => pixel(place / 3),
            channel => level(place / 3 / width, place / 3 % width, channel),
        });
        Pixels { height, width, channels: 3, bytes: bytes.collect::<Vec<_>>().into() }
    }

    fn lighter(image: &Pixels<'_>, by: f64) -> Pixels<'static> {
        let bytes: Vec<u8> = image.bytes.iter().map(|&byte| (f64::from(byte) * by) as u8).collect();
        Pixels { bytes: bytes.into(), ..*image }
    }

    #[test]
    fn another_size_and_more_light_are_near() {
        for seed in [0.3, 1.1, 2.6] {
            let image = picture(90, 120, seed);
            let own = likeness(&image).unwrap();
            for other in
                [picture(45, 60, seed), picture(135, 170, seed), lighter(&image, 1.1), lighter(&image, 0.9)]
            {
                assert!(own.is_near(likeness(&other).unwrap()), "{seed}");
            }
            assert!(!own.is_near(likeness(&picture(90, 120, seed + 0.5)).unwrap()), "{seed}");
        }
    }

    #[test]
    fn a_flat_image_has_no_likeness() {
        let flat = |bytes: Vec<u8>| Pixels { height: 4, width: 4, channels: 1, bytes: bytes.into() };
        assert_eq!(likeness(&flat(vec![7; 16])), None);
        assert_eq!(likeness(&flat((100..108).chain(100..108).collect())), None);
        let empty = Pixels { height: 0, width: 0, channels: 3, bytes: vec![].into() };
        assert_eq!(likeness(&empty), None);
    }
}
