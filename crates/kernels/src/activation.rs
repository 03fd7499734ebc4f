//! Functions between layers, one pass each way.

use std::f32::consts::{FRAC_2_SQRT_PI, SQRT_2};

use crate::ctx::Ctx;
use crate::map;
use crate::vmath::{exp_to_one, ln_1p, normal_below, sigmoid, tanh};
use crate::write::Write;

/// A function that a network puts between its layers, applied to every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(x, 0)`; NaN stays NaN. Its gradient at 0 is 0.
    Relu,
    /// `x * Phi(x)` with the normal distribution `Phi` (Hendrycks and Gimpel 2016): PyTorch's default form.
    Gelu,
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`: the form of GPT-2.
    GeluTanh,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `x * sigmoid(x)`, also called swish (Elfwing et al. 2017).
    Silu,
    /// `x` above zero, else `slope * x` (Maas et al. 2013).
    LeakyRelu {
        /// From 0 to 1, so that the sign of the output is that of the input.
        slope: f32,
    },
    /// `x` above zero, else `alpha * (e^x - 1)` (Clevert et al. 2016).
    Elu {
        /// Above zero.
        alpha: f32,
    },
    /// `ln(1 + e^x)`.
    Softplus,
    /// `x * tanh(softplus(x))` (Misra 2020).
    Mish,
    /// `x`, but no less than `low` and no more than `high`; its gradient there is 0.
    HardTanh {
        /// The least.
        low: f32,
        /// The most.
        high: f32,
    },
}

/// Which of its two tensors the backward pass of an activation reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// What went in.
    Input,
    /// What came out.
    Output,
}

impl Activation {
    /// Every activation, with settings that PyTorch has.
    pub const ALL: [Activation; 11] = [
        Activation::Relu,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Silu,
        Activation::LeakyRelu { slope: 0.01 },
        Activation::Elu { alpha: 1.0 },
        Activation::Softplus,
        Activation::Mish,
        Activation::HardTanh { low: -1.0, high: 1.0 },
    ];

    /// What [`activation_backward`] must be given beside the gradient.
    pub fn backward_reads(self) -> Reads {
        match self {
            Activation::Relu
            | Activation::Tanh
            | Activation::Sigmoid
            | Activation::LeakyRelu { .. }
            | Activation::Elu { .. }
            | Activation::HardTanh { .. } => Reads::Output,
            Activation::Gelu
            | Activation::GeluTanh
            | Activation::Silu
            | Activation::Softplus
            | Activation::Mish => Reads::Input,
        }
    }
}

/// Applies an activation: `y = f(x)`.
///
/// # Panics
/// If lengths differ, as for all below.
pub fn activation(ctx: &Ctx, activation: Activation, x: &[f32], y: &mut [f32]) {
    match activation {
        Activation::Relu => map::map(ctx, relu, x, y),
        Activation::Gelu => map::map(ctx, gelu, x, y),
        Activation::GeluTanh => map::map(ctx, gelu_tanh, x, y),
        Activation::Tanh => map::map(ctx, tanh, x, y),
        Activation::Sigmoid => map::map(ctx, sigmoid, x, y),
        Activation::Silu => map::map(ctx, silu, x, y),
        Activation::LeakyRelu { slope } => map::map(ctx, |x| leaky_relu(x, slope), x, y),
        Activation::Elu { alpha } => map::map(ctx, |x| elu(x, alpha), x, y),
        Activation::Softplus => map::map(ctx, softplus, x, y),
        Activation::Mish => map::map(ctx, mish, x, y),
        Activation::HardTanh { low, high } => map::map(ctx, |x| hard_tanh(x, low, high), x, y),
    }
}

/// As [`activation`], where input and output are one slice.
pub fn activation_in_place(ctx: &Ctx, activation: Activation, x: &mut [f32]) {
    match activation {
        Activation::Relu => map::map_in_place(ctx, relu, x),
        Activation::Gelu => map::map_in_place(ctx, gelu, x),
        Activation::GeluTanh => map::map_in_place(ctx, gelu_tanh, x),
        Activation::Tanh => map::map_in_place(ctx, tanh, x),
        Activation::Sigmoid => map::map_in_place(ctx, sigmoid, x),
        Activation::Silu => map::map_in_place(ctx, silu, x),
        Activation::LeakyRelu { slope } => map::map_in_place(ctx, |x| leaky_relu(x, slope), x),
        Activation::Elu { alpha } => map::map_in_place(ctx, |x| elu(x, alpha), x),
        Activation::Softplus => map::map_in_place(ctx, softplus, x),
        Activation::Mish => map::map_in_place(ctx, mish, x),
        Activation::HardTanh { low, high } => map::map_in_place(ctx, |x| hard_tanh(x, low, high), x),
    }
}

/// Carries a gradient back through an activation: `dx = dy * f'(x)`.
///
/// `seen` is the input or the output, as [`Activation::backward_reads`] says.
pub fn activation_backward(
    ctx: &Ctx,
    activation: Activation,
    seen: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    match activation {
        Activation::Relu => map::zip(ctx, relu_backward, seen, dy, dx, write),
        Activation::Gelu => map::zip(ctx, gelu_backward, seen, dy, dx, write),
        Activation::GeluTanh => map::zip(ctx, gelu_tanh_backward, seen, dy, dx, write),
        Activation::Tanh => map::zip(ctx, tanh_backward, seen, dy, dx, write),
        Activation::Sigmoid => map::zip(ctx, sigmoid_backward, seen, dy, dx, write),
        Activation::Silu => map::zip(ctx, silu_backward, seen, dy, dx, write),
        Activation::LeakyRelu { slope } => {
            map::zip(ctx, |y, dy| leaky_relu_backward(y, dy, slope), seen, dy, dx, write)
        }
        Activation::Elu { alpha } => map::zip(ctx, |y, dy| elu_backward(y, dy, alpha), seen, dy, dx, write),
        Activation::Softplus => map::zip(ctx, softplus_backward, seen, dy, dx, write),
        Activation::Mish => map::zip(ctx, mish_backward, seen, dy, dx, write),
        Activation::HardTanh { low, high } => {
            map::zip(ctx, |y, dy| hard_tanh_backward(y, dy, low, high), seen, dy, dx, write)
        }
    }
}

