//! What was learned of a known function, beside what is true: inside the range that training saw, and outside of it.

use crate::{Learned, Report};

use super::frame::thinned;
use super::numbers::{Dots, scatter};
use super::table::{Cell, table};
use super::text::{counted, number};

/// Longer tables are thinned.
const MOST_ROWS: usize = 60;

/// Picture, sentence and tables; none without probes.
pub(super) fn learned(report: &Report) -> Option<String> {
    let (inside, outside): (Vec<&Learned>, Vec<&Learned>) =
        report.learned.iter().partition(|learned| learned.inside);
    if report.learned.is_empty() {
        return None;
    }
    let unit = report.unit.as_deref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let [near, far] = [pairs(&inside), pairs(&outside)];
    let groups = [Dots { class: "dot outside", pairs: &far }, Dots { class: "dot", pairs: &near }];
    let picture = scatter("learned-map", "Learned against true answers", &unit, &groups);
    Some(format!(
        "<p>{}{}</p><div class=\"pair\"><figure><div class=\"wide\">{picture}</div><figcaption><span class=\"key\"></span>\
         inside the range that training saw <span class=\"key outside\"></span>outside of it</figcaption></figure>\
         <div>{}{}</div></div>",
        sentence("Inside the range that training saw", &inside),
        sentence("Outside of it", &outside),
        side("Inside the range that training saw", &inside),
        side("Outside of it", &outside),
    ))
}

fn pairs(side: &[&Learned]) -> Vec<(f64, f64)> {
    side.iter().filter_map(|learned| Some((learned.truth, learned.answer?))).collect()
}

fn sentence(place: &str, side: &[&Learned]) -> String {
    let errors = pairs(side).into_iter().map(|(truth, answer)| (answer - truth).abs());
    let largest = errors.max_by(f64::total_cmp);
    let largest =
        largest.map(|error| format!("{place} the largest error is <strong>{}</strong>. ", number(error)));
    let broken = match side.iter().filter(|learned| learned.answer.is_none()).count() {
        0 => String::new(),
        1 => format!("{place} 1 answer is not a finite number. "),
        n => format!("{place} {n} answers are not finite numbers. "),
    };
    largest.unwrap_or_default() + &broken
}

fn side(caption: &str, side: &[&Learned]) -> String {
    let Some(first) = side.first() else { return String::new() };
    let fields: Vec<&str> = first.record.keys().map(String::as_str).collect();
    let heads: Vec<&str> = fields.iter().copied().chain(["truth", "learned", "error"]).collect();
    let shown = thinned(side, MOST_ROWS);
    let caption = match shown.len() {
        n if n < side.len() => format!("{caption}: {n} of {}", counted(side.len() as u64, "record")),
        _ => caption.to_owned(),
    };
    table(&caption, &heads, shown.into_iter().map(|learned| row(learned, &fields)))
}

fn row(learned: &Learned, fields: &[&str]) -> Vec<Cell> {
    let given = fields.iter().map(|field| Cell::text(learned.record.get(*field).map_or("", String::as_str)));
    let answer = learned.answer.unwrap_or(f64::NAN);
    given.chain([learned.truth, answer, answer - learned.truth].map(|x| Cell::number(&number(x)))).collect()
}
