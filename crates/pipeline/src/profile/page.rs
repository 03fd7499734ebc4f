//! The page of a data set: one file, no script, nothing loaded from elsewhere.

mod card;
mod labels;
mod look;
mod overview;
mod samples;
mod svg;
mod words;

use crate::profile::words::share;
use baeum_core::{Kind, Role};
use baeum_data::{FieldProfile, Profile};
use baeum_evaluate::markup::{Cell, STYLE, count, counted, escape, name as named, section, table};

use card::card;
use words::{example, listed};

/// More fields than this have no card of their own, but their row in the overview only.
const CARDS: usize = 300;

/// More fields than this have no row there either; `profile.json` has them all.
const ROWS: usize = 2_000;

/// An image as an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Its label, or another word about it; may be empty.
    pub(crate) label: String,
    /// The image: `data:image/png;base64,..`.
    pub(crate) uri: String,
    /// How many rows of pixels it has.
    pub(crate) height: usize,
    /// How many columns of pixels it has.
    pub(crate) width: usize,
}

/// The profile as one self-contained HTML page, a sibling of the report. Of the samples, 24 are shown.
///
/// It holds style and pictures within itself, runs no script, asks no server, and follows the reader's choice of a light
/// or dark screen. Words of the data may be anything; they are escaped. The same input gives the same bytes.
pub(crate) fn page(name: &str, profile: &Profile, samples: &[Sample]) -> String {
    let sections = [
        section("look", "To look at", Some(look::look(profile))),
        section("rows", heading(example(profile)), Some(rows(profile))),
        section("target", "Target", target(profile)),
        section("samples", "Samples", samples::samples(samples)),
        section("overview", "Fields at a glance", overview::overview(profile)),
        section("fields", "Field by field", fields(profile)),
    ];
    let (links, body): (String, String) = sections.into_iter().flatten().unzip();
    let title = escape(name);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n\
         <title>{title} · Baeum data</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<main>\n\
         <header><p class=\"over\">Baeum data</p><h1>{title}</h1><p class=\"lead\">{}</p>\
         <nav aria-label=\"Sections\">{links}</nav></header>\n{body}\
         <footer>Made by Baeum {}. This page is one file: it runs no script and loads nothing.</footer>\n\
         </main>\n</body>\n</html>\n",
        include_str!("page/page.css"),
        lead(profile),
        env!("CARGO_PKG_VERSION"),
    )
}

/// The data in a sentence or two. Already escaped.
fn lead(profile: &Profile) -> String {
    let of = |role: Role| profile.fields.iter().filter(move |field| field.role == role);
    let inputs = counted(of(Role::Input).count() as u64, "input");
    let targets: Vec<String> =
        of(Role::Target).map(|field| format!("<em>{}</em>", named(&field.name))).collect();
    let tells_sets = of(Role::Target).any(|field| matches!(field.kind, Kind::Labels { .. }));
    let labels = match profile.labels.len() {
        0 => String::new(),
        n if tells_sets => format!(", any of {}", counted(n as u64, "label")),
        n => format!(", one of {}", counted(n as u64, "label")),
    };
    let aim = match targets.is_empty() {
        true => "no target".to_owned(),
        false => format!("to tell {}{labels}", listed(&targets)),
    };
    let look = match profile.warnings.len() + profile.repairs.len() {
        0 => String::new(),
        n => format!(" There {} <a href=\"#look\">to look at</a>.", are(n)),
    };
    let rows = counted(profile.rows as u64, example(profile));
    format!("<strong>{rows}</strong> with <strong>{inputs}</strong>, {aim}.{look}")
}

fn are(n: usize) -> String {
    format!("{} {}", if n == 1 { "is" } else { "are" }, counted(n as u64, "thing"))
}

/// What the section about the parts is called.
fn heading(example: &str) -> &'static str {
    match example {
        "window" => "Windows",
        "text" => "Texts",
        _ => "Rows",
    }
}

/// How many rows each part has.
fn rows(profile: &Profile) -> String {
    let [train, valid, test] = profile.parts;
    let all = train + valid + test + profile.unlabelled;
    let unlabelled = ("unlabelled", profile.unlabelled, "nothing: nobody has told their labels");
    let parts = [
        ("training", train, "what the network learns from"),
        ("validation", valid, "what chooses the best epoch"),
        ("test", test, "what the scores are taken on"),
    ];
    let bar = parts.iter().filter(|(_, n, _)| *n > 0);
    let bar: String =
        bar.map(|(part, n, _)| format!("<span class=\"{part}\" style=\"flex-grow:{n}\"></span>")).collect();
    let cells =
        parts.into_iter().chain((profile.unlabelled > 0).then_some(unlabelled)).map(|(part, n, what)| {
            let share = share(n, all).unwrap_or_default();
            vec![Cell::text(part), Cell::number(&count(n as u64)), Cell::number(&share), Cell::text(what)]
        });
    let example = example(profile);
    let (caption, many) = (format!("No {example} is in two parts."), format!("{example}s"));
    let table = table(&caption, &["part", &many, "share", "used as"], cells);
    format!("<div class=\"splits\" aria-hidden=\"true\">{bar}</div>{table}")
}

/// The target's card and how often each label stands in each part.
fn target(profile: &Profile) -> Option<String> {
    let cards = cards(profile, |role| role == Role::Target);
    let labels = labels::labels(&profile.labels);
    match (cards, labels) {
        (None, labels) => labels,
        (Some(cards), labels) => Some(cards + &labels.unwrap_or_default()),
    }
}

fn fields(profile: &Profile) -> Option<String> {
    let note = match profile.fields.len().saturating_sub(CARDS) {
        0 => String::new(),
        more => {
            format!(
                "<p class=\"note\">{} more stand in the overview only.</p>",
                counted(more as u64, "field")
            )
        }
    };
    Some(cards(profile, |role| role != Role::Target)? + &note)
}

/// Whether a field has a card of its own: the target has, wherever it stands.
fn has_card(place: usize, field: &FieldProfile) -> bool {
    place < CARDS || field.role == Role::Target
}

/// The cards of some fields, and what the colours in them mean.
fn cards(profile: &Profile, is_wanted: impl Fn(Role) -> bool) -> Option<String> {
    let places = profile.fields.iter().enumerate();
    let wanted: Vec<_> =
        places.filter(|(place, field)| is_wanted(field.role) && has_card(*place, field)).collect();
    if wanted.is_empty() {
        return None;
    }
    let legend = wanted.iter().find_map(|(_, field)| field.histogram.as_ref()).map_or("", |_| LEGEND);
    let cards: String = wanted.iter().map(|(place, field)| card(*place, field, profile)).collect();
    Some(format!("{legend}<div class=\"cards\">{cards}</div>"))
}

/// What the colours of the parts mean.
const LEGEND: &str = "<p class=\"note legend\"><span class=\"key train\"></span>training \
    <span class=\"key valid\"></span>validation <span class=\"key test\"></span>test. Bars and lines are shares of each \
    part; the first and the last of them also count what lies beyond.</p>";

/// What links to the field at a place lead to: its card, or its row in the overview.
fn anchor(place: usize) -> String {
    format!("field-{place}")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may panic")]
mod tests;
