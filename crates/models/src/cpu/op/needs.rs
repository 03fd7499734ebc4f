//! What an operation needs beside its inputs and its output.

use baeum_kernels::{Activation, Reads};

use super::{AdaptivePool, Op, Room, count};

/// What an operation needs beside its inputs and its output; most need none of it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::cpu) struct Needs {
    /// Its backward pass reads what it read.
    pub(in crate::cpu) input: bool,
    /// Its backward pass reads what it yielded.
    pub(in crate::cpu) output: bool,
    /// It may write where it reads, if nobody else reads that.
    pub(in crate::cpu) in_place: bool,
    /// What it keeps for its backward pass beside values, in each of three places.
    pub(in crate::cpu) keeps: [Room; 3],
    /// What its backward pass alone works with, in each of two places.
    pub(in crate::cpu) works_with: [Room; 2],
}

impl Op {
    /// What it needs beside its inputs and its output.
    pub(in crate::cpu) fn needs(&self) -> Needs {
        let nothing = Needs::default();
        match self {
            Op::Dense { relu, .. } | Op::Conv2d { relu, .. } => {
                Needs { input: true, output: *relu, ..nothing }
            }
            Op::Add { relu } => Needs { output: *relu, ..nothing },
            Op::Activation(activation) => Needs::of_activation(*activation),
            Op::MaxPool(pool) => {
                let [height, width] = pool.windows.counts();
                Needs::keeping(false, [Room::item(count(&[pool.planes, height, width])), Room::NONE])
            }
            Op::AdaptiveMaxPool(AdaptivePool { planes, counts: [height, width], .. }) => {
                Needs::keeping(false, [Room::item(count(&[*planes, *height, *width])), Room::NONE])
            }
            Op::NgramEmbedding { time, .. } => Needs::keeping(false, [Room::item(*time), Room::NONE]),
            Op::MaxOverTime { width, .. } => Needs::keeping(false, [Room::item(*width), Room::NONE]),
            Op::BatchNorm { channels, .. } => Needs::keeping(true, [Room::fixed(*channels); 2]),
            Op::LayerNorm { rows, .. } => Needs::keeping(true, [Room::item(*rows); 2]),
            Op::RmsNorm { rows, .. } => Needs::keeping(true, [Room::item(*rows), Room::NONE]),
            Op::GroupNorm { groups, .. } => Needs::keeping(true, [Room::item(groups.groups); 2]),
            Op::InstanceRestore { channels, .. } => Needs::keeping(true, [Room::item(*channels); 2]),
            Op::MeanOfSoftmax { members, .. } => {
                Needs { output: true, ..Needs::keeping(true, [Room::item(*members), Room::NONE]) }
            }
            Op::Attention(attention) => {
                Needs { input: true, keeps: attention.keeps(), works_with: attention.works_with(), ..nothing }
            }
            Op::Recurrent(recurrent) => Needs {
                input: true,
                output: recurrent.yields_states(),
                keeps: recurrent.keeps(),
                works_with: recurrent.works_with(),
                ..nothing
            },
            Op::Scale { numbers, .. } => {
                Needs { input: true, works_with: [Room::item(*numbers), Room::NONE], ..nothing }
            }
            // Of the mean, the lengths, if there are any.
            Op::GroupedDense { .. }
            | Op::ConvTranspose2d { .. }
            | Op::Embedding { .. }
            | Op::Multiply
            | Op::MeanOverTime { .. }
            | Op::MeanOfSigmoid { .. } => Needs { input: true, ..nothing },
            Op::Dropout { .. } | Op::Position { .. } | Op::Sinusoids(_) => {
                Needs { in_place: true, ..nothing }
            }
            Op::Numbers
            | Op::Ids
            | Op::AvgPool(_)
            | Op::Upsample(_)
            | Op::AdaptiveAvgPool(_)
            | Op::GlobalMean { .. }
            | Op::Repeat { .. }
            | Op::Lengths { .. }
            | Op::Transpose { .. }
            | Op::Patches(_)
            | Op::Pad(_)
            | Op::Subtract
            | Op::Concat { .. }
            | Op::Same => nothing,
        }
    }
}

impl Needs {
    /// A function whose slope is told by what it yielded may write over what it read.
    fn of_activation(activation: Activation) -> Needs {
        match activation.backward_reads() {
            Reads::Input => Needs { input: true, ..Needs::default() },
            Reads::Output => Needs { output: true, in_place: true, ..Needs::default() },
        }
    }

    fn keeping(input: bool, [first, second]: [Room; 2]) -> Needs {
        Needs { input, keeps: [first, second, Room::NONE], ..Needs::default() }
    }
}
