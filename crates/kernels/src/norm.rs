//! Normalisation: over the batch, over a row, over groups of channels.

mod apply;
mod batch;
mod group;
mod layer;
mod moments;
mod restore;

pub use batch::{batch_norm_backward, batch_norm_predict, batch_norm_train};
pub use group::{group_norm, group_norm_backward};
pub use layer::{layer_norm, layer_norm_backward, rms_norm, rms_norm_backward};
pub use moments::{Moments, move_running};
pub use restore::{instance_restore, instance_restore_backward, instance_restore_window_backward};

use crate::scratch::lend;

/// The weight that the caller has, or ones.
fn or_ones<T>(weight: Option<&[f32]>, len: usize, work: impl FnOnce(&[f32]) -> T) -> T {
    or_constant(weight, len, 1.0, work)
}

/// The bias that the caller has, or zeros.
fn or_zeros<T>(bias: Option<&[f32]>, len: usize, work: impl FnOnce(&[f32]) -> T) -> T {
    or_constant(bias, len, 0.0, work)
}

fn or_constant<T>(given: Option<&[f32]>, len: usize, constant: f32, work: impl FnOnce(&[f32]) -> T) -> T {
    match given {
        Some(given) => {
            assert_eq!(given.len(), len, "a norm's weight and bias have {len} numbers");
            work(given)
        }
        None => lend(len, |numbers| {
            numbers.fill(constant);
            work(numbers)
        }),
    }
}

#[cfg(test)]
mod tests;
