use std::f64::consts::{FRAC_2_PI, SQRT_2};

use baeum_core::Approximate;
use candle_core::{Result, Tensor};

use super::host::{Loop, Number, apply};

/// `max(x, 0)`, with gradient 0 at 0; NaN stays NaN.
pub(crate) fn relu(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { apply(x, Relu) } else { relu_composed(x) }
}

pub(super) fn relu_composed(x: &Tensor) -> Result<Tensor> {
    x.le(0.0)?.where_cond(&x.zeros_like()?, x)
}

struct Relu;

impl Loop for Relu {
    const NAME: &'static str = "relu";

    fn sizes(&self, x: &[usize]) -> Vec<usize> {
        x.to_vec()
    }

    fn run<T: Number>(&self, x: &[T]) -> Vec<T> {
        let zero = T::of(0.0);
        x.iter().map(|&x| if x <= zero { zero } else { x }).collect()
    }

    fn grad<T: Number>(&self, _: &[T], y: &[T], grad: &[T]) -> Vec<T> {
        let zero = T::of(0.0);
        // A result of NaN is not 0 either, and lets the gradient pass.
        y.iter().zip(grad).map(|(&y, &g)| if y == zero { zero } else { g }).collect()
    }
}

/// `x` times the normal distribution's share below `x`.
///
/// candle has both forms as one operation each, but its gradients use constants of six digits.
pub(crate) fn gelu(x: &Tensor, approximate: Approximate) -> Result<Tensor> {
    let twice_the_share = match approximate {
        Approximate::None => ((x / SQRT_2)?.erf()? + 1.0)?,
        Approximate::Tanh => {
            let cubic = ((x.sqr()? * x)? * 0.044_715)?;
            (((x + cubic)? * FRAC_2_PI.sqrt())?.tanh()? + 1.0)?
        }
    };
    (x * 0.5)? * twice_the_share
}

/// `x / (1 + exp(-x))`.
pub(crate) fn silu(x: &Tensor) -> Result<Tensor> {
    x * candle_nn::ops::sigmoid(x)?
}

/// `x` above zero, else `slope * x`.
pub(crate) fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    x.le(0.0)?.where_cond(&(x * slope)?, x)
}

/// `ln(1 + exp(x))`; from 20 on it is `x` to the last digit of an `f32`, and to nine of an `f64`, as PyTorch has it.
pub(crate) fn softplus(x: &Tensor) -> Result<Tensor> {
    let is_far = x.gt(20.0)?;
    let near = is_far.where_cond(&x.zeros_like()?, x)?;
    is_far.where_cond(x, &(near.exp()? + 1.0)?.log()?)
}

/// `x * tanh(softplus(x))`.
pub(crate) fn mish(x: &Tensor) -> Result<Tensor> {
    x * softplus(x)?.tanh()?
}

/// `x`, but no less than `low` and no more than `high`.
pub(crate) fn hard_tanh(x: &Tensor, low: f64, high: f64) -> Result<Tensor> {
    let bound = |to: f64| x.zeros_like()? + to;
    let below = x.ge(high)?.where_cond(&bound(high)?, x)?;
    x.le(low)?.where_cond(&bound(low)?, &below)
}

/// `x` times a mask of the same sizes, row-major, which is drawn and scaled already.
pub(crate) fn dropout(x: &Tensor, mask: Vec<f32>) -> Result<Tensor> {
    if x.device().is_cpu() {
        return apply(x, Masked(mask));
    }
    x * Tensor::from_vec(mask, x.shape(), x.device())?.to_dtype(x.dtype())?
}

/// A factor for each element.
struct Masked(Vec<f32>);

impl Masked {
    fn times<T: Number>(&self, x: &[T]) -> Vec<T> {
        x.iter().zip(&self.0).map(|(&x, &factor)| x * T::of(f64::from(factor))).collect()
    }
}

impl Loop for Masked {
    const NAME: &'static str = "dropout";

    fn sizes(&self, x: &[usize]) -> Vec<usize> {
        x.to_vec()
    }

    fn run<T: Number>(&self, x: &[T]) -> Vec<T> {
        self.times(x)
    }

    fn grad<T: Number>(&self, _: &[T], _: &[T], grad: &[T]) -> Vec<T> {
        self.times(grad)
    }
}
