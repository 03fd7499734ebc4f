use std::borrow::Cow;

use super::work::{channels, width};
use super::{ChannelAxis, Layer, members, sequence};
use crate::Shape;

/// What becomes of a named tensor of a layer while training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Learned: the optimizer moves it.
    Learned,
    /// Learned before, and left as it is: see [`crate::Graph::freeze`].
    Frozen,
    /// A running statistic: the forward pass of training moves it.
    Running,
}

/// Where a parameter starts; each is PyTorch's default where PyTorch has the layer, drawn from the stream `init` under the parameter's full name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Every value the same.
    Constant(f32),
    /// Uniform between minus and plus this bound; for weights and biases of dense and convolution layers it is
    /// `1 / sqrt(fan_in)`, which is what PyTorch's `kaiming_uniform_(a=sqrt(5))` comes to.
    Uniform(f64),
    /// Uniform within this bound along the last axis, and the same in each block of it.
    Alike(f64),
    /// This value or minus this value, by lot.
    Signs(f32),
    /// Normal with mean 0 and this deviation; 1, as PyTorch starts an embedding, unless its table is tied.
    Normal(f64),
}

/// A named tensor that belongs to a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name inside its layer, as PyTorch spells it.
    pub name: Cow<'static, str>,
    /// Its sizes; never open.
    pub sizes: Vec<usize>,
    /// What becomes of it while training.
    pub kind: ParamKind,
    /// Where it starts.
    pub init: Init,
}

impl Layer {
    /// The tensors that this layer owns, given inputs that [`Layer::infer`] took.
    pub fn params(&self, inputs: &[&Shape]) -> Vec<Param> {
        match self {
            Layer::Dense { units, bias } => weight_and_bias(vec![*units, width(inputs)], *bias),
            Layer::Conv2d { filters, kernel, groups, bias, .. } => {
                let sizes = vec![*filters, channels(inputs) / (*groups).max(1), kernel.height, kernel.width];
                weight_and_bias(sizes, *bias)
            }
            Layer::ConvTranspose2d { filters, kernel, groups, bias, .. } => {
                let share = *filters / (*groups).max(1);
                let weight = vec![channels(inputs), share, kernel.height, kernel.width];
                weight_and_bias_of(weight, *filters, *bias)
            }
            Layer::Conv1d { filters, kernel, groups, bias, .. } => {
                weight_and_bias(vec![*filters, channels(inputs) / (*groups).max(1), *kernel], *bias)
            }
            Layer::GroupedDense { groups, units } => members::grouped_params(groups, *units),
            Layer::Scale { axes, start, signs, bias } => {
                members::scale_params(inputs.first(), *axes, (*start, *signs), *bias)
            }
            Layer::BatchNorm { axis: ChannelAxis::Second, .. } => batch_norm_params(channels(inputs)),
            Layer::BatchNorm { axis: ChannelAxis::Last, .. } => batch_norm_params(width(inputs)),
            Layer::LayerNorm { .. } => scale_and_shift(width(inputs)),
            Layer::RmsNorm { .. } => vec![learned("weight", vec![width(inputs)], Init::Constant(1.0))],
            Layer::GroupNorm { .. } => scale_and_shift(channels(inputs)),
            Layer::Embedding { vocabulary: rows, units }
            | Layer::NgramEmbedding { buckets: rows, units, .. } => {
                vec![learned("weight", vec![*rows, *units], Init::Normal(1.0))]
            }
            Layer::PositionEmbedding { length } => {
                vec![learned("weight", vec![*length, width(inputs)], Init::Normal(1.0))]
            }
            &Layer::MultiHeadAttention { heads, kv_heads, bias, .. } => {
                attention(width(inputs), sequence::attended(width(inputs), heads, kv_heads), bias)
            }
            Layer::Lstm { units, bidirectional, layers, .. } => {
                recurrent(4 * units, width(inputs), *units, *bidirectional, *layers)
            }
            Layer::Gru { units, bidirectional, layers, .. } => {
                recurrent(3 * units, width(inputs), *units, *bidirectional, *layers)
            }
            Layer::Input { .. }
            | Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::MaxPool1d { .. }
            | Layer::AvgPool1d { .. }
            | Layer::Pad1d { .. }
            | Layer::Upsample { .. }
            | Layer::AdaptiveAvgPool2d { .. }
            | Layer::AdaptiveMaxPool2d { .. }
            | Layer::GlobalAvgPool
            | Layer::InstanceNorm { .. }
            | Layer::InstanceRestore { .. }
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Silu
            | Layer::LeakyRelu { .. }
            | Layer::Elu { .. }
            | Layer::Softplus
            | Layer::Mish
            | Layer::HardTanh { .. }
            | Layer::Dropout { .. }
            | Layer::Flatten { .. }
            | Layer::Unembedding { .. }
            | Layer::SinusoidalPositions
            | Layer::MeanOverTime
            | Layer::MaxOverTime
            | Layer::Ensemble { .. }
            | Layer::MemberMean { .. }
            | Layer::Lengths { .. }
            | Layer::Transpose
            | Layer::Patches { .. }
            | Layer::Add
            | Layer::Subtract
            | Layer::Multiply
            | Layer::Concat { .. } => vec![],
        }
    }
}

