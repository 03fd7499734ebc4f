//! Which labels are taken for which: a map of the confusion matrix, and the mistakes made most often.

use std::cmp::Reverse;

use baeum_core::Task;

use crate::Report;

use super::svg::{Anchor, Drawing, Point, point};
use super::table::{Cell, table};
use super::text::{cap, count, counted, percent};

/// More labels than this cannot be read on one map; then it shows those with the most mistakes.
const MAP_LABELS: usize = 32;

/// A cell narrower than this has no room for its count, which it then tells under the pointer only.
const ROOM_FOR_COUNT: f64 = 22.0;

/// A cell as wide as this has room for every digit of it.
const ROOM_FOR_DIGITS: f64 = 80.0;

/// Up to this many labels leave room for the list beside the map.
const BESIDE: usize = 16;

/// How many kinds of mistakes are listed.
const MOST_MISTAKES: usize = 10;

/// The map and the list of mistakes; none without labels, and where a row may have several.
pub(super) fn confusion(report: &Report) -> Option<String> {
    if report.classes.is_empty() || report.task == Task::MultiLabel {
        return None;
    }
    let n = report.classes.len();
    if report.confusion.len() != n || report.confusion.iter().any(|row| row.len() != n) {
        return Some("<p class=\"note\">The confusion matrix does not fit the labels.</p>".to_owned());
    }
    let map = Map::new(report);
    let note = match map.labels.len() {
        shown if shown == n => String::new(),
        shown => format!(" These are the {shown} labels with the most mistakes, out of {n}."),
    };
    // A large map takes the whole width.
    let layout = if map.labels.len() > BESIDE { "stack" } else { "pair" };
    Some(format!(
        "<div class=\"{layout}\"><figure><div class=\"wide map\">{}</div><figcaption>Each row is a true label, each \
         column an answer. The stronger the colour, the larger the share of its row.{note}</figcaption></figure>\
         <div>{}</div></div>",
        map.draw(),
        mistakes(report)
    ))
}

/// Where things stand on the map.
struct Map<'a> {
    report: &'a Report,
    /// The places of the labels shown, in order.
    labels: Vec<usize>,
    names: Vec<String>,
    cell: f64,
    /// The upper left corner of the first cell.
    corner: Point,
    /// Names that are wider than a cell stand aslant, and reach this far beyond the last one.
    slant: Option<f64>,
}

impl Map<'_> {
    fn new(report: &Report) -> Map<'_> {
        let labels = most_mistaken(&report.confusion);
        let names: Vec<String> = labels.iter().map(|&label| cap(&report.classes[label].label, 14)).collect();
        let cell = (460.0 / labels.len() as f64).clamp(20.0, 130.0);
        // A character is about 7 wide; aslant it takes 5 in each direction.
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
        let slant = (7.0 * longest > cell - 4.0).then_some(5.0 * longest);
        let corner = point(40.0 + 7.0 * longest, slant.map_or(48.0, |slant| 44.0 + slant));
        Map { report, labels, names, cell, corner, slant }
    }

    fn draw(&self) -> String {
        let side = self.cell * self.labels.len() as f64;
        let Point { x: left, y: top } = self.corner;
        let size = point(left + side + 8.0 + self.slant.unwrap_or(0.0), top + side + 8.0);
        let id = self.report.id("confusion-map");
        let mut drawing = Drawing::new(&id, "Confusion matrix", &self.description(), size);
        drawing.turned_text("name", point(16.0, top + side / 2.0), Anchor::Middle, "truth", -90.0);
        drawing.text("name", point(left + side / 2.0, 16.0), Anchor::Middle, "answer");
        for (i, name) in self.names.iter().enumerate() {
            let middle = (i as f64 + 0.5) * self.cell;
            drawing.text("tick", point(left - 8.0, top + middle + 4.0), Anchor::End, name);
            let above = point(left + middle, top - 9.0);
            match self.slant {
                None => drawing.text("tick", above, Anchor::Middle, name),
                Some(_) => drawing.turned_text("tick", above, Anchor::Start, name, -45.0),
            }
        }
        for row in 0..self.labels.len() {
            for column in 0..self.labels.len() {
                self.draw_cell(&mut drawing, row, column);
            }
        }
        drawing.finish()
    }

    fn draw_cell(&self, drawing: &mut Drawing, row: usize, column: usize) {
        let (truth, answer) = (self.labels[row], self.labels[column]);
        let (rows, support) = (self.report.confusion[truth][answer], self.report.classes[truth].support);
        let a = point(self.corner.x + column as f64 * self.cell, self.corner.y + row as f64 * self.cell);
        let gap = if self.cell < ROOM_FOR_COUNT { 1.0 } else { 2.0 };
        let b = point(a.x + self.cell - gap, a.y + self.cell - gap);
        if rows == 0 {
            return drawing.rect("cell", a, b);
        }
        let share = rows as f64 / support as f64;
        // A root makes rare mistakes visible.
        let (class, opacity) = if truth == answer {
            ("right", 0.1 + 0.9 * share)
        } else {
            ("wrong", 0.15 + 0.85 * share.sqrt())
        };
        let names = (&self.names[row], &self.names[column], counted(rows, "row"), percent(share));
        let tip = format!("truth {}, answer {}: {} ({})", names.0, names.1, names.2, names.3);
        drawing.tipped(&tip, |drawing| {
            drawing.rect("cell", a, b);
            drawing.tint(class, a, b, opacity);
            if self.cell >= ROOM_FOR_COUNT {
                let class = if opacity > 0.5 { "count over" } else { "count" };
                let middle = point((a.x + b.x) / 2.0, (a.y + b.y) / 2.0 + 4.5);
                let shown = if self.cell < ROOM_FOR_DIGITS { brief(rows) } else { count(rows) };
                drawing.text(class, middle, Anchor::Middle, &shown);
            }
        });
    }

    fn description(&self) -> String {
        let confusion = &self.report.confusion;
        let right: u64 = confusion.iter().enumerate().map(|(label, row)| row[label]).sum();
        let rows: u64 = confusion.iter().flatten().sum();
        let labels = counted(confusion.len() as u64, "label");
        format!("{labels}. In {} of {} the answer is the truth.", count(right), counted(rows, "test row"))
    }
}

