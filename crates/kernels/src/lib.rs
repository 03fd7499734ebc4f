//! The arithmetic under Baeum: slices in, slices and numbers out.
//!
//! Nothing here knows a tensor, a layer or a file. Every function gives the same bits for any number of
//! threads: work is cut by the length of a slice alone, and partial results are joined in one fixed order.
//! Lengths that must agree are asserted once, at entry.

#![expect(
    unsafe_code,
    reason = "the one crate that may: buffers are split and lent to threads here; each block has its proof"
)]

mod arena;
mod buffer;
#[cfg(test)]
mod checks;
mod ctx;
mod isa;
mod lanes;
mod panels;
mod scratch;
mod team;
mod vmath;
mod write;

mod attention;
mod gemm;
mod math;
mod optim;
mod philox;
mod real;
mod recurrent;
mod reduce;
mod softmax;
#[cfg(test)]
mod testing;

pub use arena::{Arena, Span};
pub use buffer::{Buffer, as_words, as_words_mut};
pub use ctx::Ctx;
pub use isa::{Isa, Rung};
pub use team::Team;
pub use write::Write;

pub use attention::{AttentionMask, attention, attention_backward};
pub use gemm::{Bias, Epilogue, Matrix, MatrixMut, gemm};
pub use optim::{AdamStep, SgdStep, adam, adamw, clip_factor, sgd};
pub use philox::{bounded, fill_normal, fill_uniform, fill_words, normal_pair, philox_block, uniform};
pub use real::Real;
pub use recurrent::{
    Direction, RecurrentGradients, RecurrentWeights, Sequence, StateGradients, gru, gru_backward,
    gru_saved_len, lstm, lstm_backward, lstm_saved_len,
};
pub use reduce::{argmax, column_sums, max, mean, sum, sum_of_squares};
pub use softmax::{logsumexp, softmax};
