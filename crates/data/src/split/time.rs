//! Parts one behind the other in time.

use std::cmp::Ordering;

use super::{Part, counts};
use crate::DataError;
use crate::csv::{number, shown_cell};

/// Gives the last rows to test and those before them to valid; rows of one moment stay in the later part.
///
/// # Errors
/// [`DataError::Column`] for cells that are neither numbers nor dates in one form.
pub(crate) fn deal(column: &str, moments: &[String], shares: [f64; 3]) -> Result<Vec<Part>, DataError> {
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

/// Gives the rows from one moment on to valid, and those from another on to test.
///
/// # Errors
/// As [`deal`]; [`DataError::Setting`] for a moment that is none of these, or for the later one first.
pub(crate) fn deal_at(
    column: &str,
    moments: &[String],
    valid: Option<&str>,
    test: &str,
) -> Result<Vec<Part>, DataError> {
    let compare = order(column, moments)?;
    let border =
        |name: &str, moment: &str| refuse_other(&format!("data.split.moments.{name}"), moment, moments);
    border("test", test)?;
    valid.map_or(Ok(()), |valid| border("valid", valid))?;
    if let Some(valid) = valid.filter(|valid| compare(valid, test) != Ordering::Less) {
        let (wants, got) = (format!("a moment before that of `test`, {test}"), valid.to_owned());
        return Err(DataError::setting("data.split.moments.valid", wants, got));
    }
    let is_from = |moment: &str, border: &str| compare(moment, border) != Ordering::Less;
    let part = |moment: &String| match valid {
        _ if is_from(moment, test) => Part::Test,
        Some(valid) if is_from(moment, valid) => Part::Valid,
        Some(_) | None => Part::Train,
    };
    Ok(moments.iter().map(part).collect())
}

/// Refuses a moment of the recipe that is written in another way than those of the data; of a date its beginning is enough.
pub(crate) fn refuse_other(path: &str, moment: &str, moments: &[String]) -> Result<(), DataError> {
    let Some(first) = moments.first() else { return Ok(()) };
    let fits = match number(first) {
        Ok(_) => number(moment).is_ok(),
        Err(_) => moment.len() >= 4 && form(first).starts_with(&form(moment)),
    };
    match fits {
        true => Ok(()),
        false => {
            Err(DataError::setting(path, format!("a moment as the data have them, such as {first}"), moment))
        }
    }
}

/// A date with each digit a zero.
fn form(moment: &str) -> String {
    moment.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// How moments are compared.
pub(crate) type Compare = fn(&str, &str) -> Ordering;

/// Numbers by value; dates of one form, largest unit first, by letter.
pub(crate) fn order(column: &str, moments: &[String]) -> Result<Compare, DataError> {
    if moments.iter().all(|moment| number(moment).is_ok()) {
        let by_value: Compare = |a, b| match (number(a), number(b)) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            (Ok(_) | Err(_), _) => Ordering::Equal,
        };
        return Ok(by_value);
    }
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
