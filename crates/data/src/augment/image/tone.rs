//! Brightness, contrast, saturation and sharpness: each a line from a plainer image through the image itself.
//!
//! A factor of 0 gives the plainer image, 1 the image, more goes beyond. All are PIL's `ImageEnhance`, to the grey
//! level; hence results are cut, not rounded. torchvision's `ColorJitter` does the same on PIL images.

use super::with;
use crate::augment::Dice;
use crate::source::Pixels;

/// One of the four below.
type Tone = fn(&Pixels<'_>, f32) -> Pixels<'static>;

/// Brightness, contrast and saturation in random order, each by a factor that differs from 1 by up to its strength.
pub(super) fn colour(image: &Pixels<'_>, strengths: [f32; 3], dice: &mut Dice) -> Pixels<'static> {
    let factors = strengths.map(|strength| dice.between((1.0 - strength).max(0.0), 1.0 + strength));
    let mut order = [0, 1, 2];
    (1..order.len()).rev().for_each(|last| order.swap(last, dice.below(last + 1)));
    let tones: [Tone; 3] = [brightness, contrast, saturation];
    order.into_iter().fold(with(image, image.bytes.to_vec()), |image, at| tones[at](&image, factors[at]))
}

/// Away from black.
pub(super) fn brightness(image: &Pixels<'_>, factor: f32) -> Pixels<'static> {
    with(image, image.bytes.iter().map(|&byte| blend(0, byte, factor)).collect())
}

/// Away from the mean grey level, which is a whole one.
pub(super) fn contrast(image: &Pixels<'_>, factor: f32) -> Pixels<'static> {
    let sum: u64 = lumas(image).map(u64::from).sum();
    let pixels = (image.bytes.len() / image.channels.max(1)).max(1);
    let mean = (sum as f64 / pixels as f64 + 0.5) as u8;
    with(image, image.bytes.iter().map(|&byte| blend(mean, byte, factor)).collect())
}

/// Away from the grey image; one without colour stays as it is.
pub(super) fn saturation(image: &Pixels<'_>, factor: f32) -> Pixels<'static> {
    let pixels = image.bytes.chunks_exact(image.channels.max(1)).zip(lumas(image));
    let away = |(pixel, luma)| <[u8]>::iter(pixel).map(move |&byte| blend(luma, byte, factor));
    match image.channels {
        3 => with(image, pixels.flat_map(away).collect()),
        _ => with(image, image.bytes.to_vec()),
    }
}

/// Away from the smoothed image.
pub(super) fn sharpness(image: &Pixels<'_>, factor: f32) -> Pixels<'static> {
    let pairs = smoothed(image).into_iter().zip(image.bytes.iter());
    with(image, pairs.map(|(smooth, &byte)| blend(smooth, byte, factor)).collect())
}

/// The mean over 3x3 pixels, of which the centre counts five times; pixels at the edge stay as they are.
fn smoothed(image: &Pixels<'_>) -> Vec<u8> {
    let (bytes, channels, stride) = (&image.bytes, image.channels, image.width * image.channels);
    let mut smooth = bytes.to_vec();
    for y in 1..image.height.saturating_sub(1) {
        for at in y * stride + channels..(y + 1) * stride - channels {
            let three = |at: usize| [at - channels, at, at + channels].map(|at| u32::from(bytes[at]));
            let around: u32 = [at - stride, at, at + stride].into_iter().flat_map(three).sum();
            smooth[at] = ((around + 4 * u32::from(bytes[at]) + 6) / 13) as u8; // 6: rounds, as 13 is odd
        }
    }
    smooth
}

/// The grey level of each pixel: the luma of ITU-R 601 in 65536ths, as PIL's mode `L` has it.
fn lumas(image: &Pixels<'_>) -> impl Iterator<Item = u8> {
    image.bytes.chunks_exact(image.channels.max(1)).map(|pixel| match *pixel {
        [red, green, blue] => {
            let [red, green, blue] = [red, green, blue].map(u32::from);
            ((19595 * red + 38470 * green + 7471 * blue + (1 << 15)) >> 16) as u8
        }
        _ => pixel.first().copied().unwrap_or(0),
    })
}

/// On the line from one grey level through another; cut, and held within a byte.
fn blend(from: u8, to: u8, factor: f32) -> u8 {
    let [from, to] = [from, to].map(f32::from);
    (from + factor * (to - from)) as u8
}
