use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::Leak;

/// A leak, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Found {
    /// Rows of valid and test that are in train, too.
    Rows {
        /// By what they are the same.
        leak: Leak,
        /// How many.
        count: usize,
        /// Of how many rows of valid and test.
        of: usize,
        /// The first of them, each with a row of train.
        first: Vec<String>,
    },
    /// A field that is the target by another name.
    Copy {
        /// The field.
        field: String,
        /// The target.
        target: String,
    },
}

impl Found {
    /// What kind it is.
    pub fn leak(&self) -> Leak {
        match self {
            Found::Rows { leak, .. } => *leak,
            Found::Copy { .. } => Leak::Target,
        }
    }

    /// How a person gets rid of it.
    pub(crate) fn way_out(&self) -> &'static str {
        match self.leak() {
            Leak::Rows | Leak::Texts | Leak::Images => "take them out of one of the two",
            Leak::Ids => "divide by it with `data.split.groups`",
            Leak::Target => "put it under `data.ignore`",
            Leak::Windows => "divide by `time`, so that train lies before what is to be told",
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (leak, count, of, first) = match self {
            Found::Copy { field, target } => return write!(f, "`{field}` says what `{target}` says"),
            Found::Rows { leak, count, of, first } => (leak, count, of, first),
        };
        let same = match leak {
            Leak::Rows => "say, equal or nearly, what a row of train says",
            Leak::Texts => "are, equal or nearly, a text of train",
            Leak::Images => "are, equal or nearly, an image of train",
            Leak::Windows => "tell steps that a window of train holds",
            Leak::Ids | Leak::Target => "have the id of a row of train",
        };
        write!(f, "{count} of {of} rows of valid and test {same}, such as {}", first.join("; "))
    }
}