/// PyTorch's start for dense and convolution layers: both uniform within `1 / sqrt(fan_in)`.
fn weight_and_bias(sizes: Vec<usize>, bias: bool) -> Vec<Param> {
    let units = sizes.first().copied().unwrap_or(0);
    weight_and_bias_of(sizes, units, bias)
}

/// Where what comes out does not stand first in the weight.
fn weight_and_bias_of(sizes: Vec<usize>, units: usize, bias: bool) -> Vec<Param> {
    let fan_in: usize = sizes.iter().skip(1).product();
    let start = Init::Uniform(1.0 / (fan_in.max(1) as f64).sqrt());
    let mut params = vec![learned("weight", sizes, start)];
    if bias {
        params.push(learned("bias", vec![units], start));
    }
    params
}

fn batch_norm_params(channels: usize) -> Vec<Param> {
    let running = |name: &'static str, value| Param {
        name: name.into(),
        sizes: vec![channels],
        kind: ParamKind::Running,
        init: Init::Constant(value),
    };
    let mut params = scale_and_shift(channels);
    params.extend([running("running_mean", 0.0), running("running_var", 1.0)]);
    params
}

/// A norm starts as if it had neither.
fn scale_and_shift(n: usize) -> Vec<Param> {
    vec![learned("weight", vec![n], Init::Constant(1.0)), learned("bias", vec![n], Init::Constant(0.0))]
}

/// PyTorch's start for `MultiheadAttention`: Glorot & Bengio 2010 for the three products in front, biases of zero.
/// PyTorch's start for `MultiheadAttention`; `rows`: numbers of the queries, keys and values of a place.
fn attention(n: usize, rows: usize, bias: bool) -> Vec<Param> {
    let bound = |fans: usize| (6.0 / (fans.max(1) as f64)).sqrt();
    let root = Init::Uniform(1.0 / (n.max(1) as f64).sqrt());
    let mut params = vec![
        learned("in_proj_weight", vec![rows, n], Init::Uniform(bound(rows + n))),
        learned("in_proj_bias", vec![rows], Init::Constant(0.0)),
        learned("out_proj.weight", vec![n, n], root),
        learned("out_proj.bias", vec![n], Init::Constant(0.0)),
    ];
    params.retain(|param| bias || !param.name.ends_with("bias"));
    params
}

/// PyTorch's start for `LSTM` and `GRU`: all uniform within `1 / sqrt(units)`. `rows`: one for each unit and gate.
fn recurrent(rows: usize, n: usize, units: usize, bidirectional: bool, layers: usize) -> Vec<Param> {
    let start = Init::Uniform(1.0 / (units.max(1) as f64).sqrt());
    let directions: &[&str] = if bidirectional { &["", "_reverse"] } else { &[""] };
    let of = |(level, direction): (usize, &str)| {
        let reads = if level == 0 { n } else { directions.len() * units };
        let sizes = [vec![rows, reads], vec![rows, units], vec![rows], vec![rows]];
        let kinds = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].into_iter().zip(sizes);
        kinds
            .map(|(kind, sizes)| learned(format!("{kind}_l{level}{direction}"), sizes, start))
            .collect::<Vec<_>>()
    };
    let levels = (0..layers).flat_map(|level| directions.iter().map(move |direction| (level, *direction)));
    levels.flat_map(of).collect()
}

pub(super) fn learned(name: impl Into<Cow<'static, str>>, sizes: Vec<usize>, init: Init) -> Param {
    Param { name: name.into(), sizes, kind: ParamKind::Learned, init }
}
