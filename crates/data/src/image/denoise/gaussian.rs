use super::border::reflect;
use crate::source::Pixels;

/// The mean of the `size` x `size` pixels around each pixel, channel by channel, with a Gaussian's weights;
/// the image is mirrored at its edges.
///
/// An even `size` counts as the next odd one. A `sigma` of 0 gets one that suits the size, 0.15 size + 0.35,
/// but for sizes up to 9, which OpenCV has a table for. This is `cv2.GaussianBlur`, exactly: as there,
/// weights are whole 256ths, and only the sum over both directions is rounded.
pub(super) fn gaussian(image: &Pixels<'_>, size: usize, sigma: f64) -> Pixels<'static> {
    let (weights, margin) = (weights(size | 1, sigma), size / 2);
    let (height, channels) = (image.height, image.channels);
    let stride = image.width * channels;
    let mut bytes = vec![0; image.bytes.len()];
    let mut column = vec![0; stride + 2 * margin * channels]; // the sum down, in 256ths
    let mut sums = vec![0; stride]; // the sum across, in 65536ths
    for (y, row) in bytes.chunks_exact_mut(stride.max(1)).enumerate() {
        let source = |offset: usize| {
            let start = reflect((y + offset) as isize - margin as isize, height) * stride;
            &image.bytes[start..start + stride]
        };
        down(&weights, source, &mut column[margin * channels..][..stride]);
        mirror(&mut column, margin, image.width, channels);
        across(&weights, &column, channels, &mut sums);
        round(&sums, row);
    }
    Pixels { bytes: bytes.into(), ..*image }
}

/// One side of a Gaussian and its centre in 256ths. They, mirrored, sum up to 256: what rounding leaves goes
/// into the next weight, and in the end into the centre.
pub(super) fn weights(size: usize, sigma: f64) -> Vec<u16> {
    let exact = exact(size, sigma);
    let (mut left, mut rest) = (0.0, 256.0);
    let mut weights = Vec::with_capacity(exact.len());
    for weight in &exact[..size / 2] {
        let wanted = weight * 256.0 + left;
        let got = wanted.round_ties_even();
        left = wanted - got;
        rest -= 2.0 * got;
        weights.push(got as u16);
    }
    weights.push(rest as u16);
    weights
}

fn exact(size: usize, sigma: f64) -> Vec<f64> {
    let table: &[f64] = match size {
        3 => &[64.0, 128.0],
        5 => &[16.0, 64.0, 96.0],
        7 => &[8.0, 28.0, 56.0, 72.0],
        9 => &[4.0, 13.0, 30.0, 51.0, 60.0],
        _ => &[],
    };
    if sigma <= 0.0 && !table.is_empty() {
        return table.iter().map(|weight| weight / 256.0).collect();
    }
    let sigma = if sigma > 0.0 { sigma } else { size as f64 * 0.15 + 0.35 };
    let curve = |place: usize| (-((size / 2 - place).pow(2) as f64) / (2.0 * sigma * sigma)).exp();
    let side: Vec<f64> = (0..=size / 2).map(curve).collect();
    let sum = 2.0 * side[..size / 2].iter().sum::<f64>() + 1.0;
    side.iter().map(|weight| weight / sum).collect()
}

fn down<'a>(weights: &[u16], source: impl Fn(usize) -> &'a [u8], column: &mut [u16]) {
    let centre = weights.len() - 1;
    for (sum, &byte) in column.iter_mut().zip(source(centre)) {
        *sum = weights[centre].wrapping_mul(u16::from(byte));
    }
    for (offset, &weight) in weights[..centre].iter().enumerate() {
        let pairs = source(offset).iter().zip(source(2 * centre - offset));
        for (sum, (&above, &below)) in column.iter_mut().zip(pairs) {
            let pair = u16::from(above).wrapping_add(u16::from(below));
            *sum = sum.wrapping_add(weight.wrapping_mul(pair));
        }
    }
}

/// Fills in both ends.
fn mirror(column: &mut [u16], margin: usize, width: usize, channels: usize) {
    for x in (0..margin).chain(margin + width..2 * margin + width) {
        let from = reflect(x as isize - margin as isize, width) + margin;
        column.copy_within(from * channels..(from + 1) * channels, x * channels);
    }
}

fn across(weights: &[u16], column: &[u16], channels: usize, sums: &mut [u32]) {
    let centre = weights.len() - 1;
    sums.fill(0);
    for offset in 0..=2 * centre {
        let weight = u32::from(weights[offset.min(2 * centre - offset)]);
        for (sum, &value) in sums.iter_mut().zip(&column[offset * channels..]) {
            *sum = sum.wrapping_add(weight.wrapping_mul(u32::from(value)));
        }
    }
}

fn round(sums: &[u32], row: &mut [u8]) {
    row.iter_mut().zip(sums).for_each(|(byte, sum)| *byte = (sum.wrapping_add(1 << 15) >> 16) as u8);
}
