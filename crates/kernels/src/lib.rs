//! The arithmetic under Baeum: slices in, slices and numbers out.
//!
//! Nothing here knows a tensor, a layer or a file. Every function gives the same bits for any number of
//! threads: work is cut by the length of a slice alone, and partial results are joined in one fixed order.
//! Lengths that must agree are asserted once, at entry.

#![expect(
    unsafe_code,
    reason = "the one crate that may: buffers are split and lent to threads here; each block has its proof"
)]

mod activation;
mod arena;
mod buffer;
mod cross_entropy;
mod ctx;
mod dropout;
mod elementwise;
mod isa;
mod lanes;
mod loss;
mod map;
mod partials;
mod scratch;
mod team;
#[cfg(test)]
mod testing;
mod transpose;
mod vmath;
mod write;

mod math;
mod optim;
mod philox;
mod real;
mod reduce;
mod softmax;

pub use activation::{
    Activation, Reads, activation, activation_backward, activation_backward_in_place, activation_in_place,
};
pub use arena::{Arena, Span};
pub use buffer::{Buffer, as_words, as_words_mut};
pub use cross_entropy::{CrossEntropy, IGNORED, cross_entropy, cross_entropy_in_place};
pub use ctx::Ctx;
pub use dropout::{Dropout, dropout, dropout_in_place};
pub use elementwise::{accumulate, add, copy, copy_blocks, scale};
pub use isa::{Isa, Rung};
pub use loss::{bce_with_logits, huber, mae, mse};
pub use team::Team;
pub use transpose::transpose;
pub use write::Write;

pub use optim::{AdamStep, SgdStep, adam, adam_on, adamw, adamw_on, clip_factor, sgd, sgd_on};
pub use philox::{bounded, fill_normal, fill_uniform, fill_words, normal_pair, philox_block, uniform};
pub use real::Real;
pub use reduce::{argmax, column_sums, max, mean, sum, sum_of_squares, sum_of_squares_on};
pub use softmax::{logsumexp, softmax};
