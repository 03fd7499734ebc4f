//! Everything that is learned from the data before training: steps, labels, ranges. It sees the training rows
//! alone, and that is a type: [`Split<Train>`].

mod rows;

use baeum_core::{
    DType, Decode, Field, InputSpec, Kind, Limits, Pipeline, Role, Schema, Split, Target, TargetStats, Train,
    Transform,
};

use crate::DataError;
use crate::config::{ImputeWith, Per, StepConfig};
use crate::encoder::Encoder;
use crate::labels::Labels;
use crate::plan::DataPlan;
use crate::plan::steps::{Change, Form, Misfit};
use crate::source::Raw;

use rows::Seen;
pub(crate) use rows::{Moments, Rows};

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
    limits: &Limits,
) -> Result<Fitted, DataError> {
    let (mut pipelines, mut shapes, mut answer) = (vec![], vec![], None);
    for (place, field) in fields.iter_mut().enumerate() {
        match field.role {
            Role::Input => {
                let seen = Rows { raw, train, place, field }.seen()?;
                describe(field, &seen)?;
                let (steps, shape) = pipeline(plan, &Rows { raw, train, place, field }, seen.has_missing)?;
                pipelines.push(Pipeline { field: field.name.clone(), steps });
                shapes.push(shape);
            }
            Role::Target => {
                let (target, stats) = target(plan, &Rows { raw, train, place, field }, limits)?;
                if let Decode::Label { labels } = &target.decode {
                    field.labels = labels.clone();
                }
                answer = Some((target, stats));
            }
            Role::Id | Role::Ignored => {}
        }
    }
    let (target, stats) =
        answer.ok_or_else(|| DataError::setting("data.target", "a column of the data", "none"))?;
    let inputs = vec![input(plan, pipelines, &shapes)?];
    let schema = Schema { fields };
    Encoder::new(&schema, &inputs)?; // whatever is fitted can be walked
    Ok(Fitted { schema, inputs, targets: vec![target], stats: vec![stats] })
}

/// Writes into a field what its training rows hold.
fn describe(field: &mut Field, seen: &Seen) -> Result<(), DataError> {
    match field.kind {
        Kind::Category => field.labels = seen.names.iter().cloned().collect(),
        Kind::Number | Kind::Numbers { .. } => {
            let refuse = || DataError::Column {
                column: field.name.clone(),
                wants: "a number".to_owned(),
                got: "none".to_owned(),
            };
            field.range = Some(seen.numbers.range().ok_or_else(refuse)?);
        }
        Kind::Image { .. } | Kind::Text => {}
    }
    Ok(())
}

/// The steps of one field, fitted one behind the other, and the shape of what comes out.
fn pipeline(
    plan: &DataPlan,
    rows: &Rows<'_>,
    has_missing: bool,
) -> Result<(Vec<Transform>, Vec<usize>), DataError> {
    let name = &rows.field.name;
    let said = plan.field(name).and_then(|field| field.steps.clone());
    let steps = said.unwrap_or_else(|| usual_steps(&rows.field.kind, has_missing));
    let mut form = Form::of(&rows.field.kind);
    let mut fitted = vec![];
    for (number, step) in steps.iter().enumerate() {
        let path = format!("data.fields.{name}.steps[{number}]");
        let refuse = |misfit: Misfit| DataError::setting(&path, misfit.wants, misfit.got);
        form.clone().after(Change::from(step)).map_err(refuse)?;
        let transform = match step {
            StepConfig::Resize { height, width, filter } => {
                Transform::Resize { height: *height, width: *width, filter: *filter }
            }
            StepConfig::Scale { factor, offset } => Transform::Scale { factor: *factor, offset: *offset },
            StepConfig::Category {} => Transform::Category { labels: rows.field.labels.clone() },
            StepConfig::OneHot {} => Transform::OneHot { size: rows.field.labels.len() + 1 },
            StepConfig::Standardise { per } => {
                let shape = form.clone().shape().map_err(refuse)?;
                standardise(rows, &fitted, &shape, runs(plan, *per, &shape, &path)?)?
            }
            StepConfig::Impute { with } => {
                impute(rows, &fitted, *with, form.clone().shape().map_err(refuse)?.iter().product())?
            }
        };
        form = form.after(Change::from(&transform)).map_err(refuse)?;
        fitted.push(transform);
    }
    let misfit =
        |misfit: Misfit| DataError::setting(format!("data.fields.{name}.steps"), misfit.wants, misfit.got);
    Ok((fitted, form.shape().map_err(misfit)?))
}

