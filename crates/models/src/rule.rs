//! What an optimizer step means in numbers, and what it keeps: shared by both runners.

use baeum_core::{Adam, Update};
use baeum_kernels::{AdamStep, SgdStep, clip_factor};

/// The first moment of SGD with momentum, as PyTorch calls it.
pub(crate) const MOMENTUM: &str = "momentum_buffer";
/// The mean of the gradients.
pub(crate) const MEAN: &str = "exp_avg";
/// The mean of their squares.
pub(crate) const SQUARE: &str = "exp_avg_sq";

/// All moments there are.
pub(crate) const MOMENTS: [&str; 3] = [MOMENTUM, MEAN, SQUARE];

/// One optimizer step as the kernels take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    Sgd(SgdStep),
    Adam(AdamStep),
    AdamW(AdamStep),
}

impl Rule {
    /// The step `update` over gradients that are sums: they are divided by `weight` on the fly, together with the clipping by
    /// their `norm`. `step` counts from one.
    pub(crate) fn of(update: &Update, norm: f64, weight: f64, step: u64) -> Rule {
        let factor = |clip: Option<f64>| clip.map_or(1.0, |longest| clip_factor(norm, longest)) / weight;
        let adam = |numbers: &Adam| {
            let Adam { learning_rate, beta1, beta2, eps, weight_decay, clip } = *numbers;
            AdamStep { learning_rate, beta1, beta2, eps, weight_decay, step, clip: factor(clip) }
        };
        match update {
            Update::Sgd { learning_rate, momentum, weight_decay, clip } => {
                let [learning_rate, momentum, weight_decay] = [*learning_rate, *momentum, *weight_decay];
                Rule::Sgd(SgdStep { learning_rate, momentum, weight_decay, step, clip: factor(*clip) })
            }
            Update::Adam(numbers) => Rule::Adam(adam(numbers)),
            Update::AdamW(numbers) => Rule::AdamW(adam(numbers)),
        }
    }

    /// The moments that it keeps.
    pub(crate) fn moments(&self) -> &'static [&'static str] {
        match self {
            Rule::Sgd(step) if step.momentum == 0.0 => &[],
            Rule::Sgd(_) => &[MOMENTUM],
            Rule::Adam(_) | Rule::AdamW(_) => &[MEAN, SQUARE],
        }
    }
}
