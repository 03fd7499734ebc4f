use super::over;
use crate::ctx::Ctx;
use crate::isa::rungs;

/// The numbers of one step of RMSprop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsPropStep {
    /// How far to go along the normalised gradient.
    pub learning_rate: f64,
    /// How much of the mean squared gradient is kept.
    pub alpha: f64,
    /// What is added to the root of the mean squared gradient.
    pub eps: f64,
    /// How much of the last direction is kept; at 0 there is no momentum buffer.
    pub momentum: f64,
    /// Whether the square of the mean gradient is taken from the mean squared gradient; if not, there is no mean gradient.
    pub centered: bool,
    /// How much of the parameter is added to its gradient.
    pub weight_decay: f64,
    /// What each gradient is multiplied by before anything else; see [`super::clip_factor`].
    pub clip: f64,
}

/// The same, rounded to what the elements are computed in.
#[derive(Clone, Copy)]
struct Numbers {
    learning_rate: f32,
    alpha: f32,
    rest: f32,
    eps: f32,
    momentum: f32,
    weight_decay: f32,
    clip: f32,
}

/// RMSprop (Tieleman & Hinton 2012): the gradient over the root of its mean square, or of its variance if it is centered
/// (Graves 2013), with momentum if it is not zero.
///
/// The moments are the mean square, the momentum buffer and the mean gradient: each as long as `parameter` and zero at first;
/// what the step does not keep is not looked at and may be empty. A variance that rounding makes negative counts as zero, where
/// PyTorch has NaN.
pub fn rmsprop(
    ctx: Option<&Ctx>,
    step: &RmsPropStep,
    parameter: &mut [f32],
    gradient: &[f32],
    [square, momentum_buffer, mean]: [&mut [f32]; 3],
) {
    let numbers = Numbers {
        learning_rate: step.learning_rate as f32,
        alpha: step.alpha as f32,
        rest: (1.0 - step.alpha) as f32,
        eps: step.eps as f32,
        momentum: step.momentum as f32,
        weight_decay: step.weight_decay as f32,
        clip: step.clip as f32,
    };
    match (step.momentum == 0.0, step.centered) {
        (true, false) => over(ctx, gradient, [parameter, square], &|isa, gradient, [parameter, square]| {
            plain(isa, numbers, parameter, gradient, square);
        }),
        (true, true) => {
            over(ctx, gradient, [parameter, square, mean], &|isa, gradient, [parameter, square, mean]| {
                centered(isa, numbers, parameter, gradient, square, mean);
            });
        }
        (false, false) => {
            let moving = [parameter, square, momentum_buffer];
            over(ctx, gradient, moving, &|isa, gradient, [parameter, square, buffer]| {
                with_momentum(isa, numbers, parameter, gradient, square, buffer);
            });
        }
        (false, true) => {
            let moving = [parameter, square, momentum_buffer, mean];
            over(ctx, gradient, moving, &|isa, gradient, [parameter, square, buffer, mean]| {
                centered_with_momentum(isa, numbers, parameter, gradient, square, buffer, mean);
            });
        }
    }
}

/// The gradient, decayed, over the root of its mean square, which moves first.
#[inline(always)]
fn normalised(numbers: Numbers, theta: f32, g: f32, square: &mut f32) -> f32 {
    let g = g * numbers.clip + numbers.weight_decay * theta;
    *square = numbers.alpha * *square + numbers.rest * (g * g);
    g / (square.sqrt() + numbers.eps)
}

/// The same over the root of its variance, whose means move first.
#[inline(always)]
fn normalised_by_variance(numbers: Numbers, theta: f32, g: f32, square: &mut f32, mean: &mut f32) -> f32 {
    let g = g * numbers.clip + numbers.weight_decay * theta;
    *square = numbers.alpha * *square + numbers.rest * (g * g);
    *mean += numbers.rest * (g - *mean);
    let variance = *square - *mean * *mean;
    g / (if variance < 0.0 { 0.0 } else { variance }.sqrt() + numbers.eps)
}

rungs! {
    fn plain(numbers: Numbers, parameter: &mut [f32], gradient: &[f32], square: &mut [f32]) {
        for ((theta, &g), square) in parameter.iter_mut().zip(gradient).zip(square) {
            *theta -= numbers.learning_rate * normalised(numbers, *theta, g, square);
        }
    }

    fn centered(
        numbers: Numbers,
        parameter: &mut [f32],
        gradient: &[f32],
        square: &mut [f32],
        mean: &mut [f32],
    ) {
        for ((theta, &g), (square, mean)) in parameter.iter_mut().zip(gradient).zip(square.iter_mut().zip(mean)) {
            *theta -= numbers.learning_rate * normalised_by_variance(numbers, *theta, g, square, mean);
        }
    }

    fn with_momentum(
        numbers: Numbers,
        parameter: &mut [f32],
        gradient: &[f32],
        square: &mut [f32],
        buffer: &mut [f32],
    ) {
        let moments = square.iter_mut().zip(buffer);
        for ((theta, &g), (square, direction)) in parameter.iter_mut().zip(gradient).zip(moments) {
            *direction = numbers.momentum * *direction + normalised(numbers, *theta, g, square);
            *theta -= numbers.learning_rate * *direction;
        }
    }

    fn centered_with_momentum(
        numbers: Numbers,
        parameter: &mut [f32],
        gradient: &[f32],
        square: &mut [f32],
        buffer: &mut [f32],
        mean: &mut [f32],
    ) {
        let moments = square.iter_mut().zip(mean).zip(buffer);
        for ((theta, &g), ((square, mean), direction)) in parameter.iter_mut().zip(gradient).zip(moments) {
            let normalised = normalised_by_variance(numbers, *theta, g, square, mean);
            *direction = numbers.momentum * *direction + normalised;
            *theta -= numbers.learning_rate * *direction;
        }
    }
}
