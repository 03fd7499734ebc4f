//! What layers compute, written with the few candle operations whose values and gradients were checked
//! (tests/it/candle_contract.rs) and, on the processor, with loops of our own that say the same and are faster.
//!
//! Images are channels last here, `[B, H, W, C]`: a window is then a run of whole pixels, a convolution one
//! product of two matrices, and a statistic over a channel a column of a matrix. The runner turns them at the
//! edges of the graph.

mod activation;
mod affine;
mod conv;
mod host;
mod loss;
mod members;
mod norm;
mod pool;
mod sequence;
mod upsample;
mod window;

pub(crate) use activation::{dropout, gelu, hard_tanh, leaky_relu, mish, relu, silu, softplus};
pub(crate) use affine::{dense, scale, shift};
pub(crate) use conv::{conv_transpose2d, conv2d};
pub(crate) use loss::{binary_cross_entropy, cross_entropy, huber, mae, mse, quantile, soft_cross_entropy};
pub(crate) use members::{grouped_dense, member_mean, repeat};
pub(crate) use norm::{
    Moments, batch_norm, group_norm, layer_norm, normalise, normalise_groups, restore, rms_norm,
};
pub(crate) use pool::{Pool, pool};
pub(crate) use sequence::{Cell, Walk, attention, counted, max_over_time, mean_over_time, patches};
pub(crate) use upsample::upsample;
pub(crate) use window::{Sight, Window};

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
