//! Images: bytes to bytes of the same size.

mod blur;
mod erase;
mod levels;
mod place;
mod policy;
#[cfg(test)]
mod tests;
mod tone;
mod warp;

use super::{Augment, Dice, Operation};
use crate::source::Pixels;

use blur::blur;
use erase::erase;
use place::{flip, shift};
use policy::policy;
use tone::colour;
use warp::{rotate, zoom};

impl Augment {
    /// The changed image, of the same size; one without pixels stays as it is.
    pub(super) fn apply(&self, image: &Pixels<'_>, dice: &mut Dice) -> Pixels<'static> {
        if !is_whole(image) {
            return apply_none(image);
        }
        match *self {
            Augment::Flip { horizontal, vertical } => {
                flip(image, [vertical, horizontal].map(|probability| dice.chance(probability as f32)))
            }
            Augment::Shift { pixels, border } => shift(image, pixels, border, dice),
            Augment::Rotate { degrees } => rotate(image, dice.between(-degrees as f32, degrees as f32)),
            Augment::Zoom { scale } => zoom(image, drawn(scale, dice)),
            Augment::Colour { brightness, contrast, saturation } => {
                colour(image, [brightness, contrast, saturation].map(|strength| strength as f32), dice)
            }
            Augment::Blur { sigma } => blur(image, drawn(sigma, dice)),
            Augment::Erase { probability, area, aspect, filling } => match dice.chance(probability as f32) {
                true => erase(image, area.map(|x| x as f32), aspect.map(|x| x as f32), filling, dice),
                false => apply_none(image),
            },
            Augment::Policy { count, magnitude, ref among } => {
                let among = if among.is_empty() { &Operation::PAPER[..] } else { among };
                policy(image, count, magnitude as f32, among, dice)
            }
            // Refused for images.
            Augment::Jitter { .. }
            | Augment::Scaling { .. }
            | Augment::TimeWarp { .. }
            | Augment::DropTokens { .. }
            | Augment::SwapTokens { .. } => apply_none(image),
        }
    }
}

/// The image as it is.
pub(super) fn apply_none(image: &Pixels<'_>) -> Pixels<'static> {
    with(image, image.bytes.to_vec())
}

fn drawn([low, high]: [f64; 2], dice: &mut Dice) -> f32 {
    dice.between(low as f32, high as f32)
}

/// Whether there are pixels, and as many as the size says: what every function below relies on.
fn is_whole(image: &Pixels<'_>) -> bool {
    let size = image.height.checked_mul(image.width).and_then(|area| area.checked_mul(image.channels));
    size == Some(image.bytes.len()) && !image.bytes.is_empty()
}

/// Other bytes in an image of the same size.
fn with(image: &Pixels<'_>, bytes: Vec<u8>) -> Pixels<'static> {
    Pixels { bytes: bytes.into(), ..*image }
}
