//! What an operation needs beside its inputs and its output.

use baeum_kernels::Reads;

use super::{Op, Room};

impl Op {
    /// Whether its backward pass reads what it yielded.
    pub(in crate::cpu) fn recalls_output(&self) -> bool {
        match self {
            Op::Dense { relu, .. } | Op::Conv2d { relu, .. } | Op::Add { relu } => *relu,
            Op::Activation(activation) => activation.backward_reads() == Reads::Output,
            Op::Recurrent(recurrent) => recurrent.yields_states(),
            Op::MeanOfSoftmax { .. } => true,
            Op::Numbers
            | Op::Ids
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::BatchNorm { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::GroupNorm { .. }
            | Op::Dropout { .. }
            | Op::GroupedDense { .. }
            | Op::Scale { .. }
            | Op::Repeat { .. }
            | Op::Embedding { .. }
            | Op::Position { .. }
            | Op::Sinusoids(_)
            | Op::Attention(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::MaxOverTime { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Subtract
            | Op::Multiply
            | Op::Concat { .. }
            | Op::Same => false,
        }
    }

    /// Whether its backward pass reads what it read.
    pub(in crate::cpu) fn recalls_input(&self) -> bool {
        match self {
            Op::Dense { .. }
            | Op::Conv2d { .. }
            | Op::BatchNorm { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::GroupNorm { .. }
            | Op::GroupedDense { .. }
            | Op::Scale { .. }
            | Op::Embedding { .. }
            | Op::Multiply
            | Op::Attention(_)
            | Op::MeanOfSoftmax { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::Recurrent(_) => true,
            // The lengths, if there are any.
            Op::MeanOverTime { .. } => true,
            Op::Activation(activation) => activation.backward_reads() == Reads::Input,
            Op::Numbers
            | Op::Ids
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::Dropout { .. }
            | Op::Repeat { .. }
            | Op::Position { .. }
            | Op::Sinusoids(_)
            | Op::MaxOverTime { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Add { .. }
            | Op::Subtract
            | Op::Concat { .. }
            | Op::Same => false,
        }
    }

    /// Whether it may write where it reads, if nobody else reads that.
    pub(in crate::cpu) fn works_in_place(&self) -> bool {
        match self {
            Op::Activation(activation) => activation.backward_reads() == Reads::Output,
            Op::Dropout { .. } | Op::Position { .. } | Op::Sinusoids(_) => true,
            Op::Numbers
            | Op::Ids
            | Op::Dense { .. }
            | Op::Conv2d { .. }
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::BatchNorm { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::GroupNorm { .. }
            | Op::GroupedDense { .. }
            | Op::Scale { .. }
            | Op::Repeat { .. }
            | Op::Embedding { .. }
            | Op::Attention(_)
            | Op::Recurrent(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSoftmax { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::MaxOverTime { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Add { .. }
            | Op::Subtract
            | Op::Multiply
            | Op::Concat { .. }
            | Op::Same => false,
        }
    }

    /// What it keeps for its backward pass beside values, in each of three places.
    pub(in crate::cpu) fn keeps(&self, yields: usize) -> [Room; 3] {
        let none = Room::default();
        match self {
            Op::MaxPool(_) | Op::MaxOverTime { .. } => [Room::item(yields), none, none],
            Op::BatchNorm { channels, .. } => [Room::fixed(*channels), Room::fixed(*channels), none],
            Op::LayerNorm { width, .. } => {
                let rows = Room::item(yields / (*width).max(1));
                [rows, rows, none]
            }
            Op::RmsNorm { width, .. } => [Room::item(yields / (*width).max(1)), none, none],
            Op::MeanOfSoftmax { members, .. } => [Room::item(*members), none, none],
            Op::GroupNorm { groups, .. } => {
                let each = Room::item(groups.groups);
                [each, each, none]
            }
            Op::Attention(attention) => attention.keeps(),
            Op::Recurrent(recurrent) => recurrent.keeps(),
            Op::Numbers
            | Op::Ids
            | Op::Dense { .. }
            | Op::Conv2d { .. }
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::Activation(_)
            | Op::Dropout { .. }
            | Op::GroupedDense { .. }
            | Op::Scale { .. }
            | Op::Repeat { .. }
            | Op::Embedding { .. }
            | Op::Position { .. }
            | Op::Sinusoids(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Add { .. }
            | Op::Subtract
            | Op::Multiply
            | Op::Concat { .. }
            | Op::Same => [none; 3],
        }
    }

    /// What its backward pass alone works with, in each of two places.
    pub(in crate::cpu) fn works_with(&self) -> [Room; 2] {
        match self {
            Op::Attention(attention) => attention.works_with(),
            Op::Recurrent(recurrent) => recurrent.works_with(),
            Op::Scale { numbers, .. } => [Room::item(*numbers), Room::default()],
            Op::Numbers
            | Op::Ids
            | Op::Dense { .. }
            | Op::Conv2d { .. }
            | Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::GlobalMean { .. }
            | Op::BatchNorm { .. }
            | Op::LayerNorm { .. }
            | Op::RmsNorm { .. }
            | Op::GroupNorm { .. }
            | Op::Activation(_)
            | Op::Dropout { .. }
            | Op::GroupedDense { .. }
            | Op::Repeat { .. }
            | Op::Embedding { .. }
            | Op::Position { .. }
            | Op::Sinusoids(_)
            | Op::MeanOverTime { .. }
            | Op::MeanOfSoftmax { .. }
            | Op::MeanOfSigmoid { .. }
            | Op::MaxOverTime { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Add { .. }
            | Op::Subtract
            | Op::Multiply
            | Op::Concat { .. }
            | Op::Same => [Room::default(); 2],
        }
    }
}
