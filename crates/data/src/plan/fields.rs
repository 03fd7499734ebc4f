//! The refusals of `data.fields` that need no data.

use super::SourcePlan;
use super::check::{Checked, IMAGE, refuse};
use super::steps::{Change, Form};
use crate::DataError;
use crate::config::{DataConfig, FieldConfig, ImputeWith, KindConfig, StepConfig};

/// What an image may be resized to; larger than the largest image that is read makes no sense.
const SIDES: std::ops::RangeInclusive<usize> = 1..=16_384;
const A_SIDE: &str = "a size from 1 to 16384";

pub(super) fn field(
    config: &DataConfig,
    source: &SourcePlan,
    target: &str,
    name: &str,
    field: &FieldConfig,
) -> Checked {
    let path = format!("data.fields.{name}");
    if name == target {
        return refuse(path, "a field that the network sees", "the target");
    }
    if config.ignore.iter().chain(&config.ids).any(|column| column == name) {
        return refuse(path, "a field that the network sees", "one of `data.ignore` or `data.ids`");
    }
    let form = match source {
        SourcePlan::Csv { .. } => column(config, &path, name, field)?,
        SourcePlan::Idx(_) => image(name, 1)?,
        SourcePlan::Folder(folder) => image(name, folder.channels.count())?,
        SourcePlan::Function { config, .. } if config.inputs.contains_key(name) => {
            Form::Numbers(Some(vec![1]))
        }
        SourcePlan::Function { .. } => {
            return refuse("data.fields", "names of `data.source.function.inputs`", format!("`{name}`"));
        }
    };
    if field.kind.is_some() && !matches!(source, SourcePlan::Csv { .. }) {
        return refuse(path + ".kind", "a column of a `csv` table", "a field whose kind is known");
    }
    steps(&path, form, field.steps.as_deref().unwrap_or_default())
}

fn image(name: &str, channels: usize) -> Checked<Form> {
    match name {
        IMAGE => Ok(Form::Image { channels, size: None }),
        _ => refuse("data.fields", "the name `image`, the one field there is", format!("`{name}`")),
    }
}

/// What a column most likely is, before it is read: what is said, or else what its first step takes.
fn column(config: &DataConfig, path: &str, name: &str, field: &FieldConfig) -> Checked<Form> {
    let is_vector = config.vectors.contains_key(name);
    let starts_with_category =
        field.steps.as_ref().is_some_and(|steps| steps.first() == Some(&StepConfig::Category {}));
    match field.kind {
        Some(KindConfig::Category | KindConfig::Text) if is_vector => {
            refuse(format!("{path}.kind"), "`number`, for it is one of `data.vectors`", "another kind")
        }
        Some(KindConfig::Number) | None if is_vector => Ok(Form::Numbers(None)),
        None if starts_with_category => Ok(Form::Name),
        Some(KindConfig::Number) | None => Ok(Form::Numbers(Some(vec![1]))),
        Some(KindConfig::Category) => Ok(Form::Name),
        Some(KindConfig::Text) => Ok(Form::Words),
    }
}

fn steps(path: &str, mut form: Form, steps: &[StepConfig]) -> Checked {
    for (place, step) in steps.iter().enumerate() {
        let path = format!("{path}.steps[{place}]");
        numbers(&path, step)?;
        form = form
            .after(Change::from(step))
            .map_err(|misfit| DataError::setting(&path, misfit.wants, misfit.got))?;
    }
    Ok(())
}

fn numbers(path: &str, step: &StepConfig) -> Checked {
    let setting = |name: &str| format!("{path}.{}.{name}", step.name());
    match step {
        StepConfig::Resize { height, .. } if !SIDES.contains(height) => {
            refuse(setting("height"), A_SIDE, height.to_string())
        }
        StepConfig::Resize { width, .. } if !SIDES.contains(width) => {
            refuse(setting("width"), A_SIDE, width.to_string())
        }
        StepConfig::Scale { factor, .. } if !factor.is_finite() || *factor == 0.0 => {
            refuse(setting("factor"), "a finite number other than zero", factor.to_string())
        }
        StepConfig::Scale { offset, .. } if !offset.is_finite() => {
            refuse(setting("offset"), "a finite number", offset.to_string())
        }
        StepConfig::Impute { with: ImputeWith::Constant(value) } if !value.is_finite() => {
            refuse(setting("with.constant"), "a finite number", value.to_string())
        }
        StepConfig::Resize { .. }
        | StepConfig::Scale { .. }
        | StepConfig::Standardise { .. }
        | StepConfig::Impute { .. }
        | StepConfig::Category {}
        | StepConfig::OneHot {} => Ok(()),
    }
}
