//! What was repaired, and what a person should look at. It stands first on the page.

use std::collections::BTreeMap;

use baeum_data::{Found, Profile, Repair, Warning};
use baeum_evaluate::markup::{count, name};

use super::words::coded;
use super::{ROWS, anchor};

/// More notes than this wait until someone opens the list.
const SHOWN: usize = 12;

/// Both lists; one sentence if there is nothing to say.
pub(super) fn look(profile: &Profile) -> String {
    if profile.repairs.is_empty() && profile.warnings.is_empty() {
        return "<p>Nothing had to be repaired, and nothing stands out.</p>".to_owned();
    }
    let fields = profile.fields.iter().take(ROWS).enumerate();
    let places: BTreeMap<&str, usize> = fields.map(|(place, field)| (field.name.as_str(), place)).collect();
    let warnings: Vec<String> = profile.warnings.iter().map(|note| warning(note, &places)).collect();
    let repairs: Vec<String> = profile.repairs.iter().map(repair).collect();
    list("Warnings", &warnings) + &list("Repairs", &repairs)
}

fn list(title: &str, notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let items = |notes: &[String]| notes.iter().map(|note| format!("<li>{note}</li>")).collect::<String>();
    let class = title.to_lowercase();
    let (shown, rest) = notes.split_at(notes.len().min(SHOWN));
    let rest = match rest.len() {
        0 => String::new(),
        n => format!(
            "<details><summary>{n} more</summary><ul class=\"notes {class}\">{}</ul></details>",
            items(rest)
        ),
    };
    format!("<h3>{title}</h3><ul class=\"notes {class}\">{}</ul>{rest}", items(shown))
}

/// A warning with the name in it as a link to where the page shows more.
fn warning(warning: &Warning, places: &BTreeMap<&str, usize>) -> String {
    let (name, link) = match warning {
        Warning::Constant { field }
        | Warning::LooksLikeId { field }
        | Warning::NearlyNumbers { field, .. }
        | Warning::Coarse { field } => (field, places.get(field.as_str()).map(|place| anchor(*place))),
        Warning::Capped { field, .. } => (field, Some("target".to_owned())),
        Warning::AbsentLabel { label, .. } => (label, Some("target".to_owned())),
        Warning::Unlabelled { field, .. } => (field, Some("target".to_owned())),
        Warning::NoLabelFile { file }
        | Warning::StrayLabels { file, .. }
        | Warning::NewLabels { file, .. }
        | Warning::TiedLabels { file, .. }
        | Warning::UnsettledLabels { file } => (file, None),
        Warning::Leak { found: Found::Copy { field, .. }, .. } => {
            (field, places.get(field.as_str()).map(|place| anchor(*place)))
        }
        Warning::Leak { found: Found::Rows { .. }, .. }
        | Warning::HiddenFiles { .. }
        | Warning::InShort { .. }
        | Warning::NotCompared { .. } => {
            return coded(&warning.to_string());
        }
    };
    linked(&warning.to_string(), name, link.as_deref())
}

/// A text in which a name stands between backticks. A name without backticks is not in it before that place.
fn linked(text: &str, quoted: &str, link: Option<&str>) -> String {
    let Some((before, after)) = text.split_once(&format!("`{quoted}`")) else { return coded(text) };
    let shown = match link {
        Some(link) => format!("<a href=\"#{link}\">{}</a>", name(quoted)),
        None => name(quoted),
    };
    coded(before) + &shown + &coded(after)
}

/// A repair; the reasons why rows were left out are a list of their own.
fn repair(repair: &Repair) -> String {
    match repair {
        Repair::TakenFor { file, .. }
        | Repair::BlankEnd { file, .. }
        | Repair::Labelled { file, .. }
        | Repair::TornLabel { file } => linked(&repair.to_string(), file, None),
        Repair::Until { .. }
        | Repair::BetweenParts { .. }
        | Repair::ShortSeries { .. }
        | Repair::LongLines { .. } => coded(&repair.to_string()),
        Repair::Untold { count: windows, first } => {
            let left_out = count(*windows as u64);
            format!("{left_out} windows whose answer has a missing number were left out.{}", reasons(first))
        }
        Repair::FilesTakenFor { folder, count: files, first, encoding } => {
            let (read, of) = (encoding.name(), count(*files as u64));
            format!("{of} files of {} are not UTF-8 and were read as {read}.{}", name(folder), reasons(first))
        }
        Repair::EmptyTexts { folder, count: files, first } => {
            let of = count(*files as u64);
            format!("{of} files of {} are empty and count as missing texts.{}", name(folder), reasons(first))
        }
        Repair::Skipped { file, count: rows, first } => {
            let (left_out, were) = (count(*rows as u64), if *rows == 1 { "was" } else { "were" });
            format!("{left_out} of {} cannot be read and {were} left out.{}", name(file), reasons(first))
        }
    }
}

fn reasons(first: &[String]) -> String {
    if first.is_empty() {
        return String::new();
    }
    let reasons: String =
        first.iter().map(|reason| format!("<li><bdi>{}</bdi></li>", coded(reason))).collect();
    format!("<details><summary>the first {}</summary><ul>{reasons}</ul></details>", first.len())
}
