//! Norms that older operator sets have no word of their own for.
use baeum_core::ChannelAxis;

use super::builder::Builder;
use super::model::Attribute;
use super::network::epsilon;
use super::sequence::{reshape, transpose};
use crate::error::ExportError;

/// By running statistics. `read`: what is normalised, and the four tensors; ONNX knows channels behind the batch alone, so that others
/// are turned there and back. `axes`: of an item.
pub(super) fn batch(
    builder: &mut Builder<'_>,
    name: &str,
    read: &[&str],
    axes: usize,
    (eps, axis): (f64, ChannelAxis),
) -> String {
    if axes < 2 || axis == ChannelAxis::Second {
        return builder.add(name, "BatchNormalization", read, &epsilon(eps));
    }
    let part = |part: &str| format!("{name}.{part}");
    let (last, middle) = (axes as i64, 1..axes as i64);
    let there: Vec<i64> = [0, last].into_iter().chain(middle).collect();
    let back: Vec<i64> = [0].into_iter().chain(2..=last).chain([1]).collect();
    let turned = transpose(builder, &part("turned"), read[0], &there); // [batch, channels, ..]
    let normal = builder.add(
        &part("normal"),
        "BatchNormalization",
        &[&[turned.as_str()], &read[1..]].concat(),
        &epsilon(eps),
    );
    transpose(builder, name, &normal, &back)
}

/// `x * sqrt(variance + eps) + mean`, both of the window. `read`: `x` and the window; `items`: `[channels, ..]` of both.
pub(super) fn restore(
    builder: &mut Builder<'_>,
    name: &str,
    read: &[&str],
    items: &[Vec<usize>],
    eps: f64,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let ([x, window], steps) = ([read[0], read[1]], items[1].last().copied().unwrap_or(1));
    let centre = row_mean(builder, &part("centre"), window, steps)?; // [batch, channels, 1]
    let centred = builder.add(&part("centred"), "Sub", &[window, &centre], &[]);
    let deviation = row_root(builder, name, &centred, steps, eps)?;
    let scaled = builder.add(&part("scaled"), "Mul", &[x, &deviation], &[]);
    Ok(builder.add(name, "Add", &[&scaled, &centre], &[]))
}

/// `x / sqrt(mean(x * x) + eps) * weight` over the last axis. `item`: `[.., n]`.
pub(super) fn rms(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    eps: f64,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let root = row_root(builder, name, x, item.last().copied().unwrap_or(1), eps)?;
    let normal = builder.add(&part("normal"), "Div", &[x, &root], &[]);
    let weight = builder.weight(&part("weight"), |weight| Ok(weight.clone()))?;
    Ok(builder.add(name, "Mul", &[&normal, &weight], &[]))
}

/// `sqrt(mean(x * x) + eps)` over the `n` numbers of the last axis, `[batch, .., 1]`; its parts are named after `node`.
fn row_root(
    builder: &mut Builder<'_>,
    node: &str,
    x: &str,
    n: usize,
    eps: f64,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{node}.{part}");
    let square = builder.add(&part("square"), "Mul", &[x, x], &[]);
    let mean = row_mean(builder, &part("mean"), &square, n)?;
    let eps = builder.numbers(&part("eps"), vec![], &[eps])?;
    let above_zero = builder.add(&part("above_zero"), "Add", &[&mean, &eps], &[]);
    Ok(builder.add(&part("root"), "Sqrt", &[&above_zero], &[]))
}

/// The mean of the `n` numbers of the last axis, `[batch, .., 1]`.
fn row_mean(builder: &mut Builder<'_>, wish: &str, x: &str, n: usize) -> Result<String, ExportError> {
    let axes = builder.signed(&format!("{wish}.axes"), vec![-1]);
    let sum =
        builder.add(&format!("{wish}.sum"), "ReduceSum", &[x, &axes], &[("keepdims", Attribute::Int(1))]);
    let share = builder.numbers(&format!("{wish}.share"), vec![], &[1.0 / n as f64])?;
    Ok(builder.add(wish, "Mul", &[&sum, &share], &[]))
}

/// Each of so many channels of an item by itself.
pub(super) fn alone(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    channels: usize,
    eps: f64,
) -> Result<String, ExportError> {
    let ones = builder.numbers(&format!("{name}.ones"), vec![channels], &vec![1.0; channels])?;
    let zeros = builder.numbers(&format!("{name}.zeros"), vec![channels], &vec![0.0; channels])?;
    Ok(builder.add(name, "InstanceNormalization", &[x, &ones, &zeros], &epsilon(eps)))
}

/// Each group as a channel of its own, then the scale and the shift of each real channel. `item`: `[channels, ..]`.
pub(super) fn group(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    (groups, eps): (usize, f64),
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let (channels, all) = (item.first().copied().unwrap_or(1), item.iter().product::<usize>());
    let rows = reshape(builder, &part("rows"), x, &[groups, all / groups.max(1)]); // [batch, groups, ..]
    let normal = alone(builder, &part("normal"), &rows, groups, eps)?;
    let normal = reshape(builder, &part("channels"), &normal, item); // [batch, channels, ..]
    // A number for each channel, beside axes of one.
    let sizes = [&[channels][..], &vec![1; item.len().saturating_sub(1)]].concat();
    let mut column = |name: &str| {
        builder.weight(&part(name), |column| baeum_core::Tensor::new(sizes.clone(), column.f32s()?.to_vec()))
    };
    let (weight, bias) = (column("weight")?, column("bias")?);
    let scaled = builder.add(&part("scaled"), "Mul", &[&normal, &weight], &[]);
    Ok(builder.add(name, "Add", &[&scaled, &bias], &[]))
}
