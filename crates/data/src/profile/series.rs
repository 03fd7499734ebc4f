//! What the channels of a series look like, step by step and not window by window.

use baeum_core::{Field, Kind, Splits};

use super::{FieldProfile, Histogram, Sight, quartiles};
use crate::DataError;
use crate::source::{Cell, Raw};

/// One profile for each channel of a field.
pub(super) fn describe(
    raw: &dyn Raw,
    splits: &Splits,
    place: usize,
    field: &Field,
) -> Result<Vec<FieldProfile>, DataError> {
    let parts = [splits.train.rows(), splits.valid.rows(), splits.test.rows()];
    let [train, valid, test] = parts.map(|rows| channels(raw, rows, place, field.columns.len()));
    let (train, valid, test) = (train?, valid?, test?);
    let profile = |(place, column): (usize, &String)| {
        let [train, valid, test] = [&train, &valid, &test].map(|part| &part[place]);
        let mut sight = Sight::default();
        sight.moments.add(train.iter().copied());
        sight.missing = train.iter().filter(|number| number.is_nan()).count();
        let channel = Field { name: column.clone(), kind: Kind::Number, ..field.clone() };
        FieldProfile {
            values: Some(train.len()),
            histogram: Histogram::of(train, valid, test),
            quartiles: quartiles(train),
            ..sight.profile(&channel)
        }
    };
    Ok(field.columns.iter().enumerate().map(profile).collect())
}

/// The numbers of each channel in the steps of some windows; a missing one is NaN.
fn channels(raw: &dyn Raw, rows: &[usize], place: usize, count: usize) -> Result<Vec<Vec<f64>>, DataError> {
    let mut channels = vec![vec![]; count];
    let Some(steps) = raw.each_step(rows) else { return Ok(channels) };
    for step in 0..steps.rows() {
        if let Cell::Numbers(numbers) = steps.cell(step, place)? {
            channels.iter_mut().zip(numbers.iter()).for_each(|(channel, number)| channel.push(*number));
        }
    }
    Ok(channels)
}
