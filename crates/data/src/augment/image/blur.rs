use super::with;
use crate::image::reflect;
use crate::source::Pixels;

/// Blurred by a Gaussian whose deviation is `sigma` pixels; the image is mirrored at its edges.
///
/// Its weights are cut off beyond three deviations and sum up to 1, as torchvision's `gaussian_blur` has them for a
/// kernel of this size. It reaches no further than the longer side of the image, whatever `sigma` is.
pub(super) fn blur(image: &Pixels<'_>, sigma: f32) -> Pixels<'static> {
    let (height, width, channels) = (image.height, image.width, image.channels);
    let weights = weights(f64::from(sigma), height.max(width));
    let values: Vec<f32> = image.bytes.iter().map(|&byte| f32::from(byte)).collect();
    let down = along(&values, height, width * channels, &weights);
    let across = along(&down, width, channels, &weights);
    with(image, across.into_iter().map(|value| (value + 0.5) as u8).collect())
}

/// From the left end over the centre to the right end; a lone 1 if `sigma` is too small to reach the next pixel.
fn weights(sigma: f64, farthest: usize) -> Vec<f32> {
    let reach = if sigma > 0.01 { ((3.0 * sigma).ceil() as usize).min(farthest) } else { 0 };
    let curve = |place: usize| {
        let distance = place.abs_diff(reach) as f64 / sigma.max(0.01);
        (-distance * distance / 2.0).exp()
    };
    let curve: Vec<f64> = (0..=2 * reach).map(curve).collect();
    let sum: f64 = curve.iter().sum();
    curve.into_iter().map(|weight| (weight / sum) as f32).collect()
}

/// Weighs along the middle axis of `[.., len, inner]`.
fn along(values: &[f32], len: usize, inner: usize, weights: &[f32]) -> Vec<f32> {
    let reach = (weights.len() / 2) as isize;
    let mut out = vec![0.0; values.len()];
    for (from, to) in values.chunks_exact(len * inner).zip(out.chunks_exact_mut(len * inner)) {
        for (place, sums) in to.chunks_exact_mut(inner).enumerate() {
            for (offset, weight) in (-reach..).zip(weights) {
                let source = reflect(place as isize + offset, len) * inner;
                let terms = &from[source..source + inner];
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += weight * term);
            }
        }
    }
    out
}
