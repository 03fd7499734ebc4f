use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::refusal::Refusal;
use super::{Problem, words};

/// One `--set path=value` argument.
///
/// The path is what error messages call a setting: `train.learning_rate`, `models.layers[1].dense.units`; a name with
/// odd characters stands in quotes. The value is TOML; what is not TOML, such as `adam`, is a text.
pub(super) struct Set<'i> {
    steps: Vec<Step<'i>>,
    value: Spanned<DeValue<'i>>,
}

/// One step of a path, and where it stands.
struct Step<'i> {
    to: To<'i>,
    span: Range<usize>,
}

enum To<'i> {
    Key(Cow<'i, str>),
    Index(usize),
}

impl<'i> Set<'i> {
    /// Reads an argument that begins at `begin` in spans.
    pub(super) fn parse(argument: &'i str, begin: usize) -> Result<Set<'i>, Refusal> {
        let mut reader = Reader { argument, at: 0, begin };
        let steps = reader.path()?;
        let value = reader.value()?;
        Ok(Set { steps, value })
    }

    /// Puts the value where the path leads. Tables that are missing on the way are made.
    pub(super) fn merge(self, root: &mut Spanned<DeValue<'i>>) -> Result<(), Refusal> {
        let mut slot = root;
        let mut path = String::new();
        let last = self.steps.len().saturating_sub(1);
        for (number, step) in self.steps.into_iter().enumerate() {
            let below = Spanned::new(step.span.clone(), DeValue::Table(DeTable::new()));
            slot = match &step.to {
                To::Key(key) => {
                    let table = table(slot, key, &step.span).map_err(|refusal| refusal.at_path(&path))?;
                    let key = Spanned::new(step.span.clone(), key.clone());
                    // An entry keeps its old key, and with it the place of the old key.
                    if number == last {
                        table.remove(key.get_ref().as_ref());
                    }
                    table.entry(key).or_insert(below)
                }
                To::Index(index) => {
                    item(slot, *index, &step.span).map_err(|refusal| refusal.at_path(&path))?
                }
            };
            path = step.to.behind(&path);
        }
        *slot = self.value;
        Ok(())
    }

    /// The path, as messages write it.
    pub(super) fn path(&self) -> String {
        self.steps.iter().fold(String::new(), |path, step| step.to.behind(&path))
    }

    /// The value, if it is a whole number.
    pub(super) fn number(&self) -> Option<u64> {
        let number = self.value.get_ref().as_integer()?;
        u64::from_str_radix(number.as_str(), number.radix()).ok()
    }
}

impl To<'_> {
    fn behind(&self, path: &str) -> String {
        match self {
            To::Key(key) if path.is_empty() => key.to_string(),
            To::Key(key) => format!("{path}.{key}"),
            To::Index(index) => format!("{path}[{index}]"),
        }
    }
}

/// The table in `slot`, which `key` is to go into. A bare choice, `"adamw"`, is the table `{ adamw = {} }`.
fn table<'a, 'i>(
    slot: &'a mut Spanned<DeValue<'i>>,
    key: &str,
    span: &Range<usize>,
) -> Result<&'a mut DeTable<'i>, Refusal> {
    if slot.get_ref().as_str() == Some(key) {
        let choice = Spanned::new(slot.span(), Cow::Owned(key.to_owned()));
        let nothing = Spanned::new(slot.span(), DeValue::Table(DeTable::new()));
        *slot.get_mut() = DeValue::Table(DeTable::from_iter([(choice, nothing)]));
    }
    let problem = Problem::Through { wanted: "a table", step: key.to_owned(), got: shown(slot.get_ref()) };
    match slot.get_mut() {
        DeValue::Table(table) => Ok(table),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) => Err(Refusal::new(span, problem)),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => Err(Refusal::new(span, problem)),
    }
}

/// The item of the list in `slot` that an index names.
fn item<'a, 'i>(
    slot: &'a mut Spanned<DeValue<'i>>,
    index: usize,
    span: &Range<usize>,
) -> Result<&'a mut Spanned<DeValue<'i>>, Refusal> {
    let problem =
        Problem::Through { wanted: "a list", step: format!("[{index}]"), got: shown(slot.get_ref()) };
    match slot.get_mut() {
        DeValue::Array(list) => {
            let length = list.len();
            list.get_mut(index).ok_or_else(|| Refusal::new(span, Problem::Index { index, length }))
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) => Err(Refusal::new(span, problem)),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => Err(Refusal::new(span, problem)),
    }
}

