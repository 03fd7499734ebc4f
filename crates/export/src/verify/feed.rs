//! From records to what a graph takes, by the names that the file itself states.
use std::ops::Range;

use baeum_core::{Data, Field, Kind, Moment, Record, Tensor, Value};

use super::engine::Values;
use super::golden::Golden;
use crate::error::VerifyError;
use crate::onnx::{Array, Manifest, NUMBERS};

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
