//! Norms that older operator sets have no word of their own for.
use super::builder::Builder;
use super::model::Attribute;
use super::network::epsilon;
use super::sequence::reshape;
use crate::error::ExportError;

/// `x / sqrt(mean(x * x) + eps) * weight` over the last axis. `item`: `[.., n]`.
pub(super) fn rms(
    builder: &mut Builder<'_>,
    name: &str,
    x: &str,
    item: &[usize],
    eps: f64,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let n = item.last().copied().unwrap_or(1);
    let (axes, keep) = (builder.signed(&part("axes"), vec![-1]), [("keepdims", Attribute::Int(1))]);
    let square = builder.add(&part("square"), "Mul", &[x, x], &[]);
    let sum = builder.add(&part("sum"), "ReduceSum", &[&square, &axes], &keep); // [batch, .., 1]
    let share = builder.numbers(&part("share"), vec![], &[1.0 / n as f64])?;
    let eps = builder.numbers(&part("eps"), vec![], &[eps])?;
    let mean = builder.add(&part("mean"), "Mul", &[&sum, &share], &[]);
    let above_zero = builder.add(&part("above_zero"), "Add", &[&mean, &eps], &[]);
    let root = builder.add(&part("root"), "Sqrt", &[&above_zero], &[]);
    let normal = builder.add(&part("normal"), "Div", &[x, &root], &[]);
    let weight = builder.weight(&part("weight"), |weight| Ok(weight.clone()))?;
    Ok(builder.add(name, "Mul", &[&normal, &weight], &[]))
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
