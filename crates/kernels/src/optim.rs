//! One optimizer step over flat slices, with the semantics and the order of operations of PyTorch.
//!
//! Each function reads a gradient once and updates parameters and moments in place. The step's scalars are
//! computed in `f64` and rounded once; the arithmetic on elements is `f32`. Elements do not meet, so threads
//! cannot change a bit.

use crate::ctx::Ctx;
use crate::isa::{Isa, rungs};
use crate::map::{CHUNK, part};

/// The numbers of one step of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    /// How far to go against the gradient.
    pub learning_rate: f64,
    /// How much of the last direction is kept; at 0 there is no momentum buffer.
    pub momentum: f64,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
    /// The number of this step, counted from one: at the first the momentum buffer is the gradient itself.
    pub step: u64,
    /// What each gradient is multiplied by before anything else; see [`clip_factor`].
    pub clip: f64,
}

/// The numbers of one step of Adam or AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    /// How far to go along the normalised mean gradient.
    pub learning_rate: f64,
    /// How much of the mean gradient is kept.
    pub beta1: f64,
    /// How much of the mean squared gradient is kept.
    pub beta2: f64,
    /// What is added to the root of the mean squared gradient, after its bias is corrected.
    pub eps: f64,
    /// [`adam`]: how much of the parameter is added to its gradient. [`adamw`]: times the learning rate, how
    /// much of the parameter is lost.
    pub weight_decay: f64,
    /// The number of this step, counted from one: it corrects the bias of moments that started at zero.
    pub step: u64,
    /// What each gradient is multiplied by before anything else; see [`clip_factor`].
    pub clip: f64,
}

/// What to multiply gradients of this norm by, so that their norm does not exceed `max`.
///
/// It is `min(1, max / (norm + 1e-6))`. NaN for a norm that is NaN, so that a lost gradient is not taken for a small one.
pub fn clip_factor(norm: f64, max: f64) -> f64 {
    let factor = max / (norm + 1e-6);
    // `f64::min` would turn NaN into 1.
    if factor > 1.0 { 1.0 } else { factor }
}

/// Stochastic gradient descent, with momentum if it is not zero.
///
/// `momentum_buffer` is as long as `parameter`; without momentum it is not looked at and may be empty.
///
/// # Panics
/// If lengths differ, or steps are counted from zero. The same holds for all below.
pub fn sgd(step: &SgdStep, parameter: &mut [f32], gradient: &[f32], momentum_buffer: &mut [f32]) {
    sgd_by(None, step, parameter, gradient, momentum_buffer);
}

/// As [`sgd`], by the threads of `ctx`.
pub fn sgd_on(
    ctx: &Ctx,
    step: &SgdStep,
    parameter: &mut [f32],
    gradient: &[f32],
    momentum_buffer: &mut [f32],
) {
    sgd_by(Some(ctx), step, parameter, gradient, momentum_buffer);
}

/// Adam (Kingma and Ba 2015); weight decay is added to the gradient and so enters the moments.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adam(step: &AdamStep, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
    adam_by::<false>(None, step, Slices::new(parameter, gradient, [mean, square]));
}

/// As [`adam`], by the threads of `ctx`.
pub fn adam_on(
    ctx: &Ctx,
    step: &AdamStep,
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
) {
    adam_by::<false>(Some(ctx), step, Slices::new(parameter, gradient, [mean, square]));
}

/// AdamW (Loshchilov and Hutter 2019); the parameter shrinks by `1 - learning_rate * weight_decay` before the
/// update.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adamw(step: &AdamStep, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
    adam_by::<true>(None, step, Slices::new(parameter, gradient, [mean, square]));
}

/// As [`adamw`], by the threads of `ctx`.
pub fn adamw_on(
    ctx: &Ctx,
    step: &AdamStep,
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
) {
    adam_by::<true>(Some(ctx), step, Slices::new(parameter, gradient, [mean, square]));
}

/// The numbers of an [`SgdStep`], rounded.
#[derive(Clone, Copy)]
struct SgdNumbers {
    learning_rate: f32,
    momentum: f32,
    weight_decay: f32,
    clip: f32,
}

/// The numbers that elements meet in Adam, rounded.
#[derive(Clone, Copy)]
struct AdamNumbers {
    /// Of AdamW: what is kept of the parameter. Of Adam: the weight decay.
    decay: f32,
    clip: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    root_correction: f32,
    eps: f32,
    step_size: f32,
}

/// By the threads of `ctx`, or of rayon if there is none.
fn sgd_by(
    ctx: Option<&Ctx>,
    step: &SgdStep,
    parameter: &mut [f32],
    gradient: &[f32],
    momentum_buffer: &mut [f32],
) {
    assert!(step.step > 0, "steps are counted from one");
    let [learning_rate, momentum, weight_decay, clip] =
        [step.learning_rate, step.momentum, step.weight_decay, step.clip].map(|number| number as f32);
    let numbers = SgdNumbers { learning_rate, momentum, weight_decay, clip };
    let isa = ctx.map_or_else(Isa::best, |ctx| ctx.isa);
    if momentum == 0.0 {
        let slices = Slices::new(parameter, gradient, []);
        return match ctx {
            None => slices.update(&|slices| sgd_plain(isa, numbers, slices.parameter, slices.gradient)),
            Some(ctx) => ctx.team.parts(slices.parameter, CHUNK, |i, parameter| {
                sgd_plain(isa, numbers, parameter, part(gradient, i, parameter.len()));
            }),
        };
    }
    let slices = Slices::new(parameter, gradient, [momentum_buffer]);
    let chunk = |parameter: &mut [f32], gradient: &[f32], buffer: &mut [f32]| {
        // The first buffer is the raw gradient: whatever the slice held is forgotten, not decayed.
        if step.step == 1 {
            buffer.fill(0.0);
        }
        sgd_momentum(isa, numbers, parameter, gradient, buffer);
    };
    match ctx {
        None => slices
            .update(&|Slices { parameter, gradient, moments: [buffer] }| chunk(parameter, gradient, buffer)),
        Some(ctx) => {
            let [buffer] = slices.moments;
            ctx.team.parts2((slices.parameter, CHUNK), (buffer, CHUNK), |i, parameter, buffer| {
                chunk(parameter, part(gradient, i, parameter.len()), buffer);
            });
        }
    }
}

