use super::sequence;
use crate::{DType, Dim, Layer, Shape, ShapeError, Size2};

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

    /// The settings that no shape could make right.
    ///
    /// # Errors
    /// The setting's name and the rule it breaks.
    pub fn settings(&self) -> Result<(), (&'static str, String)> {
        match self {
            Layer::Dense { units, .. } => above_zero("units", *units),
            Layer::Conv2d { filters, kernel, stride, dilation, groups, .. } => {
                above_zero("filters", *filters)?;
                sides_above_zero("kernel", *kernel)?;
                sides_above_zero("stride", *stride)?;
                sides_above_zero("dilation", *dilation)?;
                above_zero("groups", *groups)?;
                match filters % groups {
                    0 => Ok(()),
                    _ => {
                        Err(("filters", format!("must be a multiple of `groups` = {groups}, got {filters}")))
                    }
                }
            }
            Layer::MaxPool2d { kernel, stride, padding } | Layer::AvgPool2d { kernel, stride, padding } => {
                sides_above_zero("kernel", *kernel)?;
                sides_above_zero("stride", stride.unwrap_or(*kernel))?;
                match padding.height * 2 <= kernel.height && padding.width * 2 <= kernel.width {
                    true => Ok(()),
                    false => {
                        Err(("padding", format!("must be at most half the kernel {kernel}, got {padding}")))
                    }
                }
            }
            Layer::BatchNorm { eps, momentum } => {
                positive("eps", *eps)?;
                between("momentum", *momentum, 0.0, 1.0)
            }
            Layer::LayerNorm { eps } => positive("eps", *eps),
            Layer::Dropout { p } => between("p", *p, 0.0, 1.0),
            Layer::Embedding { vocabulary, units } => {
                above_zero("vocabulary", *vocabulary)?;
                above_zero("units", *units)
            }
            Layer::Flatten { axis } => above_zero("axis", *axis),
            Layer::PositionEmbedding { length } => above_zero("length", *length),
            Layer::MultiHeadAttention { heads, .. } => above_zero("heads", *heads),
            Layer::Lstm { units, .. } | Layer::Gru { units, .. } => above_zero("units", *units),
            Layer::Patches { size, stride } => {
                above_zero("size", *size)?;
                above_zero("stride", stride.unwrap_or(*size))
            }
            Layer::Input { .. }
            | Layer::GlobalAvgPool
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::MeanOverTime
            | Layer::Add
            | Layer::Concat { .. } => Ok(()),
        }
    }

    /// What kind of numbers it takes as its input number `place`.
    pub fn takes(&self, place: usize) -> DType {
        match self {
            Layer::Embedding { .. } => DType::I64,
            // How long each sequence is.
            Layer::MultiHeadAttention { .. }
            | Layer::Lstm { .. }
            | Layer::Gru { .. }
            | Layer::MeanOverTime
                if place > 0 =>
            {
                DType::I64
            }
            Layer::Input { dtype } => *dtype,
            Layer::Dense { .. }
            | Layer::Conv2d { .. }
            | Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::GlobalAvgPool
            | Layer::BatchNorm { .. }
            | Layer::LayerNorm { .. }
            | Layer::Relu
            | Layer::Gelu { .. }
            | Layer::Tanh
            | Layer::Sigmoid
            | Layer::Dropout { .. }
            | Layer::Flatten { .. }
            | Layer::PositionEmbedding { .. }
            | Layer::MultiHeadAttention { .. }
            | Layer::Lstm { .. }
            | Layer::Gru { .. }
            | Layer::MeanOverTime
            | Layer::Patches { .. }
            | Layer::Add
            | Layer::Concat { .. } => DType::F32,
        }
    }

    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Refusal> {
        match self {
            Layer::Input { .. } => Err(wants("to stand first")),
            Layer::Dense { units, .. } => dense(one(inputs)?, *units),
            Layer::Conv2d { filters, kernel, stride, padding, dilation, groups, .. } => {
                let spread = Size2 {
                    height: dilation.height.saturating_mul(kernel.height.saturating_sub(1)).saturating_add(1),
                    width: dilation.width.saturating_mul(kernel.width.saturating_sub(1)).saturating_add(1),
                };
                let image = Image::of(one(inputs)?)?;
                if !image.channels.is_multiple_of((*groups).max(1)) {
                    return Err(wants(format!("a multiple of {groups} channels, one share for each group")));
                }
                image.slide(spread, *stride, *padding)?.with_channels(*filters)
            }
            Layer::MaxPool2d { kernel, stride, padding } | Layer::AvgPool2d { kernel, stride, padding } => {
                let image = Image::of(one(inputs)?)?;
                let channels = image.channels;
                image.slide(*kernel, stride.unwrap_or(*kernel), *padding)?.with_channels(channels)
            }
            Layer::GlobalAvgPool => Ok(Shape::batch(&[Image::of(one(inputs)?)?.channels])),
            Layer::BatchNorm { .. } => batch_norm(one(inputs)?),
            Layer::LayerNorm { .. } => match one(inputs)?.last() {
                Some(_) if one(inputs)?.rank() >= 2 => Ok(one(inputs)?.clone()),
                Some(_) | None => Err(wants("a last axis of known size")),
            },
            Layer::Relu | Layer::Gelu { .. } | Layer::Tanh | Layer::Sigmoid | Layer::Dropout { .. } => {
                one(inputs).cloned()
            }
            Layer::Flatten { axis } => flatten(one(inputs)?, *axis),
            Layer::Embedding { units, .. } => embedding(one(inputs)?, *units),
            Layer::PositionEmbedding { length } => sequence::position_embedding(one(inputs)?, *length),
            Layer::MultiHeadAttention { heads, .. } => sequence::attention(inputs, *heads),
            Layer::Lstm { units, bidirectional, returns } | Layer::Gru { units, bidirectional, returns } => {
                sequence::recurrent(inputs, *units, *bidirectional, *returns)
            }
            Layer::MeanOverTime => sequence::mean(inputs),
            Layer::Patches { size, stride } => {
                sequence::patches(one(inputs)?, *size, stride.unwrap_or(*size))
            }
            Layer::Add => match inputs {
                [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|shape| shape == first) => {
                    Ok((*first).clone())
                }
                _ => Err(wants("two or more equal shapes")),
            },
            Layer::Concat { axis } => concat(inputs, *axis),
        }
    }
}

