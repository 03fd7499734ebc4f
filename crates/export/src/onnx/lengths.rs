//! How many places of a sequence count, and the layers that are told.
use super::builder::Builder;
use super::model::{Attribute, Element};
use super::sequence::{largest, reshape, time_and_width};
use crate::error::ExportError;

/// The last place that is not padding, counted from 1. A half more for the first place lets it win where all is padding: engines do
/// not agree which of equals `ArgMax` takes. `ids`: `[batch, time]`; the value: `[batch]`.
pub(super) fn write(
    builder: &mut Builder<'_>,
    name: &str,
    ids: &str,
    time: usize,
    padding: u32,
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let (padding, one) =
        (builder.scalar(&part("padding"), padding.into())?, builder.scalar(&part("one"), 1)?);
    let padded = builder.add(&part("padded"), "Equal", &[ids, &padding], &[]);
    let counts = builder.add(&part("counts"), "Not", &[&padded], &[]);
    let counts = cast(builder, &part("counts"), &counts, Element::F32);
    let places: Vec<f64> = (1..=time).map(|place| place as f64).collect();
    let places = builder.numbers(&part("places"), vec![time], &places)?;
    let places = builder.add(&part("place"), "Mul", &[&counts, &places], &[]); // [batch, time]
    let first: Vec<f64> = (0..time).map(|place| if place == 0 { 0.5 } else { 0.0 }).collect();
    let first = builder.numbers(&part("first"), vec![time], &first)?;
    let places = builder.add(&part("place"), "Add", &[&places, &first], &[]);
    let settings = [("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(0))];
    let last = builder.add(&part("last"), "ArgMax", &[&places], &settings); // [batch], counted from 0
    Ok(builder.add(name, "Add", &[&last, &one], &[]))
}

/// Which places count, laid out as `item` says: one of its axes is `time`, the others are 1. `lengths`: `[batch]`.
pub(super) fn places(
    builder: &mut Builder<'_>,
    name: &str,
    lengths: &str,
    time: usize,
    item: &[usize],
) -> String {
    let part = |part: &str| format!("{name}.{part}");
    let places: Vec<usize> = (0..time).collect();
    let places = builder.whole(&part("places"), &places);
    let column = reshape(builder, &part("length"), lengths, &[1]); // [batch, 1]
    let counted = builder.add(&part("counted"), "Less", &[&places, &column], &[]); // [batch, time]
    reshape(builder, &part("counted_places"), &counted, item)
}

/// `x`: `[batch, time, n]`.
pub(super) fn mean(
    builder: &mut Builder<'_>,
    name: &str,
    (x, lengths): (&str, &str),
    item: &[usize],
) -> Result<String, ExportError> {
    let part = |part: &str| format!("{name}.{part}");
    let x = replaced(builder, name, (x, lengths), item, 0.0)?;
    let axes = builder.whole(&part("axes"), &[1]);
    let sum = builder.add(&part("sum"), "ReduceSum", &[&x, &axes], &[("keepdims", Attribute::Int(0))]); // [batch, n]
    let count = cast(builder, &part("count"), lengths, Element::F32);
    let count = reshape(builder, &part("count"), &count, &[1]); // [batch, 1]
    Ok(builder.add(name, "Div", &[&sum, &count], &[]))
}

/// `x`: `[batch, time, n]`.
pub(super) fn max(
    builder: &mut Builder<'_>,
    name: &str,
    read: (&str, &str),
    item: &[usize],
) -> Result<String, ExportError> {
    let x = replaced(builder, name, read, item, f64::from(f32::MIN))?;
    Ok(largest(builder, name, &x, item))
}

/// `x`: `[batch, time, n]`, whose places that do not count become `by`.
pub(super) fn replaced(
    builder: &mut Builder<'_>,
    name: &str,
    (x, lengths): (&str, &str),
    item: &[usize],
    by: f64,
) -> Result<String, ExportError> {
    let (time, _) = time_and_width(item);
    let counted = places(builder, name, lengths, time, &[time, 1]); // [batch, time, 1]
    let by = builder.numbers(&format!("{name}.nothing"), vec![], &[by])?;
    Ok(builder.add(&format!("{name}.counts"), "Where", &[&counted, x, &by], &[]))
}

fn cast(builder: &mut Builder<'_>, wish: &str, x: &str, to: Element) -> String {
    builder.add(wish, "Cast", &[x], &[("to", Attribute::Int(to.code()))])
}
