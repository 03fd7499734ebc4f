//! What an optimizer step means in numbers, and what it keeps: shared by both runners.

use baeum_core::{Adam, Method, State, Update};
use baeum_kernels::{
    AdamStep, Ctx, LionStep, RmsPropStep, SgdStep, adam, adamw, clip_factor, lion, rmsprop, sgd,
};

/// What SGD and RMSprop keep with momentum, as PyTorch calls it.
pub(crate) const MOMENTUM: &str = "momentum_buffer";
/// The mean of the gradients.
pub(crate) const MEAN: &str = "exp_avg";
/// The mean of their squares.
pub(crate) const SQUARE: &str = "exp_avg_sq";
/// The same, as PyTorch calls it for RMSprop.
pub(crate) const SQUARE_AVG: &str = "square_avg";

/// All that is kept of a parameter: moments, and its average, which no rule asks for.
pub(crate) const MOMENTS: [&str; 5] = [MOMENTUM, MEAN, SQUARE, SQUARE_AVG, State::AVERAGE];

/// One optimizer step as the kernels take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    Sgd(SgdStep),
    Adam(AdamStep),
    AdamW(AdamStep),
    RmsProp(RmsPropStep),
    Lion(LionStep),
}

impl Rule {
    /// The step `update` over gradients that are sums: they are divided by `weight` on the fly, together with the clipping by
    /// their `norm`. `step` counts from one.
    pub(crate) fn of(update: &Update, norm: f64, weight: f64, step: u64) -> Rule {
        let Update { learning_rate, weight_decay, .. } = *update;
        let clip = update.clip.map_or(1.0, |longest| clip_factor(norm, longest)) / weight;
        let adam = |Adam { beta1, beta2, eps }| AdamStep {
            learning_rate,
            beta1,
            beta2,
            eps,
            weight_decay,
            step,
            clip,
        };
        match update.method {
            Method::Sgd { momentum, nesterov } => {
                Rule::Sgd(SgdStep { learning_rate, momentum, nesterov, weight_decay, step, clip })
            }
            Method::Adam(numbers) => Rule::Adam(adam(numbers)),
            Method::AdamW(numbers) => Rule::AdamW(adam(numbers)),
            Method::RmsProp { alpha, eps, momentum } => {
                Rule::RmsProp(RmsPropStep { learning_rate, alpha, eps, momentum, weight_decay, clip })
            }
            Method::Lion { beta1, beta2 } => {
                Rule::Lion(LionStep { learning_rate, beta1, beta2, weight_decay, clip })
            }
        }
    }

    /// The moments that it keeps, two at most.
    pub(crate) fn moments(&self) -> &'static [&'static str] {
        match self {
            Rule::Sgd(SgdStep { momentum: 0.0, .. }) => &[],
            Rule::Sgd(_) => &[MOMENTUM],
            Rule::Adam(_) | Rule::AdamW(_) => &[MEAN, SQUARE],
            Rule::RmsProp(RmsPropStep { momentum: 0.0, .. }) => &[SQUARE_AVG],
            Rule::RmsProp(_) => &[SQUARE_AVG, MOMENTUM],
            Rule::Lion(_) => &[MEAN],
        }
    }

    /// Moves a parameter, and its moments in the order of [`Rule::moments`]; those that it does not keep are empty.
    pub(crate) fn step(
        &self,
        ctx: Option<&Ctx>,
        parameter: &mut [f32],
        gradient: &[f32],
        [first, second]: [&mut [f32]; 2],
    ) {
        match self {
            Rule::Sgd(step) => sgd(ctx, step, parameter, gradient, first),
            Rule::Adam(step) => adam(ctx, step, parameter, gradient, first, second),
            Rule::AdamW(step) => adamw(ctx, step, parameter, gradient, first, second),
            Rule::RmsProp(step) => rmsprop(ctx, step, parameter, gradient, first, second),
            Rule::Lion(step) => lion(ctx, step, parameter, gradient, first),
        }
    }
}
