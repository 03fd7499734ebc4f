//! The arithmetic under Baeum: slices in, slices and numbers out.
//!
//! Nothing here knows a tensor, a layer or a file. Every function gives the same bits for any number of
//! threads: work is cut by the length of a slice alone, and partial results are joined in one fixed order.
//! Lengths that must agree are asserted once, at entry.

#![expect(
    unsafe_code,
    reason = "the one crate that may: buffers are split and lent to threads here; each block has its proof"
)]

// Where kernels run, and the memory they are given.
mod amx;
mod arena;
mod buffer;
mod counting;
mod ctx;
mod isa;
mod precision;
mod scratch;
mod team;

// What kernels share: sums in a fixed order, functions of one number, panels of matrices, ways to write.
mod channels;
mod lanes;
mod map;
mod math;
mod panels;
mod partials;
mod real;
mod sums;
mod vmath;
mod write;

// Products.
mod attention;
mod conv;
mod gemm;
mod recurrent;

// One pass over memory.
mod activation;
mod columns;
mod dropout;
mod elementwise;
mod embedding;
mod max_over_time;
mod member_mean;
mod norm;
mod pad;
mod places;
mod pool;
mod sequence;
mod transpose;
mod upsample;

// From outputs to a step: losses, reductions, optimizers, random numbers.
mod cross_entropy;
mod loss;
mod optim;
mod philox;
mod reduce;
mod roofline;
mod softmax;

#[cfg(test)]
mod testing;

pub use activation::{
    Activation, Reads, activation, activation_backward, activation_backward_in_place, activation_in_place,
};
pub use amx::{Amx, NoAmx};
pub use arena::{Arena, Lying, Span};
pub use attention::{AttentionMask, attention, attention_backward, attention_next, keep_place, kept_places};
pub use buffer::{Buffer, as_words, as_words_mut};
pub use columns::bias_gradient;
pub use conv::{
    Conv2d, conv2d, conv2d_data_grad, conv2d_prepare, conv2d_prepared, conv2d_prepared_len,
    conv2d_weight_grad,
};
pub use counting::Counting;
pub use cross_entropy::{CrossEntropy, IGNORED, cross_entropy, cross_entropy_in_place, cross_entropy_soft};
pub use ctx::Ctx;
pub use dropout::{Dropout, dropout, dropout_in_place};
pub use elementwise::{accumulate, add, add_relu, copy, copy_blocks, multiply, negate, scale, subtract};
pub use embedding::{embedding, embedding_backward};
pub use gemm::{Bias, Epilogue, Matrix, MatrixMut, gemm, gemm_prepare, gemm_prepared, gemm_prepared_len};
pub use isa::{Isa, Rung};
pub use loss::{bce_with_logits, huber, mae, mse, quantile};
pub use max_over_time::{max_over_time, max_over_time_backward};
pub use member_mean::{mean_of_sigmoid, mean_of_sigmoid_backward, mean_of_softmax, mean_of_softmax_backward};
pub use norm::{
    Moments, batch_norm_backward, batch_norm_predict, batch_norm_train, group_norm, group_norm_backward,
    instance_restore, instance_restore_backward, instance_restore_window_backward, layer_norm,
    layer_norm_backward, move_running, rms_norm, rms_norm_backward,
};
pub use optim::{
    AdamStep, LionStep, MuonStep, RmsPropStep, SgdStep, adam, adamw, clip_factor, lion, muon, muon_work,
    rmsprop, running_average, sgd,
};
pub use pad::{Edges, Pad, pad, pad_backward};
pub use philox::{bounded, fill_normal, fill_uniform, fill_words, normal_pair, philox_block, uniform};
pub use places::{Turn, rotate, rotations, sinusoids};
pub use pool::{
    Windows, adaptive_average_pool, adaptive_average_pool_backward, adaptive_matrix, adaptive_max_pool,
    adaptive_max_pool_backward, adaptive_window, average_pool, average_pool_backward, global_average_pool,
    global_average_pool_backward, max_pool, max_pool_backward, max_pool_values,
};
pub use precision::Precision;
pub use real::Real;
pub use recurrent::{
    Direction, RecurrentGradients, RecurrentLayer, RecurrentWeights, Sequence, StateGradients, bidirectional,
    gru, gru_backward, gru_saved_len, lstm, lstm_backward, lstm_saved_len,
};
pub use reduce::{argmax, column_sums, max, mean, sum, sum_of_squares, sum_of_squares_on};
pub use roofline::peak_products;
pub use sequence::{
    Pieces, add_repeated, cut_pieces, cut_pieces_backward, mean_over_time, mean_over_time_backward,
    multiply_repeated, sequence_lengths,
};
pub use softmax::{logsumexp, sigmoid, softmax, softplus};
pub use team::Team;
pub use transpose::{transpose, transpose_backward};
pub use upsample::{
    bilinear_matrix, upsample_bilinear, upsample_bilinear_backward, upsample_nearest,
    upsample_nearest_backward,
};
pub use write::Write;
