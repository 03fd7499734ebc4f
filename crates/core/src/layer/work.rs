//! How much work a layer is.
use super::{Interpolation, Layer, sequence};
use crate::Shape;

impl Layer {
    /// How many multiplications and additions one item takes on its way forward, for the summary; a product and its
    /// sum count as two, elementwise work as one an element.
    pub fn flops(&self, inputs: &[&Shape], output: &Shape) -> u64 {
        let elements = |shape: &Shape| shape.item().map_or(0, |sizes| sizes.iter().product::<usize>() as u64);
        let out = elements(output);
        match self {
            Layer::Dense { .. } | Layer::Unembedding { .. } => 2 * out * width(inputs) as u64,
            Layer::GroupedDense { units, .. } => 2 * (width(inputs) * units) as u64,
            Layer::Conv2d { kernel, groups, .. } => {
                2 * out * (kernel.area() * channels(inputs) / (*groups).max(1)) as u64
            }
            Layer::ConvTranspose2d { filters, kernel, groups, .. } => {
                let read: u64 = inputs.iter().map(|shape| elements(shape)).sum();
                2 * read * (kernel.area() * filters / (*groups).max(1)) as u64
            }
            Layer::Conv1d { kernel, groups, .. } => {
                2 * out * (kernel * channels(inputs) / (*groups).max(1)) as u64
            }
            Layer::MaxPool2d { kernel, .. } | Layer::AvgPool2d { kernel, .. } => out * kernel.area() as u64,
            Layer::MaxPool1d { kernel, .. } | Layer::AvgPool1d { kernel, .. } => out * *kernel as u64,
            Layer::Upsample { mode: Interpolation::Bilinear, .. } => 8 * out,
            Layer::GlobalAvgPool | Layer::AdaptiveAvgPool2d { .. } | Layer::AdaptiveMaxPool2d { .. } => {
                inputs.iter().map(|shape| elements(shape)).sum()
            }
            Layer::BatchNorm { .. }
            | Layer::LayerNorm { .. }
            | Layer::RmsNorm { .. }
            | Layer::GroupNorm { .. }
            | Layer::InstanceNorm { .. } => 2 * out,
            Layer::InstanceRestore { .. } => inputs.iter().map(|shape| 2 * elements(shape)).sum(),
            &Layer::MultiHeadAttention { heads, kv_heads, .. } => {
                sequence::attention_flops(inputs, heads, kv_heads)
            }
            Layer::Lstm { units, bidirectional, layers, .. } => {
                sequence::recurrent_flops(inputs, 4 * *units, *units, *bidirectional, *layers)
            }
            Layer::Gru { units, bidirectional, layers, .. } => {
                sequence::recurrent_flops(inputs, 3 * *units, *units, *bidirectional, *layers)
            }
            Layer::MeanOverTime | Layer::MaxOverTime | Layer::MemberMean { .. } => {
                inputs.first().map_or(0, |shape| elements(shape))
            }
            Layer::Scale { .. }
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
            | Layer::Add
            | Layer::Subtract
            | Layer::Multiply
            | Layer::SinusoidalPositions
            | Layer::PositionEmbedding { .. } => out,
            Layer::Input { .. }
            | Layer::Dropout { .. }
            | Layer::Flatten { .. }
            | Layer::Embedding { .. }
            | Layer::NgramEmbedding { .. }
            | Layer::Patches { .. }
            | Layer::Ensemble { .. }
            | Layer::Lengths { .. }
            | Layer::Transpose
            | Layer::Pad1d { .. }
            | Layer::Upsample { mode: Interpolation::Nearest, .. }
            | Layer::Concat { .. } => 0,
        }
    }
}

/// The last axis of the first input.
pub(super) fn width(inputs: &[&Shape]) -> usize {
    inputs.first().and_then(|shape| shape.last()).unwrap_or(0)
}

/// The second axis of the first input.
pub(super) fn channels(inputs: &[&Shape]) -> usize {
    inputs.first().and_then(|shape| shape.0.get(1)).and_then(|dim| dim.size()).unwrap_or(0)
}