/// As [`activation_backward`], where the gradient is overwritten by the one carried back.
pub fn activation_backward_in_place(ctx: &Ctx, activation: Activation, seen: &[f32], dy: &mut [f32]) {
    match activation {
        Activation::Relu => map::zip_in_place(ctx, relu_backward, seen, dy),
        Activation::Gelu => map::zip_in_place(ctx, gelu_backward, seen, dy),
        Activation::GeluTanh => map::zip_in_place(ctx, gelu_tanh_backward, seen, dy),
        Activation::Tanh => map::zip_in_place(ctx, tanh_backward, seen, dy),
        Activation::Sigmoid => map::zip_in_place(ctx, sigmoid_backward, seen, dy),
        Activation::Silu => map::zip_in_place(ctx, silu_backward, seen, dy),
        Activation::LeakyRelu { slope } => {
            map::zip_in_place(ctx, |y, dy| leaky_relu_backward(y, dy, slope), seen, dy)
        }
        Activation::Elu { alpha } => map::zip_in_place(ctx, |y, dy| elu_backward(y, dy, alpha), seen, dy),
        Activation::Softplus => map::zip_in_place(ctx, softplus_backward, seen, dy),
        Activation::Mish => map::zip_in_place(ctx, mish_backward, seen, dy),
        Activation::HardTanh { low, high } => {
            map::zip_in_place(ctx, |y, dy| hard_tanh_backward(y, dy, low, high), seen, dy)
        }
    }
}

#[inline(always)]
pub(crate) fn relu(x: f32) -> f32 {
    if x <= 0.0 { 0.0 } else { x }
}

#[inline(always)]
pub(crate) fn relu_backward(y: f32, dy: f32) -> f32 {
    if y <= 0.0 { 0.0 } else { dy }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    x * normal_below(x).0
}

