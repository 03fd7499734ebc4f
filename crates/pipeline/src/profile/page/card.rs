//! All about one field.

use crate::profile::words;
use baeum_core::{Kind, Role};
use baeum_data::{FieldProfile, Profile};
use baeum_evaluate::markup::{count, escape, name, number};

use super::anchor;
use super::labels::names;
use super::overview::kind;
use super::svg::histogram;
use super::words::is_next;

/// A card that links lead to: name, picture, numbers.
pub(super) fn card(place: usize, field: &FieldProfile, profile: &Profile) -> String {
    let rows = profile.parts[0];
    let is_empty = rows > 0 && field.missing == words::values(field, rows);
    let content = match is_empty {
        true if is_next(field) => {
            "<p class=\"note\">What comes next stands in the text itself.</p>".to_owned()
        }
        true => "<p class=\"note\">Every value is missing in the training rows.</p>".to_owned(),
        false => picture(field, rows).unwrap_or_default(),
    };
    format!(
        "<article class=\"card field\" id=\"{}\"><h3>{} <small>{}</small></h3>{content}{}</article>",
        anchor(place),
        name(&field.name),
        kind(field),
        facts(field, rows)
    )
}

/// The values of a field as a picture, or some of them.
fn picture(field: &FieldProfile, rows: usize) -> Option<String> {
    match field.kind {
        Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } => field.histogram.as_ref().map(histogram),
        // The labels of the target stand beside this card, part by part.
        Kind::Category | Kind::Labels { .. } if field.role == Role::Target => None,
        Kind::Category | Kind::Labels { .. } => {
            names(&field.top, field.distinct.unwrap_or(0), rows - field.missing.min(rows))
        }
        Kind::Text => examples(&field.examples),
        Kind::Image { .. } => None,
    }
}

fn examples(texts: &[String]) -> Option<String> {
    let texts: String = texts.iter().map(|text| format!("<li><bdi>{}</bdi></li>", escape(text))).collect();
    (!texts.is_empty()).then(|| format!("<ul class=\"texts\">{texts}</ul>"))
}

/// The numbers of a field; what it does not have is left out.
fn facts(field: &FieldProfile, rows: usize) -> String {
    if is_next(field) {
        return String::new();
    }
    let facts = [
        ("missing", Some(words::missing(field, rows))),
        ("distinct", field.distinct.map(|n| count(n as u64))),
        ("range", field.range.map(words::range)),
        ("mean ± deviation", field.mean_std.map(|(mean, std)| format!("{} ± {}", number(mean), number(std)))),
        ("quartiles", field.quartiles.map(|(a, b, c)| [a, b, c].map(number).join(", "))),
        (
            "characters",
            field.lengths.map(|all| {
                format!(
                    "{} to {}, median {}",
                    count(all.shortest as u64),
                    count(all.longest as u64),
                    count(all.median as u64)
                )
            }),
        ),
        ("sizes", words::sizes(field)),
        ("different sizes", field.sizes.map(|sizes| count(sizes.distinct as u64))),
    ];
    let fact = |(what, value): (&str, Option<String>)| {
        value.map(|value| format!("<div><dt>{what}</dt><dd>{}</dd></div>", escape(&value)))
    };
    format!("<dl class=\"facts\">{}</dl>", facts.into_iter().filter_map(fact).collect::<String>())
}
