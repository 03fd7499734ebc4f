//! The profile in a terminal: a line for each field, then labels, repairs and warnings.

use crate::profile::width::{columns, cut, visible};
use crate::profile::words::{self, share};
use baeum_data::{FieldProfile, LabelProfile, Profile};
use baeum_evaluate::markup::{count, number};

/// More fields, labels, repairs or warnings than this are only counted.
const LISTED: usize = 40;

/// A narrower terminal gets lines that are too long for it, for shorter ones would say nothing.
const LEAST_WIDTH: usize = 40;

/// Names are cut at so many columns, whatever room there is.
const WIDEST: usize = 32;

/// How many of the most frequent names are told.
const TOLD: usize = 3;

/// The profile as lines of at most `width` columns; notes may go on for three lines. What the data's words could do to a
/// terminal is written out.
pub(crate) fn table(profile: &Profile, width: usize) -> String {
    let width = width.max(LEAST_WIDTH);
    let mut lines = fields(profile).lines(width);
    lines.extend(more(profile.fields.len(), "field"));
    if !profile.labels.is_empty() {
        lines.push(String::new());
        lines.extend(labels(&profile.labels).lines(width));
        lines.extend(more(profile.labels.len(), "label"));
    }
    let repairs = profile.repairs.iter().map(ToString::to_string);
    let warnings = profile.warnings.iter().map(ToString::to_string);
    for notes in [notes("note", "repair", repairs, width), notes("look", "warning", warnings, width)] {
        lines.extend((!notes.is_empty()).then(String::new));
        lines.extend(notes);
    }
    lines.join("\n")
}

fn more(count: usize, what: &str) -> Option<String> {
    let more = count.checked_sub(LISTED).filter(|more| *more > 0)?;
    Some(format!("  and {more} more {what}{}", if more == 1 { "" } else { "s" }))
}

/// A line for each thing that was done or should be looked at, cut where it would fill more than three of the terminal.
fn notes(mark: &str, what: &str, texts: impl ExactSizeIterator<Item = String>, width: usize) -> Vec<String> {
    let more = more(texts.len(), what);
    let note = |text: String| cut(&format!("  {mark}: {}", visible(&text)), width.saturating_mul(3));
    texts.take(LISTED).map(note).chain(more).collect()
}

fn fields(profile: &Profile) -> Grid {
    let row = |field: &FieldProfile| {
        let (mean, deviation) = field.mean_std.map(|(mean, std)| (number(mean), number(std))).unzip();
        let role = words::role(field).map(|role| format!(", {role}")).unwrap_or_default();
        vec![
            name(&field.name),
            words::kind(field) + &role,
            words::missing(field, profile.parts[0]).replace('\u{a0}', " "),
            values(field, profile.parts[0]),
            mean.unwrap_or_default(),
            deviation.unwrap_or_default(),
            field.distinct.map(|distinct| count(distinct as u64)).unwrap_or_default(),
        ]
    };
    Grid {
        columns: vec![
            Column { head: "field", is_number: false, least: 10 },
            Column { head: "kind", is_number: false, least: 6 },
            Column { head: "missing", is_number: true, least: 7 },
            Column { head: "values", is_number: false, least: 12 },
            Column { head: "mean", is_number: true, least: 4 },
            Column { head: "deviation", is_number: true, least: 9 },
            Column { head: "distinct", is_number: true, least: 8 },
        ],
        rows: profile.fields.iter().take(LISTED).map(row).collect(),
    }
    .without_empty_columns()
}

fn labels(labels: &[LabelProfile]) -> Grid {
    let row = |label: &LabelProfile| {
        let counts = label.parts.map(|rows| count(rows as u64));
        [name(&label.label)].into_iter().chain(counts).collect()
    };
    let counts = ["train", "valid", "test"].map(|head| Column { head, is_number: true, least: 5 });
    let columns = [Column { head: "label", is_number: false, least: 10 }].into_iter().chain(counts);
    Grid { columns: columns.collect(), rows: labels.iter().take(LISTED).map(row).collect() }
}

fn name(name: &str) -> String {
    if name.is_empty() { "(empty)".to_owned() } else { cut(&visible(name), WIDEST) }
}

/// What a field holds: the range of its numbers, its most frequent names, the lengths of its texts, the sizes of its images.
fn values(field: &FieldProfile, rows: usize) -> String {
    if let Some(range) = field.range {
        return words::range(range);
    }
    if let Some(lengths) = field.lengths {
        return match lengths.shortest == lengths.longest {
            true => format!("{} characters", lengths.longest),
            false => format!("{} to {} characters", lengths.shortest, lengths.longest),
        };
    }
    if let Some(sizes) = words::sizes(field) {
        return sizes;
    }
    let told = |(value, count): &(String, usize)| {
        let share = share(*count, rows).unwrap_or_default().replace('\u{a0}', " ");
        format!("{} {share}", cut(&name(value), 16))
    };
    field.top.iter().take(TOLD).map(told).collect::<Vec<_>>().join(", ")
}

/// Cells under their heads.
struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    head: &'static str,
    /// Numbers stand to the right.
    is_number: bool,
    /// How narrow it may become.
    least: usize,
}

impl Grid {
    /// Leaves the room of columns that say nothing to the others.
    fn without_empty_columns(self) -> Grid {
        let says = |place: usize| {
            self.rows.is_empty()
                || self.rows.iter().any(|row| row.get(place).is_some_and(|text| !text.is_empty()))
        };
        let kept: Vec<bool> = (0..self.columns.len()).map(says).collect();
        let columns = keep(self.columns, &kept);
        Grid { columns, rows: self.rows.into_iter().map(|row| keep(row, &kept)).collect() }
    }

    /// Two spaces before each column; head first.
    fn lines(&self, width: usize) -> Vec<String> {
        let widths = self.widths(width);
        let heads: Vec<String> = self.columns.iter().map(|column| column.head.to_owned()).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&self.columns).zip(&widths);
            let line: String = cells.map(|((text, column), width)| cell(text, column, *width)).collect();
            cut(line.trim_end(), width)
        };
        [&heads].into_iter().chain(&self.rows).map(line).collect()
    }

    /// As wide as its widest cell, if all fit; otherwise words give way, those that take most room first.
    fn widths(&self, width: usize) -> Vec<usize> {
        let widest = |(place, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(place));
            cells.map(|text| columns(text)).max().unwrap_or(0).max(columns(column.head))
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(widest).collect();
        let mut excess = widths.iter().map(|width| width + 2).sum::<usize>().saturating_sub(width);
        while excess > 0 {
            let words = widths.iter_mut().zip(&self.columns).filter(|(_, column)| !column.is_number);
            let may_give = words.filter(|(width, column)| **width > column.least);
            let Some((widest, _)) = may_give.max_by_key(|(width, _)| **width) else { break };
            *widest -= 1;
            excess -= 1;
        }
        widths
    }
}

fn keep<T>(things: Vec<T>, kept: &[bool]) -> Vec<T> {
    things.into_iter().zip(kept).filter_map(|(thing, kept)| kept.then_some(thing)).collect()
}

fn cell(text: &str, column: &Column, width: usize) -> String {
    let text = cut(text, width);
    let room = " ".repeat(width - columns(&text).min(width));
    if column.is_number { format!("  {room}{text}") } else { format!("  {text}{room}") }
}

#[cfg(test)]
mod tests;
