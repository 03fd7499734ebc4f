//! All fields in one table.

use crate::profile::words;
use baeum_data::{FieldProfile, Profile};
use baeum_evaluate::markup::{Cell, count, counted, name, number, table};

use super::svg::sparkline;
use super::words::is_next;
use super::{ROWS, anchor, has_card};

/// The columns, and how many of them tell something of every kind of field; the others are about numbers.
const HEADS: [&str; 7] = ["field", "kind", "missing", "distinct", "range", "mean ± deviation", ""];
const OF_ALL: usize = 4;

/// A row for each field, its name a link to its card; the last ones of very many only counted, and none without fields.
pub(super) fn overview(profile: &Profile) -> Option<String> {
    let has_numbers = profile.fields.iter().any(|field| field.range.is_some());
    let columns = if has_numbers { HEADS.len() } else { OF_ALL };
    let rows = profile.fields.iter().enumerate().take(ROWS).map(|(place, field)| {
        let missing = match is_next(field) {
            true => String::new(),
            false => words::missing(field, profile.parts[0]),
        };
        let distinct = field.distinct.filter(|_| !is_next(field)).map(|n| count(n as u64));
        let mean = field.mean_std.map(|(mean, std)| format!("{} ± {}", number(mean), number(std)));
        let mut cells = vec![
            Cell::markup(linked(place, field)),
            Cell::text(&kind(field)),
            Cell::number(&missing),
            Cell::number(&distinct.unwrap_or_default()),
            Cell::number(&field.range.map(words::range).unwrap_or_default()),
            Cell::number(&mean.unwrap_or_default()),
            Cell::markup(field.histogram.as_ref().map(sparkline).unwrap_or_default()),
        ];
        cells.truncate(columns);
        cells
    });
    let caption = "As the training rows have them.";
    let more = match profile.fields.len().saturating_sub(ROWS) {
        0 => String::new(),
        more => {
            let more = counted(more as u64, "field");
            format!("<p class=\"note\">{more} more stand in <code>profile.json</code> only.</p>")
        }
    };
    (!profile.fields.is_empty()).then(|| table(caption, &HEADS[..columns], rows) + &more)
}

/// The name of a field as a link; one without a card is itself where links lead to.
fn linked(place: usize, field: &FieldProfile) -> String {
    let (anchor, name) = (anchor(place), name(&field.name));
    if has_card(place, field) {
        format!("<a href=\"#{anchor}\">{name}</a>")
    } else {
        format!("<span id=\"{anchor}\">{name}</span>")
    }
}

/// What a field holds, and what it is for unless it is an input.
pub(super) fn kind(field: &FieldProfile) -> String {
    words::kind(field) + &words::role(field).map(|role| format!(", {role}")).unwrap_or_default()
}
