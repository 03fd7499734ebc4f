//! The answers that a network learns, one for each row.

use baeum_core::{Decode, Schema, Target, Tensor, TensorError};

use super::told;
use crate::DataError;
use crate::labels::{Labels, Naming};
use crate::source::{Cell, Raw};

/// One target of all rows.
pub(super) enum Answers {
    /// Below zero where nobody knows it.
    Labels { places: Vec<i32>, classes: usize },
    /// Standardised, or a 1 for each label that fits, so many for each row; NaN where nobody knows it.
    Numbers { width: usize, numbers: Vec<f32> },
    /// So many pieces behind those that the network sees.
    Next { length: usize },
}

impl Answers {
    /// The targets of all rows, as the network learns them.
    pub(super) fn new(
        raw: &dyn Raw,
        schema: &Schema,
        (target, unlabelled): (&Target, &[usize]),
        naming: &Naming,
    ) -> Result<Answers, DataError> {
        let is_unknown = |row: &usize| unlabelled.binary_search(row).is_ok();
        let field = place_of(schema, &target.field).ok_or_else(|| DataError::Changed {
            wants: format!("the target `{}`", target.field),
            got: "none of that name".to_owned(),
        })?;
        let refuse = |row: usize, wants: &'static str, cell: Cell<'_>| DataError::Value {
            place: raw.place(row),
            field: target.field.clone(),
            wants,
            got: cell.shown(),
        };
        match &target.decode {
            Decode::Label { labels: names } => {
                let labels = Labels::new(&schema.fields[field], field, names, naming);
                let known = labels.known(raw);
                let place = |row: usize| match known(row)
                    .map_or_else(|| labels.place(raw, row), |place| Ok(Some(place)))?
                {
                    Some(place) => Ok(place as i32), // there is no memory for more labels
                    None => Err(refuse(row, "a label that the training rows have", raw.cell(row, field)?)),
                };
                let place = |row: usize| if is_unknown(&row) { Ok(-1) } else { place(row) };
                let places = (0..raw.rows()).map(place).collect::<Result<_, DataError>>()?;
                Ok(Answers::Labels { places, classes: names.len() })
            }
            Decode::Number { scale, offset, .. } | Decode::Quantiles { scale, offset, .. } => {
                let number = |row: usize| match raw.cell(row, field)? {
                    Cell::Number(number) => Ok(((number - offset) / scale) as f32),
                    cell @ (Cell::Missing | Cell::Numbers(_) | Cell::Name(_) | Cell::Image(_)) => {
                        Err(refuse(row, "a number", cell))
                    }
                };
                let number = |row: usize| if is_unknown(&row) { Ok(f32::NAN) } else { number(row) };
                // Each of several quantiles is told by the same number.
                let width = target.decode.width();
                let mut numbers = Vec::with_capacity(raw.rows() * width);
                for row in 0..raw.rows() {
                    numbers.extend(std::iter::repeat_n(number(row)?, width));
                }
                Ok(Answers::Numbers { width, numbers })
            }
            Decode::Next { length, .. } => Ok(Answers::Next { length: *length }),
            Decode::Labels { labels, .. } => {
                let labels = Labels::new(&schema.fields[field], field, labels, naming);
                told::label_sets(raw, &labels, target.decode.width(), is_unknown)
            }
            Decode::Numbers { scale, offset, .. } => {
                told::numbers(raw, (target, field), (scale, offset), is_unknown)
            }
            Decode::Forecast { anchor, .. } => {
                let window = anchor.as_ref().and_then(|anchor| place_of(schema, &anchor.field));
                told::forecasts(raw, target, field, window)
            }
        }
    }

    /// Whether the answer of a row is known.
    pub(super) fn has(&self, row: usize) -> bool {
        match self {
            Answers::Labels { places, .. } => places.get(row).is_some_and(|place| *place >= 0),
            Answers::Numbers { width, numbers } => {
                numbers.get(row * width).is_some_and(|number| !number.is_nan())
            }
            Answers::Next { .. } => true,
        }
    }

    pub(super) fn gather(&self, raw: &dyn Raw, rows: &[usize]) -> Result<Tensor, TensorError> {
        match self {
            Answers::Next { length } => {
                let pieces = rows.iter().filter_map(|&row| raw.pieces(row));
                let told: Vec<i64> = pieces.flat_map(|pieces| pieces.told(*length)).collect();
                Tensor::new([rows.len(), *length], told)
            }
            Answers::Labels { places, .. } => {
                let place = |&row: &usize| i64::from(places[row]);
                Ok(Tensor::vector(rows.iter().map(place).collect::<Vec<i64>>()))
            }
            Answers::Numbers { width, numbers } => {
                let of = |row: &usize| &numbers[row * width..(row + 1) * width];
                Tensor::new([rows.len(), *width], rows.iter().flat_map(of).copied().collect::<Vec<f32>>())
            }
        }
    }
}

fn place_of(schema: &Schema, name: &str) -> Option<usize> {
    schema.fields.iter().position(|field| field.name == name)
}
