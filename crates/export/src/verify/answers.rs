//! From what a graph gives to answers, by the names and meanings that the file itself states.
use baeum_core::{Answer, Target, Tensor};

use super::engine::Values;
use crate::error::VerifyError;
use crate::onnx::{Array, Manifest, Meaning};

/// The answers of a graph for a batch of `rows`, row by row, one for each target.
pub(super) fn read(
    manifest: &Manifest,
    targets: &[Target],
    values: &Values,
    rows: usize,
) -> Result<Vec<Vec<Answer>>, VerifyError> {
    let columns: Vec<Vec<Answer>> = targets
        .iter()
        .map(|target| answered(manifest, &target.field, values, rows))
        .collect::<Result<_, _>>()?;
    Ok((0..rows).map(|row| columns.iter().filter_map(|column| column.get(row).cloned()).collect()).collect())
}

/// The answers for one target.
fn answered(
    manifest: &Manifest,
    field: &str,
    values: &Values,
    rows: usize,
) -> Result<Vec<Answer>, VerifyError> {
    let mut said = Said::default();
    for output in manifest.outputs.iter().filter(|output| output.field == field) {
        match values.get(&output.name) {
            Some(Array::Numbers(numbers)) => said.numbers(&output.says, numbers),
            Some(Array::Texts { texts, .. }) if output.says == Meaning::Label => {
                said.labels.clone_from(texts)
            }
            Some(Array::Texts { .. }) | None => {}
        }
    }
    let answers = said.answers();
    match answers.len() == rows {
        true => Ok(answers),
        false => Err(VerifyError::Rows { wanted: rows, got: answers.len() }),
    }
}

/// What the outputs of one target say, row by row. An answer that has probabilities is said by two of them.
#[derive(Default)]
struct Said {
    whole: Vec<Answer>,
    labels: Vec<String>,
    fits: Vec<Vec<String>>,
    probabilities: Vec<Vec<f32>>,
}

impl Said {
    /// An output of numbers.
    fn numbers(&mut self, says: &Meaning, numbers: &Tensor) {
        match says {
            Meaning::Probabilities { labels } | Meaning::Independent { labels } => {
                self.probabilities = chunks(&f32s(numbers), labels.len());
            }
            Meaning::Fits { labels } => {
                let rows = chunks(&numbers.to_f64s(), labels.len());
                self.fits = rows.iter().map(|row| fitting(labels, row)).collect();
            }
            Meaning::Number { unit } => {
                let of = |value| Answer::Number { value, unit: unit.clone() };
                self.whole = numbers.to_f64s().into_iter().map(of).collect();
            }
            Meaning::Numbers { columns, unit } => {
                let of = |values| Answer::Numbers { columns: columns.clone(), values, unit: unit.clone() };
                self.whole = chunks(&numbers.to_f64s(), columns.len()).into_iter().map(of).collect();
            }
            Meaning::Next { length, vocabulary } => {
                let of = |row: Vec<f32>| Answer::Next { probabilities: chunks(&row, *vocabulary) };
                self.whole = chunks(&f32s(numbers), length * vocabulary).into_iter().map(of).collect();
            }
            Meaning::Forecast { columns, steps, unit } => {
                let of = |row: Vec<f64>| Answer::Forecast {
                    columns: columns.clone(),
                    values: chunks(&row, *steps),
                    unit: unit.clone(),
                };
                let rows = chunks(&numbers.to_f64s(), columns.len() * steps);
                self.whole = rows.into_iter().map(of).collect();
            }
            Meaning::Label => {}
        }
    }

    fn answers(self) -> Vec<Answer> {
        if !self.whole.is_empty() {
            return self.whole;
        }
        if !self.fits.is_empty() {
            let rows = self.fits.into_iter().zip(self.probabilities);
            return rows.map(|(labels, probabilities)| Answer::Labels { labels, probabilities }).collect();
        }
        let rows = self.labels.into_iter().zip(self.probabilities);
        rows.map(|(label, probabilities)| Answer::Label { label, probabilities }).collect()
    }
}

fn f32s(numbers: &Tensor) -> Vec<f32> {
    numbers.f32s().map(<[f32]>::to_vec).unwrap_or_default()
}

fn chunks<T: Clone>(numbers: &[T], width: usize) -> Vec<Vec<T>> {
    numbers.chunks(width.max(1)).map(<[T]>::to_vec).collect()
}

/// The labels that a row says 1 to.
fn fitting(labels: &[String], row: &[f64]) -> Vec<String> {
    labels.iter().zip(row).filter(|(_, fits)| **fits == 1.0).map(|(label, _)| label.clone()).collect()
}
