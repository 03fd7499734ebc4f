//! The layers of the network.
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use baeum_core::{Approximate, Graph, Layer, Ngrams, Node, Size2, Tensor, TensorError};

use super::attention::{self, Attention};
use super::builder::Builder;
use super::lengths;
use super::members;
use super::model::Attribute;
use super::norm;
use super::pool::{self, Windows};
use super::sequence::{self, Cell};
use super::upsample;
use crate::error::ExportError;

/// Writes every node of the graph; `inputs` has the values of the input nodes by name. The value of each node, in order.
pub(super) fn write(
    builder: &mut Builder<'_>,
    graph: &Graph,
    inputs: &BTreeMap<&str, String>,
) -> Result<Vec<String>, ExportError> {
    let mut values: Vec<String> = vec![];
    for node in graph.nodes() {
        let read: Vec<&str> = node.inputs.iter().map(|id| values[id.index()].as_str()).collect();
        let items = graph.input_shapes(node).into_iter().map(|shape| shape.item().unwrap_or_default());
        let items: Vec<Vec<usize>> = items.collect();
        values.push(match read.is_empty() {
            true => inputs.get(node.name.as_str()).cloned().unwrap_or_default(), // none is missing: see `fit`
            false => layer(builder, node, &read, &items)?,
        });
    }
    Ok(values)
}

