//! Functions between layers, one pass each way.

use std::f32::consts::{FRAC_2_SQRT_PI, SQRT_2};

use crate::ctx::Ctx;
use crate::map;
use crate::vmath::{exp_to_one, normal_below, sigmoid, tanh};
use crate::write::Write;

/// A function that a network puts between its layers, applied to every element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Every activation.
    pub const ALL: [Activation; 6] = [
        Activation::Relu,
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Silu,
    ];

    /// What [`activation_backward`] must be given beside the gradient.
    pub fn backward_reads(self) -> Reads {
        match self {
            Activation::Relu | Activation::Tanh | Activation::Sigmoid => Reads::Output,
            Activation::Gelu | Activation::GeluTanh | Activation::Silu => Reads::Input,
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

#[cfg(test)]
mod tests;
