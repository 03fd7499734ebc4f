//! One number and the edges of its bins.

use super::builder::Builder;
use super::model::Element;
use super::preprocess::{Flow, Form, cast, floats, refuse};
use crate::error::ExportError;

/// One number `[batch, 1]`, or a refusal.
fn one<'a>(builder: &mut Builder<'_>, flow: Flow<'a>) -> Result<Flow<'a>, ExportError> {
    let flow = floats(builder, flow)?;
    match flow.form == Form::Row(1) {
        true => Ok(flow),
        false => Err(refuse(flow.field, "one number to put into bins", flow.form.to_string())),
    }
}

/// The place of its bin, from 1; 0 for a missing number.
pub(super) fn places<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    edges: &[f64],
) -> Result<Flow<'a>, ExportError> {
    let flow = one(builder, flow)?;
    let wish = format!("{}.bins", flow.field);
    let missing = builder.add(&wish, "IsNaN", &[&flow.value], &[]);
    let there = builder.add(&wish, "Not", &[&missing], &[]);
    let there = cast(builder, &wish, &there, Element::I64);
    if edges.is_empty() {
        return Ok(Flow { value: there, form: Form::Places, ..flow });
    }
    let edges = builder.numbers(&wish, vec![edges.len()], edges)?;
    let behind = builder.add(&wish, "GreaterOrEqual", &[&flow.value, &edges], &[]); // [batch, edges]
    let behind = count(builder, &wish, &behind);
    let value = builder.add(&wish, "Add", &[&behind, &there], &[]);
    Ok(Flow { value, form: Form::Places, ..flow })
}

/// How many of a row are true: `[batch, n]` to `[batch, 1]`.
pub(super) fn count(builder: &mut Builder<'_>, wish: &str, truths: &str) -> String {
    let ones = cast(builder, wish, truths, Element::I64);
    let axis = builder.whole(wish, &[1]);
    builder.add(wish, "ReduceSum", &[&ones, &axis], &[])
}

/// How far it has come in each bin: below 0 in the first, above 1 in the last, 0 to 1 in all others.
pub(super) fn shares<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    edges: &[f64],
) -> Result<Flow<'a>, ExportError> {
    let flow = one(builder, flow)?;
    let bins = edges.len().saturating_sub(1);
    if bins == 0 {
        return Err(refuse(flow.field, "at least two edges of bins", edges.len().to_string()));
    }
    let wish = format!("{}.shares", flow.field);
    let widths: Vec<f64> = edges.windows(2).map(|edge| edge[1] - edge[0]).collect();
    let starts = builder.numbers(&wish, vec![bins], &edges[..bins])?;
    let widths = builder.numbers(&wish, vec![bins], &widths)?;
    let from_start = builder.add(&wish, "Sub", &[&flow.value, &starts], &[]);
    let mut value = builder.add(&wish, "Div", &[&from_start, &widths], &[]); // [batch, bins]
    let far = f64::from(f32::MAX);
    let low = (0..bins).map(|bin| if bin == 0 { -far } else { 0.0 }).collect::<Vec<_>>();
    let high = (1..=bins).map(|bin| if bin == bins { far } else { 1.0 }).collect::<Vec<_>>();
    for (beyond, bounds) in [("Less", low), ("Greater", high)] {
        let bounds = builder.numbers(&wish, vec![bins], &bounds)?;
        let is_beyond = builder.add(&wish, beyond, &[&value, &bounds], &[]);
        value = builder.add(&wish, "Where", &[&is_beyond, &bounds, &value], &[]);
    }
    Ok(Flow { value, form: Form::Row(bins), ..flow })
}
