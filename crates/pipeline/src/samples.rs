//! Rows for people to look at.

use baeum_core::{Dataset, Decode, Field, Kind, Role, Value};
use baeum_data::thumbnail;

/// An image of a row.
pub(crate) struct Picture {
    /// What a person called it; none where the answer is a number.
    pub(crate) label: Option<String>,
    /// A small PNG of it.
    pub(crate) png: Vec<u8>,
    /// Its own height and width, in pixels.
    pub(crate) size: [usize; 2],
}

/// At most so many images of the training rows, evenly far apart; none where no field is an image.
pub(crate) fn pictures(dataset: &Dataset, count: usize) -> Vec<Picture> {
    let Some(image) = input(dataset, |kind| matches!(kind, Kind::Image { .. })) else { return vec![] };
    let rows = dataset.splits.train.rows();
    let some = rows.iter().step_by(rows.len().div_ceil(count).max(1));
    let picture = |row: &usize| {
        let record = dataset.source.record(*row).ok()?;
        let Some(Value::Image(pixels)) = record.get(&image.name) else { return None };
        let [height, width, _] = *pixels.shape() else { return None };
        Some(Picture { label: label(dataset, *row), png: thumbnail(pixels)?, size: [height, width] })
    };
    some.filter_map(picture).collect()
}

/// The first field of a kind that the network sees.
pub(crate) fn input(dataset: &Dataset, is_wanted: impl Fn(&Kind) -> bool) -> Option<&Field> {
    let is_input = |field: &&Field| field.role == Role::Input && is_wanted(&field.kind);
    dataset.schema.fields.iter().find(is_input)
}

/// The label of a row, or all that fit, as answers call them; none where the answer is a number.
pub(crate) fn label(dataset: &Dataset, row: usize) -> Option<String> {
    let target = dataset.source.targets(&[row]).ok()?.into_iter().next()?;
    match &dataset.targets.first()?.decode {
        Decode::Label { labels } => labels.get(usize::try_from(*target.i64s().ok()?.first()?).ok()?).cloned(),
        Decode::Labels { labels, .. } => {
            let fitting = labels.iter().zip(target.f32s().ok()?).filter(|(_, fits)| **fits > 0.0);
            Some(fitting.map(|(label, _)| label.as_str()).collect::<Vec<_>>().join(", "))
        }
        Decode::Number { .. }
        | Decode::Numbers { .. }
        | Decode::Quantiles { .. }
        | Decode::Forecast { .. }
        | Decode::Next { .. } => None,
    }
}
