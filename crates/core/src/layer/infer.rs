use super::window::{Image, Line, Rest, divisible, held, spread, spread2};
use super::{ChannelAxis, members, sequence};
use crate::{DType, Dim, Layer, Ngrams, Shape, ShapeError};

/// Why a layer refuses: what it wants, and what to do where that is known. `None` lets the shapes speak.
pub(super) struct Refusal(pub(super) String, pub(super) Option<&'static str>);

impl Layer {
    /// The shape that comes out when `inputs` go in.
    ///
    /// # Errors
    /// [`ShapeError`] says what the layer takes, what arrived and, where it is known, the way out.
    pub fn infer(&self, inputs: &[&Shape]) -> Result<Shape, ShapeError> {
        self.shape(inputs).map_err(|Refusal(wanted, way_out)| {
            let got: Vec<String> = inputs.iter().map(|shape| shape.to_string()).collect();
            let got = if got.is_empty() { "nothing".to_owned() } else { got.join(" and ") };
            ShapeError { layer: self.name(), wanted, got, way_out }
        })
    }

    /// What kind of numbers it takes as its input number `place`: ids go to what looks them up, and lengths stand behind the
    /// sequences that they are of.
    pub fn takes(&self, place: usize) -> DType {
        let looks_up =
            matches!(self, Layer::Embedding { .. } | Layer::NgramEmbedding { .. } | Layer::Lengths { .. });
        if let Layer::Input { dtype } = self {
            *dtype
        } else if looks_up || (self.is_told_lengths() && place > 0) {
            DType::I64
        } else {
            DType::F32
        }
    }

    /// How many ids a table knows that is looked up by them; each is below it.
    pub fn ids(&self) -> Option<usize> {
        if let Layer::Embedding { vocabulary, .. } = self {
            Some(*vocabulary)
        } else {
            matches!(self, Layer::NgramEmbedding { .. }).then_some(Ngrams::IDS)
        }
    }

    fn is_told_lengths(&self) -> bool {
        matches!(
            self,
            Layer::MultiHeadAttention { .. }
                | Layer::Lstm { .. }
                | Layer::Gru { .. }
                | Layer::MeanOverTime
                | Layer::MaxOverTime
        )
    }

    /// What kind of numbers it yields.
    pub fn yields(&self) -> DType {
        if let Layer::Input { dtype } = self {
            *dtype
        } else if let Layer::Lengths { .. } = self {
            DType::I64
        } else {
            DType::F32
        }
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Refusal> {
        match self {
            Layer::Input { .. } => Err(wants("to stand first")),
            Layer::Dense { units, .. } => dense(one(inputs)?, *units),
            Layer::GroupedDense { groups, units } => members::grouped(one(inputs)?, groups, *units),
            Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, .. } => {
                let image = Image::of(one(inputs)?)?;
                divisible(image.channels, *groups)?;
                image
                    .slide(spread2(*kernel, *dilation), *stride, *padding, Rest::Dropped)?
                    .with_channels(*filters)
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
                let image = Image::of(one(inputs)?)?;
                divisible(image.channels, *groups)?;
                let windows = [spread2(*kernel, *dilation), *stride];
                image.spread(*filters, windows, [*padding, *output_padding])
            }
            Layer::Conv1d { filters, kernel, stride, padding, dilation, groups, .. } => {
                let line = Line::of(one(inputs)?)?;
                divisible(line.channels, *groups)?;
                line.slide(spread(*kernel, *dilation), *stride, *padding, Rest::Dropped)?
                    .with_channels(*filters)
            }
            Layer::MaxPool2d { kernel, stride, padding, ceil_mode }
            | Layer::AvgPool2d { kernel, stride, padding, ceil_mode } => {
                let image = Image::of(one(inputs)?)?;
                let (channels, rest) = (image.channels, Rest::of(*ceil_mode));
                image.slide(*kernel, stride.unwrap_or(*kernel), *padding, rest)?.with_channels(channels)
            }
            Layer::MaxPool1d { kernel, stride, padding, ceil_mode }
            | Layer::AvgPool1d { kernel, stride, padding, ceil_mode } => {
                let line = Line::of(one(inputs)?)?;
                let (channels, rest) = (line.channels, Rest::of(*ceil_mode));
                line.slide(*kernel, stride.unwrap_or(*kernel), *padding, rest)?.with_channels(channels)
            }
            Layer::Pad1d { before, after, .. } => {
                let line = Line::of(one(inputs)?)?;
                let channels = line.channels;
                line.longer(*before, *after)?.with_channels(channels)
            }
            Layer::Upsample { factor, .. } => Image::of(one(inputs)?)?.enlarged(*factor),
            Layer::AdaptiveAvgPool2d { size } | Layer::AdaptiveMaxPool2d { size } => {
                let Image { channels, .. } = Image::of(one(inputs)?)?;
                held(channels, *size)
            }
            Layer::GlobalAvgPool => Ok(Shape::batch(&[Image::of(one(inputs)?)?.channels])),
            Layer::BatchNorm { axis, .. } => batch_norm(one(inputs)?, *axis),
            Layer::LayerNorm { .. } | Layer::RmsNorm { .. } => match one(inputs)?.last() {
                Some(_) if one(inputs)?.rank() >= 2 => Ok(one(inputs)?.clone()),
                Some(_) | None => Err(wants("a last axis of known size")),
            },
            Layer::GroupNorm { groups, .. } => group_norm(one(inputs)?, *groups),
            Layer::InstanceNorm { .. } => instance_norm(one(inputs)?),
            Layer::InstanceRestore { .. } => instance_restore(inputs),
            Layer::Scale { axes, .. } => members::scale(one(inputs)?, *axes),
            Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Silu
            | Layer::LeakyRelu { .. }
            | Layer::Elu { .. }
            | Layer::Softplus
            | Layer::Mish
            | Layer::HardTanh { .. }
            | Layer::Dropout { .. } => one(inputs).cloned(),
            Layer::Flatten { axis } => flatten(one(inputs)?, *axis),
            Layer::Embedding { units, .. } | Layer::NgramEmbedding { units, .. } => {
                embedding(one(inputs)?, *units)
            }
            Layer::Unembedding { vocabulary, .. } => dense(one(inputs)?, *vocabulary),
            Layer::PositionEmbedding { length } => sequence::position_embedding(one(inputs)?, *length),
            Layer::SinusoidalPositions => sequence::sinusoidal(one(inputs)?),
            Layer::MultiHeadAttention { heads, positions, .. } => {
                sequence::attention(inputs, *heads, *positions)
            }
            Layer::Lstm { units, bidirectional, returns, .. }
            | Layer::Gru { units, bidirectional, returns, .. } => {
                sequence::recurrent(inputs, *units, *bidirectional, *returns)
            }
            Layer::MeanOverTime | Layer::MaxOverTime => sequence::over_time(inputs),
            Layer::Ensemble { members } => members::ensemble(one(inputs)?, *members),
            Layer::MemberMean { .. } => members::mean(one(inputs)?),
            Layer::Lengths { .. } => sequence::lengths(one(inputs)?),
            Layer::Transpose => sequence::transpose(one(inputs)?),
            Layer::Patches { size, stride } => {
                sequence::patches(one(inputs)?, *size, stride.unwrap_or(*size))
            }
            Layer::Add => match inputs {
                [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|shape| shape == first) => {
                    Ok((*first).clone())
                }
                _ => Err(wants("two or more equal shapes")),
            },
            Layer::Subtract | Layer::Multiply => match inputs {
                [a, b] if a == b => Ok((*a).clone()),
                _ => Err(wants("two equal shapes")),
            },
            Layer::Concat { axis } => concat(inputs, *axis),
        }
    }
}

fn dense(input: &Shape, units: usize) -> Result<Shape, Refusal> {
    match input.0[..] {
        [Dim::Batch, .., Dim::Size(_)] => {
            let mut dims = input.0.clone();
            dims.pop();
            Ok(Shape([dims, vec![Dim::Size(units)]].concat()))
        }
        _ => Err(wants("[batch, .., n]")),
    }
}

fn batch_norm(input: &Shape, axis: ChannelAxis) -> Result<Shape, Refusal> {
    if axis == ChannelAxis::Last {
        return match input.0[..] {
            [Dim::Batch, .., Dim::Size(_)] => Ok(input.clone()),
            _ => Err(wants("[batch, .., channels]")),
        };
    }
    match input.0[..] {
        [Dim::Batch, Dim::Size(_)]
        | [Dim::Batch, Dim::Size(_), Dim::Size(_)]
        | [Dim::Batch, Dim::Size(_), Dim::Size(_), Dim::Size(_)] => Ok(input.clone()),
        _ => Err(wants("[batch, n], [batch, channels, time] or [batch, channels, height, width]")),
    }
}

fn group_norm(input: &Shape, groups: usize) -> Result<Shape, Refusal> {
    let sizes = input.item().unwrap_or_default();
    match sizes.first() {
        Some(channels) if channels.is_multiple_of(groups.max(1)) => {}
        Some(_) | None => {
            return Err(wants(format!(
                "[batch, channels, ..], the channels a multiple of `groups` = {groups}"
            )));
        }
    }
    // What is normalised alone is 0, whatever it was.
    match sizes.iter().product::<usize>() > groups {
        true => Ok(input.clone()),
        false => Err(Refusal("more than one number in each group".to_owned(), Some("make `groups` smaller"))),
    }
}

fn instance_norm(input: &Shape) -> Result<Shape, Refusal> {
    match input.item().as_deref() {
        Some([_, rest @ ..]) if rest.iter().product::<usize>() > 1 => Ok(input.clone()),
        Some(_) | None => Err(wants("[batch, channels, ..], more than one number in each channel")),
    }
}

fn instance_restore(inputs: &[&Shape]) -> Result<Shape, Refusal> {
    if let [values, window] = inputs
        && let [Dim::Batch, channels, Dim::Size(_)] = values.0[..]
        && let [Dim::Batch, of_window, Dim::Size(2..)] = window.0[..]
        && channels == of_window
    {
        return Ok((*values).clone());
    }
    Err(wants("[batch, channels, n] and [batch, channels, time], of two steps or more"))
}

fn flatten(input: &Shape, axis: usize) -> Result<Shape, Refusal> {
    let (kept, laid_out) = input.0.split_at(axis.min(input.0.len()));
    let sizes: Option<Vec<usize>> = laid_out.iter().map(|dim| dim.size()).collect();
    let sizes = sizes.filter(|sizes| !sizes.is_empty() && kept.first() == Some(&Dim::Batch));
    let product =
        sizes.and_then(|sizes| sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size)));
    let flat = product.map(|n| Shape([kept, &[Dim::Size(n)]].concat()));
    flat.ok_or_else(|| wants(format!("an item with known sizes from axis {axis} on")))
}