/// `items`: the sizes of an item of each that the node reads.
fn layer(
    builder: &mut Builder<'_>,
    node: &Node,
    read: &[&str],
    items: &[Vec<usize>],
) -> Result<String, ExportError> {
    let item = items[0].as_slice();
    let (name, x) = (node.name.as_str(), read[0]); // a layer that reads nothing is an input
    let counted = read.get(1).copied();
    let yields = node.shape.item().unwrap_or_default();
    let axis = |axis| [("axis", Attribute::Int(axis))];
    Ok(match &node.layer {
        Layer::Input { .. } | Layer::Dropout { .. } => x.to_owned(),
        Layer::Dense { bias, .. } => dense(builder, node, x, *bias)?,
        Layer::Unembedding { table, .. } => {
            let table = builder.shared_weight(&format!("{table}.weight"))?;
            let turned = sequence::transpose(builder, &format!("{name}.turned"), &table, &[1, 0]); // [units, vocabulary]
            builder.add(name, "MatMul", &[x, &turned], &[])
        }
        Layer::GroupedDense { groups, units } => members::grouped_dense(builder, name, x, groups, *units)?,
        Layer::Scale { bias: None, .. } => {
            let weights = weights(builder, name, &["weight"])?;
            builder.add(name, "Mul", &[x, &weights[0]], &[])
        }
        Layer::Scale { bias: Some(_), .. } => {
            let weights = weights(builder, name, &["weight", "bias"])?;
            let scaled = builder.add(&format!("{name}.scaled"), "Mul", &[x, &weights[0]], &[]);
            builder.add(name, "Add", &[&scaled, &weights[1]], &[])
        }
        Layer::Ensemble { members } => members::ensemble(builder, name, x, item, *members),
        Layer::Conv2d { kernel, stride, padding, dilation, groups, bias, .. } => {
            let settings = taps([*kernel, *stride, *padding, *dilation].map(sides), *groups);
            let weights = weights(builder, name, if *bias { &["weight", "bias"] } else { &["weight"] })?;
            builder.add(name, "Conv", &reading(x, &weights), &settings)
        }
        Layer::ConvTranspose2d {
            kernel, stride, padding, output_padding, dilation, groups, bias, ..
        } => {
            let mut settings = taps([*kernel, *stride, *padding, *dilation].map(sides), *groups);
            settings.push(("output_padding", pool::whole(&sides(*output_padding))));
            let weights = weights(builder, name, if *bias { &["weight", "bias"] } else { &["weight"] })?;
            builder.add(name, "ConvTranspose", &reading(x, &weights), &settings)
        }
        Layer::Conv1d { kernel, stride, padding, dilation, groups, bias, .. } => {
            let settings = taps([[*kernel], [*stride], [*padding], [*dilation]], *groups);
            let weights = weights(builder, name, if *bias { &["weight", "bias"] } else { &["weight"] })?;
            builder.add(name, "Conv", &reading(x, &weights), &settings)
        }
        Layer::MaxPool2d { kernel, stride, padding, .. } => {
            let sides = [*kernel, stride.unwrap_or(*kernel), *padding].map(sides);
            Windows::of(item, &yields, sides).largest(builder, name, x)
        }
        Layer::AvgPool2d { kernel, stride, padding, .. } => {
            let sides = [*kernel, stride.unwrap_or(*kernel), *padding].map(sides);
            Windows::of(item, &yields, sides).mean(builder, name, x)
        }
        Layer::MaxPool1d { kernel, stride, padding, .. } => {
            let sides = [[*kernel], [stride.unwrap_or(*kernel)], [*padding]];
            Windows::of(item, &yields, sides).largest(builder, name, x)
        }
        Layer::AvgPool1d { kernel, stride, padding, .. } => {
            let sides = [[*kernel], [stride.unwrap_or(*kernel)], [*padding]];
            Windows::of(item, &yields, sides).mean(builder, name, x)
        }
        Layer::Pad1d { before, after, mode } => sequence::pad(builder, name, x, [*before, *after], *mode),
        Layer::Upsample { factor, mode } => upsample::write(builder, name, x, item, *factor, *mode)?,
        Layer::AdaptiveAvgPool2d { size } => upsample::adaptive(builder, name, x, item, *size)?,
        Layer::AdaptiveMaxPool2d { size } => pool::adaptive_max(builder, name, x, item, *size)?,
        Layer::GlobalAvgPool => {
            let mean = builder.add(&format!("{name}.mean"), "GlobalAveragePool", &[x], &[]); // [batch, channels, 1, 1]
            builder.add(name, "Flatten", &[&mean], &axis(1))
        }
        Layer::BatchNorm { eps, axis, .. } => {
            let weights = weights(builder, name, &["weight", "bias", "running_mean", "running_var"])?;
            norm::batch(builder, name, &reading(x, &weights), item.len(), (*eps, *axis))
        }
        Layer::LayerNorm { eps } => {
            builder.need(name, "LayerNormalization", 17)?;
            let weights = weights(builder, name, &["weight", "bias"])?;
            builder.add(name, "LayerNormalization", &reading(x, &weights), &epsilon(*eps))
        }
        Layer::RmsNorm { eps } => norm::rms(builder, name, x, item, *eps)?,
        Layer::GroupNorm { groups, eps } => norm::group(builder, name, x, item, (*groups, *eps))?,
        Layer::InstanceNorm { eps } => {
            norm::alone(builder, name, x, item.first().copied().unwrap_or(1), *eps)?
        }
        Layer::InstanceRestore { eps } => norm::restore(builder, name, read, items, *eps)?,
        Layer::Relu => builder.add(name, "Relu", &[x], &[]),
        Layer::Gelu { approximate } => gelu(builder, name, x, *approximate)?,
        Layer::Tanh => builder.add(name, "Tanh", &[x], &[]),
        Layer::Sigmoid => builder.add(name, "Sigmoid", &[x], &[]),
        Layer::Silu => {
            let share = builder.add(&format!("{name}.share"), "Sigmoid", &[x], &[]);
            builder.add(name, "Mul", &[x, &share], &[])
        }
        Layer::LeakyRelu { slope } => builder.add(name, "LeakyRelu", &[x], &alpha(*slope)),
        Layer::Elu { alpha: below } => builder.add(name, "Elu", &[x], &alpha(*below)),
        Layer::Softplus => builder.add(name, "Softplus", &[x], &[]),
        Layer::Mish => {
            let soft = builder.add(&format!("{name}.soft"), "Softplus", &[x], &[]);
            let share = builder.add(&format!("{name}.share"), "Tanh", &[&soft], &[]);
            builder.add(name, "Mul", &[x, &share], &[])
        }
        Layer::HardTanh { low, high } => {
            let low = builder.numbers(&format!("{name}.low"), vec![], &[*low])?;
            let high = builder.numbers(&format!("{name}.high"), vec![], &[*high])?;
            builder.add(name, "Clip", &[x, &low, &high], &[])
        }
        Layer::Flatten { axis: 1 } => builder.add(name, "Flatten", &[x], &axis(1)),
        Layer::Flatten { .. } => sequence::reshape(builder, name, x, &node.shape.item().unwrap_or_default()),
        Layer::PositionEmbedding { .. } => sequence::position(builder, name, x, item)?,
        Layer::SinusoidalPositions => sequence::sinusoidal(builder, name, x, item)?,
        &Layer::MultiHeadAttention { heads, kv_heads, causal, bias, positions } => attention::write(
            builder,
            name,
            (x, counted),
            item,
            &Attention { heads, kv_heads: kv_heads.unwrap_or(heads), causal, bias, positions },
        )?,
        Layer::Lstm { units, bidirectional, returns, layers } => {
            let cell = Cell::lstm(*units, *bidirectional, *layers, *returns);
            sequence::recurrent(builder, node, x, counted, &cell)?
        }
        Layer::Gru { units, bidirectional, returns, layers } => {
            let cell = Cell::gru(*units, *bidirectional, *layers, *returns);
            sequence::recurrent(builder, node, x, counted, &cell)?
        }
        Layer::MemberMean { of } => members::mean(builder, name, x, item, *of)?,
        Layer::MeanOverTime => match counted {
            Some(lengths) => lengths::mean(builder, name, (x, lengths), item)?,
            None => sequence::mean(builder, name, x, item)?,
        },
        Layer::MaxOverTime => match counted {
            Some(lengths) => lengths::max(builder, name, (x, lengths), item)?,
            None => sequence::largest(builder, name, x, item),
        },
        Layer::Lengths { padding } => {
            lengths::write(builder, name, x, item.first().copied().unwrap_or(1), *padding)?
        }
        Layer::Transpose => sequence::turn(builder, name, x, item),
        Layer::Patches { size, stride } => {
            sequence::patches(builder, node, x, *size, stride.unwrap_or(*size))?
        }
        Layer::Embedding { .. } => {
            let table = builder.shared_weight(&format!("{name}.weight"))?;
            builder.add(name, "Gather", &[&table, x], &axis(0))
        }
        &Layer::NgramEmbedding { n, buckets, .. } => {
            let time = item.first().copied().unwrap_or(1);
            let hashes = sequence::ngrams(builder, name, x, time, Ngrams { n, buckets })?;
            let table = builder.shared_weight(&format!("{name}.weight"))?;
            builder.add(name, "Gather", &[&table, &hashes], &axis(0))
        }
        Layer::Add => read[1..].iter().fold(x.to_owned(), |sum, y| builder.add(name, "Add", &[&sum, y], &[])),
        Layer::Subtract => builder.add(name, "Sub", read, &[]),
        Layer::Multiply => builder.add(name, "Mul", read, &[]),
        Layer::Concat { axis: place } => builder.add(name, "Concat", read, &axis(*place as i64)),
    })
}

