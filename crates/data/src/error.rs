use std::error::Error;

use baeum_core::fs::FsError;
use baeum_core::{GuardError, LimitError, ReadError, SchemaError};

use crate::audit::Found;

/// Why no examples came out.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A setting of the recipe that cannot be.
    #[error("`{path}` wants {wants}, got {got}")]
    Setting {
        /// Its path in the recipe.
        path: String,
        /// The rule.
        wants: String,
        /// What the recipe says.
        got: String,
    },
    /// A name in the recipe that the data do not have.
    #[error("`{path}` wants a column of `{file}`, got `{name}`{}", meant(.near))]
    Unknown {
        /// Where the recipe says it.
        path: String,
        /// The data.
        file: String,
        /// The name.
        name: String,
        /// A name that looks like it.
        near: Option<String>,
    },
    /// A column of words that nobody has said how to read.
    #[error(
        "column `{column}` reads like text, {distinct} different cells in {rows} training rows; put it under `data.ignore` or \
         `data.ids`, say `data.fields.{column}.kind = \"category\"`, or cut it into pieces by \
         `data.fields.{column}.steps = [{{ tokenise = {{ by = \"word\", length = 32 }} }}]`"
    )]
    Words {
        /// The column.
        column: String,
        /// How many different cells it has.
        distinct: usize,
        /// In how many rows.
        rows: usize,
    },
    /// The parts share what they must not, or a field gives the target away.
    #[error(
        "{found}; {}, or say `data.audit.allow = [\"{}\"]`",
        found.way_out(), found.leak().name()
    )]
    Leak {
        /// What was found.
        found: Box<Found>,
    },
    /// A record does not fit the schema.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A file that is not what it should be.
    #[error("`{file}` wants {wants}, got {got}")]
    File {
        /// The file, as the recipe calls it.
        file: String,
        /// The rule.
        wants: String,
        /// What it holds.
        got: String,
    },
    /// A row of a table that is not what it should be.
    #[error("`{file}` {} wants {wants}, got {got}", numbered(*.row))]
    Row {
        /// The file, as the recipe calls it.
        file: String,
        /// Counted from 1 below the header; 0 is the header.
        row: usize,
        /// The rule.
        wants: String,
        /// What stands there.
        got: String,
    },
    /// A cell of a table that is not what it should be.
    #[error("`{file}` row {row}, column `{column}`: wants {wants}, got {got}")]
    Cell {
        /// The file, as the recipe calls it.
        file: String,
        /// Counted from 1 below the header.
        row: usize,
        /// The column.
        column: String,
        /// The rule.
        wants: &'static str,
        /// What stands there.
        got: String,
    },
    /// A column whose training rows are of no use.
    #[error("column `{column}` wants {wants} in the training rows, got {got}")]
    Column {
        /// The column.
        column: String,
        /// The rule.
        wants: String,
        /// What they hold.
        got: String,
    },
    /// A value that cannot become a number for the network.
    #[error("{place}: `{field}` wants {wants}, got {got}")]
    Value {
        /// The row, with its file.
        place: String,
        /// The field.
        field: String,
        /// The rule, and the way out.
        wants: &'static str,
        /// What it is.
        got: String,
    },
    /// Steps of a schema that was read from a file, or made by hand, which do not fit.
    #[error("the steps of `{field}` want {wants}, got {got}")]
    Steps {
        /// The field, or the input of the network.
        field: String,
        /// The rule.
        wants: String,
        /// What they are.
        got: String,
    },
    /// Labels in valid or test that training never sees.
    #[error("labels of `{column}` want to stand in the training rows, got {}", counted(.labels))]
    UnseenLabels {
        /// The target.
        column: String,
        /// Each label, and how often it stands in valid and test.
        labels: Vec<(String, [usize; 2])>,
    },
    /// A label with too few rows for the parts that are to be drawn.
    #[error(
        "label `{label}` of `{column}` wants at least {wants} rows, one for each part, got {got}; gather more, or take \
         `data.split = \"random\"`"
    )]
    FewRows {
        /// The target.
        column: String,
        /// The label.
        label: String,
        /// How many parts there are.
        wants: usize,
        /// How many rows it has.
        got: usize,
    },
    /// Too few groups for the parts that are to be drawn.
    #[error(
        "column `{column}` wants at least {wants} groups, one for each part, got {got}; gather more, or take another \
         `data.split`"
    )]
    FewGroups {
        /// The column that names the group.
        column: String,
        /// How many parts there are.
        wants: usize,
        /// How many groups there are.
        got: usize,
    },
    /// A drawn split leaves a label out of a part.
    #[error(
        "label `{label}` of `{column}` wants rows in train and valid, got {} in train, {} in valid, {} in test; take \
         `data.split = \"stratified\"`, or another `run.seed`",
        counts[0], counts[1], counts[2]
    )]
    AbsentLabel {
        /// The target.
        column: String,
        /// The label.
        label: String,
        /// Its rows in train, valid and test.
        counts: [usize; 3],
    },
    /// A part without rows.
    #[error(
        "the `{part}` part wants at least one row, got {} rows in train, {} in valid, {} in test",
        counts[0], counts[1], counts[2]
    )]
    EmptyPart {
        /// Which part.
        part: &'static str,
        /// How many rows train, valid and test have.
        counts: [usize; 3],
    },
    /// A file that no decoder can read.
    #[error("could not decode `{file}` as {format}")]
    Decode {
        /// The file, as the recipe calls it.
        file: String,
        /// The decoder.
        format: &'static str,
        /// What it said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Files of a folder, or rows of a table, that cannot be read; all of them counted.
    #[error("`{file}` wants {wants}, got {count} of {of} {what} that cannot be read: {}", listed(.first, *.count))]
    Unreadable {
        /// The folder or the table, as the recipe calls it.
        file: String,
        /// The rule.
        wants: String,
        /// How many there are.
        count: usize,
        /// How many were looked at.
        of: usize,
        /// What is counted: `files`, `rows`.
        what: &'static str,
        /// The first of them, each with its reason.
        first: Vec<String>,
    },
    /// A decoder gave up without an error of its own.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// More of something than `run.limits` allows.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The data are not those that the run was prepared with.
    #[error(
        "the data have changed since they were prepared: the run wants {wants}, got {got}; prepare them again"
    )]
    Changed {
        /// What was there.
        wants: String,
        /// What is there.
        got: String,
    },
    /// A table could not be written or read.
    #[error("could not {action} a parquet table")]
    Parquet {
        /// What was tried.
        action: &'static str,
        /// What the library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that is nowhere.
    #[error("could not find `{file}`; looked for {}", looked.join(", "))]
    Absent {
        /// The file, as the recipe calls it.
        file: String,
        /// Where it was looked for, in backticks.
        looked: Vec<String>,
    },
    /// The disk refused.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// Who has to do something about an error; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The author of the recipe, or of a call: a setting or a name.
    Recipe,
    /// Who brings the data: a file is not what it should be.
    Input,
    /// Who keeps the machine: a file is missing, or the disk refuses.
    Disk,
}

