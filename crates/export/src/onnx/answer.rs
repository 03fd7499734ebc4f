//! From what the network yields to answers.
use baeum_core::{Anchored, Decode, Target};

use super::builder::{Builder, batch, size};
use super::manifest::{Answered, Meaning};
use super::model::{Array, Attribute, Element};
use super::preprocess::Entrance;
use super::series;
use crate::error::ExportError;

/// The outputs of the graph for one target. Their names are taken before anything inside the graph can take them.
pub(super) fn reserve(builder: &mut Builder<'_>, target: &Target, alone: bool) -> Vec<Answered> {
    let field = &target.field;
    let word = |word: &str| if alone { word.to_owned() } else { format!("{field}_{word}") };
    let wishes = match &target.decode {
        Decode::Label { labels } => vec![
            (word("probabilities"), Meaning::Probabilities { labels: labels.clone() }),
            (word("label"), Meaning::Label),
        ],
        Decode::Number { unit, .. } => vec![(field.clone(), Meaning::Number { unit: unit.clone() })],
        Decode::Next { length, vocabulary, .. } => {
            let says = Meaning::Next { length: *length, vocabulary: *vocabulary };
            vec![(word("probabilities"), says)]
        }
        Decode::Forecast { columns, steps, unit, .. } => {
            let (columns, steps, unit) = (columns.clone(), *steps, unit.clone());
            vec![(field.clone(), Meaning::Forecast { columns, steps, unit })]
        }
    };
    let answered =
        |(wish, says): (String, Meaning)| Answered { name: builder.name(&wish), field: field.clone(), says };
    wishes.into_iter().map(answered).collect()
}

/// Writes the answers of one target: `yields` is the value of its output node, `[batch, width]`.
pub(super) fn write(
    builder: &mut Builder<'_>,
    (target, entrance): (&Target, &Entrance<'_>),
    yields: &str,
    answers: &[Answered],
) -> Result<(), ExportError> {
    for answer in answers {
        let name = answer.name.clone();
        match &answer.says {
            Meaning::Probabilities { labels } => {
                builder.output(&name, Element::F32, vec![batch(), size(labels.len())]);
                builder.add_as(name, "Softmax", &[yields], &[("axis", Attribute::Int(1))]);
            }
            Meaning::Label => {
                builder.output(&name, Element::Text, vec![batch()]);
                label(builder, target, yields, name);
            }
            Meaning::Number { .. } => {
                builder.output(&name, Element::F32, vec![batch(), size(1)]);
                number(builder, target, yields, name)?;
            }
            Meaning::Next { length, vocabulary } => {
                builder.output(&name, Element::F32, vec![batch(), size(*length), size(*vocabulary)]);
                builder.add_as(name, "Softmax", &[yields], &[("axis", Attribute::Int(2))]);
            }
            Meaning::Forecast { columns, steps, .. } => {
                let axes = vec![batch(), size(columns.len()), size(*steps)];
                builder.output(&name, Element::F32, axes);
                forecast(builder, (target, entrance), yields, name)?;
            }
        }
    }
    Ok(())
}

/// The label of the largest logit; the first of equals.
fn label(builder: &mut Builder<'_>, target: &Target, logits: &str, name: String) {
    let labels = match &target.decode {
        Decode::Label { labels } => labels.clone(),
        Decode::Number { .. } | Decode::Forecast { .. } | Decode::Next { .. } => vec![],
    };
    let settings = [("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(0))];
    let best = builder.add(&format!("{}.best", target.field), "ArgMax", &[logits], &settings); // [batch]
    let texts = Array::Texts { shape: vec![labels.len()], texts: labels };
    let texts = builder.constant(&format!("{}.labels", target.field), texts);
    builder.add_as(name, "Gather", &[&texts, &best], &[]);
}

/// `x * scale + offset`.
fn number(builder: &mut Builder<'_>, target: &Target, x: &str, name: String) -> Result<(), ExportError> {
    let (scale, offset) = match target.decode {
        Decode::Number { scale, offset, .. } => (scale, offset),
        Decode::Label { .. } | Decode::Forecast { .. } | Decode::Next { .. } => (1.0, 0.0),
    };
    let scale = builder.numbers(&format!("{}.scale", target.field), vec![1], &[scale])?;
    let scaled = builder.add(&format!("{}.scaled", target.field), "Mul", &[x, &scale], &[]);
    let offset = builder.numbers(&format!("{}.offset", target.field), vec![1], &[offset])?;
    builder.add_as(name, "Add", &[&scaled, &offset], &[]);
    Ok(())
}

fn forecast(
    builder: &mut Builder<'_>,
    (target, entrance): (&Target, &Entrance<'_>),
    yields: &str,
    name: String,
) -> Result<(), ExportError> {
    let Decode::Forecast { columns, steps, scale, offset, anchor, .. } = &target.decode else {
        return Ok(());
    };
    let window = |anchor: &Anchored| {
        let wanted = format!("field `{}`, which `{}` is measured from", anchor.field, target.field);
        let refuse = || ExportError::Predictor { wanted, got: "none".to_owned() };
        entrance.value(&anchor.field).map(str::to_owned).ok_or_else(refuse)
    };
    let window = anchor.as_ref().map(window).transpose()?;
    let anchored = anchor.as_ref().zip(window.as_deref());
    let numbers = ([columns.len(), *steps], &scale[..], &offset[..]);
    series::forecast(builder, (name, &target.field), yields, numbers, anchored)
}
