//! From records to what a graph takes, and from what it gives to answers, by the names that the file itself states.
use std::ops::Range;

use baeum_core::{Answer, Data, Field, Kind, Moment, Record, Target, Tensor, Value};

use super::engine::Values;
use super::golden::Golden;
use crate::error::VerifyError;
use crate::onnx::{Array, Manifest, Meaning, NUMBERS};

/// Whether some input takes images, which need not have one size.
pub(super) fn has_images(manifest: &Manifest) -> bool {
    let image =
        |name: &str| manifest.schema.field(name).is_ok_and(|field| matches!(field.kind, Kind::Image { .. }));
    manifest.inputs.iter().any(|given| image(&given.field))
}

/// The inputs of the graph for some of the golden rows.
pub(super) fn inputs(
    manifest: &Manifest,
    golden: &Golden,
    rows: Range<usize>,
) -> Result<Values, VerifyError> {
    let mut values = Values::new();
    let records = &golden.records[rows.clone()];
    for given in &manifest.inputs {
        let refuse = |row: usize, wanted: &str, got: String| {
            let (field, wanted) = (given.field.clone(), wanted.to_owned());
            VerifyError::Record { row: rows.start + row, field, wanted, got }
        };
        let field = manifest
            .schema
            .field(&given.field)
            .map_err(|error| refuse(0, "a field of the file", error.to_string()))?;
        let array = match &given.pieces_of {
            None if given.is_moment => moments(field, records, refuse)?,
            None => column(field, records, refuse)?,
            Some(input) => pieces(golden, input, rows.clone())
                .ok_or_else(|| refuse(0, "the pieces of its text", "none".to_owned()))?,
        };
        values.insert(given.name.clone(), array);
    }
    Ok(values)
}

/// The places of pieces that the network was given for some rows: its text cannot be cut here.
fn pieces(golden: &Golden, input: &str, rows: Range<usize>) -> Option<Array> {
    let all = golden.inputs.get(input)?;
    let width: usize = all.shape().get(1..)?.iter().product();
    let places = all.i64s().ok()?.get(rows.start * width..rows.end * width)?.to_vec();
    Tensor::new([rows.len(), width], places).ok().map(Array::Numbers)
}

/// Dates as year, month, day, hour and minute: `[rows, 5]`.
fn moments(
    field: &Field,
    records: &[Record],
    refuse: impl Fn(usize, &str, String) -> VerifyError,
) -> Result<Array, VerifyError> {
    let mut numbers: Vec<f32> = vec![];
    for (row, record) in records.iter().enumerate() {
        let value = record.get(&field.name).unwrap_or(&Value::Missing);
        let moment = text_of(value).and_then(|text| match text.is_empty() {
            true => Some([f32::NAN; NUMBERS]),
            false => Moment::parse(&text).map(Moment::numbers),
        });
        numbers.extend(moment.ok_or_else(|| refuse(row, Moment::WANTED, value.to_string()))?);
    }
    let tensor = Tensor::new([records.len(), NUMBERS], numbers);
    tensor.map(Array::Numbers).map_err(|error| refuse(0, "sizes that fit", error.to_string()))
}

/// One field of some records as a batch.
fn column(
    field: &Field,
    records: &[Record],
    refuse: impl Fn(usize, &str, String) -> VerifyError,
) -> Result<Array, VerifyError> {
    let rows = records.len();
    let values = records.iter().map(|record| record.get(&field.name).unwrap_or(&Value::Missing)).enumerate();
    let unfit = |row, value: &Value| refuse(row, &field.kind.to_string(), value.to_string());
    let whole = |shape: Vec<usize>, data: Data| {
        Tensor::new(shape, data)
            .map(Array::Numbers)
            .map_err(|error| refuse(0, "sizes that fit", error.to_string()))
    };
    match &field.kind {
        Kind::Series { channels, steps } => {
            let mut numbers: Vec<f32> = vec![];
            for (row, value) in values {
                numbers.extend(row_of(value, channels * steps).ok_or_else(|| unfit(row, value))?);
            }
            whole(vec![rows, *channels, *steps], Data::F32(numbers))
        }
        Kind::Number | Kind::Numbers { .. } => {
            let width = if let Kind::Numbers { len } = field.kind { len } else { 1 };
            let mut numbers: Vec<f32> = vec![];
            for (row, value) in values {
                numbers.extend(row_of(value, width).ok_or_else(|| unfit(row, value))?);
            }
            whole(vec![rows, width], Data::F32(numbers))
        }
        Kind::Category | Kind::Labels { .. } | Kind::Text => {
            let mut texts = vec![];
            for (row, value) in values {
                texts.push(text_of(value).ok_or_else(|| unfit(row, value))?);
            }
            Ok(Array::Texts { shape: vec![rows, 1], texts })
        }
        Kind::Image { .. } => {
            let (mut shape, mut pixels) = (vec![rows], vec![]);
            for (row, value) in values {
                let Value::Image(image) = value else { return Err(unfit(row, value)) };
                shape.truncate(1);
                shape.extend(image.shape());
                pixels.extend(image.u8s().map_err(|_| unfit(row, value))?);
            }
            whole(shape, Data::U8(pixels))
        }
    }
}