impl DataError {
    /// Who has to do something about it.
    pub fn fault(&self) -> Fault {
        match self {
            DataError::Setting { .. }
            | DataError::Unknown { .. }
            | DataError::Words { .. }
            | DataError::Schema(SchemaError::Unknown { .. } | SchemaError::Absent { .. }) => Fault::Recipe,
            DataError::Schema(SchemaError::Kind { .. })
            | DataError::File { .. }
            | DataError::Row { .. }
            | DataError::Cell { .. }
            | DataError::Column { .. }
            | DataError::Value { .. }
            | DataError::Steps { .. }
            | DataError::UnseenLabels { .. }
            | DataError::FewRows { .. }
            | DataError::FewGroups { .. }
            | DataError::AbsentLabel { .. }
            | DataError::Leak { .. }
            | DataError::EmptyPart { .. }
            | DataError::Decode { .. }
            | DataError::Unreadable { .. }
            | DataError::Guard(_)
            | DataError::Limit(_)
            | DataError::Changed { .. }
            | DataError::Parquet { .. } => Fault::Input,
            DataError::Absent { .. } | DataError::Fs(_) => Fault::Disk,
        }
    }

    /// Where in the recipe the offender stands, if it stands there.
    pub fn path(&self) -> Option<String> {
        match self {
            DataError::Setting { path, .. } | DataError::Unknown { path, .. } => Some(path.clone()),
            DataError::Words { .. }
            | DataError::Schema(_)
            | DataError::File { .. }
            | DataError::Row { .. }
            | DataError::Cell { .. }
            | DataError::Column { .. }
            | DataError::Value { .. }
            | DataError::Steps { .. }
            | DataError::UnseenLabels { .. }
            | DataError::FewRows { .. }
            | DataError::FewGroups { .. }
            | DataError::AbsentLabel { .. }
            | DataError::Leak { .. }
            | DataError::EmptyPart { .. }
            | DataError::Decode { .. }
            | DataError::Unreadable { .. }
            | DataError::Guard(_)
            | DataError::Limit(_)
            | DataError::Changed { .. }
            | DataError::Parquet { .. }
            | DataError::Absent { .. }
            | DataError::Fs(_) => None,
        }
    }

    /// A refusal of the setting at `path`.
    pub(crate) fn setting(
        path: impl Into<String>,
        wants: impl Into<String>,
        got: impl Into<String>,
    ) -> DataError {
        DataError::Setting { path: path.into(), wants: wants.into(), got: got.into() }
    }

    /// A refusal of a whole file.
    pub(crate) fn file(file: &str, wants: impl Into<String>, got: impl Into<String>) -> DataError {
        DataError::File { file: file.to_owned(), wants: wants.into(), got: got.into() }
    }
}

impl From<ReadError> for DataError {
    fn from(error: ReadError) -> DataError {
        match error {
            ReadError::Fs(error) => DataError::Fs(error),
            ReadError::Limit(error) => DataError::Limit(error),
        }
    }
}

/// A piece of data as a message shows it: in backticks, on one line, and short.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let short: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if text.chars().count() > SHOWN { ".." } else { "" };
    format!("`{short}{more}`")
}

/// An error and what caused it, on one line. Some libraries write their cause into their own text; it is not
/// said twice.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// A row of a table as messages call it; 0 is the line of names.
fn numbered(row: usize) -> String {
    if row == 0 { "header".to_owned() } else { format!("row {row}") }
}

fn meant(near: &Option<String>) -> String {
    near.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn counted(labels: &[(String, [usize; 2])]) -> String {
    let count = |(label, [valid, test]): &(String, [usize; 2])| {
        format!("{} 0 times there, {valid} in valid and {test} in test", quoted(label))
    };
    labels.iter().map(count).collect::<Vec<_>>().join("; ")
}

/// The first of so many things on one line, and how many more there are.
pub(crate) fn listed(first: &[String], count: usize) -> String {
    let more = match count - first.len().min(count) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    first.join("; ") + &more
}
