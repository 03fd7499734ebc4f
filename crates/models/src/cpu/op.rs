//! What each node of a graph becomes on the processor: one operation with its sizes for one item of a batch.

mod needs;
mod windows;

use std::sync::Arc;

use baeum_core::{
    Approximate, ChannelAxis, DType, Graph, Interpolation, Layer, MeanOf, Ngrams, Node, Padding, Rng, Shape,
    Stream,
};
use baeum_kernels::{Activation, Conv2d, Edges, Pad, Pieces, Write, sinusoids};

use super::attention::{Attention, narrow};
use super::norm::Groups;
use super::recurrent::{Cell, Recurrent};
use windows::{adaptive, conv1d, conv2d, image, pair, pool1d, pool2d};

pub(super) use windows::{AdaptivePool, Pool};

/// An operation and its sizes.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Numbers enter.
    Numbers,
    /// Ids enter; each is below the vocabulary of the embedding that reads them.
    Ids,
    /// `y = x W^T + b` over `rows` rows of an item, followed by relu if it stood alone behind.
    Dense { rows: usize, inputs: usize, units: usize, bias: bool, relu: bool },
    /// Groups of numbers, each by weights of its own.
    GroupedDense { groups: Arc<[usize]>, units: usize },
    /// The same factors for each stretch of `len` numbers, of which an item has `numbers`, and biases behind them.
    Scale { len: usize, numbers: usize, bias: bool },
    /// A row of `width` numbers, `times` times.
    Repeat { width: usize, times: usize },
    /// A convolution of one image, followed by relu if it stood alone behind.
    Conv2d { conv: Conv2d, bias: bool, relu: bool, folded: Folded },
    /// The way back of a convolution, from its result to its image.
    ConvTranspose2d { conv: Conv2d, bias: bool },
    /// The largest value of each window; keeps where it stood.
    MaxPool(Pool),
    /// The mean of each window.
    AvgPool(Pool),
    /// The means of as many windows as are wanted.
    AdaptiveAvgPool(AdaptivePool),
    /// The largest values of as many windows; keeps where they stood.
    AdaptiveMaxPool(AdaptivePool),
    /// Each pixel becomes a block, of itself or of what lies on lines to its neighbours.
    Upsample(Upsample),
    /// The mean of each channel.
    GlobalMean { channels: usize, area: usize },
    /// Each channel over the batch, followed by relu if it stood alone behind.
    /// `rows`: of an item, where the channels stand last.
    BatchNorm { rows: usize, channels: usize, area: usize, eps: f64, relu: bool },
    /// Each row of an item by itself.
    LayerNorm { rows: usize, width: usize, eps: f64 },
    /// Each row of an item by itself, by the root of its mean square alone.
    RmsNorm { rows: usize, width: usize, eps: f64 },
    /// Groups of channels of an item, scaled and shifted if that is learned.
    GroupNorm { groups: Groups, eps: f64 },
    /// Rows become what they are of themselves again: `width` numbers of each channel by a window of `steps`.
    InstanceRestore { channels: usize, width: usize, steps: usize, eps: f64 },
    /// A function of each number.
    Activation(Activation),
    /// Zeroes numbers by lot while training.
    Dropout { p: f64, stream: Stream },
    /// A row of a table for each id.
    Embedding { units: usize },
    /// A row of a table for each run of ids in a sequence of `time`; keeps which.
    NgramEmbedding { time: usize, ngrams: Ngrams, units: usize },
    /// The same numbers added to each sequence, `len` of them.
    Position { len: usize },
    /// The same numbers added to each sequence, which nobody learned.
    Sinusoids(Arc<[f32]>),
    /// Each place of a sequence looks at the others.
    Attention(Attention),
    /// A state that goes through a sequence.
    Recurrent(Recurrent),
    /// The mean of a sequence.
    MeanOverTime { time: usize, width: usize },
    /// The scores of the mean probability of the members of an ensemble; keeps what each is normalised by.
    MeanOfSoftmax { members: usize, width: usize },
    /// The same where each score stands by itself.
    MeanOfSigmoid { members: usize, width: usize },
    /// The largest of each number of a sequence; keeps where it stood.
    MaxOverTime { time: usize, width: usize },
    /// How many ids of a sequence count.
    Lengths { time: usize, padding: u32 },
    /// Rows become columns, in each of `count` matrices of an item.
    Transpose { count: usize, rows: usize, columns: usize },
    /// Pieces of the last axis.
    Patches(Pieces),
    /// Steps added to each row.
    Pad(Pad),
    /// The sum of its inputs, followed by relu if it stood alone behind.
    Add { relu: bool },
    /// The first of its two inputs minus the second.
    Subtract,
    /// The product of its two inputs.
    Multiply,
    /// Its inputs side by side: of each, blocks of so many numbers, `blocks` of them an item.
    Concat { blocks: usize, widths: Vec<usize> },
    /// What it reads, in another shape or with its function already applied: the same memory.
    Same,
}