/// Gemm knows rows alone, so a sequence `[batch, time, n]` is multiplied by the weight laid on its side.
fn dense(builder: &mut Builder<'_>, node: &Node, x: &str, bias: bool) -> Result<String, ExportError> {
    let name = node.name.as_str();
    if node.shape.rank() == 2 {
        let weights = weights(builder, name, if bias { &["weight", "bias"] } else { &["weight"] })?;
        return Ok(builder.add(name, "Gemm", &reading(x, &weights), &[("transB", Attribute::Int(1))]));
    }
    product(builder, name, x, "weight", bias.then_some("bias"))
}

/// `x W^T + b` over the last axis, whatever stands in front of it. `weight` and `bias` are the names of the node's parameters.
pub(super) fn product(
    builder: &mut Builder<'_>,
    node: &str,
    x: &str,
    weight: &str,
    bias: Option<&str>,
) -> Result<String, ExportError> {
    let weight = builder.weight(&format!("{node}.{weight}"), transposed)?;
    let product = builder.add(node, "MatMul", &[x, &weight], &[]); // [batch, .., units]
    let Some(bias) = bias else { return Ok(product) };
    let bias = builder.weight(&format!("{node}.{bias}"), |bias| Ok(bias.clone()))?;
    Ok(builder.add(node, "Add", &[&product, &bias], &[]))
}

