//! Answers that are more than one label or number: several of them, the steps behind a window.

use baeum_core::{Decode, Target};

use super::answers::Answers;
use crate::DataError;
use crate::labels::Labels;
use crate::source::{Cell, Raw};

/// A 1 for each label of each row, and else a 0.
pub(super) fn label_sets(
    raw: &dyn Raw,
    labels: &Labels,
    width: usize,
    is_unknown: impl Fn(&usize) -> bool,
) -> Result<Answers, DataError> {
    let mut numbers = vec![f32::NAN; raw.rows() * width];
    for (row, out) in numbers.chunks_exact_mut(width.max(1)).enumerate().filter(|(row, _)| !is_unknown(row)) {
        labels.fits(raw, row, out)?;
    }
    Ok(Answers::Numbers { width, numbers })
}

/// The numbers of several columns, each standardised by itself.
pub(super) fn numbers(
    raw: &dyn Raw,
    (target, field): (&Target, usize),
    (scale, offset): (&[f64], &[f64]),
    is_unknown: impl Fn(&usize) -> bool,
) -> Result<Answers, DataError> {
    let width = scale.len();
    let mut numbers = vec![f32::NAN; raw.rows() * width];
    for (row, out) in numbers.chunks_exact_mut(width.max(1)).enumerate().filter(|(row, _)| !is_unknown(row)) {
        let cell = raw.cell(row, field)?;
        let Cell::Numbers(told) = &cell else {
            let (place, field, wants) = (raw.place(row), target.field.clone(), "numbers");
            return Err(DataError::Value { place, field, wants, got: cell.shown() });
        };
        for (((out, number), scale), offset) in out.iter_mut().zip(told.iter()).zip(scale).zip(offset) {
            *out = ((number - offset) / scale) as f32;
        }
    }
    Ok(Answers::Numbers { width, numbers })
}

/// The steps behind each window, which stand in `field`; `window` is the field that they are measured from, if they are.
pub(super) fn forecasts(
    raw: &dyn Raw,
    target: &Target,
    field: usize,
    window: Option<usize>,
) -> Result<Answers, DataError> {
    let forecast = &target.decode;
    let refuse = |row: usize, wants: &'static str, cell: Cell<'_>| DataError::Value {
        place: raw.place(row),
        field: target.field.clone(),
        wants,
        got: cell.shown(),
    };
    let mut numbers = Vec::with_capacity(raw.rows() * forecast.width());
    for row in 0..raw.rows() {
        let seen = window.map_or(Ok(Cell::Missing), |window| raw.cell(row, window))?;
        let Cell::Numbers(told) = raw.cell(row, field)? else {
            return Err(refuse(row, "the steps behind a window", raw.cell(row, field)?));
        };
        let told = standardised(forecast, &seen, &told);
        if told.iter().any(|number| !number.is_finite()) {
            return Err(refuse(row, "a window to measure from and numbers to tell", seen));
        }
        numbers.extend(told);
    }
    Ok(Answers::Numbers { width: forecast.width(), numbers })
}

/// The steps that a window is followed by, as the network learns them: the inverse of its decoder.
fn standardised(forecast: &Decode, seen: &Cell<'_>, told: &[f64]) -> Vec<f32> {
    let window: &[f64] = if let Cell::Numbers(window) = seen { window } else { &[] };
    let of_record = forecast.of_window(window);
    let Decode::Forecast { steps, scale, offset, .. } = of_record.as_ref() else { return vec![] };
    let columns = told.chunks_exact(*steps).zip(scale).zip(offset);
    columns
        .flat_map(|((column, scale), offset)| column.iter().map(move |x| ((x - offset) / scale) as f32))
        .collect()
}
