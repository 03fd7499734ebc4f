use super::{over, power};
use crate::ctx::Ctx;
use crate::isa::rungs;

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
    /// What each gradient is multiplied by before anything else; see [`super::clip_factor`].
    pub clip: f64,
}

/// The same, rounded to what the elements are computed in.
#[derive(Clone, Copy)]
struct Numbers {
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

/// Adam (Kingma and Ba 2015); weight decay is added to the gradient and so enters the moments.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adam(
    ctx: Option<&Ctx>,
    step: &AdamStep,
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
) {
    let numbers = step.numbers(step.weight_decay);
    over(ctx, gradient, [parameter, mean, square], &|isa, gradient, [parameter, mean, square]| {
        chunk::<false>(isa, numbers, parameter, gradient, mean, square);
    });
}

/// AdamW (Loshchilov and Hutter 2019); the parameter shrinks by `1 - learning_rate * weight_decay` before the
/// update.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adamw(
    ctx: Option<&Ctx>,
    step: &AdamStep,
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
) {
    let numbers = step.numbers(1.0 - step.learning_rate * step.weight_decay);
    over(ctx, gradient, [parameter, mean, square], &|isa, gradient, [parameter, mean, square]| {
        chunk::<true>(isa, numbers, parameter, gradient, mean, square);
    });
}

impl AdamStep {
    fn numbers(&self, decay: f64) -> Numbers {
        assert!(self.step > 0, "steps are counted from one");
        Numbers {
            decay: decay as f32,
            clip: self.clip as f32,
            rest1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            rest2: (1.0 - self.beta2) as f32,
            root_correction: (1.0 - power(self.beta2, self.step)).sqrt() as f32,
            eps: self.eps as f32,
            step_size: (self.learning_rate / (1.0 - power(self.beta1, self.step))) as f32,
        }
    }
}

rungs! {
    fn chunk<const DECOUPLED: bool>(
        numbers: Numbers,
        parameter: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        square: &mut [f32],
    ) {
        let Numbers { decay, clip, rest1, beta2, rest2, root_correction, eps, step_size } = numbers;
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
