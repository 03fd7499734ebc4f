//! What an optimizer step means in numbers, and what it keeps: shared by both runners.

use baeum_core::{Adam, Method, State, Update};
use baeum_kernels::{
    AdamStep, Ctx, LionStep, Lying, MuonStep, RmsPropStep, SgdStep, adam, adamw, clip_factor, lion, muon,
    muon_work, rmsprop, sgd,
};

use crate::role::Role;

/// What SGD and RMSprop keep with momentum, and Muon always, as PyTorch calls it.
pub(crate) const MOMENTUM: &str = "momentum_buffer";
/// The mean of the gradients.
pub(crate) const MEAN: &str = "exp_avg";
/// The mean of their squares.
pub(crate) const SQUARE: &str = "exp_avg_sq";
/// The same, as PyTorch calls it for RMSprop.
pub(crate) const SQUARE_AVG: &str = "square_avg";

/// The mean of the gradients, as PyTorch calls it for RMSprop.
pub(crate) const GRAD_AVG: &str = "grad_avg";

/// All that is kept of a parameter: moments, and its average, which no rule asks for.
pub(crate) const MOMENTS: [&str; 6] = [MOMENTUM, MEAN, SQUARE, SQUARE_AVG, GRAD_AVG, State::AVERAGE];

/// One optimizer step as the kernels take it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    Sgd(SgdStep),
    Adam(AdamStep),
    AdamW(AdamStep),
    RmsProp(RmsPropStep),
    Lion(LionStep),
    Muon(MuonStep),
}

impl Rule {
    /// The step `update` of a parameter over gradients that are sums: they are divided by `weight` on the fly, together with
    /// the clipping by their `norm`. `step` counts from one.
    pub(crate) fn of(update: &Update, role: Role, norm: f64, weight: f64, step: u64) -> Rule {
        let Update { learning_rate, weight_decay, .. } = update.on(role.axes());
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
            Method::RmsProp { alpha, eps, momentum, centered } => Rule::RmsProp(RmsPropStep {
                learning_rate,
                alpha,
                eps,
                momentum,
                centered,
                weight_decay,
                clip,
            }),
            Method::Lion { beta1, beta2 } => {
                Rule::Lion(LionStep { learning_rate, beta1, beta2, weight_decay, clip })
            }
            Method::Muon { momentum, nesterov, others } => match role {
                Role::Matrix => {
                    Rule::Muon(MuonStep { learning_rate, momentum, nesterov, weight_decay, clip })
                }
                Role::End | Role::Vector => Rule::AdamW(adam(others)),
            },
        }
    }

    /// The moments that it keeps, three at most.
    pub(crate) fn moments(&self) -> &'static [&'static str] {
        match self {
            Rule::Sgd(SgdStep { momentum: 0.0, .. }) => &[],
            Rule::Sgd(_) => &[MOMENTUM],
            Rule::Adam(_) | Rule::AdamW(_) => &[MEAN, SQUARE],
            Rule::RmsProp(RmsPropStep { momentum: 0.0, centered: false, .. }) => &[SQUARE_AVG],
            Rule::RmsProp(RmsPropStep { momentum: 0.0, centered: true, .. }) => &[SQUARE_AVG, GRAD_AVG],
            Rule::RmsProp(RmsPropStep { centered: false, .. }) => &[SQUARE_AVG, MOMENTUM],
            Rule::RmsProp(RmsPropStep { centered: true, .. }) => &[SQUARE_AVG, GRAD_AVG, MOMENTUM],
            Rule::Lion(_) => &[MEAN],
            Rule::Muon(_) => &[MOMENTUM],
        }
    }

    /// How many numbers it works with, beside what it keeps.
    pub(crate) fn work(&self, matrices: &[Lying]) -> usize {
        match self {
            Rule::Muon(_) => matrices.iter().map(|lying| muon_work(lying.sizes)).max().unwrap_or(0),
            Rule::Sgd(_) | Rule::Adam(_) | Rule::AdamW(_) | Rule::RmsProp(_) | Rule::Lion(_) => 0,
        }
    }

    /// Moves parameters, and their moments in the order of [`Rule::moments`]; those that it does not keep are empty. `matrices`
    /// says where each of them lies, if they are such.
    pub(crate) fn step(
        &self,
        ctx: Option<&Ctx>,
        matrices: &[Lying],
        parameter: &mut [f32],
        gradient: &[f32],
        [first, second, third]: [&mut [f32]; 3],
    ) {
        match self {
            Rule::Sgd(step) => sgd(ctx, step, parameter, gradient, first),
            Rule::Adam(step) => adam(ctx, step, parameter, gradient, first, second),
            Rule::AdamW(step) => adamw(ctx, step, parameter, gradient, first, second),
            Rule::RmsProp(step) => {
                let (mean, buffer) = if step.centered { (second, third) } else { (third, second) };
                rmsprop(ctx, step, parameter, gradient, [first, buffer, mean]);
            }
            Rule::Lion(step) => lion(ctx, step, parameter, gradient, first),
            Rule::Muon(step) => {
                let alone = ctx.is_none().then(|| Ctx::new(1));
                let Some(ctx) = ctx.or(alone.as_ref()) else { return };
                muon(ctx, step, matrices, parameter, gradient, first);
            }
        }
    }
}
