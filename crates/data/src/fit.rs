//! Everything that is learned from the data before training: steps, labels, ranges. It sees the training rows
//! alone, and that is a type: [`Split<Train>`].

mod inputs;
mod next;
mod quantiles;
mod rows;
mod series;
mod steps;
mod targets;

use baeum_core::{
    Decode, Field, InputSpec, Kind, Pipeline, Role, Schema, Split, Target, TargetStats, Task, Train,
};
use rayon::prelude::*;

use crate::encoder::Encoder;
use crate::plan::DataPlan;
use crate::source::Raw;
use crate::{DataError, Place};

use rows::Seen;
pub(crate) use rows::{Moments, Rows, Run};

/// What the training rows taught.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) schema: Schema,
    pub(crate) inputs: Vec<InputSpec>,
    pub(crate) targets: Vec<Target>,
    pub(crate) stats: Vec<TargetStats>,
}

/// Fits steps, labels and ranges to the training rows.
///
/// # Errors
/// [`DataError`] for a column whose training rows are of no use, and for steps that do not fit what the
/// columns hold.
pub(crate) fn fit(
    plan: &DataPlan,
    raw: &dyn Raw,
    mut fields: Vec<Field>,
    train: &Split<Train>,
    place: &Place,
) -> Result<Fitted, DataError> {
    // No step of a series counts more often than another, however many windows hold it.
    let each_step = raw.each_step(train.rows());
    let every = each_step.as_deref().map(series::every).transpose()?;
    let (raw, train) = (each_step.as_deref().unwrap_or(raw), every.as_ref().unwrap_or(train));
    let inputs: Vec<(usize, Field)> =
        fields.iter().cloned().enumerate().filter(|(_, field)| field.role == Role::Input).collect();
    let (mut columns, mut answers) = (vec![], vec![]);
    // All fields at the same time, none of which sees another.
    let ways = |(number, field): (usize, &mut Field)| match field.role {
        Role::Input => {
            let of_step = series::of_step(field);
            let rows = Rows { raw, train, place: number, field: &of_step };
            let seen = rows.seen()?;
            describe(field, &seen)?;
            steps::fit(plan, &rows, &field.kind, &seen, place)
        }
        Role::Target | Role::Id | Role::Ignored => Ok(vec![]),
    };
    let ways: Vec<Result<_, DataError>> = fields.par_iter_mut().enumerate().map(ways).collect();
    for ((number, field), ways) in fields.iter_mut().enumerate().zip(ways) {
        let of_step = series::of_step(field);
        let rows = Rows { raw, train, place: number, field: &of_step };
        match field.role {
            Role::Input => {
                let column = |(steps, shape)| (Pipeline { field: field.name.clone(), steps }, shape);
                columns.extend(ways?.into_iter().map(column));
            }
            Role::Target => {
                let (target, stats) = match &plan.config.series {
                    _ if plan.task == Some(Task::Generate) => {
                        let place_of_text = inputs.first().map_or(0, |(place, _)| *place);
                        let text = Rows { place: place_of_text, ..rows };
                        next::target(plan, &field.name, &text, columns.first().map(|(pipeline, _)| pipeline))?
                    }
                    Some(config) => {
                        series::target(plan, config, &rows, inputs.first().map(|(_, field)| field))?
                    }
                    None => targets::target(plan, &rows, &place.limits)?,
                };
                if let Decode::Label { labels } | Decode::Labels { labels, .. } = &target.decode {
                    field.labels = labels.clone();
                }
                answers.push((target, stats));
            }
            Role::Id | Role::Ignored => {}
        }
    }
    if answers.is_empty() {
        return Err(DataError::setting("data.target", "a column of the data", "none"));
    }
    // Heads stand in the order of the recipe, whatever that of the columns.
    let place = |field: &str| plan.targets().iter().position(|target| target.name == field);
    answers.sort_by_key(|(target, _)| place(&target.field));
    let (targets, stats) = answers.into_iter().unzip();
    let inputs = inputs::inputs(plan, &fields, columns)?;
    let schema = Schema { fields };
    Encoder::new(&schema, &inputs)?; // whatever is fitted can be walked
    Ok(Fitted { schema, inputs, targets, stats })
}

/// Writes into a field what its training rows hold.
fn describe(field: &mut Field, seen: &Seen) -> Result<(), DataError> {
    match field.kind {
        Kind::Category => field.labels = seen.names.keys().cloned().collect(),
        Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } => {
            let refuse = || DataError::Column {
                column: field.name.clone(),
                wants: "a number".to_owned(),
                got: "none".to_owned(),
            };
            field.range = Some(seen.numbers.range().ok_or_else(refuse)?);
        }
        Kind::Image { .. } | Kind::Labels { .. } | Kind::Text => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
