//! One optimizer step over flat slices, with the semantics and the order of operations of PyTorch.
//!
//! Each function reads a gradient once and updates parameters and moments in place. The step's scalars are
//! computed in `f64` and rounded once; the arithmetic on elements is `f32`. Elements do not meet, so threads
//! cannot change a bit.

/// Elements that one thread updates at a time: enough to pay for the hand-over.
const CHUNK: usize = 1 << 14;

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
/// If lengths differ, or steps are counted from zero. The same holds for [`adam`] and [`adamw`].
pub fn sgd(step: &SgdStep, parameter: &mut [f32], gradient: &[f32], momentum_buffer: &mut [f32]) {
    assert!(step.step > 0, "steps are counted from one");
    let [learning_rate, momentum, weight_decay, clip] =
        [step.learning_rate, step.momentum, step.weight_decay, step.clip].map(|number| number as f32);
    let decayed = |theta: f32, g: f32| g * clip + weight_decay * theta;
    if momentum == 0.0 {
        return Slices::new(parameter, gradient, []).update(&|Slices { parameter, gradient, .. }| {
            for (theta, &g) in parameter.iter_mut().zip(gradient) {
                *theta -= learning_rate * decayed(*theta, g);
            }
        });
    }
    // The first buffer is the raw gradient: whatever the slice held is forgotten, not decayed.
    let kept = |direction: f32| if step.step == 1 { 0.0 } else { momentum * direction };
    Slices::new(parameter, gradient, [momentum_buffer]).update(&|slices| {
        let [buffer] = slices.moments;
        for ((theta, &g), direction) in slices.parameter.iter_mut().zip(slices.gradient).zip(buffer) {
            *direction = kept(*direction) + decayed(*theta, g);
            *theta -= learning_rate * *direction;
        }
    });
}

/// Adam (Kingma and Ba 2015); weight decay is added to the gradient and so enters the moments.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adam(step: &AdamStep, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
    let weight_decay = step.weight_decay as f32;
    let slices = Slices::new(parameter, gradient, [mean, square]);
    adam_with(step, slices, |theta, g| (theta, g + weight_decay * theta));
}

/// AdamW (Loshchilov and Hutter 2019); the parameter shrinks by `1 - learning_rate * weight_decay` before the
/// update.
///
/// `mean` and `square` are as long as `parameter` and start at zero.
pub fn adamw(step: &AdamStep, parameter: &mut [f32], gradient: &[f32], mean: &mut [f32], square: &mut [f32]) {
    let kept = (1.0 - step.learning_rate * step.weight_decay) as f32;
    let slices = Slices::new(parameter, gradient, [mean, square]);
    adam_with(step, slices, |theta, g| (kept * theta, g));
}

