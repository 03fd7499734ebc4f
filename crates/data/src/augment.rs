//! Training examples, changed a little each time they are seen.
//!
//! Every function is pure: what comes out depends on the example and on the [`Dice`] alone. Dice are made from the seed of
//! the run, the row and the epoch; so neither threads nor restarts change anything.

mod beta;
mod config;
mod dice;
mod image;
mod mix;
mod series;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use config::Changes;
pub use config::{Augment, Border, Filling, Operation};
pub(crate) use dice::Dice;
pub(crate) use mix::{Mixer, Mixture, blend};

use crate::source::Pixels;

use series::{jitter, scaling, time_warp};
use tokens::{drop_tokens, swap_tokens};

/// What is done to one field while the network learns.
#[derive(Clone, Debug)]
pub(crate) struct Augmenter {
    /// The place of the field in the schema.
    pub(crate) field: usize,
    pub(crate) steps: Vec<Augment>,
}

impl Augmenter {
    /// An image behind all steps.
    pub(crate) fn image(&self, image: &Pixels<'_>, dice: &mut Dice) -> Pixels<'static> {
        let first = image::apply_none(image);
        self.steps.iter().fold(first, |image, step| step.apply(&image, dice))
    }

    /// A series `[channels, steps]` behind all steps.
    pub(crate) fn series(&self, series: &mut [f64], channels: usize, dice: &mut Dice) {
        for step in &self.steps {
            match step {
                Augment::Jitter { strength } => jitter(series, channels, *strength, dice),
                Augment::Scaling { strength } => scaling(series, channels, *strength, dice),
                Augment::TimeWarp { knots, strength } => time_warp(series, channels, *knots, *strength, dice),
                Augment::Flip { .. }
                | Augment::Shift { .. }
                | Augment::Rotate { .. }
                | Augment::Zoom { .. }
                | Augment::Colour { .. }
                | Augment::Blur { .. }
                | Augment::Erase { .. }
                | Augment::Policy { .. }
                | Augment::DropTokens { .. }
                | Augment::SwapTokens { .. } => {} // refused where the recipe was checked
            }
        }
    }

    /// The places of a text's pieces behind all steps.
    pub(crate) fn places(&self, out: &mut [f32], dice: &mut Dice) {
        let mut places: Vec<i64> = out.iter().map(|place| *place as i64).collect();
        for step in &self.steps {
            match step {
                Augment::DropTokens { probability } => {
                    drop_tokens(&mut places, *probability as f32, dice);
                }
                Augment::SwapTokens { count } => swap_tokens(&mut places, *count, dice),
                Augment::Flip { .. }
                | Augment::Shift { .. }
                | Augment::Rotate { .. }
                | Augment::Zoom { .. }
                | Augment::Colour { .. }
                | Augment::Blur { .. }
                | Augment::Erase { .. }
                | Augment::Policy { .. }
                | Augment::Jitter { .. }
                | Augment::Scaling { .. }
                | Augment::TimeWarp { .. } => {} // refused where the recipe was checked
            }
        }
        out.iter_mut().zip(places).for_each(|(out, place)| *out = place as f32);
    }
}