/// By the threads of `ctx`, or of rayon if there is none. `DECOUPLED`: AdamW.
fn adam_by<const DECOUPLED: bool>(ctx: Option<&Ctx>, step: &AdamStep, slices: Slices<'_, 2>) {
    assert!(step.step > 0, "steps are counted from one");
    let decay = if DECOUPLED { 1.0 - step.learning_rate * step.weight_decay } else { step.weight_decay };
    let numbers = AdamNumbers {
        decay: decay as f32,
        clip: step.clip as f32,
        rest1: (1.0 - step.beta1) as f32,
        beta2: step.beta2 as f32,
        rest2: (1.0 - step.beta2) as f32,
        root_correction: (1.0 - power(step.beta2, step.step)).sqrt() as f32,
        eps: step.eps as f32,
        step_size: (step.learning_rate / (1.0 - power(step.beta1, step.step))) as f32,
    };
    let isa = ctx.map_or_else(Isa::best, |ctx| ctx.isa);
    let Some(ctx) = ctx else {
        return slices.update(&|Slices { parameter, gradient, moments: [mean, square] }| {
            adam_chunk::<DECOUPLED>(isa, numbers, parameter, gradient, mean, square);
        });
    };
    let Slices { parameter, gradient, moments: [mean, square] } = slices;
    ctx.team.parts3((parameter, CHUNK), (mean, CHUNK), (square, CHUNK), |i, parameter, mean, square| {
        let gradient = part(gradient, i, parameter.len());
        adam_chunk::<DECOUPLED>(isa, numbers, parameter, gradient, mean, square);
    });
}

rungs! {
    fn sgd_plain(numbers: SgdNumbers, parameter: &mut [f32], gradient: &[f32]) {
        for (theta, &g) in parameter.iter_mut().zip(gradient) {
            let decayed = g * numbers.clip + numbers.weight_decay * *theta;
            *theta -= numbers.learning_rate * decayed;
        }
    }

    fn sgd_momentum(numbers: SgdNumbers, parameter: &mut [f32], gradient: &[f32], buffer: &mut [f32]) {
        for ((theta, &g), direction) in parameter.iter_mut().zip(gradient).zip(buffer) {
            let decayed = g * numbers.clip + numbers.weight_decay * *theta;
            *direction = numbers.momentum * *direction + decayed;
            *theta -= numbers.learning_rate * *direction;
        }
    }

    fn adam_chunk<const DECOUPLED: bool>(
        numbers: AdamNumbers,
        parameter: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
    ) {
        let AdamNumbers { decay, clip, rest1, beta2, rest2, root_correction, eps, step_size } = numbers;
        let moments = mean.iter_mut().zip(square);
        for ((theta, &g), (mean, square)) in parameter.iter_mut().zip(gradient).zip(moments) {
            let g = g * clip;
            let (decayed, g) = if DECOUPLED { (decay * *theta, g) } else { (*theta, g + decay * *theta) };
            *mean += rest1 * (g - *mean);
            *square = beta2 * *square + rest2 * (g * g);
            *theta = decayed - step_size * (*mean / (square.sqrt() / root_correction + eps));
        }
    }
}

/// The same stretch of every flat buffer.
struct Slices<'a, const N: usize> {
    parameter: &'a mut [f32],
    gradient: &'a [f32],
    moments: [&'a mut [f32]; N],
}

impl<'a, const N: usize> Slices<'a, N> {
    fn new(parameter: &'a mut [f32], gradient: &'a [f32], moments: [&'a mut [f32]; N]) -> Self {
        assert_eq!(gradient.len(), parameter.len(), "gradient and parameter differ in length");
        for moment in &moments {
            assert_eq!(moment.len(), parameter.len(), "moments and parameter differ in length");
        }
        Self { parameter, gradient, moments }
    }

    /// Calls `update` on every chunk, on several at the same time if there are several.
    fn update(mut self, update: &(impl Fn(Slices<'_, N>) + Sync)) {
        if self.parameter.len() <= CHUNK {
            return update(self);
        }
        let rest = self.split_off((self.parameter.len() / 2).next_multiple_of(CHUNK));
        rayon::join(|| self.update(update), || rest.update(update));
    }

    /// Keeps the first `middle` elements and returns the others.
    fn split_off(&mut self, middle: usize) -> Self {
        let rest_of = |slice: &mut &'a mut [f32]| {
            let (first, rest) = std::mem::take(slice).split_at_mut(middle);
            *slice = first;
            rest
        };
        let (gradient, rest) = self.gradient.split_at(middle);
        self.gradient = gradient;
        Self {
            parameter: rest_of(&mut self.parameter),
            gradient: rest,
            moments: self.moments.each_mut().map(rest_of),
        }
    }
}

/// `base` to a whole power by repeated squaring: `powi` and `powf` may differ from machine to machine.
fn power(base: f64, mut exponent: u64) -> f64 {
    let (mut result, mut square) = (1.0, base);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= square;
        }
        square *= square;
        exponent /= 2;
    }
    result
}

#[cfg(test)]
mod tests;