/// GELU in words that every operator set has (Hendrycks & Gimpel 2016): `x/2 (1 + erf(x / sqrt 2))`, or
/// `x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
fn gelu(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    approximate: Approximate,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let number =
        |builder: &mut Builder<'_>, wish: &str, number: f64| builder.numbers(&part(wish), vec![], &[number]);
    let bend = match approximate {
        Approximate::None => {
            let root = number(builder, "root", FRAC_1_SQRT_2)?;
            let scaled = builder.add(&part("scaled"), "Mul", &[x, &root], &[]);
            builder.add(&part("erf"), "Erf", &[&scaled], &[])
        }
        Approximate::Tanh => {
            let (cubic, root) =
                (number(builder, "cubic", 0.044715)?, number(builder, "root", FRAC_2_PI.sqrt())?);
            let square = builder.add(&part("square"), "Mul", &[x, x], &[]);
            let cube = builder.add(&part("cube"), "Mul", &[&square, x], &[]);
            let share = builder.add(&part("share"), "Mul", &[&cube, &cubic], &[]);
            let sum = builder.add(&part("sum"), "Add", &[x, &share], &[]);
            let scaled = builder.add(&part("scaled"), "Mul", &[&sum, &root], &[]);
            builder.add(&part("tanh"), "Tanh", &[&scaled], &[])
        }
    };
    let (one, half) = (number(builder, "one", 1.0)?, number(builder, "half", 0.5)?);
    let below = builder.add(&part("below"), "Add", &[&bend, &one], &[]);
    let product = builder.add(&part("product"), "Mul", &[x, &below], &[]);
    Ok(builder.add(name, "Mul", &[&product, &half], &[]))
}

/// The values of a node's parameters.
fn weights(builder: &mut Builder<'_>, node: &str, names: &[&str]) -> Result<Vec<String>, ExportError> {
    names.iter().map(|name| builder.weight(&format!("{node}.{name}"), |tensor| Ok(tensor.clone()))).collect()
}

fn reading<'a>(x: &'a str, weights: &'a [String]) -> Vec<&'a str> {
    std::iter::once(x).chain(weights.iter().map(String::as_str)).collect()
}

/// The settings of a convolution along each side; `sides`: kernel, stride, padding and dilation.
fn taps<const N: usize>(
    [kernel, stride, padding, dilation]: [[usize; N]; 4],
    groups: usize,
) -> Vec<(&'static str, Attribute)> {
    let mut settings = pool::window(kernel, stride, [padding; 2]);
    settings.push(("dilations", pool::whole(&dilation)));
    settings.push(("group", Attribute::Int(groups as i64)));
    settings
}

fn sides(size: Size2) -> [usize; 2] {
    [size.height, size.width]
}

pub(super) fn epsilon(eps: f64) -> [(&'static str, Attribute); 1] {
    [("epsilon", Attribute::Float(eps as f32))]
}

fn alpha(alpha: f64) -> [(&'static str, Attribute); 1] {
    [("alpha", Attribute::Float(alpha as f32))]
}

/// `[out, in]` to `[in, out]`.
fn transposed(weight: &Tensor) -> Result<Tensor, TensorError> {
    let numbers = weight.f32s()?;
    let (rows, columns) = match *weight.shape() {
        [rows, columns] => (rows, columns),
        _ => (weight.len(), 1),
    };
    let turned: Vec<f32> =
        (0..columns).flat_map(|c| (0..rows).map(move |r| numbers[r * columns + c])).collect();
    Tensor::new([columns, rows], turned)
}
