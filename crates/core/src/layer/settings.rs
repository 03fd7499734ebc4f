use std::fmt::Display;

use super::window::spread2;
use crate::{Layer, Ngrams, Size2};

impl Layer {
    /// The settings that no shape could make right.
    ///
    /// # Errors
    /// The setting's name and the rule it breaks.
    pub fn settings(&self) -> Result<(), (&'static str, String)> {
        match self {
            Layer::Dense { units, .. } => above_zero("units", *units),
            Layer::GroupedDense { groups, units } => {
                sizes_above_zero("groups", groups)?;
                above_zero("units", *units)
            }
            Layer::Scale { axes, start, bias, .. } => {
                above_zero("axes", *axes)?;
                positive("start", *start)?;
                bias.map_or(Ok(()), |bound| not_negative("bias", bound))
            }
            Layer::Ensemble { members } => above_zero("members", *members),
            Layer::Conv2d { filters, kernel, stride, dilation, groups, .. } => {
                above_zero("filters", *filters)?;
                sides_above_zero("kernel", *kernel)?;
                sides_above_zero("stride", *stride)?;
                sides_above_zero("dilation", *dilation)?;
                above_zero("groups", *groups)?;
                shares("filters", *filters, *groups)
            }
            Layer::ConvTranspose2d {
                filters,
                kernel,
                stride,
                padding,
                output_padding,
                dilation,
                groups,
                ..
            } => {
                above_zero("filters", *filters)?;
                sides_above_zero("kernel", *kernel)?;
                sides_above_zero("stride", *stride)?;
                sides_above_zero("dilation", *dilation)?;
                above_zero("groups", *groups)?;
                shares("filters", *filters, *groups)?;
                sides_below("padding", *padding, "what a kernel reaches over", spread2(*kernel, *dilation))?;
                sides_below("output_padding", *output_padding, "`stride`", *stride)
            }
            Layer::Conv1d { filters, kernel, stride, dilation, groups, .. } => {
                above_zero("filters", *filters)?;
                above_zero("kernel", *kernel)?;
                above_zero("stride", *stride)?;
                above_zero("dilation", *dilation)?;
                above_zero("groups", *groups)?;
                shares("filters", *filters, *groups)
            }
            Layer::MaxPool2d { kernel, stride, padding, .. }
            | Layer::AvgPool2d { kernel, stride, padding, .. } => {
                sides_above_zero("kernel", *kernel)?;
                sides_above_zero("stride", stride.unwrap_or(*kernel))?;
                let fits = padding.height <= kernel.height / 2 && padding.width <= kernel.width / 2;
                at_most_half(fits, kernel, padding)
            }
            Layer::MaxPool1d { kernel, stride, padding, .. }
            | Layer::AvgPool1d { kernel, stride, padding, .. } => {
                above_zero("kernel", *kernel)?;
                above_zero("stride", stride.unwrap_or(*kernel))?;
                at_most_half(*padding <= kernel / 2, kernel, padding)
            }
            Layer::AdaptiveAvgPool2d { size } | Layer::AdaptiveMaxPool2d { size } => {
                sides_above_zero("size", *size)
            }
            Layer::Upsample { factor, .. } => sides_above_zero("factor", *factor),
            Layer::BatchNorm { eps, momentum, .. } => {
                positive("eps", *eps)?;
                between("momentum", *momentum, 0.0, 1.0)
            }
            Layer::LayerNorm { eps }
            | Layer::RmsNorm { eps }
            | Layer::InstanceNorm { eps }
            | Layer::InstanceRestore { eps } => positive("eps", *eps),
            Layer::GroupNorm { groups, eps } => {
                above_zero("groups", *groups)?;
                positive("eps", *eps)
            }
            // Below zero the sign of what comes out would not tell that of what went in.
            Layer::LeakyRelu { slope } => between("slope", *slope, 0.0, 1.0),
            Layer::Elu { alpha } => positive("alpha", *alpha),
            Layer::HardTanh { low, high } => {
                let rule = || format!("must be a finite number above `low` = {low}, got {high}");
                let fits = low.is_finite() && high.is_finite() && low < high;
                fits.then_some(()).ok_or_else(|| ("high", rule()))
            }
            Layer::Dropout { p } => between("p", *p, 0.0, 1.0),
            Layer::Embedding { vocabulary, units } => {
                above_zero("vocabulary", *vocabulary)?;
                above_zero("units", *units)
            }
            Layer::NgramEmbedding { n, buckets, units } => {
                above_zero("n", *n)?;
                above_zero("units", *units)?;
                let rule = || format!("must be from 1 to {}, got {buckets}", Ngrams::BUCKETS);
                let fits = (1..=Ngrams::BUCKETS).contains(buckets);
                fits.then_some(()).ok_or_else(|| ("buckets", rule()))
            }
            Layer::Unembedding { vocabulary, .. } => above_zero("vocabulary", *vocabulary),
            Layer::Flatten { axis } => above_zero("axis", *axis),
            Layer::PositionEmbedding { length } => above_zero("length", *length),
            Layer::MultiHeadAttention { heads, kv_heads, .. } => {
                above_zero("heads", *heads)?;
                let rule = |shared: usize| format!("must divide `heads` = {heads}, got {shared}");
                let unfit = kv_heads.filter(|shared| *shared == 0 || !heads.is_multiple_of(*shared));
                unfit.map_or(Ok(()), |shared| Err(("kv_heads", rule(shared))))
            }
            Layer::Lstm { units, layers, .. } | Layer::Gru { units, layers, .. } => {
                above_zero("units", *units)?;
                above_zero("layers", *layers)
            }
            Layer::Patches { size, stride } => {
                above_zero("size", *size)?;
                above_zero("stride", stride.unwrap_or(*size))
            }
            Layer::Input { .. }
            | Layer::Pad1d { .. }
            | Layer::GlobalAvgPool
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Silu
            | Layer::Softplus
            | Layer::Mish
            | Layer::SinusoidalPositions
            | Layer::MeanOverTime
            | Layer::MaxOverTime
            | Layer::MemberMean { .. }
            | Layer::Lengths { .. }
            | Layer::Transpose
            | Layer::Add
            | Layer::Subtract
            | Layer::Multiply
            | Layer::Concat { .. } => Ok(()),
        }
    }
}

