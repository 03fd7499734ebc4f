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
        Decode::Labels { labels, .. } => vec![
            (word("probabilities"), Meaning::Independent { labels: labels.clone() }),
            (field.clone(), Meaning::Fits { labels: labels.clone() }),
        ],
        Decode::Numbers { columns, unit, .. } => {
            vec![(field.clone(), Meaning::Numbers { columns: columns.clone(), unit: unit.clone() })]
        }
        Decode::Quantiles { unit, .. } => {
            vec![(field.clone(), Meaning::Numbers { columns: target.decode.levels(), unit: unit.clone() })]
        }
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
            Meaning::Independent { labels } => {
                builder.output(&name, Element::F32, vec![batch(), size(labels.len())]);
                builder.add_as(name, "Sigmoid", &[yields], &[]);
            }
            Meaning::Fits { labels } => {
                builder.output(&name, Element::I64, vec![batch(), size(labels.len())]);
                fits(builder, target, yields, name)?;
            }
            Meaning::Number { .. } => {
                builder.output(&name, Element::F32, vec![batch(), size(1)]);
                numbers(builder, target, yields, name)?;
            }
            Meaning::Numbers { columns, .. } => {
                builder.output(&name, Element::F32, vec![batch(), size(columns.len())]);
                numbers(builder, target, yields, name)?;
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
        Decode::Labels { .. }
        | Decode::Number { .. }
        | Decode::Numbers { .. }
        | Decode::Quantiles { .. }
        | Decode::Forecast { .. }
        | Decode::Next { .. } => vec![],
    };
    let settings = [("axis", Attribute::Int(1)), ("keepdims", Attribute::Int(0))];
    let best = builder.add(&format!("{}.best", target.field), "ArgMax", &[logits], &settings); // [batch]
    let texts = Array::Texts { shape: vec![labels.len()], texts: labels };
    let texts = builder.constant(&format!("{}.labels", target.field), texts);
    builder.add_as(name, "Gather", &[&texts, &best], &[]);
}

/// A 1 for each label whose probability reaches its threshold, and else a 0.
fn fits(builder: &mut Builder<'_>, target: &Target, logits: &str, name: String) -> Result<(), ExportError> {
    let Decode::Labels { thresholds, .. } = &target.decode else { return Ok(()) };
    let wish = |word: &str| format!("{}.{word}", target.field);
    let thresholds: Vec<f64> = thresholds.iter().map(|&threshold| f64::from(threshold)).collect();
    let thresholds = builder.numbers(&wish("thresholds"), vec![thresholds.len()], &thresholds)?;
    let probable = builder.add(&wish("sigmoid"), "Sigmoid", &[logits], &[]); // [batch, labels]
    let reaches = builder.add(&wish("reaches"), "GreaterOrEqual", &[&probable, &thresholds], &[]);
    builder.add_as(name, "Cast", &[&reaches], &[("to", Attribute::Int(Element::I64.code()))]);
    Ok(())
}

/// Quantiles that may cross, the smallest first.
fn sorted(builder: &mut Builder<'_>, target: &Target, x: &str) -> String {
    let count = builder.whole(&format!("{}.count", target.field), &[target.decode.width()]);
    let (axis, smallest, sorted) = (Attribute::Int(1), Attribute::Int(0), Attribute::Int(1));
    let settings = [("axis", axis), ("largest", smallest), ("sorted", sorted)];
    let sorted = format!("{}.sorted", target.field);
    builder.add_first_of_two(&sorted, "TopK", &[x, &count], &settings) // [batch, levels]; places come second
}

/// `x * scale + offset` of each number.
fn numbers(builder: &mut Builder<'_>, target: &Target, x: &str, name: String) -> Result<(), ExportError> {
    let (scale, offset) = match &target.decode {
        Decode::Number { scale, offset, .. } | Decode::Quantiles { scale, offset, .. } => {
            (std::slice::from_ref(scale), std::slice::from_ref(offset))
        }
        Decode::Numbers { scale, offset, .. } => (&scale[..], &offset[..]),
        Decode::Label { .. } | Decode::Labels { .. } | Decode::Forecast { .. } | Decode::Next { .. } => {
            return Ok(());
        }
    };
    let may_cross = target.decode.levels().len() > 1;
    let sorted = may_cross.then(|| sorted(builder, target, x));
    let x = sorted.as_deref().unwrap_or(x);
    let scale = builder.numbers(&format!("{}.scale", target.field), vec![scale.len()], scale)?;
    let scaled = builder.add(&format!("{}.scaled", target.field), "Mul", &[x, &scale], &[]);
    let offset = builder.numbers(&format!("{}.offset", target.field), vec![offset.len()], offset)?;
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
