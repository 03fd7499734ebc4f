//! The settings of a layer that no shape could make right.

use std::fmt::Display;

use crate::{Layer, Size2};

/// Sizes beyond these are so far out that products of them could overflow; what fits here is counted in full when it is wired.
const MOST: usize = 1 << 31;
/// Of an image: a kernel, a stride, a padding.
const MOST_OF_A_SIDE: usize = 1 << 16;
/// Of what is repeated as a whole: the layers of a stack, the members of an ensemble.
const MOST_LEVELS: usize = 1 << 10;

/// The setting's name and the rule it breaks.
type Broken = (&'static str, String);

impl Layer {
    /// The settings that no shape could make right.
    ///
    /// # Errors
    /// The setting's name and the rule it breaks.
    pub fn settings(&self) -> Result<(), (&'static str, String)> {
        match self {
            Layer::Dense { units, .. } => size("units", *units),
            Layer::GroupedDense { groups, units } => sizes("groups", groups).and(size("units", *units)),
            Layer::Scale { axes, start, .. } => size("axes", *axes).and(positive("start", *start)),
            Layer::Ensemble { members } => level("members", *members),
            Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, .. } => {
                size("filters", *filters)?;
                sides("kernel", *kernel)?;
                sides("stride", *stride)?;
                sides_at_most("padding", *padding)?;
                sides("dilation", *dilation)?;
                size("groups", *groups)?;
                shares("filters", *filters, *groups)
            }
            Layer::Conv1d { filters, kernel, stride, padding, dilation, groups, .. } => {
                size("filters", *filters)?;
                size("kernel", *kernel)?;
                size("stride", *stride)?;
                at_most("padding", *padding, MOST)?;
                size("dilation", *dilation)?;
                size("groups", *groups)?;
                shares("filters", *filters, *groups)
            }
            Layer::MaxPool2d { kernel, stride, padding } | Layer::AvgPool2d { kernel, stride, padding } => {
                sides("kernel", *kernel)?;
                sides("stride", stride.unwrap_or(*kernel))?;
                let fits = padding.height <= kernel.height / 2 && padding.width <= kernel.width / 2;
                at_most_half(fits, kernel, padding)
            }
            Layer::MaxPool1d { kernel, stride, padding } | Layer::AvgPool1d { kernel, stride, padding } => {
                size("kernel", *kernel)?;
                size("stride", stride.unwrap_or(*kernel))?;
                at_most_half(*padding <= kernel / 2, kernel, padding)
            }
            Layer::Pad1d { before, after, .. } => {
                at_most("before", *before, MOST).and(at_most("after", *after, MOST))
            }
            Layer::Upsample { factor, .. } => sides("factor", *factor),
            Layer::BatchNorm { eps, momentum } => {
                positive("eps", *eps).and(between("momentum", *momentum, 0.0, 1.0))
            }
            Layer::LayerNorm { eps } | Layer::RmsNorm { eps } | Layer::InstanceNorm { eps } => {
                positive("eps", *eps)
            }
            Layer::GroupNorm { groups, eps } => size("groups", *groups).and(positive("eps", *eps)),
            Layer::Dropout { p } => between("p", *p, 0.0, 1.0),
            Layer::Embedding { vocabulary, units } => {
                size("vocabulary", *vocabulary).and(size("units", *units))
            }
            Layer::Unembedding { vocabulary, .. } => size("vocabulary", *vocabulary),
            Layer::Flatten { axis } => size("axis", *axis),
            Layer::PositionEmbedding { length } => size("length", *length),
            Layer::MultiHeadAttention { heads, .. } => size("heads", *heads),
            Layer::Lstm { units, layers, .. } | Layer::Gru { units, layers, .. } => {
                size("units", *units).and(level("layers", *layers))
            }
            Layer::Patches { size: length, stride } => {
                size("size", *length).and(size("stride", stride.unwrap_or(*length)))
            }
            Layer::Input { .. }
            | Layer::GlobalAvgPool
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Silu
            | Layer::SinusoidalPositions
            | Layer::MeanOverTime
            | Layer::MaxOverTime
            | Layer::MemberMean
            | Layer::Lengths { .. }
            | Layer::Transpose
            | Layer::Add
            | Layer::Subtract
            | Layer::Multiply
            | Layer::Concat { .. } => Ok(()),
        }
    }
}

fn above_zero(name: &'static str, value: usize) -> Result<(), Broken> {
    if value > 0 { Ok(()) } else { Err((name, "must be above zero, got 0".to_owned())) }
}

fn at_most(name: &'static str, value: usize, most: usize) -> Result<(), Broken> {
    match value <= most {
        true => Ok(()),
        false => Err((name, format!("must be at most {most}, got {value}"))),
    }
}

fn size(name: &'static str, value: usize) -> Result<(), Broken> {
    above_zero(name, value).and(at_most(name, value, MOST))
}

fn level(name: &'static str, value: usize) -> Result<(), Broken> {
    above_zero(name, value).and(at_most(name, value, MOST_LEVELS))
}

fn sizes(name: &'static str, sizes: &[usize]) -> Result<(), Broken> {
    match sizes.is_empty() || sizes.contains(&0) {
        true => Err((name, format!("must be one or more sizes above zero, got {sizes:?}"))),
        false => sizes.iter().try_for_each(|&size| at_most(name, size, MOST)),
    }
}

fn sides(name: &'static str, value: Size2) -> Result<(), Broken> {
    match value.height > 0 && value.width > 0 {
        true => sides_at_most(name, value),
        false => Err((name, format!("must be above zero on both sides, got {value}"))),
    }
}

fn sides_at_most(name: &'static str, value: Size2) -> Result<(), Broken> {
    at_most(name, value.height.max(value.width), MOST_OF_A_SIDE)
}

/// A window of a pool that is padded more would see padding alone.
fn at_most_half(fits: bool, kernel: &dyn Display, padding: &dyn Display) -> Result<(), Broken> {
    match fits {
        true => Ok(()),
        false => Err(("padding", format!("must be at most half the kernel {kernel}, got {padding}"))),
    }
}

/// One equal share for each group.
fn shares(name: &'static str, value: usize, groups: usize) -> Result<(), Broken> {
    match value.is_multiple_of(groups) {
        true => Ok(()),
        false => Err((name, format!("must be a multiple of `groups` = {groups}, got {value}"))),
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), Broken> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err((name, format!("must be above zero, got {value}"))),
    }
}

fn between(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), Broken> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((name, format!("must be from {low} to {high}, got {value}"))),
    }
}
