//! How the page and the terminal name what a profile says.

use baeum_core::{Kind, Role};
use baeum_data::FieldProfile;
use baeum_evaluate::markup::{count, number, percent};

/// What a field holds, in a word or two.
pub(crate) fn kind(field: &FieldProfile) -> String {
    match field.kind {
        Kind::Number => "number".to_owned(),
        Kind::Numbers { len } => format!("{len} numbers"),
        Kind::Series { .. } => field.kind.to_string(),
        Kind::Category => "category".to_owned(),
        Kind::Labels { .. } => "labels".to_owned(),
        Kind::Image { channels: 1, .. } => "grey image".to_owned(),
        Kind::Image { channels: 3, .. } => "colour image".to_owned(),
        Kind::Image { channels, .. } => format!("{channels}-channel image"),
        Kind::Text => "text".to_owned(),
    }
}

/// What a field is for, where that is worth a word: most are inputs.
pub(crate) fn role(field: &FieldProfile) -> Option<&'static str> {
    match field.role {
        Role::Input => None,
        Role::Target => Some("target"),
        Role::Id => Some("id"),
        Role::Ignored => Some("ignored"),
    }
}

/// How many values a field would have in so many rows if none was missing.
pub(crate) fn values(field: &FieldProfile, rows: usize) -> usize {
    match field.kind {
        _ if field.values.is_some() => field.values.unwrap_or(rows),
        Kind::Numbers { len } => rows.saturating_mul(len),
        Kind::Series { channels, steps } => rows.saturating_mul(channels * steps),
        Kind::Number | Kind::Category | Kind::Labels { .. } | Kind::Image { .. } | Kind::Text => rows,
    }
}

/// How many values are missing in the training rows, and which share of them: `0`, `12 (1.20 %)`.
pub(crate) fn missing(field: &FieldProfile, rows: usize) -> String {
    let missing = count(field.missing as u64);
    match share(field.missing, values(field, rows)) {
        Some(share) if field.missing > 0 => format!("{missing} ({share})"),
        Some(_) | None => missing,
    }
}

/// A part of a whole as a percentage; none if the whole is nothing.
pub(crate) fn share(part: usize, whole: usize) -> Option<String> {
    (whole > 0).then(|| percent(part as f64 / whole as f64))
}

/// Two ends, or the one number that both are.
pub(crate) fn range((low, high): (f64, f64)) -> String {
    if low == high { number(low) } else { format!("{} to {}", number(low), number(high)) }
}

/// The sizes of images, each as height and width: `28x28`, or the smallest and the largest.
pub(crate) fn sizes(field: &FieldProfile) -> Option<String> {
    let sizes = field.sizes?;
    let written = |(height, width): (usize, usize)| format!("{height}x{width}");
    let (small, large) = (written(sizes.smallest), written(sizes.largest));
    Some(if small == large { small } else { format!("{small} to {large}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::fixture::field;

    #[test]
    fn missing_values_of_vectors_are_shares_of_all_their_numbers() {
        let mut pixels = field("pixels", Kind::Numbers { len: 64 });
        pixels.missing = 64;
        assert_eq!(missing(&pixels, 100), "64 (1\u{a0}%)");
        assert_eq!(missing(&pixels, 0), "64");
        assert_eq!(missing(&field("a", Kind::Number), 0), "0");
    }

    #[test]
    fn ranges_of_one_number_say_it_once() {
        assert_eq!(range((0.0, 0.0)), "0");
        assert_eq!(range((-1.0, 2.5)), "-1 to 2.500");
    }
}