fn shown(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a switch",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Reads an argument from left to right.
struct Reader<'i> {
    argument: &'i str,
    at: usize,
    begin: usize,
}

impl<'i> Reader<'i> {
    fn path(&mut self) -> Result<Vec<Step<'i>>, Refusal> {
        let mut steps = vec![self.key()?];
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            match self.rest().chars().next() {
                Some('.') => {
                    self.at += 1;
                    steps.push(self.key()?);
                }
                Some('[') => steps.push(self.index()?),
                Some('=') => {
                    self.at += 1;
                    return Ok(steps);
                }
                Some(_) | None => return Err(self.refuse(self.at..self.argument.len(), Problem::NoValue)),
            }
        }
    }

    fn key(&mut self) -> Result<Step<'i>, Refusal> {
        let (start, rest) = (self.at, self.rest());
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let end = match quote {
            Some(quote) => rest.char_indices().skip(1).find(|(_, c)| *c == quote).map(|(at, _)| at + 1),
            None => rest.find(['.', '[', '=']),
        };
        self.at += end.unwrap_or(rest.len());
        let (key, span) = self.trimmed(start..self.at);
        let key = match quote {
            Some(_) => unquoted(key),
            None => Some(Cow::Borrowed(key)).filter(|key| !key.is_empty()),
        };
        let key = key.ok_or_else(|| Refusal::new(&span, Problem::NoName))?;
        Ok(Step { to: To::Key(key), span })
    }

    fn index(&mut self) -> Result<Step<'i>, Refusal> {
        let start = self.at;
        let rest = self.rest();
        let length = rest.find(']').map_or(rest.len(), |end| end + 1);
        self.at += length;
        let index = rest.get(1..length.saturating_sub(1)).and_then(|digits| digits.trim().parse().ok());
        let span = self.begin + start..self.begin + self.at;
        let index = index.ok_or_else(|| Refusal::new(&span, Problem::NoIndex))?;
        Ok(Step { to: To::Index(index), span })
    }

    fn value(&self) -> Result<Spanned<DeValue<'i>>, Refusal> {
        let (text, span) = self.trimmed(self.at..self.argument.len());
        if text.is_empty() {
            return Err(Refusal::new(&span, Problem::NoValue));
        }
        match DeValue::parse(text) {
            Ok(value) => Ok(shifted(value, span.start)),
            Err(error) if text.starts_with(['[', '{', '"', '\'']) => {
                let at = error.span().unwrap_or(0..text.len());
                let what = words::syntax(error.message(), text.get(at.clone()).unwrap_or_default());
                Err(Refusal::new(&(span.start + at.start..span.start + at.end), Problem::Syntax(what)))
            }
            Err(_) => Ok(Spanned::new(span, DeValue::String(Cow::Borrowed(text)))),
        }
    }

    fn rest(&self) -> &'i str {
        self.argument.get(self.at..).unwrap_or_default()
    }

    /// A piece of the argument without the blanks around it, and its span.
    fn trimmed(&self, range: Range<usize>) -> (&'i str, Range<usize>) {
        let piece = self.argument.get(range.clone()).unwrap_or_default();
        let start = self.begin + range.start + (piece.len() - piece.trim_start().len());
        (piece.trim(), start..start + piece.trim().len())
    }

    fn refuse(&self, range: Range<usize>, problem: Problem) -> Refusal {
        Refusal::new(&(self.begin + range.start..self.begin + range.end), problem)
    }
}

/// The text of a quoted name, if it is one.
fn unquoted(key: &str) -> Option<Cow<'_, str>> {
    match DeValue::parse(key).ok()?.into_inner() {
        DeValue::String(text) => Some(text),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => None,
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The same value with all its spans moved.
fn shifted(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = value.span().start + by..value.span().end + by;
    let inner = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shifted(item, by)).collect()),
        DeValue::Table(entries) => {
            let entries = entries.into_iter().map(|(key, item)| {
                let span = key.span().start + by..key.span().end + by;
                (Spanned::new(span, key.into_inner()), shifted(item, by))
            });
            DeValue::Table(entries.collect())
        }
        scalar @ (DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_)) => scalar,
        scalar @ (DeValue::Boolean(_) | DeValue::Datetime(_)) => scalar,
    };
    Spanned::new(span, inner)
}
