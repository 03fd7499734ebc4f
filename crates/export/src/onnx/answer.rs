//! From what the network yields to answers.
use baeum_core::{Decode, Target};

use super::builder::{Builder, batch, size};
use super::manifest::{Answered, Meaning};
use super::model::{Array, Attribute, Element};
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
    };
    let answered =
        |(wish, says): (String, Meaning)| Answered { name: builder.name(&wish), field: field.clone(), says };
    wishes.into_iter().map(answered).collect()
}

/// Writes the answers of one target: `yields` is the value of its output node, `[batch, width]`.
pub(super) fn write(
    builder: &mut Builder<'_>,
    target: &Target,
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
        }
    }
    Ok(())
}

/// The label of the largest logit; the first of equals.
fn label(builder: &mut Builder<'_>, target: &Target, logits: &str, name: String) {
    let labels = match &target.decode {
        Decode::Label { labels } => labels.clone(),
        Decode::Number { .. } => vec![],
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
        Decode::Label { .. } => (1.0, 0.0),
    };
    let scale = builder.numbers(&format!("{}.scale", target.field), vec![1], &[scale])?;
    let scaled = builder.add(&format!("{}.scaled", target.field), "Mul", &[x, &scale], &[]);
    let offset = builder.numbers(&format!("{}.offset", target.field), vec![1], &[offset])?;
    builder.add_as(name, "Add", &[&scaled, &offset], &[]);
    Ok(())
}
