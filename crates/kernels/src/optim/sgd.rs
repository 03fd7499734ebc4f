use super::over;
use crate::ctx::Ctx;
use crate::isa::rungs;

/// The numbers of one step of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    /// How far to go against the gradient.
    pub learning_rate: f64,
    /// How much of the last direction is kept; at 0 there is no momentum buffer.
    pub momentum: f64,
    /// Whether the gradient is taken where the kept direction leads (Sutskever et al. 2013); means nothing without momentum.
    pub nesterov: bool,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
    /// The number of this step, counted from one: at the first the momentum buffer is the gradient itself.
    pub step: u64,
    /// What each gradient is multiplied by before anything else; see [`super::clip_factor`].
    pub clip: f64,
}

/// The same, rounded to what the elements are computed in.
#[derive(Clone, Copy)]
struct Numbers {
    learning_rate: f32,
    momentum: f32,
    weight_decay: f32,
    clip: f32,
}

/// Stochastic gradient descent, with momentum if it is not zero.
///
/// `momentum_buffer` is as long as `parameter`; without momentum it is not looked at and may be empty.
pub fn sgd(
    ctx: Option<&Ctx>,
    step: &SgdStep,
    parameter: &mut [f32],
    gradient: &[f32],
    momentum_buffer: &mut [f32],
) {
    assert!(step.step > 0, "steps are counted from one");
    let [learning_rate, momentum, weight_decay, clip] =
        [step.learning_rate, step.momentum, step.weight_decay, step.clip].map(|number| number as f32);
    let numbers = Numbers { learning_rate, momentum, weight_decay, clip };
    if momentum == 0.0 {
        return over(ctx, gradient, [parameter], &|isa, gradient, [parameter]| {
            plain(isa, numbers, parameter, gradient);
        });
    }
    over(ctx, gradient, [parameter, momentum_buffer], &|isa, gradient, [parameter, buffer]| {
        // The first buffer is the raw gradient: whatever the slice held is forgotten, not decayed.
        if step.step == 1 {
            buffer.fill(0.0);
        }
        match step.nesterov {
            false => with_momentum::<false>(isa, numbers, parameter, gradient, buffer),
            true => with_momentum::<true>(isa, numbers, parameter, gradient, buffer),
        }
    });
}

rungs! {
    fn plain(numbers: Numbers, parameter: &mut [f32], gradient: &[f32]) {
        for (theta, &g) in parameter.iter_mut().zip(gradient) {
            let decayed = g * numbers.clip + numbers.weight_decay * *theta;
            *theta -= numbers.learning_rate * decayed;
        }
    }

    fn with_momentum<const NESTEROV: bool>(
        numbers: Numbers,
        parameter: &mut [f32],
        gradient: &[f32],
        buffer: &mut [f32],
    ) {
        for ((theta, &g), direction) in parameter.iter_mut().zip(gradient).zip(buffer) {
            let decayed = g * numbers.clip + numbers.weight_decay * *theta;
            *direction = numbers.momentum * *direction + decayed;
            let way = if NESTEROV { decayed + numbers.momentum * *direction } else { *direction };
            *theta -= numbers.learning_rate * way;
        }
    }
}
