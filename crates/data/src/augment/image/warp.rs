//! Turned, sheared, scaled and moved: lines stay lines.

use super::with;
use crate::source::Pixels;

/// Where a pixel of the new image comes from: `[x, y] = rows * [x', y', 1]`, both measured from the upper left corner
/// of the image, whose pixels have their centres at halves. The same numbers are PIL's `Image.AFFINE`.
type Affine = [[f64; 3]; 2];

/// Turned by an angle in degrees about its centre, against the clock; the edge repeats.
///
/// But for the edge this is PIL's `rotate` with `BILINEAR`.
pub(super) fn rotate(image: &Pixels<'_>, degrees: f32) -> Pixels<'static> {
    let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
    warp(image, about_centre(image, [[cos, -sin], [sin, cos]]))
}

/// Enlarged by a factor about its centre, or made smaller if it is below 1; the edge repeats.
///
/// Pixels are not averaged when it gets smaller: factors near 1 are meant. None is below 1/1000.
pub(super) fn zoom(image: &Pixels<'_>, factor: f32) -> Pixels<'static> {
    let step = 1.0 / f64::from(factor).max(1e-3);
    warp(image, about_centre(image, [[step, 0.0], [0.0, step]]))
}

/// Each row moved to the left by `slope` times its distance from the top; the edge repeats.
pub(super) fn shear_x(image: &Pixels<'_>, slope: f32) -> Pixels<'static> {
    warp(image, [[1.0, f64::from(slope), 0.0], [0.0, 1.0, 0.0]])
}

/// Each column moved up by `slope` times its distance from the left; the edge repeats.
pub(super) fn shear_y(image: &Pixels<'_>, slope: f32) -> Pixels<'static> {
    warp(image, [[1.0, 0.0, 0.0], [f64::from(slope), 1.0, 0.0]])
}

/// Moved to the left and up by so many pixels; the edge repeats.
pub(super) fn translate(image: &Pixels<'_>, left: f32, up: f32) -> Pixels<'static> {
    warp(image, [[1.0, 0.0, f64::from(left)], [0.0, 1.0, f64::from(up)]])
}

/// The map that leaves the centre of the image where it is.
fn about_centre(image: &Pixels<'_>, linear: [[f64; 2]; 2]) -> Affine {
    let centre = [image.width as f64 / 2.0, image.height as f64 / 2.0];
    let row = |[a, b]: [f64; 2], own: f64| [a, b, own - a * centre[0] - b * centre[1]];
    [row(linear[0], centre[0]), row(linear[1], centre[1])]
}

/// Each pixel by lines between the four around the place it comes from, rounded.
fn warp(image: &Pixels<'_>, [across, down]: Affine) -> Pixels<'static> {
    let mut bytes = Vec::with_capacity(image.bytes.len());
    for y in 0..image.height {
        for x in 0..image.width {
            let from = |[a, b, c]: [f64; 3]| a * (x as f64 + 0.5) + b * (y as f64 + 0.5) + c - 0.5;
            let (x, y) = (Between::new(from(across), image.width), Between::new(from(down), image.height));
            let [above, below] = y.places.map(|y| y * image.width);
            let corners =
                [above + x.places[0], above + x.places[1], below + x.places[0], below + x.places[1]]
                    .map(|pixel| &image.bytes[pixel * image.channels..][..image.channels]);
            for channel in 0..image.channels {
                let [a, b, c, d] = corners.map(|pixel| f32::from(pixel[channel]));
                bytes.push((y.weigh(x.weigh(a, b), x.weigh(c, d)) + 0.5) as u8);
            }
        }
    }
    with(image, bytes)
}

/// A place between two pixels.
struct Between {
    places: [usize; 2],
    /// How far it is from the first to the second.
    way: f32,
}

impl Between {
    /// A place beyond the edge, or none at all, becomes the edge.
    fn new(place: f64, len: usize) -> Between {
        let last = len.saturating_sub(1);
        let place = place.max(0.0).min(last as f64);
        let first = place as usize;
        Between { places: [first, (first + 1).min(last)], way: (place - first as f64) as f32 }
    }

    fn weigh(&self, first: f32, second: f32) -> f32 {
        first + self.way * (second - first)
    }
}
