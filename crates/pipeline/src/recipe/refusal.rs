use std::fmt;
use std::ops::Range;

use serde::de::{Error, Expected, Unexpected};

use super::{Problem, words};

/// A problem on its way out: its place and its path are completed as the reader goes back up.
#[derive(Debug)]
pub(super) struct Refusal(Box<Parts>);

#[derive(Debug)]
struct Parts {
    problem: Problem,
    path: String,
    span: Option<Range<usize>>,
}

impl Refusal {
    pub(super) fn new(span: &Range<usize>, problem: Problem) -> Refusal {
        Refusal::from(problem).in_span(span)
    }

    /// The path, the place and the problem; without a place it is about the recipe as a whole.
    pub(super) fn into_parts(self) -> (String, Range<usize>, Problem) {
        let Parts { problem, path, span } = *self.0;
        (path, span.unwrap_or(0..0), problem)
    }

    pub(super) fn problem(&mut self) -> &mut Problem {
        &mut self.0.problem
    }

    /// Gives it a place, unless a closer one is known.
    pub(super) fn in_span(mut self, span: &Range<usize>) -> Refusal {
        self.0.span.get_or_insert_with(|| span.clone());
        self
    }

    /// Below a key of a table.
    pub(super) fn below(self, key: &str) -> Refusal {
        let path = match self.0.path.is_empty() || self.0.path.starts_with('[') {
            true => format!("{key}{}", self.0.path),
            false => format!("{key}.{}", self.0.path),
        };
        self.at_path(&path)
    }

    /// Below an item of a list.
    pub(super) fn below_item(self, index: usize) -> Refusal {
        self.below(&format!("[{index}]"))
    }

    pub(super) fn at_path(mut self, path: &str) -> Refusal {
        path.clone_into(&mut self.0.path);
        self
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal(Box::new(Parts { problem, path: String::new(), span: None }))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at `{}`", self.0.problem, self.0.path)
    }
}

impl std::error::Error for Refusal {}

/// Keeps what serde says in parts instead of in a sentence.
impl Error for Refusal {
    fn custom<T: fmt::Display>(text: T) -> Refusal {
        Problem::Unfit(text.to_string()).into()
    }

    fn invalid_type(got: Unexpected<'_>, wanted: &dyn Expected) -> Refusal {
        match (wanted.to_string().as_str(), got) {
            // What serde says of an empty table in the place of a choice.
            ("enum", Unexpected::Map) => Problem::Choices(vec![]).into(),
            (wanted, got) => {
                Problem::WrongValue { wanted: words::wanted(wanted), got: words::got(&got) }.into()
            }
        }
    }

    fn invalid_value(got: Unexpected<'_>, wanted: &dyn Expected) -> Refusal {
        Problem::WrongValue { wanted: words::range(&wanted.to_string()), got: words::got(&got) }.into()
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Refusal {
        Problem::WrongValue { wanted: words::wanted(&wanted.to_string()), got: format!("a list of {length}") }
            .into()
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Refusal {
        Problem::UnknownChoice { name: name.to_owned(), known }.into()
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Refusal {
        Problem::UnknownKey { key: key.to_owned(), known }.into()
    }

    fn missing_field(setting: &'static str) -> Refusal {
        Problem::Missing { setting: setting.to_owned(), bare: None }.into()
    }

    fn duplicate_field(key: &'static str) -> Refusal {
        Problem::Duplicate(key.to_owned()).into()
    }
}