/// The steps of a field of which the recipe says nothing.
fn usual_steps(kind: &Kind, has_missing: bool) -> Vec<StepConfig> {
    let standardise = StepConfig::Standardise { per: Per::Feature };
    match kind {
        Kind::Number if has_missing => vec![StepConfig::Impute { with: ImputeWith::Mean }, standardise],
        Kind::Number => vec![standardise],
        Kind::Category => vec![StepConfig::Category {}, StepConfig::OneHot {}],
        Kind::Image { .. } => vec![StepConfig::Scale { factor: 1.0 / 255.0, offset: 0.0 }],
        Kind::Numbers { .. } | Kind::Text => vec![],
    }
}

/// Into how many runs the numbers of a row are cut, each with a mean of its own.
fn runs(plan: &DataPlan, per: Per, shape: &[usize], path: &str) -> Result<usize, DataError> {
    let laid_out = plan.config.shape.as_deref().unwrap_or(shape);
    match (per, shape, laid_out) {
        (Per::All, _, _) => Ok(1),
        (Per::Feature, _, _) => Ok(shape.iter().product()),
        (Per::Channel, [channels, _, _], _) | (Per::Channel, _, [channels, _, _]) => Ok(*channels),
        (Per::Channel, _, _) => {
            let wants = "numbers laid out as [channels, rows, columns] for `channel`";
            Err(DataError::setting(
                format!("{path}.standardise.per"),
                wants,
                format!("{shape:?}; say `data.shape`"),
            ))
        }
    }
}

fn standardise(
    rows: &Rows<'_>,
    before: &[Transform],
    shape: &[usize],
    runs: usize,
) -> Result<Transform, DataError> {
    let moments = rows.moments(before, shape.iter().product(), runs)?;
    let mean = moments.iter().map(Moments::mean).collect();
    Ok(Transform::Standardise { mean, std: moments.iter().map(Moments::divisor).collect() })
}

fn impute(
    rows: &Rows<'_>,
    before: &[Transform],
    with: ImputeWith,
    width: usize,
) -> Result<Transform, DataError> {
    let value = match with {
        ImputeWith::Constant(value) => vec![value],
        ImputeWith::Median => rows.medians(before, width)?,
        ImputeWith::Mean => rows.moments(before, width, width)?.iter().map(Moments::mean).collect(),
    };
    Ok(Transform::Impute { value })
}

/// The network's input: all fields side by side, laid out as the recipe says.
fn input(plan: &DataPlan, columns: Vec<Pipeline>, shapes: &[Vec<usize>]) -> Result<InputSpec, DataError> {
    let width: usize = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
    if columns.is_empty() {
        return Err(DataError::setting("data.source", "at least one field that the network may see", "none"));
    }
    let shape = match (&plan.config.shape, shapes) {
        (Some(shape), _) if shape.iter().product::<usize>() != width => {
            let wants = format!("sizes that multiply to {width}, the numbers of one example");
            return Err(DataError::setting("data.shape", wants, format!("{shape:?}")));
        }
        (Some(shape), _) => shape.clone(),
        (None, [shape]) => shape.clone(),
        (None, _) => vec![width],
    };
    let is_place = |pipeline: &Pipeline| matches!(pipeline.steps.last(), Some(Transform::Category { .. }));
    let dtype = if columns.iter().all(is_place) { DType::I64 } else { DType::F32 };
    Ok(InputSpec { name: "x".to_owned(), dtype, shape, columns })
}

/// How the target is answered, and what the training rows answer on average.
fn target(plan: &DataPlan, rows: &Rows<'_>, limits: &Limits) -> Result<(Target, TargetStats), DataError> {
    let field = rows.field.name.clone();
    if rows.field.kind == Kind::Category {
        let (labels, counts) = Labels::learn(rows, &plan.config.labels, limits)?;
        return Ok((Target { field, decode: Decode::Label { labels } }, TargetStats::Labels { counts }));
    }
    let moments = rows.numbers()?;
    if moments.is_constant() {
        let (wants, got) = ("at least two different numbers".to_owned(), format!("only {}", moments.mean()));
        return Err(DataError::Column { column: field, wants, got });
    }
    let (mean, std) = (moments.mean(), moments.divisor());
    let decode = Decode::Number { scale: std, offset: mean, unit: plan.config.unit.clone() };
    Ok((Target { field, decode }, TargetStats::Numbers { mean, std }))
}

#[cfg(test)]
mod tests;
