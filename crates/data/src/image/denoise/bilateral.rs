use super::border::{extend, planes, reflect};
use crate::source::Pixels;

/// Below this, OpenCV gives the image back as it is.
const NO_SIGMA: f64 = 1e-6;

/// Past the largest distance between two colours, 3 x 255; a power of two, so that a mask stays inside.
const DISTANCES: usize = 1024;

/// The weighted mean of the pixels within a circle around each pixel: the farther away a pixel and the more
/// different its colour, the less it weighs, and so edges stay sharp. The image is mirrored at its edges.
///
/// A `diameter` of 0 gets one that suits `sigma_space`, and an even one counts as the next odd one. Colours
/// are as far apart as their channels together. This is `cv2.bilateralFilter` within one grey level; most of
/// that is Intel's IPP in it, which cuts off what it should round (grey images, diameters up to 5).
pub(super) fn bilateral(
    image: &Pixels<'_>,
    diameter: usize,
    sigma_color: f64,
    sigma_space: f64,
) -> Pixels<'static> {
    if sigma_color <= NO_SIGMA || sigma_space <= NO_SIGMA {
        return Pixels { bytes: image.bytes.clone().into_owned().into(), ..*image };
    }
    let radius = match diameter {
        0 => (1.5 * sigma_space).round_ties_even() as usize,
        _ => diameter / 2,
    };
    let radius = radius.max(1);
    let extended = extend(image, radius, reflect);
    let taps = taps(radius, extended.width, sigma_space);
    let mut line = Line::new(image.width, planes(&extended), colors(sigma_color));
    let mut bytes = vec![0; image.bytes.len()];
    for (y, row) in bytes.chunks_exact_mut((image.width * image.channels).max(1)).enumerate() {
        let corner = y * extended.width;
        line.clear();
        for &(offset, weight) in &taps {
            line.add(corner + radius * (extended.width + 1), corner + offset, weight);
        }
        line.write(row);
    }
    Pixels { bytes: bytes.into(), ..*image }
}

/// The places in the circle, counted from the upper left of the square around it, and what each weighs.
fn taps(radius: usize, stride: usize, sigma: f64) -> Vec<(usize, f32)> {
    let squares = |place: usize| radius.abs_diff(place).pow(2);
    let places = (0..=2 * radius).flat_map(|y| (0..=2 * radius).map(move |x| (y, x)));
    let within = places.filter(|&(y, x)| squares(y) + squares(x) <= radius * radius);
    let weight = |y, x| (-((squares(y) + squares(x)) as f64) / (2.0 * sigma * sigma)).exp() as f32;
    within.map(|(y, x)| (y * stride + x, weight(y, x))).collect()
}

/// What a pixel weighs by its distance in colour.
fn colors(sigma: f64) -> [f32; DISTANCES] {
    let mut colors = [0.0; DISTANCES];
    for (distance, color) in colors.iter_mut().enumerate() {
        *color = (-(distance.pow(2) as f64) / (2.0 * sigma * sigma)).exp() as f32;
    }
    colors
}

/// The sums along one row.
struct Line {
    planes: Vec<Vec<u8>>,
    colors: [f32; DISTANCES],
    distances: Vec<u16>,
    weights: Vec<f32>,
    total: Vec<f32>,
    sums: Vec<Vec<f32>>,
}

impl Line {
    fn new(width: usize, planes: Vec<Vec<u8>>, colors: [f32; DISTANCES]) -> Line {
        let zeros = vec![0.0; width];
        let sums = vec![zeros.clone(); planes.len()];
        Line { planes, colors, distances: vec![0; width], weights: zeros.clone(), total: zeros, sums }
    }

    fn clear(&mut self) {
        self.sums.iter_mut().chain([&mut self.total]).for_each(|sums| sums.fill(0.0));
    }

    /// Adds the row of pixels from `other` on to that from `centre` on.
    fn add(&mut self, centre: usize, other: usize, space: f32) {
        self.distances.fill(0);
        for plane in &self.planes {
            let pairs = plane[centre..].iter().zip(&plane[other..]);
            for (distance, (&a, &b)) in self.distances.iter_mut().zip(pairs) {
                *distance = distance.wrapping_add(u16::from(a.abs_diff(b)));
            }
        }
        for (weight, &distance) in self.weights.iter_mut().zip(&self.distances) {
            *weight = space * self.colors[usize::from(distance) % DISTANCES];
        }
        self.total.iter_mut().zip(&self.weights).for_each(|(total, weight)| *total += weight);
        for (sums, plane) in self.sums.iter_mut().zip(&self.planes) {
            for ((sum, weight), &byte) in sums.iter_mut().zip(&self.weights).zip(&plane[other..]) {
                *sum += weight * f32::from(byte);
            }
        }
    }

    /// The weighted means, `[width, channels]`.
    fn write(&self, row: &mut [u8]) {
        for (channel, sums) in self.sums.iter().enumerate() {
            let means = sums.iter().zip(&self.total).map(|(sum, total)| (sum / total).round_ties_even());
            let bytes = row.iter_mut().skip(channel).step_by(self.sums.len());
            bytes.zip(means).for_each(|(byte, mean)| *byte = mean as u8);
        }
    }
}
