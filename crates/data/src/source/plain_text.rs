//! Plain text: windows of it are the examples, and what comes next is the answer.

use std::ops::Range;

use baeum_core::{Field, Kind, Limit, Role, Split, Task, Train};

use super::{Cell, Raw, Scan, Targets, field};
use crate::config::{TextConfig, TextExamples};
use crate::csv::text_of;
use crate::place::shown_name;
use crate::plan::{DataPlan, NEXT, SplitPlan, TEXT, TableFiles, plain_text};
use crate::profile::Repair;
use crate::split::{Part, counts, sample_id};
use crate::{DataError, Place};

/// A text and its windows or lines.
#[derive(Debug)]
pub(super) struct PlainText {
    text: String,
    /// Where each file begins in it, and its name.
    files: Vec<(usize, String)>,
    /// The bytes of each window: one character more than the network sees.
    windows: Vec<Range<usize>>,
    /// The part of each, where the text says it by its order.
    parts: Option<Vec<Part>>,
    repairs: Vec<Repair>,
    /// The place of the text in the schema.
    seen: usize,
}

/// Reads the files and cuts them into windows.
pub(super) fn scan(
    plan: &DataPlan,
    config: &TextConfig,
    files: &[TableFiles],
    place: &Place,
) -> Result<PlainText, DataError> {
    let (mut text, mut names, mut repairs) = (String::new(), vec![], vec![]);
    for (name, path) in
        files.iter().map(|file| place.find_each(&file.pattern)).collect::<Result<Vec<_>, _>>()?.concat()
    {
        let name = shown_name(&name);
        let bytes = place.limits.read(Limit::InflatedBytes, place.fs.as_ref(), &path)?;
        let (more, taken_for) = text_of(bytes, config.encoding)
            .map_err(|refusal| DataError::file(&name, refusal.wants, refusal.got))?;
        repairs.extend(taken_for.map(|encoding| Repair::TakenFor { file: name.clone(), encoding }));
        if config.examples == TextExamples::Lines && text.is_empty() {
            text.push('\n'); // what stands before the first line
        }
        names.push((text.len(), name));
        text += &more;
        if config.examples == TextExamples::Lines && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    let length = plain_text::length(&plan.config).unwrap_or(1);
    let (windows, parts) = match config.examples {
        TextExamples::Windows => {
            let SplitPlan::Time { valid, test, .. } = plan.split else {
                return Err(DataError::setting("data.split", "`time`", "another one"));
            };
            let (windows, parts) = windows(&text, length + 1, [1.0 - valid - test, valid, test])?;
            (windows, Some(parts))
        }
        TextExamples::Lines => (lines(&text), None),
    };
    if windows.is_empty() {
        return Err(DataError::setting("data.source.text", "lines to learn from", "an empty text"));
    }
    let is_long = |window: &&Range<usize>| text[(*window).clone()].chars().count() > length + 1;
    let long = windows.iter().filter(is_long).count();
    repairs.extend((long > 0).then_some(Repair::LongLines { count: long, length }));
    Ok(PlainText { text, files: names, windows, parts, repairs, seen: 0 })
}

/// The lines of a text that begins and ends with the end of a line, each with the ends on both of its sides.
fn lines(text: &str) -> Vec<Range<usize>> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
    ends.windows(2).map(|pair| pair[0]..pair[1] + 1).collect()
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
        let id = |window: &Range<usize>| sample_id(self.text[window.clone()].as_bytes());
        Ok(self.windows.iter().map(id).collect())
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(self.parts.clone())
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(Targets::each(self.windows.len()))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{Decode, TargetStats, Value};

    use crate::testing::{config, place, prepare, refusal};

    const RECIPE: &str = r#"{"source": {"text": {"path": "a*.txt"}}, "split": {"time": {"valid": 0.2, "test": 0.2}},
        "fields": {"text": {"steps": [{"tokenise": {"by": "character", "length": 4}}]}}}"#;

    /// Fifty characters of two files: thirty to learn from, ten, and ten.
    fn files() -> crate::Place {
        place(&[
            ("a1.txt", "abcdefghij".repeat(3).as_bytes()),
            ("a2.txt", "하나abc\ndefg".repeat(2).as_bytes()),
        ])
    }

    #[test]
    fn windows_stand_one_behind_the_other_and_tell_what_comes_next() {
        let data = prepare(RECIPE, &files()).unwrap();
        assert_eq!(data.profile.parts, [8, 3, 3]);
        let text = |row: usize| match &data.dataset.source.record(row).unwrap()["text"] {
            Value::Text(text) => text.clone(),
            Value::Missing | Value::Number(_) | Value::Numbers(_) | Value::Image(_) => String::new(),
        };
        let all: Vec<String> = (0..14).map(text).collect();
        assert_eq!(all[..8], ["abcde", "efghi", "ijabc", "cdefg", "ghija", "abcde", "efghi", "fghij"]);
        assert_eq!(all[8..11], ["하나abc", "c\ndef", "abc\nd".replace("abc\nd", "\ndefg").as_str()]);
        let batch = data.dataset.source.batch(&[0, 8]).unwrap();
        let (seen, told) = (batch.inputs["x"].i64s().unwrap(), batch.targets[0].i64s().unwrap());
        assert_eq!((batch.inputs["x"].shape(), batch.targets[0].shape()), (&[2, 4][..], &[2, 4][..]));
        assert_eq!(seen[1..4], told[..3], "what comes next is what is seen one place on");
        assert_eq!(seen[4..6], [1, 1], "training knows no Korean");
        let Decode::Next { length: 4, vocabulary: 12 } = data.blueprint.targets[0].decode else {
            unreachable!("{:?}", data.blueprint.targets)
        };
        // Eight windows of four told characters each; `a` comes at the end of `ghija` alone, and within `ijabc`.
        let TargetStats::Labels { counts } = &data.blueprint.stats[0] else { unreachable!() };
        assert_eq!((counts.iter().sum::<u64>(), counts[0]), (32, 0));
    }

    #[test]
    fn a_line_is_told_from_its_beginning_to_its_end() {
        let recipe = RECIPE.replace(r#""path": "a*.txt""#, r#""path": "a.txt", "examples": "lines""#);
        let recipe = recipe.replace(r#"{"time": {"valid": 0.2, "test": 0.2}}"#, r#""hash""#);
        let names: String = (0..200).map(|i| format!("{}\n", ["ab", "cad", "e", "dacab"][i % 4])).collect();
        let data = prepare(&recipe, &place(&[("a.txt", names.trim_end().as_bytes())])).unwrap();
        assert_eq!(data.profile.rows, 200);
        assert_eq!(data.profile.repairs, [crate::profile::Repair::LongLines { count: 50, length: 4 }]);
        let record = data.dataset.source.record(1).unwrap();
        assert_eq!(record["text"], Value::Text("\ncad\n".to_owned()));
        let batch = data.dataset.source.batch(&[0, 1, 2]).unwrap();
        let (seen, told) = (batch.inputs["x"].i64s().unwrap(), batch.targets[0].i64s().unwrap());
        assert_eq!((seen[3], told[3]), (told[2], 0), "behind the end of `ab` stands nothing");
        assert_eq!(told[2], told[7], "each line is told to its end");
        assert_eq!([seen[1], seen[2]], [told[0], told[1]]);
        assert_eq!(told[8..], [told[8], told[2], 0, 0]);
    }

    #[test]
    fn what_is_no_text_to_go_on_with_is_refused() {
        assert_eq!(
            refusal(RECIPE, &place(&[("a.txt", b"abcdefghijk")])),
            "`data.source.text` wants at least 5 characters for `valid`, one more than a window has, got 2"
        );
        assert_eq!(
            refusal(RECIPE, &place(&[("a.txt", b"ab\0cd")])),
            "`a.txt` wants text, got a NUL at byte 2"
        );
        let lines = RECIPE.replace("a*.txt\"", "a*.txt\", \"examples\": \"lines\"");
        let lines = lines.replace(r#"{"time": {"valid": 0.2, "test": 0.2}}"#, r#""random""#);
        assert_eq!(
            refusal(&lines, &place(&[("a.txt", b"")])),
            "`data.source.text` wants lines to learn from, got an empty text"
        );
        let check = |from: &str, to: &str, expect: &str| {
            let error = config(&RECIPE.replace(from, to)).check().map(drop).unwrap_err();
            assert_eq!(error.to_string(), expect);
        };
        check(
            r#""source""#,
            r#""target": "y", "source""#,
            "`data.target` wants to be left out, for what comes next is learned, got `y`",
        );
        check(
            "\"character\"",
            "\"bpe\", \"vocabulary\": 300",
            "`data.fields.text.steps[0].tokenise.by` wants `character`, for a plain text is cut into windows by characters, got another way",
        );
        check(
            r#"[{"tokenise": {"by": "character", "length": 4}}]"#,
            "[]",
            "`data.fields.text.steps` wants `tokenise` as the last step, with its `length`, got none",
        );
        check(
            r#"{"time": {"valid": 0.2, "test": 0.2}}"#,
            r#""random""#,
            "`data.split` wants `time`, for the parts of a text stand one behind the other, got another one",
        );
        check(
            r#""source""#,
            r#""task": "classify", "source""#,
            "`data.task` wants `generate`, for what comes next in a text is learned, got `classify`",
        );
    }
}
