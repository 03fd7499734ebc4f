//! One optimizer step over flat slices, with the semantics and the order of operations of PyTorch.
//!
//! Each function reads a gradient once and updates parameters and moments in place, by the threads of `ctx`, or of rayon if
//! there is none. The step's scalars are computed in `f64` and rounded once; the arithmetic on elements is `f32`. Elements do
//! not meet, but in the products of [`muon()`], whose sums have one order; so threads cannot change a bit.
//!
//! # Panics
//! If slices differ in length, or steps are counted from zero.

mod adam;
mod average;
mod lion;
mod muon;
mod rmsprop;
mod sgd;

use crate::ctx::Ctx;
use crate::isa::Isa;
use crate::map::{CHUNK, part};

pub use adam::{AdamStep, adam, adamw};
pub use average::running_average;
pub use lion::{LionStep, lion};
pub use muon::{MuonStep, muon, muon_work};
pub use rmsprop::{RmsPropStep, rmsprop};
pub use sgd::{SgdStep, sgd};

/// What to multiply gradients of this norm by, so that their norm does not exceed `max`.
///
/// It is `min(1, max / (norm + 1e-6))`. NaN for a norm that is NaN, so that a lost gradient is not taken for a small one.
pub fn clip_factor(norm: f64, max: f64) -> f64 {
    let factor = max / (norm + 1e-6);
    // `f64::min` would turn NaN into 1.
    if factor > 1.0 { 1.0 } else { factor }
}

/// Calls `step` on every chunk of a gradient and of what moves by it: the parameter, then its moments.
fn over<const N: usize>(
    ctx: Option<&Ctx>,
    gradient: &[f32],
    moving: [&mut [f32]; N],
    step: &(impl Fn(Isa, &[f32], [&mut [f32]; N]) + Sync),
) {
    assert!(
        moving.iter().all(|slice| slice.len() == gradient.len()),
        "gradient, parameter and moments differ in length"
    );
    match ctx {
        None => halves(gradient, moving, &|gradient, moving| step(Isa::best(), gradient, moving)),
        Some(ctx) => ctx.team.parts_of(moving, CHUNK, |i, moving| {
            let len = moving.first().map_or(0, |slice| slice.len());
            step(ctx.isa, part(gradient, i, len), moving);
        }),
    }
}

/// Halves until a chunk is left, and works on both halves at the same time.
fn halves<const N: usize>(
    gradient: &[f32],
    mut moving: [&mut [f32]; N],
    step: &(impl Fn(&[f32], [&mut [f32]; N]) + Sync),
) {
    if gradient.len() <= CHUNK {
        return step(gradient, moving);
    }
    let middle = (gradient.len() / 2).next_multiple_of(CHUNK);
    let (near, far) = gradient.split_at(middle);
    let rest = moving.each_mut().map(|slice| {
        let (first, rest) = std::mem::take(slice).split_at_mut(middle);
        *slice = first;
        rest
    });
    rayon::join(|| halves(near, moving, step), || halves(far, rest, step));
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
