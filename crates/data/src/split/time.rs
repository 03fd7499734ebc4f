//! Parts one behind the other in time.

use std::cmp::Ordering;

use super::{Part, counts};
use crate::DataError;
use crate::csv::{number, shown_cell};

/// Gives the last rows to test and those before them to valid; rows of one moment stay in the later part.
///
/// # Errors
/// [`DataError::Column`] for cells that are neither numbers nor dates in one form.
pub(super) fn deal(column: &str, moments: &[String], shares: [f64; 3]) -> Result<Vec<Part>, DataError> {
    let compare = order(column, moments)?;
    let mut rows: Vec<usize> = (0..moments.len()).collect();
    rows.sort_by(|&a, &b| compare(&moments[a], &moments[b]));
    let [train, valid, _] = counts(rows.len(), shares);
    // Where the moment before a border is that behind it, the border goes back to its first row.
    let border = |place: usize| {
        let Some(&row) = rows.get(place) else { return place };
        rows.partition_point(|&other| compare(&moments[other], &moments[row]) == Ordering::Less)
    };
    let (behind_train, behind_valid) = (border(train), border(train + valid));
    let mut parts = vec![Part::Train; rows.len()];
    for (place, &row) in rows.iter().enumerate() {
        parts[row] = match place {
            place if place >= behind_valid => Part::Test,
            place if place >= behind_train => Part::Valid,
            _ => Part::Train,
        };
    }
    Ok(parts)
}

/// How moments are compared.
type Compare = fn(&str, &str) -> Ordering;

/// Numbers by value; dates of one form, largest unit first, by letter.
fn order(column: &str, moments: &[String]) -> Result<Compare, DataError> {
    if moments.iter().all(|moment| number(moment).is_ok()) {
        let by_value: Compare = |a, b| match (number(a), number(b)) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            (Ok(_) | Err(_), _) => Ordering::Equal,
        };
        return Ok(by_value);
    }
    let form = |moment: &str| -> String {
        moment.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
    };
    let first = moments.first().map(|moment| form(moment)).unwrap_or_default();
    let is_date = first.starts_with("0000-00") && first.chars().all(|c| "0-/:. TZ+".contains(c));
    match moments.iter().find(|moment| !is_date || form(moment) != first) {
        None => Ok(|a, b| a.cmp(b)),
        Some(other) => Err(DataError::Column {
            column: column.to_owned(),
            wants: "numbers, or dates of one form such as 2026-11-25 13:00, to divide by time".to_owned(),
            got: shown_cell(other),
        }),
    }
}