/// The update that both share; `decay` turns (parameter, clipped gradient) into what the update sees of them.
fn adam_with(step: &AdamStep, slices: Slices<'_, 2>, decay: impl Fn(f32, f32) -> (f32, f32) + Sync) {
    assert!(step.step > 0, "steps are counted from one");
    let step_size = (step.learning_rate / (1.0 - power(step.beta1, step.step))) as f32;
    let root_correction = (1.0 - power(step.beta2, step.step)).sqrt() as f32;
    let [beta2, rest1, rest2, eps, clip] =
        [step.beta2, 1.0 - step.beta1, 1.0 - step.beta2, step.eps, step.clip].map(|number| number as f32);
    slices.update(&|slices| {
        let [mean, square] = slices.moments;
        let moments = mean.iter_mut().zip(square);
        for ((theta, &g), (mean, square)) in slices.parameter.iter_mut().zip(slices.gradient).zip(moments) {
            let (decayed, g) = decay(*theta, g * clip);
            *mean += rest1 * (g - *mean);
            *square = beta2 * *square + rest2 * (g * g);
            *theta = decayed - step_size * (*mean / (square.sqrt() / root_correction + eps));
        }
    });
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
mod tests {
    use super::*;
    use crate::fill_normal;

    const SGD: SgdStep = SgdStep { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.0, step: 1, clip: 1.0 };
    const ADAM: AdamStep = AdamStep {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.0,
        step: 1,
        clip: 1.0,
    };

    /// Tolerance for `f32` arithmetic on numbers of size one, some ten roundings a step, over 20 steps.
    const BOUND: f64 = 20.0 * 10.0 * f32::EPSILON as f64;

    fn numbers(purpose: u32, len: usize) -> Vec<f32> {
        let mut values = vec![0.0; len];
        fill_normal([7, 7], [purpose, 0, 0], 0, &mut values);
        values
    }

    /// 20 steps of a kernel against the same formulas written out for one parameter in `f64`.
    fn against_reference(
        mut kernel: impl FnMut(u64, &mut [f32], &[f32], &mut [f32], &mut [f32]),
        reference: impl Fn(u64, f64, f64, &mut [f64; 2]) -> f64,
    ) {
        let len = CHUNK + 3; // so that a second chunk takes part
        let mut parameter = numbers(0, len);
        let mut wanted: Vec<f64> = parameter.iter().map(|&theta| f64::from(theta)).collect();
        // Garbage in the buffers' place would show for SGD; Adam's moments start at zero.
        let (mut first, mut second, mut moments) = (vec![0.0; len], vec![0.0; len], vec![[0.0; 2]; len]);
        for step in 1..=20 {
            let gradient = numbers(step as u32, len);
            kernel(step, &mut parameter, &gradient, &mut first, &mut second);
            for ((theta, &g), moments) in wanted.iter_mut().zip(&gradient).zip(&mut moments) {
                *theta = reference(step, *theta, f64::from(g), moments);
            }
        }
        for (i, (&got, &wanted)) in parameter.iter().zip(&wanted).enumerate() {
            assert!(
                (f64::from(got) - wanted).abs() < BOUND * (1.0 + wanted.abs()),
                "{i}: {got} is not {wanted}"
            );
        }
    }

    #[test]
    fn sgd_follows_the_formula() {
        against_reference(
            |step, theta, g, buffer, _| {
                sgd(&SgdStep { weight_decay: 0.02, clip: 0.5, step, ..SGD }, theta, g, buffer);
            },
            |step, theta, g, [buffer, _]| {
                let g = 0.5 * g + 0.02 * theta;
                *buffer = if step == 1 { g } else { 0.9 * *buffer + g };
                theta - 0.1 * *buffer
            },
        );
    }

    #[test]
    fn adam_follows_the_formula() {
        against_reference(
            |step, theta, g, mean, square| {
                adam(&AdamStep { weight_decay: 0.02, clip: 0.5, step, ..ADAM }, theta, g, mean, square);
            },
            |step, theta, g, [mean, square]| {
                let g = 0.5 * g + 0.02 * theta;
                *mean = 0.9 * *mean + 0.1 * g;
                *square = 0.999 * *square + 0.001 * g * g;
                let corrected =
                    [*mean / (1.0 - 0.9f64.powi(step as i32)), *square / (1.0 - 0.999f64.powi(step as i32))];
                theta - 0.1 * corrected[0] / (corrected[1].sqrt() + 1e-8)
            },
        );
    }

    #[test]
    fn adamw_follows_the_formula() {
        against_reference(
            |step, theta, g, mean, square| {
                adamw(&AdamStep { weight_decay: 0.3, clip: 0.5, step, ..ADAM }, theta, g, mean, square);
            },
            |step, theta, g, [mean, square]| {
                let (theta, g) = (theta - 0.1 * 0.3 * theta, 0.5 * g);
                *mean = 0.9 * *mean + 0.1 * g;
                *square = 0.999 * *square + 0.001 * g * g;
                let corrected =
                    [*mean / (1.0 - 0.9f64.powi(step as i32)), *square / (1.0 - 0.999f64.powi(step as i32))];
                theta - 0.1 * corrected[0] / (corrected[1].sqrt() + 1e-8)
            },
        );
    }

    #[test]
    fn two_steps_of_sgd_by_hand() {
        let (mut theta, mut buffer) = ([1.0f32], [123.0f32]);
        sgd(&SGD, &mut theta, &[2.0], &mut buffer);
        assert_eq!((theta, buffer), ([0.8], [2.0])); // the buffer's old content is forgotten
        sgd(&SgdStep { step: 2, ..SGD }, &mut theta, &[1.0], &mut buffer);
        assert_eq!((theta, buffer), ([0.52], [2.8])); // 0.9 * 2 + 1; 0.8 - 0.28
    }

    #[test]
    fn sgd_without_momentum_needs_no_buffer() {
        let mut theta = [1.0f32, -1.0];
        sgd(&SgdStep { momentum: 0.0, weight_decay: 0.5, ..SGD }, &mut theta, &[2.0, 0.0], &mut []);
        assert_eq!(theta, [0.75, -0.95]);
    }

    #[test]
    fn the_first_step_of_adam_is_the_learning_rate() {
        // With both biases corrected the first update is lr * g / |g|, whatever the gradient's size.
        for gradient in [3.0f32, 1e-3] {
            let (mut theta, mut mean, mut square) = ([1.0f32], [0.0f32], [0.0f32]);
            adam(&ADAM, &mut theta, &[gradient], &mut mean, &mut square);
            // eps is 1e-5 of the smaller gradient; that is times the rate.
            assert!((theta[0] - 0.9).abs() < 2e-6, "{}", theta[0]);
        }
    }

    #[test]
    fn eps_is_added_to_the_corrected_root() {
        // g = eps: corrected root = eps, so the update is half the learning rate. Keras' way would give a
        // thirtieth of it.
        let (mut theta, mut mean, mut square) = ([0.0f32], [0.0f32], [0.0f32]);
        adamw(&AdamStep { eps: 1e-3, ..ADAM }, &mut theta, &[1e-3], &mut mean, &mut square);
        assert!((theta[0] + 0.05).abs() < 1e-7, "{}", theta[0]);
    }

    #[test]
    fn the_clip_factor_never_enlarges() {
        assert_eq!(clip_factor(0.0, 1.0), 1.0);
        assert_eq!(clip_factor(0.5, 1.0), 1.0);
        assert_eq!(clip_factor(4.0, 1.0), 1.0 / 4.000_001);
        assert_eq!(clip_factor(f64::INFINITY, 1.0), 0.0);
        assert!(clip_factor(f64::NAN, 1.0).is_nan());
    }

    #[test]
    fn powers_are_those_of_the_library() {
        for exponent in [0, 1, 2, 3, 10, 1000, 12_345, 1_000_000] {
            let (got, wanted) = (power(0.999, exponent), 0.999f64.powf(exponent as f64));
            // An error of half a unit a factor, and there are `exponent` of them.
            assert!((got - wanted).abs() <= wanted * f64::EPSILON * (1 + exponent) as f64, "{exponent}");
        }
    }

    #[test]
    #[should_panic(expected = "moments and parameter differ in length")]
    fn moments_are_as_long_as_the_parameter() {
        adam(&ADAM, &mut [0.0; 2], &[0.0; 2], &mut [0.0; 2], &mut [0.0; 1]);
    }

    #[test]
    #[should_panic(expected = "steps are counted from one")]
    fn steps_start_at_one() {
        adam(&AdamStep { step: 0, ..ADAM }, &mut [], &[], &mut [], &mut []);
    }
}