/// `[batch, channels, height, width]`, the sizes known.
struct Image {
    channels: usize,
    height: usize,
    width: usize,
}

impl Image {
    fn of(shape: &Shape) -> Result<Image, Refusal> {
        match shape.0[..] {
            [Dim::Batch, Dim::Size(channels), Dim::Size(height), Dim::Size(width)] => {
                Ok(Image { channels, height, width })
            }
            _ => Err(wants("an image [batch, channels, height, width]")),
        }
    }

    /// The sizes after a window has moved over it: `floor((n + 2 padding - window) / stride) + 1` on each side.
    fn slide(self, window: Size2, stride: Size2, padding: Size2) -> Result<Image, Refusal> {
        let side = |n: usize, window: usize, stride: usize, padding: usize| {
            let room = n.checked_add(padding.checked_mul(2)?)?.checked_sub(window)?;
            room.checked_div(stride)?.checked_add(1)
        };
        let height = side(self.height, window.height, stride.height, padding.height);
        let width = side(self.width, window.width, stride.width, padding.width);
        match (height, width) {
            (Some(height), Some(width)) => Ok(Image { channels: self.channels, height, width }),
            _ => Err(Refusal(
                format!("an image of at least {window} with padding {padding}"),
                Some("make `kernel` smaller, or pool less before it"),
            )),
        }
    }

    fn with_channels(self, channels: usize) -> Result<Shape, Refusal> {
        Ok(Shape::batch(&[channels, self.height, self.width]))
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

fn batch_norm(input: &Shape) -> Result<Shape, Refusal> {
    match input.0[..] {
        [Dim::Batch, Dim::Size(_)] | [Dim::Batch, Dim::Size(_), Dim::Size(_), Dim::Size(_)] => {
            Ok(input.clone())
        }
        _ => Err(wants("[batch, n] or [batch, channels, height, width]")),
    }
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

fn above_zero(name: &'static str, value: usize) -> Result<(), (&'static str, String)> {
    if value > 0 { Ok(()) } else { Err((name, "must be above zero, got 0".to_owned())) }
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

fn between(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), (&'static str, String)> {
    match (low..=high).contains(&value) {
        true => Ok(()),
        false => Err((name, format!("must be from {low} to {high}, got {value}"))),
    }
}