fn embedding(input: &Shape, units: usize) -> Result<Shape, Refusal> {
    match input.0[..] {
        [Dim::Batch, time] => Ok(Shape(vec![Dim::Batch, time, Dim::Size(units)])),
        _ => Err(wants("ids [batch, time]")),
    }
}

fn concat(inputs: &[&Shape], axis: usize) -> Result<Shape, Refusal> {
    let refusal = || wants(format!("two or more shapes that differ in axis {axis} alone"));
    let [first, rest @ ..] = inputs else { return Err(refusal()) };
    let without = |shape: &Shape| {
        let mut dims = shape.0.clone();
        (axis > 0 && axis < dims.len())
            .then(|| dims.remove(axis))
            .and_then(Dim::size)
            .map(|size| (size, dims))
    };
    let (mut total, dims) = without(first).ok_or_else(refusal)?;
    for shape in rest {
        match without(shape) {
            Some((size, others)) if others == dims => total = total.checked_add(size).ok_or_else(refusal)?,
            Some(_) | None => return Err(refusal()),
        }
    }
    let mut dims = dims;
    dims.insert(axis, Dim::Size(total));
    if rest.is_empty() { Err(refusal()) } else { Ok(Shape(dims)) }
}

pub(super) fn one<'a>(inputs: &[&'a Shape]) -> Result<&'a Shape, Refusal> {
    match inputs {
        [input] => Ok(input),
        _ => Err(wants("one input")),
    }
}

pub(super) fn wants(text: impl Into<String>) -> Refusal {
    Refusal(text.into(), None)
}
