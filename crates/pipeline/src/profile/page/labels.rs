//! How often each label stands in each part.

use baeum_data::LabelProfile;
use baeum_evaluate::markup::{Cell, count, counted, name, table};

use super::svg::stack;

/// More labels than this wait until someone opens the list.
const SHOWN: usize = 40;

/// A bar and its counts for each label; none without labels.
pub(super) fn labels(labels: &[LabelProfile]) -> Option<String> {
    if labels.is_empty() {
        return None;
    }
    let most = labels.iter().map(|label| label.parts.iter().sum()).max().unwrap_or(0);
    let (shown, rest) = labels.split_at(labels.len().min(SHOWN));
    let rest = match rest.len() {
        0 => String::new(),
        n => format!(
            "<details><summary>{} more</summary>{}</details>",
            counted(n as u64, "label"),
            bars(rest, most, "")
        ),
    };
    Some(bars(shown, most, &caption(labels)) + &rest)
}

fn bars(labels: &[LabelProfile], most: usize, caption: &str) -> String {
    let row = |label: &LabelProfile| {
        let counts = label.parts.map(|n| Cell::number(&count(n as u64)));
        let bar = Cell::markup(stack(label.parts, most));
        [Cell::text(&label.label), bar].into_iter().chain(counts).collect()
    };
    let heads = ["label", "", "train", "valid", "test"];
    format!("<div class=\"bars\">{}</div>", table(caption, &heads, labels.iter().map(row)))
}

/// How uneven the labels are. It is escaped where it is put into the table.
fn caption(labels: &[LabelProfile]) -> String {
    let rows = |label: &LabelProfile| label.parts[0];
    let ends =
        labels.iter().max_by_key(|label| rows(label)).zip(labels.iter().min_by_key(|label| rows(label)));
    match ends {
        Some((most, least)) if rows(most) > rows(least) => format!(
            "In the training rows a label stands {} to {} times.",
            count(rows(least) as u64),
            count(rows(most) as u64)
        ),
        Some((label, _)) => format!("Each label has {}.", counted(rows(label) as u64, "training row")),
        None => String::new(),
    }
}

/// The most frequent names of a field and how many others there are; none without any. `rows` is how many rows the bars
/// are shares of.
pub(super) fn names(top: &[(String, usize)], distinct: usize, rows: usize) -> Option<String> {
    let most = top.iter().map(|(_, count)| *count).max()?;
    let row = |(value, n): &(String, usize)| {
        let share = crate::profile::words::share(*n, rows).unwrap_or_default();
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"num\">{}</td><td class=\"num\">{share}</td></tr>",
            name(value),
            stack([*n, 0, 0], most),
            count(*n as u64)
        )
    };
    let rows: String = top.iter().map(row).collect();
    let more = match distinct.saturating_sub(top.len()) {
        0 => String::new(),
        more => format!("<p class=\"note\">and {}</p>", counted(more as u64, "other name")),
    };
    Some(format!("<table class=\"names\"><tbody>{rows}</tbody></table>{more}"))
}
