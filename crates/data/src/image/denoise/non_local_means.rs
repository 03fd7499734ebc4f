use super::border::{extend, planes, reflect};
use crate::source::Pixels;

/// Rows that are worked on together. Few enough that their sums stay near the processor, and enough that the
/// rows of a template above and below them do not count.
const BAND: usize = 32;

/// What a pixel weighs less than, beside itself, it does not weigh at all.
const LEAST: f64 = 0.001;

/// The weighted mean of the `search` x `search` pixels around each pixel: the less alike the `template` x
/// `template` pixels around the two, the less one weighs for the other. The image is mirrored at its edges.
///
/// Even sizes count as the next odd ones; `h` is the noise to be taken away, in grey levels. This is
/// `cv2.fastNlMeansDenoising`, exactly, on grey images and on colour ones (where two templates differ by all
/// three channels together); not `fastNlMeansDenoisingColored`, which works in Lab (Buades, Coll and Morel
/// 2005).
pub(super) fn non_local_means(image: &Pixels<'_>, h: f32, template: usize, search: usize) -> Pixels<'static> {
    let (radius, reach) = (template / 2, search / 2);
    let extended = extend(image, radius + reach, reflect);
    let means = Means {
        planes: planes(&extended),
        stride: extended.width,
        width: image.width,
        radius,
        reach,
        weights: Weights::new(h, radius, reach, image.channels),
    };
    let mut bytes = vec![0; image.bytes.len()];
    let band = (BAND * image.width * image.channels).max(1);
    for (place, bytes) in bytes.chunks_mut(band).enumerate() {
        means.band(place * BAND, bytes);
    }
    Pixels { bytes: bytes.into(), ..*image }
}

/// What all bands share.
struct Means {
    planes: Vec<Vec<u8>>,
    stride: usize,
    width: usize,
    radius: usize,
    reach: usize,
    weights: Weights,
}

/// The sums of one band, each `[rows, width]`.
struct Sums {
    weights: Vec<u32>,
    channels: Vec<Vec<u32>>,
}

impl Means {
    /// The rows from `y` on, `[rows, width, channels]`.
    fn band(&self, y: usize, bytes: &mut [u8]) {
        let channels = self.planes.len();
        let zeros = vec![0; bytes.len() / channels];
        let mut sums = Sums { weights: zeros.clone(), channels: vec![zeros; channels] };
        let mut columns = Columns::new(self.width + 2 * self.radius, 2 * self.radius + 1);
        let side = 2 * self.reach + 1;
        for shift in 0..side * side {
            self.add(y, (shift / side, shift % side), &mut columns, &mut sums);
        }
        for (channel, values) in sums.channels.iter().enumerate() {
            let bytes = bytes.iter_mut().skip(channel).step_by(channels);
            for ((byte, sum), weight) in bytes.zip(values).zip(&sums.weights) {
                *byte = ((sum + weight / 2) / weight) as u8;
            }
        }
    }

    /// Adds each pixel's neighbour at `(dy, dx)`, counted from the upper left of the search window.
    fn add(&self, y: usize, (dy, dx): (usize, usize), columns: &mut Columns, sums: &mut Sums) {
        let rows = sums.weights.len() / self.width;
        let mut weights = vec![0; self.width];
        columns.clear();
        for row in 0..rows + 2 * self.radius {
            let here = (y + row + self.reach) * self.stride + self.reach;
            let there = (y + row + dy) * self.stride + dx;
            columns.slide(row, &self.planes, here, there);
            let Some(row) = row.checked_sub(2 * self.radius) else { continue };
            self.weights.of(&columns.sums, &mut weights);
            let centre = there + self.radius - self.radius * self.stride;
            let places = row * self.width..(row + 1) * self.width;
            for (sum, weight) in sums.weights[places.clone()].iter_mut().zip(&weights) {
                *sum = sum.wrapping_add(*weight);
            }
            for (sums, plane) in sums.channels.iter_mut().zip(&self.planes) {
                let bytes = &plane[centre..centre + self.width];
                for ((sum, weight), &byte) in sums[places.clone()].iter_mut().zip(&weights).zip(bytes) {
                    *sum = sum.wrapping_add(weight.wrapping_mul(u32::from(byte)));
                }
            }
        }
    }
}

/// How far two pictures are apart, column by column, over as many rows as a template has.
struct Columns {
    sums: Vec<u32>,
    /// The rows in the sums, the oldest of which makes room for the next.
    rows: Vec<Vec<u32>>,
}

impl Columns {
    fn new(width: usize, rows: usize) -> Columns {
        Columns { sums: vec![0; width], rows: vec![vec![0; width]; rows] }
    }

    fn clear(&mut self) {
        self.rows.iter_mut().chain([&mut self.sums]).for_each(|row| row.fill(0));
    }

    fn slide(&mut self, row: usize, planes: &[Vec<u8>], here: usize, there: usize) {
        let rows = self.rows.len();
        let row = &mut self.rows[row % rows];
        self.sums.iter_mut().zip(row.iter()).for_each(|(sum, old)| *sum = sum.wrapping_sub(*old));
        row.fill(0);
        for plane in planes {
            for ((square, &a), &b) in row.iter_mut().zip(&plane[here..]).zip(&plane[there..]) {
                let apart = u16::from(a.abs_diff(b));
                *square = square.wrapping_add(u32::from(apart.wrapping_mul(apart)));
            }
        }
        self.sums.iter_mut().zip(row.iter()).for_each(|(sum, new)| *sum = sum.wrapping_add(*new));
    }
}

/// Weights by how far two templates are apart: whole numbers, as large as sums of them times 255 allow.
struct Weights {
    table: Vec<u32>,
    /// A sum of squares is shifted by so much to find its place.
    shift: u32,
    template: usize,
}

impl Weights {
    fn new(h: f32, radius: usize, reach: usize, channels: usize) -> Weights {
        let template = 2 * radius + 1;
        let whole = (i32::MAX as usize / (255 * (2 * reach + 1).pow(2))).max(1) as f64;
        let shift = (template * template).next_power_of_two().ilog2();
        let step = f64::from(1_u32 << shift) / (template * template) as f64;
        let noise = f64::from(h * h * channels as f32);
        let weight = |place: usize| {
            let weight = (whole * (-(place as f64) * step / noise).exp()).round_ties_even();
            match place {
                0 => whole as u32, // also where `h` is 0
                _ if weight < LEAST * whole => 0,
                _ => weight as u32,
            }
        };
        let farthest = (255.0 * 255.0 * channels as f64 / step + 1.0) as usize;
        let table = (0..farthest).map(weight).take_while(|weight| *weight > 0).chain([0]).collect();
        Weights { table, shift, template }
    }

    /// The weight of each template, from the sums of its columns.
    fn of(&self, columns: &[u32], weights: &mut [u32]) {
        let last = self.table.len() - 1;
        let mut sum: u32 = columns[..self.template - 1].iter().sum();
        for ((weight, new), old) in weights.iter_mut().zip(&columns[self.template - 1..]).zip(columns) {
            sum = sum.wrapping_add(*new);
            *weight = self.table[((sum >> self.shift) as usize).min(last)];
            sum = sum.wrapping_sub(*old);
        }
    }
}
