//! RandAugment: a few operations at random, all of one magnitude (Cubuk et al. 2020).

use super::levels::{autocontrast, equalize, posterize, solarize};
use super::tone::{brightness, contrast, saturation, sharpness};
use super::warp::{rotate, shear_x, shear_y, translate, zoom};
use super::{blur, erase, flip, with};
use crate::augment::{Dice, Filling, Operation};
use crate::source::Pixels;

impl Operation {
    /// The fourteen of the paper.
    pub(crate) const PAPER: [Operation; 14] = [
        Operation::Identity,
        Operation::Autocontrast,
        Operation::Equalize,
        Operation::Rotate,
        Operation::Solarize,
        Operation::Posterize,
        Operation::Saturation,
        Operation::Contrast,
        Operation::Brightness,
        Operation::Sharpness,
        Operation::ShearX,
        Operation::ShearY,
        Operation::TranslateX,
        Operation::TranslateY,
    ];

    /// The image behind the operation; `magnitude` is from 0 to 10.
    pub(super) fn apply(self, image: &Pixels<'_>, magnitude: f32, dice: &mut Dice) -> Pixels<'static> {
        let share = magnitude.clamp(0.0, 10.0) / 10.0;
        let signed = if dice.below(2) == 0 { share } else { -share };
        let (factor, stretch) = (1.0 + 0.9 * signed, 1.0 + 0.5 * share);
        let way = |side: usize| (150.0 / 331.0 * signed * side as f32).trunc();
        match self {
            Operation::Identity => with(image, image.bytes.to_vec()),
            Operation::Autocontrast => autocontrast(image),
            Operation::Equalize => equalize(image),
            Operation::Rotate => rotate(image, 30.0 * signed),
            Operation::Solarize => solarize(image, (256.0 * (1.0 - share)).round() as u16),
            Operation::Posterize => posterize(image, 8 - (4.0 * share).round() as u32),
            Operation::Saturation => saturation(image, factor),
            Operation::Contrast => contrast(image, factor),
            Operation::Brightness => brightness(image, factor),
            Operation::Sharpness => sharpness(image, factor),
            Operation::ShearX => shear_x(image, 0.3 * signed),
            Operation::ShearY => shear_y(image, 0.3 * signed),
            Operation::TranslateX => translate(image, way(image.width), 0.0),
            Operation::TranslateY => translate(image, 0.0, way(image.height)),
            Operation::Flip => flip(image, [false, true]),
            Operation::Zoom => zoom(image, if signed < 0.0 { 1.0 / stretch } else { stretch }),
            Operation::Blur => blur(image, 2.0 * share),
            Operation::Erase => {
                erase(image, [0.25 * share; 2], [0.5, 2.0], Filling::Grey { level: 128 }, dice)
            }
        }
    }
}

/// `count` operations out of a list, each equally likely each time, one after the other.
pub(super) fn policy(
    image: &Pixels<'_>,
    count: usize,
    magnitude: f32,
    among: &[Operation],
    dice: &mut Dice,
) -> Pixels<'static> {
    let start = with(image, image.bytes.to_vec());
    (0..count).fold(start, |image, _| match among.get(dice.below(among.len())) {
        Some(operation) => operation.apply(&image, magnitude, dice),
        None => image,
    })
}