fn above_zero(name: &'static str, value: usize) -> Result<(), (&'static str, String)> {
    if value > 0 { Ok(()) } else { Err((name, "must be above zero, got 0".to_owned())) }
}

fn sizes_above_zero(name: &'static str, sizes: &[usize]) -> Result<(), (&'static str, String)> {
    match sizes.is_empty() || sizes.contains(&0) {
        true => Err((name, format!("must be one or more sizes above zero, got {sizes:?}"))),
        false => Ok(()),
    }
}

fn sides_below(
    name: &'static str,
    size: Size2,
    what: &str,
    bound: Size2,
) -> Result<(), (&'static str, String)> {
    match size.height < bound.height && size.width < bound.width {
        true => Ok(()),
        false => Err((name, format!("must be below {what}, {bound}, got {size}"))),
    }
}

/// A window of a pool that is padded more would see padding alone.
fn at_most_half(
    fits: bool,
    kernel: &dyn Display,
    padding: &dyn Display,
) -> Result<(), (&'static str, String)> {
    match fits {
        true => Ok(()),
        false => Err(("padding", format!("must be at most half the kernel {kernel}, got {padding}"))),
    }
}

/// One equal share for each group.
fn shares(name: &'static str, value: usize, groups: usize) -> Result<(), (&'static str, String)> {
    match value.is_multiple_of(groups) {
        true => Ok(()),
        false => Err((name, format!("must be a multiple of `groups` = {groups}, got {value}"))),
    }
}

fn sides_above_zero(name: &'static str, value: Size2) -> Result<(), (&'static str, String)> {
    if value.area() > 0 {
        Ok(())
    } else {
        Err((name, format!("must be above zero on both sides, got {value}")))
    }
}

fn positive(name: &'static str, value: f64) -> Result<(), (&'static str, String)> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err((name, format!("must be above zero, got {value}")))
    }
}

fn not_negative(name: &'static str, value: f64) -> Result<(), (&'static str, String)> {
    match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err((name, format!("must be zero or more, got {value}"))),
    }
}

fn between(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), (&'static str, String)> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((name, format!("must be from {low} to {high}, got {value}"))),
    }
}
