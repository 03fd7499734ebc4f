//! The window of a series, and what is measured from it.

use baeum_core::{Anchor, Anchored};

use super::builder::Builder;
use super::model::Attribute;
use super::preprocess::{Flow, Form, refuse};
use crate::error::ExportError;

/// What to take from each channel of a window `[batch, channels, steps]`, and what to divide by then, if by anything; both
/// `[batch, channels, 1]`.
fn anchor(
    builder: &mut Builder<'_>,
    wish: &str,
    window: &str,
    (steps, by): (usize, Anchor),
) -> Result<(String, Option<String>), ExportError> {
    match by {
        Anchor::Last => {
            let last = builder.whole(&format!("{wish}.place"), &[steps.saturating_sub(1)]);
            let axis = [("axis", Attribute::Int(2))];
            Ok((builder.add(&format!("{wish}.last"), "Gather", &[window, &last], &axis), None))
        }
        Anchor::Mean => {
            // A mean as a product says the same in every operator set.
            let share = vec![1.0 / steps as f64; steps];
            let share = builder.numbers(&format!("{wish}.share"), vec![steps, 1], &share)?;
            let mean = builder.add(&format!("{wish}.mean"), "MatMul", &[window, &share], &[]);
            let apart = builder.add(&format!("{wish}.apart"), "Sub", &[window, &mean], &[]);
            let squares = builder.add(&format!("{wish}.squares"), "Mul", &[&apart, &apart], &[]);
            let variance = builder.add(&format!("{wish}.variance"), "MatMul", &[&squares, &share], &[]);
            let spread = builder.add(&format!("{wish}.deviation"), "Sqrt", &[&variance], &[]);
            let [zero, one] = [0.0, 1.0].map(|x| builder.numbers(&format!("{wish}.number"), vec![1], &[x]));
            let flat = builder.add(&format!("{wish}.flat"), "Equal", &[&spread, &zero?], &[]);
            let spread = builder.add(&format!("{wish}.spread"), "Where", &[&flat, &one?, &spread], &[]);
            Ok((mean, Some(spread)))
        }
    }
}

/// Each channel measured from itself.
pub(super) fn normalise<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    by: Anchor,
) -> Result<Flow<'a>, ExportError> {
    let [_, steps] = grid(&flow)?;
    let wish = format!("{}.window", flow.field);
    let (centre, spread) = anchor(builder, &wish, &flow.value, (steps, by))?;
    let mut value = builder.add(&wish, "Sub", &[&flow.value, &centre], &[]);
    if let Some(spread) = spread {
        value = builder.add(&wish, "Div", &[&value, &spread], &[]);
    }
    Ok(Flow { value, ..flow })
}

/// Each step less the one `lag` before it.
pub(super) fn difference<'a>(
    builder: &mut Builder<'_>,
    flow: Flow<'a>,
    lag: usize,
) -> Result<Flow<'a>, ExportError> {
    let [channels, steps] = grid(&flow)?;
    let wish = format!("{}.difference", flow.field);
    let mut part = |from: usize, to: usize| {
        let [from, to, axis] = [from, to, 2].map(|place| builder.whole(&wish, &[place]));
        builder.add(&wish, "Slice", &[&flow.value, &from, &to, &axis], &[])
    };
    let (later, earlier) = (part(lag, steps), part(0, steps.saturating_sub(lag)));
    let value = builder.add(&wish, "Sub", &[&later, &earlier], &[]);
    Ok(Flow { value, form: Form::Grid([channels, steps.saturating_sub(lag)]), ..flow })
}

/// From `[batch, channels, steps]` to `[batch, steps, channels]`.
pub(super) fn steps_first<'a>(builder: &mut Builder<'_>, flow: Flow<'a>) -> Result<Flow<'a>, ExportError> {
    let [channels, steps] = grid(&flow)?;
    let axes = Attribute::Ints(vec![0, 2, 1]);
    let wish = format!("{}.steps_first", flow.field);
    let value = builder.add(&wish, "Transpose", &[&flow.value], &[("perm", axes)]);
    Ok(Flow { value, form: Form::Grid([steps, channels]), ..flow })
}

fn grid(flow: &Flow<'_>) -> Result<[usize; 2], ExportError> {
    if let Form::Grid(sizes) = flow.form {
        return Ok(sizes);
    }
    Err(refuse(flow.field, "a series before its steps", flow.form.to_string()))
}

/// The next steps, `[batch, columns, steps]`, under `name`: the network's numbers in the columns' own units.
pub(super) fn forecast(
    builder: &mut Builder<'_>,
    (name, target): (String, &str),
    numbers: &str,
    (sizes, scale, offset): ([usize; 2], &[f64], &[f64]),
    anchored: Option<(&Anchored, &str)>,
) -> Result<(), ExportError> {
    let [columns, steps] = sizes;
    let wish = |part: &str| format!("{target}.{part}");
    let shape = builder.signed(&wish("shape"), vec![0, columns as i64, steps as i64]); // 0 keeps the batch
    let numbers = builder.add(&wish("steps"), "Reshape", &[numbers, &shape], &[]);
    let mut scale = builder.numbers(&wish("scale"), vec![columns, 1], scale)?;
    let offset = match anchored {
        None => builder.numbers(&wish("offset"), vec![columns, 1], offset)?,
        Some((anchored, window)) => {
            let places = builder.whole(&wish("channels"), &anchored.channels);
            let axis = [("axis", Attribute::Int(1))];
            let window = builder.add(&wish("window"), "Gather", &[window, &places], &axis);
            let (centre, spread) = anchor(builder, &wish("window"), &window, (anchored.steps, anchored.by))?;
            scale = spread.unwrap_or(scale);
            centre
        }
    };
    let scaled = builder.add(&wish("scaled"), "Mul", &[&numbers, &scale], &[]);
    builder.add_as(name, "Add", &[&scaled, &offset], &[]);
    Ok(())
}
