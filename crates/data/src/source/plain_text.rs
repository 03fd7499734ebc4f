//! Plain text: windows of it, or its lines, are the examples, and what comes next is the answer.

use std::ops::Range;

use baeum_core::{Field, Kind, Limit, Role, Split, Splits, Task, Train};

use super::{Cell, Divided, Raw, Scan, Targets, field};
use crate::config::{FORM_FEED, TextConfig, TextExamples};
use crate::csv::text_of;
use crate::place::shown_name;
use crate::plan::{DataPlan, NEXT, SplitPlan, TEXT, TableFiles};
use crate::profile::Repair;
use crate::split::{Part, counts, sample_id};
use crate::text::Pieces;
use crate::{DataError, Place};

mod cut;

/// A text as it is divided: into its three parts, or into lines or files. Only then is a tokenizer fitted, and examples are cut.
#[derive(Debug)]
pub(super) struct PlainText {
    examples: TextExamples,
    text: String,
    /// Where each file begins in it, and its name.
    files: Vec<(usize, String)>,
    /// The bytes of each part, or of each line or file with its end.
    documents: Vec<Range<usize>>,
    /// The part of each, where the text says it by its order.
    parts: Option<Vec<Part>>,
    repairs: Vec<Repair>,
    /// The place of the text in the schema.
    seen: usize,
}

/// Reads the files.
pub(super) fn scan(
    plan: &DataPlan,
    config: &TextConfig,
    files: &[TableFiles],
    place: &Place,
) -> Result<PlainText, DataError> {
    let mut all = PlainText {
        examples: config.examples,
        text: String::new(),
        files: vec![],
        documents: vec![],
        parts: None,
        repairs: vec![],
        seen: 0,
    };
    for (name, path) in
        files.iter().map(|file| place.find_each(&file.pattern)).collect::<Result<Vec<_>, _>>()?.concat()
    {
        let name = shown_name(&name);
        let bytes = place.limits.read(Limit::InflatedBytes, place.fs.as_ref(), &path)?;
        let (more, taken_for) = text_of(bytes, config.encoding)
            .map_err(|refusal| DataError::file(&name, refusal.wants, refusal.got))?;
        all.repairs.extend(taken_for.map(|encoding| Repair::TakenFor { file: name.clone(), encoding }));
        if config.examples == TextExamples::Documents && more.contains(FORM_FEED) {
            let wants = "a text without a form feed, which stands between two documents";
            return Err(DataError::file(&name, wants, "one"));
        }
        all.add(name, &more);
    }
    match config.examples.end() {
        None => all.divide(plan)?,
        Some(end) => all.documents = between(&all.text, end),
    }
    match all.documents.is_empty() {
        false => Ok(all),
        true => Err(DataError::setting("data.source.text", "a text to learn from", "an empty one")),
    }
}

/// The bytes between two ends, the second with them.
fn between(text: &str, end: char) -> Vec<Range<usize>> {
    let ends: Vec<usize> = text.match_indices(end).map(|(place, _)| place + end.len_utf8()).collect();
    ends.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// A text without the ends on both of its sides.
pub(crate) fn without_ends(text: &str, end: char) -> &str {
    let text = text.strip_prefix(end).unwrap_or(text);
    text.strip_suffix(end).unwrap_or(text)
}

impl PlainText {
    /// Adds a file. Where lines or files stand by themselves, each stands between two ends.
    fn add(&mut self, name: String, text: &str) {
        let end = self.examples.end();
        self.text.extend(end.filter(|_| self.text.is_empty()));
        self.files.push((self.text.len(), name));
        self.text += text;
        // The last line of a file may have its end; a file has none, and may be empty.
        let is_ended = self.examples != TextExamples::Documents && self.text.ends_with('\n');
        self.text.extend(end.filter(|_| !is_ended));
    }

    /// Gives each part its share of the characters, in their order.
    fn divide(&mut self, plan: &DataPlan) -> Result<(), DataError> {
        let SplitPlan::Time { valid, test, .. } = plan.split else {
            return Err(DataError::setting("data.split", "`time`", "another one"));
        };
        let shares = [1.0 - valid - test, valid, test];
        let lengths = counts(self.text.chars().count(), shares);
        let (mut parts, mut first) = (vec![], 0);
        for ((part, share), length) in Part::ALL.into_iter().zip(shares).zip(lengths) {
            let characters = self.text[first..].chars().take(length);
            let end = first + characters.map(char::len_utf8).sum::<usize>();
            if share > 0.0 {
                self.documents.push(first..end);
                parts.push(part);
            }
            first = end;
        }
        self.parts = Some(parts);
        Ok(())
    }

    /// A document; a line or a file has the ends on both of its sides.
    fn document(&self, number: usize) -> &str {
        let Range { start, end } = self.documents[number];
        &self.text[start - self.examples.end().map_or(0, char::len_utf8)..end]
    }

    /// The line of a file in which this byte stands.
    fn place_of(&self, byte: usize) -> String {
        let file = self.files.iter().rev().find(|(first, _)| *first <= byte);
        let (first, name) = file.map_or((0, "text"), |(first, name)| (*first, name.as_str()));
        let before = &self.text.as_bytes()[first..byte.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("`{name}` line {line}")
    }
}

impl Scan for PlainText {
    fn rows(&self) -> usize {
        self.documents.len()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        Ok((0..self.documents.len()).map(|number| sample_id(self.document(number).as_bytes())).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(self.parts.clone())
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(Targets::each(self.documents.len()))
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Generate)
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
        self.documents.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match field == self.seen {
            true => Ok(Cell::Name(self.document(row))),
            false => Ok(Cell::Missing),
        }
    }

    fn place(&self, row: usize) -> String {
        self.place_of(self.documents[row].start)
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn cut(self: Box<Self>, pieces: &Pieces, documents: &Splits) -> Result<Divided, DataError> {
        cut::cut(*self, pieces, documents)
    }
}

#[cfg(test)]
mod tests;