/// A missing number is NaN.
fn row_of(value: &Value, width: usize) -> Option<Vec<f32>> {
    match value {
        Value::Missing => Some(vec![f32::NAN; width]),
        Value::Number(number) if width == 1 => Some(vec![*number as f32]),
        Value::Numbers(numbers) if numbers.len() == width => {
            Some(numbers.iter().map(|&number| number as f32).collect())
        }
        Value::Number(_) | Value::Numbers(_) | Value::Text(_) | Value::Image(_) => None,
    }
}

/// A missing name is empty.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Missing => Some(String::new()),
        Value::Text(text) => Some(text.clone()),
        Value::Number(_) | Value::Numbers(_) | Value::Image(_) => None,
    }
}

/// The answers of a graph for a batch of `rows`, row by row, one for each target.
pub(super) fn answers(
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

fn answered(
    manifest: &Manifest,
    field: &str,
    values: &Values,
    rows: usize,
) -> Result<Vec<Answer>, VerifyError> {
    let (mut probabilities, mut labels, mut numbers) = (vec![], vec![], vec![]);
    let (mut counted, mut whole, mut fits) = (None, vec![], vec![]);
    for output in manifest.outputs.iter().filter(|output| output.field == field) {
        match (&output.says, values.get(&output.name)) {
            (Meaning::Probabilities { labels }, Some(Array::Numbers(tensor))) => {
                probabilities =
                    tensor.f32s().map(|all| all.chunks(labels.len().max(1)).collect()).unwrap_or_default();
            }
            (Meaning::Independent { labels }, Some(Array::Numbers(tensor))) => {
                probabilities =
                    tensor.f32s().map(|all| all.chunks(labels.len().max(1)).collect()).unwrap_or_default();
            }
            (Meaning::Fits { labels: all }, Some(Array::Numbers(tensor))) => {
                fits = tensor.to_f64s().chunks(all.len().max(1)).map(|row| fitting(all, row)).collect();
            }
            (Meaning::Numbers { columns, unit }, Some(Array::Numbers(tensor))) => {
                let of = |row: &[f64]| Answer::Numbers {
                    columns: columns.clone(),
                    values: row.to_vec(),
                    unit: unit.clone(),
                };
                whole = tensor.to_f64s().chunks(columns.len().max(1)).map(of).collect();
            }
            (Meaning::Label, Some(Array::Texts { texts, .. })) => labels = texts.clone(),
            (Meaning::Number { unit }, Some(Array::Numbers(tensor))) => {
                numbers = tensor.to_f64s();
                counted.clone_from(unit);
            }
            (Meaning::Next { length, vocabulary }, Some(Array::Numbers(tensor))) => {
                let of = |row: &[f32]| Answer::Next {
                    probabilities: row.chunks((*vocabulary).max(1)).map(<[f32]>::to_vec).collect(),
                };
                let width = (length * vocabulary).max(1);
                whole = tensor.f32s().map(|all| all.chunks(width).map(of).collect()).unwrap_or_default();
            }
            (Meaning::Forecast { columns, steps, unit }, Some(Array::Numbers(tensor))) => {
                let width = (columns.len() * steps).max(1);
                let of = |row: &[f64]| Answer::Forecast {
                    columns: columns.clone(),
                    values: row.chunks((*steps).max(1)).map(<[f64]>::to_vec).collect(),
                    unit: unit.clone(),
                };
                whole = tensor.to_f64s().chunks(width).map(of).collect();
            }
            _ => {}
        }
    }
    let label = |(label, row): (String, &[f32])| Answer::Label { label, probabilities: row.to_vec() };
    let labels_of =
        |(labels, row): (Vec<String>, &[f32])| Answer::Labels { labels, probabilities: row.to_vec() };
    let number = |value| Answer::Number { value, unit: counted.clone() };
    let answers: Vec<Answer> = match numbers.is_empty() {
        true if !whole.is_empty() => whole,
        true if !fits.is_empty() => fits.into_iter().zip(probabilities).map(labels_of).collect(),
        true => labels.into_iter().zip(probabilities).map(label).collect(),
        false => numbers.into_iter().map(number).collect(),
    };
    match answers.len() == rows {
        true => Ok(answers),
        false => Err(VerifyError::Rows { wanted: rows, got: answers.len() }),
    }
}

/// The labels that a row says 1 to.
fn fitting(labels: &[String], row: &[f64]) -> Vec<String> {
    labels.iter().zip(row).filter(|(_, fits)| **fits == 1.0).map(|(label, _)| label.clone()).collect()
}
