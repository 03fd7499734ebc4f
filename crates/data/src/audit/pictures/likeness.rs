//! What an image looks like, in few bits: alike where two images are copies of each other.

use super::small::{SIDE, Small};
use super::waves::Waves;

/// How many waves along each side count, the mean apart.
const WAVES: usize = 8;

/// Rows and columns between whose means it is told where an image becomes brighter.
const ROWS: usize = 8;
const COLUMNS: usize = 9;

/// What is smaller than this share of the usual size counts as nothing, so that no bit hangs on noise: a wave
/// against the root mean square of all, a slope against the standard deviation.
const NOISE: f32 = 0.1;

/// The least standard deviation, in grey levels: what is flatter shows nothing but noise.
const FLAT: f32 = 4.0;

/// How many bits may differ between copies. Measured on 522 photos: JPEG of quality 70, half or 150 % of the size and 10 %
/// more or less light stay below; of 272,000 pairs of different photos 32 are that near. So this finds candidates, and
/// `alike` looks at their pixels.
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
pub(crate) fn likeness(image: &Small) -> Option<Likeness> {
    let plane = image.grey();
    let deviation = deviation(&plane);
    (deviation >= FLAT).then(|| Likeness { waves: waves(&plane), slopes: slopes(&plane, NOISE * deviation) })
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
fn slopes(plane: &[f32], noise: f32) -> u64 {
    let rows = plane.chunks_exact(SIDE * SIDE / ROWS).map(columns);
    bits(rows.flat_map(|row| std::array::from_fn::<bool, ROWS, _>(|at| row[at + 1] - row[at] > noise)))
}

/// The means of nine columns of equal width, of some rows that lie together.
fn columns(rows: &[f32]) -> [f32; COLUMNS] {
    std::array::from_fn(|column| {
        let [low, high] = [column, column + 1].map(|edge| (edge * SIDE) as f32 / COLUMNS as f32);
        let covered = |x: usize| (high.min((x + 1) as f32) - low.max(x as f32)).max(0.0);
        let sum: f32 = rows.iter().zip((0..SIDE).cycle()).map(|(number, x)| covered(x) * number).sum();
        sum * COLUMNS as f32 / rows.len() as f32
    })
}

fn bits(flags: impl Iterator<Item = bool>) -> u64 {
    flags.fold(0, |bits, flag| bits << 1 | u64::from(flag))
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
    use crate::source::Pixels;

    fn likeness(image: &Pixels<'_>) -> Option<Likeness> {
        super::likeness(&Small::of(image))
    }

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
