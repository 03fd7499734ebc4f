//! Resize with antialiasing, as ONNX and PIL define it: each output pixel is a weighted mean of the input pixels under a
//! filter that is stretched when the image shrinks; weights outside the image are left out and the rest sums to one.

/// The filter that weighs pixels by their distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kernel {
    /// A triangle of width 2.
    Linear,
    /// A cubic of width 4 (Keys 1981) with this `a`.
    Cubic(f64),
}

impl Kernel {
    /// How far from its centre it reaches.
    fn radius(self) -> f64 {
        match self {
            Kernel::Linear => 1.0,
            Kernel::Cubic(_) => 2.0,
        }
    }

    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Kernel::Linear => (1.0 - x).max(0.0),
            Kernel::Cubic(a) if x <= 1.0 => ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0,
            Kernel::Cubic(a) if x < 2.0 => ((x - 5.0) * x + 8.0) * x * a - 4.0 * a,
            Kernel::Cubic(_) => 0.0,
        }
    }
}

/// The planes `[planes, sides[0], sides[1]]` of an image at another size.
pub(super) fn resize(numbers: &[f32], sides: [usize; 2], to: [usize; 2], kernel: Kernel) -> Vec<f32> {
    let [height, width] = sides;
    let numbers: Vec<f64> = numbers.iter().map(|&number| number.into()).collect();
    let rows = numbers.len().checked_div(width).unwrap_or(0);
    let wide = along(&numbers, [rows, width, 1], to[1], kernel);
    let planes = rows.checked_div(height).unwrap_or(0);
    let whole = along(&wide, [planes, height, to[1]], to[0], kernel);
    whole.into_iter().map(|number| number as f32).collect()
}

/// The middle axis of `[outer, n, inner]` at length `to`.
fn along(numbers: &[f64], [outer, n, inner]: [usize; 3], to: usize, kernel: Kernel) -> Vec<f64> {
    let columns: Vec<(usize, Vec<f64>)> = (0..to).map(|place| weights(place, n, to, kernel)).collect();
    let mut resized = Vec::with_capacity(outer * to * inner);
    for block in 0..outer {
        for (first, weights) in &columns {
            for lane in 0..inner {
                let at = |tap: usize| numbers[(block * n + first + tap) * inner + lane];
                resized.push(weights.iter().enumerate().map(|(tap, weight)| weight * at(tap)).sum());
            }
        }
    }
    resized
}

/// The first input pixel that counts for output pixel `place`, and the weights from there on.
fn weights(place: usize, from: usize, to: usize, kernel: Kernel) -> (usize, Vec<f64>) {
    let scale = to as f64 / from as f64;
    let centre = (place as f64 + 0.5) / scale - 0.5; // half_pixel
    let stretch = scale.min(1.0);
    let reach = kernel.radius() / stretch;
    let first = (centre - reach).ceil().max(0.0) as usize;
    let last = ((centre + reach).floor() as usize).min(from.saturating_sub(1));
    let raw: Vec<f64> =
        (first..=last).map(|pixel| kernel.weight((pixel as f64 - centre) * stretch)).collect();
    let sum: f64 = raw.iter().sum();
    (first, raw.into_iter().map(|weight| weight / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(numbers: &[f32], sides: [usize; 2], to: [usize; 2], kernel: Kernel, expect: &[f32]) {
        let found = resize(numbers, sides, to, kernel);
        assert_eq!(found.len(), expect.len());
        // Half a unit of the fifth decimal: how the expected numbers are written.
        assert!(found.iter().zip(expect).all(|(a, b)| (a - b).abs() <= 5e-5), "{found:?}");
    }

    #[test]
    fn a_row_shrinks_by_weighted_means() {
        // The triangle is stretched to a reach of two: weights 0.75, 0.75, 0.25 at the edge.
        check(&[0.0, 7.0, 14.0, 21.0], [1, 4], [1, 2], Kernel::Linear, &[5.0, 16.0]);
    }

    #[test]
    fn a_row_grows_by_its_neighbours() {
        check(&[0.0, 1.0], [1, 2], [1, 4], Kernel::Linear, &[0.0, 0.25, 0.75, 1.0]);
        // At -0.25 the cubic weighs the first pixel 0.8672 and the second -0.0703 of their sum 0.7969.
        check(&[0.0, 1.0], [1, 2], [1, 4], Kernel::Cubic(-0.5), &[-0.08824, 0.20714, 0.79286, 1.08824]);
    }

    #[test]
    fn the_same_size_is_the_same_image_plane_by_plane() {
        let image: Vec<f32> = (0..12).map(|n| (n * n) as f32).collect();
        for kernel in [Kernel::Linear, Kernel::Cubic(-0.5)] {
            check(&image, [2, 3], [2, 3], kernel, &image);
        }
        // Two planes, each to its mean: the stretched filters reach over the whole of it, here with equal weights.
        check(&image, [2, 3], [1, 3], Kernel::Linear, &[4.5, 8.5, 14.5, 58.5, 74.5, 92.5]);
    }
}