#[inline(always)]
fn gelu_backward(x: f32, dy: f32) -> f32 {
    const DENSITY_AT_0: f32 = FRAC_2_SQRT_PI / (2.0 * SQRT_2); // 1 / sqrt(2 pi)
    let (below, e) = normal_below(x);
    dy * (x * DENSITY_AT_0).mul_add(e, below)
}

/// sqrt(2 / pi) twice, for `(1 + tanh(u)) / 2 = sigmoid(2 u)`, which keeps its digits where it is close to zero.
const TWICE_BETA: f32 = SQRT_2 * FRAC_2_SQRT_PI;

const KAPPA: f32 = 0.044_715;

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    x * sigmoid(TWICE_BETA * x * (KAPPA * x).mul_add(x, 1.0))
}

#[inline(always)]
fn gelu_tanh_backward(x: f32, dy: f32) -> f32 {
    let s = sigmoid(TWICE_BETA * x * (KAPPA * x).mul_add(x, 1.0));
    let slope = TWICE_BETA * (3.0 * KAPPA * x).mul_add(x, 1.0);
    dy * (x * slope * (1.0 - s)).mul_add(s, s)
}

#[inline(always)]
fn tanh_backward(y: f32, dy: f32) -> f32 {
    dy * (1.0 - y * y)
}

#[inline(always)]
fn sigmoid_backward(y: f32, dy: f32) -> f32 {
    dy * (1.0 - y) * y
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    let e = exp_to_one(-x.abs());
    x * (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

#[inline(always)]
fn silu_backward(x: f32, dy: f32) -> f32 {
    let s = sigmoid(x);
    dy * (x * (1.0 - s)).mul_add(s, s)
}

#[inline(always)]
fn leaky_relu(x: f32, slope: f32) -> f32 {
    if x <= 0.0 { slope * x } else { x }
}

#[inline(always)]
fn leaky_relu_backward(y: f32, dy: f32, slope: f32) -> f32 {
    if y <= 0.0 { slope * dy } else { dy }
}

/// With `t = tanh(x / 2)`, `e^x - 1` is `2 t / (1 - t)`, which keeps its digits near zero.
#[inline(always)]
fn elu(x: f32, alpha: f32) -> f32 {
    let t = tanh(0.5 * x);
    if x <= 0.0 { alpha * (2.0 * t / (1.0 - t)) } else { x }
}

#[inline(always)]
fn elu_backward(y: f32, dy: f32, alpha: f32) -> f32 {
    if y <= 0.0 { dy * (y + alpha) } else { dy }
}

#[inline(always)]
fn softplus(x: f32) -> f32 {
    let above = if x > 0.0 { x } else { 0.0 };
    above + ln_1p(exp_to_one(-x.abs()))
}

#[inline(always)]
fn softplus_backward(x: f32, dy: f32) -> f32 {
    dy * sigmoid(x)
}

/// `tanh(softplus(x))`, and what it lacks of 1, from one exponential: with `p = (1 + e^x)^2` they are `(p - 1) / (p + 1)` and
/// `2 / (p + 1)`, above zero times `e^-2x`.
#[inline(always)]
fn mish_share(x: f32) -> (f32, f32) {
    let e = exp_to_one(-x.abs());
    let (part, rest) = if x < 0.0 { (e * (e + 2.0), 2.0) } else { (2.0_f32.mul_add(e, 1.0), 2.0 * e * e) };
    (part / (part + rest), rest / (part + rest))
}

#[inline(always)]
fn mish(x: f32) -> f32 {
    x * mish_share(x).0
}

#[inline(always)]
fn mish_backward(x: f32, dy: f32) -> f32 {
    let (share, lack) = mish_share(x);
    dy * (x * sigmoid(x)).mul_add(lack * (1.0 + share), share)
}

#[inline(always)]
fn hard_tanh(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

#[inline(always)]
fn hard_tanh_backward(y: f32, dy: f32, low: f32, high: f32) -> f32 {
    if y <= low || y >= high { 0.0 } else { dy }
}

#[cfg(test)]
mod tests;