impl Op {
    /// The operation of a node that does not share another's memory.
    pub(super) fn of(graph: &Graph, node: &Node, rng: &Rng) -> Op {
        let x = graph.input_shapes(node).first().map(|shape| item(shape)).unwrap_or_default();
        let channels = x.first().copied().unwrap_or(1);
        let area = x.iter().skip(1).product();
        let last = x.last().copied().unwrap_or(1);
        let rows = x.iter().rev().skip(1).product(); // of the last axis
        match &node.layer {
            Layer::Input { dtype: DType::I64 } => Op::Ids,
            Layer::Input { dtype: DType::F32 | DType::F64 | DType::U8 } => Op::Numbers,
            Layer::Dense { units, bias } => {
                Op::Dense { rows, inputs: last, units: *units, bias: *bias, relu: false }
            }
            Layer::Unembedding { vocabulary, .. } => {
                Op::Dense { rows, inputs: last, units: *vocabulary, bias: false, relu: false }
            }
            Layer::GroupedDense { groups, units } => {
                Op::GroupedDense { groups: groups.as_slice().into(), units: *units }
            }
            Layer::Scale { axes, bias, .. } => {
                let len = x.iter().rev().take(*axes).product();
                Op::Scale { len, numbers: count(&x), bias: bias.is_some() }
            }
            Layer::Ensemble { members } => Op::Repeat { width: last, times: *members },
            Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, bias } => {
                let sides = [*kernel, *stride, *padding, *dilation];
                Op::convolution(conv2d(&x, *filters, sides, *groups), *bias)
            }
            Layer::ConvTranspose2d { kernel, stride, padding, dilation, groups, bias, .. } => {
                let sides = [*kernel, *stride, *padding, *dilation];
                let conv = conv2d(&item(&node.shape), channels, sides, *groups);
                Op::ConvTranspose2d { conv, bias: *bias }
            }
            Layer::Conv1d { filters, kernel, stride, padding, dilation, groups, bias } => {
                let sides = [*kernel, *stride, *padding, *dilation];
                Op::convolution(conv1d(&x, *filters, sides, *groups), *bias)
            }
            Layer::MaxPool2d { kernel, stride, padding, ceil_mode } => {
                Op::MaxPool(pool2d(&x, [*kernel, stride.unwrap_or(*kernel), *padding], *ceil_mode))
            }
            Layer::AvgPool2d { kernel, stride, padding, ceil_mode } => {
                Op::AvgPool(pool2d(&x, [*kernel, stride.unwrap_or(*kernel), *padding], *ceil_mode))
            }
            Layer::MaxPool1d { kernel, stride, padding, ceil_mode } => {
                Op::MaxPool(pool1d(&x, [*kernel, stride.unwrap_or(*kernel), *padding], *ceil_mode))
            }
            Layer::AvgPool1d { kernel, stride, padding, ceil_mode } => {
                Op::AvgPool(pool1d(&x, [*kernel, stride.unwrap_or(*kernel), *padding], *ceil_mode))
            }
            Layer::Pad1d { before, after, mode } => {
                let edges = match mode {
                    Padding::Zeros => Edges::Zeros,
                    Padding::Replicate => Edges::Repeated,
                };
                Op::Pad(Pad { len: last, before: *before, after: *after, edges })
            }
            Layer::Upsample { factor, mode } => {
                let [planes, height, width] = image(&x);
                Op::Upsample(Upsample { planes, plane: [height, width], factors: pair(*factor), mode: *mode })
            }
            Layer::AdaptiveAvgPool2d { size } => Op::AdaptiveAvgPool(adaptive(&x, *size)),
            Layer::AdaptiveMaxPool2d { size } => Op::AdaptiveMaxPool(adaptive(&x, *size)),
            Layer::GlobalAvgPool => Op::GlobalMean { channels, area },
            Layer::BatchNorm { eps, axis: ChannelAxis::Second, .. } => {
                Op::BatchNorm { rows: 1, channels, area, eps: *eps, relu: false }
            }
            Layer::BatchNorm { eps, axis: ChannelAxis::Last, .. } => {
                Op::BatchNorm { rows, channels: last, area: 1, eps: *eps, relu: false }
            }
            Layer::LayerNorm { eps } => Op::LayerNorm { rows, width: last, eps: *eps },
            Layer::RmsNorm { eps } => Op::RmsNorm { rows, width: last, eps: *eps },
            Layer::GroupNorm { groups, eps } => {
                Op::GroupNorm { groups: Groups { channels, area, groups: *groups }, eps: *eps }
            }
            Layer::InstanceNorm { eps } => {
                Op::GroupNorm { groups: Groups { channels, area, groups: channels }, eps: *eps }
            }
            Layer::InstanceRestore { eps } => {
                let steps = graph.input_shapes(node).get(1).and_then(|shape| shape.last()).unwrap_or(1);
                Op::InstanceRestore { channels, width: last, steps, eps: *eps }
            }
            Layer::Relu => Op::Activation(Activation::Relu),
            Layer::Gelu { approximate: Approximate::None } => Op::Activation(Activation::Gelu),
            Layer::Gelu { approximate: Approximate::Tanh } => Op::Activation(Activation::GeluTanh),
            Layer::Tanh => Op::Activation(Activation::Tanh),
            Layer::Sigmoid => Op::Activation(Activation::Sigmoid),
            Layer::Silu => Op::Activation(Activation::Silu),
            &Layer::LeakyRelu { slope } => Op::Activation(Activation::LeakyRelu { slope: slope as f32 }),
            &Layer::Elu { alpha } => Op::Activation(Activation::Elu { alpha: alpha as f32 }),
            Layer::Softplus => Op::Activation(Activation::Softplus),
            Layer::Mish => Op::Activation(Activation::Mish),
            &Layer::HardTanh { low, high } => {
                Op::Activation(Activation::HardTanh { low: low as f32, high: high as f32 })
            }
            Layer::Dropout { p } => Op::Dropout { p: *p, stream: rng.stream("dropout", &node.name) },
            Layer::Flatten { .. } => Op::Same,
            Layer::Embedding { units, .. } => Op::Embedding { units: *units },
            &Layer::NgramEmbedding { n, buckets, units } => {
                Op::NgramEmbedding { time: last, ngrams: Ngrams { n, buckets }, units }
            }
            Layer::PositionEmbedding { .. } => Op::Position { len: x.iter().rev().take(2).product() },
            Layer::SinusoidalPositions => {
                let time = x.iter().rev().nth(1).copied().unwrap_or(1);
                Op::Sinusoids(narrow(sinusoids(time, last)))
            }
            &Layer::MultiHeadAttention { heads, kv_heads, causal, bias, positions } => {
                let heads = [heads, kv_heads.unwrap_or(heads)];
                Op::Attention(Attention::of(&x, heads, causal, bias, positions))
            }
            Layer::Lstm { units, bidirectional, returns, layers } => {
                Op::Recurrent(Recurrent::of(Cell::Lstm, &x, *units, *bidirectional, *layers, *returns))
            }
            Layer::Gru { units, bidirectional, returns, layers } => {
                Op::Recurrent(Recurrent::of(Cell::Gru, &x, *units, *bidirectional, *layers, *returns))
            }
            Layer::MeanOverTime | Layer::MemberMean { of: MeanOf::Scores } => {
                Op::MeanOverTime { time: channels, width: last }
            }
            Layer::MemberMean { of: MeanOf::Softmax } => Op::MeanOfSoftmax { members: channels, width: last },
            Layer::MemberMean { of: MeanOf::Sigmoid } => Op::MeanOfSigmoid { members: channels, width: last },
            Layer::MaxOverTime => Op::MaxOverTime { time: channels, width: last },
            Layer::Lengths { padding } => Op::Lengths { time: last, padding: *padding },
            Layer::Transpose => Op::Transpose {
                count: x.iter().rev().skip(2).product(),
                rows: x.iter().rev().nth(1).copied().unwrap_or(1),
                columns: last,
            },
            Layer::Patches { size, stride } => {
                Op::Patches(Pieces { len: last, size: *size, stride: stride.unwrap_or(*size) })
            }
            Layer::Add => Op::Add { relu: false },
            Layer::Subtract => Op::Subtract,
            Layer::Multiply => Op::Multiply,
            Layer::Concat { axis } => {
                let widths = graph.input_shapes(node).into_iter().map(|shape| {
                    let rest = item(shape);
                    rest.iter().skip(axis.saturating_sub(1)).product()
                });
                Op::Concat {
                    blocks: x.iter().take(axis.saturating_sub(1)).product(),
                    widths: widths.collect(),
                }
            }
        }
    }

    fn convolution(conv: Conv2d, bias: bool) -> Op {
        Op::Conv2d { conv, bias, relu: false, folded: Folded::NOTHING }
    }
}

