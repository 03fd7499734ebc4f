//! Labels that people gave, in a file beside the recipe: one JSON object a line, the last at the end.
//!
//! A line that we write ends in a checksum, `crc`; one that a person writes need not have it.

use baeum_core::commit::{Record, line_of_record, record_of_line};
use baeum_core::{Limit, Limits};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::answer::Answers;
use crate::place::shown_name;
use crate::refusal::Refusal;
use crate::{DataError, DataPlan, Place};

/// What a line looks like, for messages.
const EXAMPLE: &str = r#"`{"id": "7", "label": "yes"}`"#;

/// One label that somebody gave to a row, or took back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// What the row is called.
    pub id: String,
    /// Its label, or its number, as the data would write it. None takes back all that were given before: by the annotator
    /// who is named here, or else by anybody.
    pub label: Option<String>,
    /// Who gave it.
    pub annotator: Option<String>,
    /// When, for people.
    pub at: Option<String>,
}

/// A file of labels, as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LabelFile {
    /// As messages call it.
    pub(crate) name: String,
    /// Whether there is such a file.
    pub(crate) is_there: bool,
    /// Each label, with the number of its line from 1.
    pub(crate) lines: Vec<(usize, Label)>,
    /// How many bytes the whole lines take.
    pub(crate) whole: usize,
    /// What stands behind them: the beginning of a line whose writing was interrupted.
    pub(crate) torn: Option<String>,
}

impl LabelFile {
    /// The file of a plan, or an empty one if it is not there yet; none if the plan has none.
    ///
    /// # Errors
    /// [`DataError`] for a line that is none, and what the disk refuses.
    pub(crate) fn of(plan: &DataPlan, place: &Place) -> Result<Option<LabelFile>, DataError> {
        let (Some(path), Some(name)) = (plan.label_path(place), &plan.config.label_file) else {
            return Ok(None);
        };
        let name = shown_name(name);
        match place.fs.exists(&path)? {
            false => Ok(Some(LabelFile { name, ..LabelFile::default() })),
            true => {
                let bytes = place.limits.read(Limit::InflatedBytes, place.fs.as_ref(), &path)?;
                let answers = Answers::of(plan);
                parse(&name, &bytes, answers.separator(), &place.limits).map(Some)
            }
        }
    }
}

/// Reads the lines of a file; `name` is what messages call it, and `separator` makes one text of a label that is a list, where
/// it may be one. Blank lines are none.
///
/// # Errors
/// [`DataError::File`] for the first whole line that is no label.
pub(crate) fn parse(
    name: &str,
    bytes: &[u8],
    separator: Option<&str>,
    limits: &Limits,
) -> Result<LabelFile, DataError> {
    let mut file = LabelFile { name: name.to_owned(), is_there: true, ..LabelFile::default() };
    let mut end = 0;
    for (line, number) in bytes.split_inclusive(|&byte| byte == b'\n').zip(1..) {
        end += line.len();
        if !line.trim_ascii().is_empty() {
            match label(line.trim_ascii_end(), separator) {
                Ok(label) => file.lines.push((number, label)),
                Err(_) if is_cut(line) => {
                    file.torn = Some(written(&String::from_utf8_lossy(line)));
                    break;
                }
                Err(Refusal { wants, got }) => {
                    return Err(DataError::file(name, format!("{wants} in line {number}"), got));
                }
            }
        }
        file.whole = end;
        limits.admit(Limit::Rows, format_args!("`{name}`"), number as u64)?;
    }
    Ok(file)
}

/// Whether a line is the beginning of an object: cut anywhere, an object is no object. Only the last line has no end.
fn is_cut(line: &[u8]) -> bool {
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(line);
    !line.ends_with(b"\n") && read.is_err_and(|error| error.is_eof())
}

/// The line of a label, its end and its checksum included.
pub(crate) fn line(label: &Label) -> String {
    let said = [
        ("id", Some(&label.id)),
        ("label", label.label.as_ref()),
        ("annotator", label.annotator.as_ref()),
        ("at", label.at.as_ref()),
    ];
    let keys = said.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.clone().into())));
    let withdrawn = label.label.is_none().then(|| ("withdrawn".to_owned(), true.into()));
    line_of_record(&Record::from_iter(keys.chain(withdrawn)))
}

/// A line as it is written; ids and labels may be numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Value,
    #[serde(default, deserialize_with = "there")] // a `null` is no absence
    label: Option<Value>,
    #[serde(default)]
    withdrawn: bool,
    annotator: Option<String>,
    at: Option<String>,
    crc: Option<Value>,
}

fn there<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

fn label(line: &[u8], separator: Option<&str>) -> Result<Label, Refusal> {
    let text = std::str::from_utf8(line).map_err(|_| Refusal::new("UTF-8", "other bytes"))?;
    let no_label = |error: serde_json::Error| {
        let said = error.to_string();
        let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
        Refusal::new(format!("a label such as {EXAMPLE}"), format!("{}: {said}", written(text)))
    };
    let Line { id, label, withdrawn, annotator, at, crc } = serde_json::from_str(text).map_err(no_label)?;
    if crc.is_some() && record_of_line(&[line, b"\n"].concat()).is_err() {
        let got = "another; leave `crc` out of a line that you change";
        return Err(Refusal::new("the checksum that the line was written with", got));
    }
    let label = match (label, withdrawn) {
        (Some(label), false) => Some(answer(label, separator)?),
        (None, true) => None,
        (Some(_), true) => {
            return Err(Refusal::new("a label, or `withdrawn`", format!("{}: both", written(text))));
        }
        (None, false) => return Err(no_label(serde::de::Error::missing_field("label"))),
    };
    Ok(Label { id: word("id", id)?, label, annotator, at })
}

/// A line as a message shows it: short, and without what could do something to a terminal.
fn written(text: &str) -> String {
    const SHOWN: usize = 80;
    let more = if text.chars().count() > SHOWN { ".." } else { "" };
    format!("`{}{more}`", shown_name(&text.chars().take(SHOWN).collect::<String>()))
}

/// A label as one text; where it may be a list, nothing says that none fits.
fn answer(label: Value, separator: Option<&str>) -> Result<String, Refusal> {
    match (label, separator) {
        (Value::Array(labels), Some(separator)) => {
            let words = labels.into_iter().map(|label| match word("label", label)? {
                word if separator.trim().is_empty() || !word.contains(separator) => Ok(word),
                word => Err(Refusal::new("labels without the `data.separator` in them", written(&word))),
            });
            Ok(words.collect::<Result<Vec<_>, Refusal>>()?.join(separator))
        }
        (Value::String(text), Some(_)) => Ok(text),
        (label, _) => word("label", label),
    }
}

fn word(key: &str, value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        value @ (Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Refusal::new(format!("a text or a number as `{key}`"), written(&value.to_string())))
        }
    }
}
