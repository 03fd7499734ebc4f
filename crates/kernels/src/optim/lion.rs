use super::over;
use crate::ctx::Ctx;
use crate::isa::rungs;

/// The numbers of one step of Lion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LionStep {
    /// How far each element goes.
    pub learning_rate: f64,
    /// How much of the mean gradient is in the direction.
    pub beta1: f64,
    /// How much of the mean gradient is kept.
    pub beta2: f64,
    /// Times the learning rate, how much of the parameter is lost.
    pub weight_decay: f64,
    /// What each gradient is multiplied by before anything else; see [`super::clip_factor`].
    pub clip: f64,
}

/// The same, rounded to what the elements are computed in.
#[derive(Clone, Copy)]
struct Numbers {
    learning_rate: f32,
    decay: f32,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    clip: f32,
}

/// Lion (Chen et al. 2023, algorithm 2): every element goes one learning rate against the sign of a mean gradient, in which
/// the newest gradient counts more than in the mean that is kept.
///
/// `mean` is as long as `parameter` and starts at zero.
pub fn lion(ctx: Option<&Ctx>, step: &LionStep, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32]) {
    let numbers = Numbers {
        learning_rate: step.learning_rate as f32,
        decay: (1.0 - step.learning_rate * step.weight_decay) as f32,
        beta1: step.beta1 as f32,
        rest1: (1.0 - step.beta1) as f32,
        beta2: step.beta2 as f32,
        rest2: (1.0 - step.beta2) as f32,
        clip: step.clip as f32,
    };
    over(ctx, gradient, [parameter, mean], &|isa, gradient, [parameter, mean]| {
        chunk(isa, numbers, parameter, gradient, mean);
    });
}

/// -1, 0 or 1.
#[inline(always)]
fn sign(x: f32) -> f32 {
    f32::from(x > 0.0) - f32::from(x < 0.0)
}

rungs! {
    fn chunk(numbers: Numbers, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32]) {
        let Numbers { learning_rate, decay, beta1, rest1, beta2, rest2, clip } = numbers;
        for ((theta, &g), mean) in parameter.iter_mut().zip(gradient).zip(mean) {
            let g = g * clip;
            let way = sign(beta1 * *mean + rest1 * g);
            *mean = beta2 * *mean + rest2 * g;
            *theta = decay * *theta - learning_rate * way;
        }
    }
}
