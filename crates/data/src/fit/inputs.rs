//! The inputs of the network: which fields each is made of, and how their numbers are laid out.

use baeum_core::{DType, Field, InputSpec, Pipeline, Role, Transform, nearest};

use crate::DataError;
use crate::config::InputConfig;
use crate::plan::{DataPlan, INPUT};

/// One way of a field to the network, and the shape of what comes out.
pub(super) type Column = (Pipeline, Vec<usize>);

/// The inputs that the recipe names, or one of all fields side by side.
pub(super) fn inputs(
    plan: &DataPlan,
    fields: &[Field],
    columns: Vec<Column>,
) -> Result<Vec<InputSpec>, DataError> {
    if plan.config.inputs.is_empty() {
        return Ok(vec![input(INPUT, plan.config.shape.as_deref(), columns)?]);
    }
    let seen: Vec<&str> =
        fields.iter().filter(|field| field.role == Role::Input).map(|field| field.name.as_str()).collect();
    let named = |(name, said): (&String, &InputConfig)| {
        let mut own = vec![];
        for (place, field) in said.fields.0.iter().enumerate() {
            if !seen.contains(&field.as_str()) {
                return Err(unknown(name, said, place, &seen));
            }
            own.extend(columns.iter().filter(|(pipeline, _)| pipeline.field == *field).cloned());
        }
        input(name, said.shape.as_deref(), own)
    };
    let inputs = plan.config.inputs.iter().map(named).collect::<Result<_, DataError>>()?;
    refuse_unread(plan, &seen).map(|()| inputs)
}

/// Refuses a field that stands in no input: nothing of it would reach the network.
fn refuse_unread(plan: &DataPlan, seen: &[&str]) -> Result<(), DataError> {
    let is_read = |field: &str| {
        plan.config.inputs.values().any(|input| input.fields.0.iter().any(|name| name == field))
    };
    match seen.iter().find(|field| !is_read(field)) {
        None => Ok(()),
        Some(field) => {
            let wants = "each field in one of the inputs, or under `data.ignore`";
            Err(DataError::setting("data.inputs", wants, format!("`{field}` in none")))
        }
    }
}

fn unknown(name: &str, said: &InputConfig, place: usize, seen: &[&str]) -> DataError {
    let field = &said.fields.0[place];
    let path = said.path_of(&format!("data.inputs.{name}.fields"), place);
    let near = nearest(field, seen.iter().copied());
    let such = near.map(|near| format!(", such as `{near}`")).unwrap_or_default();
    DataError::setting(path, format!("a field that the network sees{such}"), format!("`{field}`"))
}

/// One input: its fields side by side, laid out as the recipe says.
fn input(name: &str, said: Option<&[usize]>, columns: Vec<Column>) -> Result<InputSpec, DataError> {
    let width: usize = columns.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    if columns.is_empty() {
        return Err(DataError::setting("data.source", "at least one field that the network may see", "none"));
    }
    let shape = match (said, &columns[..]) {
        (Some(shape), _) if shape.iter().product::<usize>() != width => {
            let path =
                if name == INPUT { "data.shape".to_owned() } else { format!("data.inputs.{name}.shape") };
            let wants = format!("sizes that multiply to {width}, the numbers of one example");
            return Err(DataError::setting(path, wants, format!("{shape:?}")));
        }
        (Some(shape), _) => shape.to_vec(),
        (None, [(_, shape)]) => shape.clone(),
        (None, _) => vec![width],
    };
    let columns: Vec<Pipeline> = columns.into_iter().map(|(pipeline, _)| pipeline).collect();
    refuse_beside_text(&columns)?;
    let is_place = |pipeline: &Pipeline| pipeline.steps.last().and_then(Transform::places).is_some();
    let dtype = if columns.iter().all(is_place) { DType::I64 } else { DType::F32 };
    Ok(InputSpec { name: name.to_owned(), dtype, shape, columns })
}

/// The places of a text are ids, and no numbers that others could stand beside.
fn refuse_beside_text(columns: &[Pipeline]) -> Result<(), DataError> {
    let is_text = |pipeline: &&Pipeline| matches!(pipeline.steps.last(), Some(Transform::Tokenise { .. }));
    match (columns.iter().find(is_text), columns) {
        (Some(text), [_, _, ..]) => {
            let wants = format!("`{}`, a text, to be the one field of its input", text.field);
            let got = format!(
                "{} fields; put the others under `data.ignore`, or name several `data.inputs`",
                columns.len()
            );
            Err(DataError::setting("data.fields", wants, got))
        }
        (Some(_) | None, _) => Ok(()),
    }
}