/// The places of the labels on the map: all of them, or those that are most often in a mistake, in order.
fn most_mistaken(confusion: &[Vec<u64>]) -> Vec<usize> {
    let mut labels: Vec<usize> = (0..confusion.len()).collect();
    if labels.len() > MAP_LABELS {
        let mut mistakes = vec![0; labels.len()];
        for (truth, row) in confusion.iter().enumerate() {
            for (answer, rows) in row.iter().enumerate().filter(|(answer, _)| *answer != truth) {
                mistakes[truth] += rows;
                mistakes[answer] += rows;
            }
        }
        labels.sort_by_key(|&label| Reverse(mistakes[label]));
        labels.truncate(MAP_LABELS);
        labels.sort_unstable();
    }
    labels
}

/// The kinds of mistakes, most frequent first.
fn mistakes(report: &Report) -> String {
    let off_diagonal = report.confusion.iter().enumerate().flat_map(|(truth, row)| {
        let wrong = row.iter().enumerate().filter(move |(answer, rows)| *answer != truth && **rows > 0);
        wrong.map(move |(answer, &rows)| (truth, answer, rows))
    });
    let mut kinds: Vec<(usize, usize, u64)> = off_diagonal.collect();
    if kinds.is_empty() {
        return "<p class=\"note\">Not one mistake on these rows.</p>".to_owned();
    }
    kinds.sort_by_key(|&(_, _, rows)| Reverse(rows));
    let total = counted(kinds.len() as u64, "kind");
    let caption = match kinds.len() {
        n if n > MOST_MISTAKES => format!("The {MOST_MISTAKES} most frequent of {total} of mistakes"),
        _ => "All mistakes".to_owned(),
    };
    let rows = kinds.into_iter().take(MOST_MISTAKES).map(|(truth, answer, rows)| {
        let (truth, answer) = (&report.classes[truth], &report.classes[answer]);
        let share = percent(rows as f64 / truth.support as f64);
        vec![
            Cell::text(&truth.label),
            Cell::text(&answer.label),
            Cell::number(&count(rows)),
            Cell::number(&share),
        ]
    });
    table(&caption, &["truth", "answer", "rows", "of that truth"], rows)
}

/// A count in four characters at most: `9999`, `12k`, `3.4M`.
fn brief(rows: u64) -> String {
    match rows {
        0..10_000 => rows.to_string(),
        10_000..1_000_000 => format!("{}k", rows / 1000),
        _ => format!("{:.1}M", rows as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_brief() {
        assert_eq!([0, 9_999, 10_000, 999_999, 3_440_000].map(brief), ["0", "9999", "10k", "999k", "3.4M"]);
    }

    #[test]
    fn labels_with_mistakes_come_first_onto_a_full_map() {
        let mut confusion = vec![vec![0; 40]; 40];
        (0..40).for_each(|label| confusion[label][label] = 100);
        (confusion[39][2], confusion[7][38]) = (1, 1);
        let shown = most_mistaken(&confusion);
        assert_eq!(shown.len(), MAP_LABELS);
        assert!(shown.is_sorted() && [2, 7, 38, 39].iter().all(|label| shown.contains(label)), "{shown:?}");
        assert_eq!(most_mistaken(&confusion[..3]), [0, 1, 2]);
    }
}