/// What else is part of a convolution, if answers alone are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    /// The batch norm that stood alone behind it.
    pub(super) norm: Option<FoldedNorm>,
    /// Whether it adds to what stands where it writes: the other term of the sum behind it.
    pub(super) write: Write,
}

impl Folded {
    const NOTHING: Folded = Folded { norm: None, write: Write::Set };
}

/// A batch norm that is part of what stands in front of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoldedNorm {
    pub(super) node: usize,
    pub(super) eps: f64,
}

/// Planes that are made larger, and by what factors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upsample {
    pub(super) planes: usize,
    pub(super) plane: [usize; 2],
    pub(super) factors: [usize; 2],
    pub(super) mode: Interpolation,
}

/// How many numbers something takes: some in all, and some for each item of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) fixed: usize,
    pub(super) item: usize,
}

impl Room {
    const NONE: Room = Room { fixed: 0, item: 0 };

    pub(super) fn item(item: usize) -> Room {
        Room { fixed: 0, item }
    }

    fn fixed(fixed: usize) -> Room {
        Room { fixed, item: 0 }
    }

    /// Numbers for so many items; the largest count there is where they cannot be counted.
    pub(super) fn len(self, rows: usize) -> usize {
        self.item.saturating_mul(rows).saturating_add(self.fixed)
    }
}

/// The sizes of an item; every axis of a graph of ours is known.
pub(super) fn item(shape: &Shape) -> Vec<usize> {
    shape.item().unwrap_or_default()
}

/// How many numbers an item of these sizes has; the largest count there is where they cannot be counted.
pub(super) fn count(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |count: usize, size| count.saturating_mul(*size))
}
