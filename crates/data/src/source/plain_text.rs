//! Plain text: windows of it are the examples, and what comes next is the answer.

use std::ops::Range;

use baeum_core::{Field, Kind, Limit, Role, Split, Task, Train};

use super::{Cell, Raw, Scan, field};
use crate::config::Encoding;
use crate::csv::text_of;
use crate::place::shown_name;
use crate::plan::{DataPlan, NEXT, SplitPlan, TEXT, TableFiles, plain_text};
use crate::profile::Repair;
use crate::split::{Part, counts};
use crate::{DataError, Place};

/// A text and its windows.
#[derive(Debug)]
pub(super) struct PlainText {
    text: String,
    /// Where each file begins in it, and its name.
    files: Vec<(usize, String)>,
    /// The bytes of each window: one character more than the network sees.
    windows: Vec<Range<usize>>,
    parts: Vec<Part>,
    repairs: Vec<Repair>,
    /// The place of the text in the schema.
    seen: usize,
}

/// Reads the files and cuts them into windows.
pub(super) fn scan(
    plan: &DataPlan,
    encoding: Option<Encoding>,
    files: &[TableFiles],
    place: &Place,
) -> Result<PlainText, DataError> {
    let (mut text, mut names, mut repairs) = (String::new(), vec![], vec![]);
    for (name, path) in
        files.iter().map(|file| place.find_each(&file.pattern)).collect::<Result<Vec<_>, _>>()?.concat()
    {
        let name = shown_name(&name);
        let bytes = place.limits.read(Limit::InflatedBytes, place.fs.as_ref(), &path)?;
        let (more, taken_for) =
            text_of(bytes, encoding).map_err(|refusal| DataError::file(&name, refusal.wants, refusal.got))?;
        repairs.extend(taken_for.map(|encoding| Repair::TakenFor { file: name.clone(), encoding }));
        names.push((text.len(), name));
        text += &more;
    }
    let length = plain_text::length(&plan.config).unwrap_or(1);
    let (valid, test) = match plan.split {
        SplitPlan::Time { valid, test, .. } => (valid, test),
        _ => (0.0, 0.0),
    };
    let (windows, parts) = windows(&text, length + 1, [1.0 - valid - test, valid, test])?;
    Ok(PlainText { text, files: names, windows, parts, repairs, seen: 0 })
}

/// Windows of so many characters, each beginning with the last character of the one before it; no window lies in two parts.
fn windows(text: &str, width: usize, shares: [f64; 3]) -> Result<(Vec<Range<usize>>, Vec<Part>), DataError> {
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).chain([text.len()]).collect();
    let lengths = counts(starts.len() - 1, shares);
    let (mut windows, mut parts, mut first) = (vec![], vec![], 0);
    for ((part, share), length) in Part::ALL.into_iter().zip(shares).zip(lengths) {
        if share > 0.0 && length < width {
            let wants =
                format!("at least {width} characters for `{}`, one more than a window has", part.name());
            return Err(DataError::setting("data.source.text", wants, length.to_string()));
        }
        for begin in (0..length.saturating_sub(1)).step_by(width - 1) {
            let begin = first + begin.min(length - width);
            windows.push(starts[begin]..starts[begin + width]);
            parts.push(part);
        }
        first += length;
    }
    Ok((windows, parts))
}

impl Scan for PlainText {
    fn rows(&self) -> usize {
        self.windows.len()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        Ok(vec![0; self.windows.len()]) // nothing is drawn
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(Some(self.parts.clone()))
    }

    fn targets(&self) -> Vec<Option<String>> {
        vec![Some(String::new()); self.windows.len()] // each has one; nothing is divided by it
    }

    fn task(&self, _: &[Option<String>]) -> Task {
        Task::Generate
    }

    fn fields(&self, _task: Task, _train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let next = Field { columns: vec![], ..field(NEXT, Kind::Text, Role::Target) };
        Ok(vec![field(TEXT, Kind::Text, Role::Input), next])
    }

    fn load(self: Box<Self>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        let seen = fields.iter().position(|field| field.name == TEXT).unwrap_or(0);
        Ok(Box::new(PlainText { seen, ..*self }))
    }
}

impl Raw for PlainText {
    fn rows(&self) -> usize {
        self.windows.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match field == self.seen {
            true => Ok(Cell::Name(&self.text[self.windows[row].clone()])),
            false => Ok(Cell::Missing),
        }
    }

    fn place(&self, row: usize) -> String {
        let start = self.windows[row].start;
        let file = self.files.iter().rev().find(|(first, _)| *first <= start);
        let (first, name) = file.map_or((0, "text"), |(first, name)| (*first, name.as_str()));
        let line = self.text[first..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
        format!("`{name}` line {line}")
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }
}
