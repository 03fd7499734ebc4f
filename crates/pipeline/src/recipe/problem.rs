use baeum_core::LimitError;

use super::CheckError;

/// What is wrong with a recipe. Which setting it is about is said by [`RecipeError::path`](super::RecipeError::path).
#[derive(Debug)]
pub enum Problem {
    /// The file is not UTF-8; the byte that is wrong.
    Encoding(u8),
    /// The file is too long or too deep.
    Limit(LimitError),
    /// The text is no TOML; what the TOML reader says.
    Syntax(String),
    /// A key that stands twice.
    Duplicate(String),
    /// A key that no setting has.
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that the table takes.
        known: &'static [&'static str],
    },
    /// A name where one out of a list is wanted, and it is not on the list.
    UnknownChoice {
        /// The name.
        name: String,
        /// The list.
        known: &'static [&'static str],
    },
    /// A value of a wrong type, or out of the range that its type has.
    WrongValue {
        /// What is wanted, in words.
        wanted: String,
        /// What stands there, in words.
        got: String,
    },
    /// A setting without a default that is not set.
    Missing {
        /// The setting.
        setting: String,
        /// The name of the choice, if it was written alone, without its settings.
        bare: Option<String>,
    },
    /// Several names where one is wanted.
    Choices(Vec<String>),
    /// A value that does not fit, as its reader says it.
    Unfit(String),
    /// A `--set` argument without a path, without `=` or without a value.
    NoValue,
    /// A step of the path of an argument without a name.
    NoName,
    /// Brackets in the path of an argument without a number.
    NoIndex,
    /// The path of an argument leads through something that has nothing in it.
    Through {
        /// What the step wants.
        wanted: &'static str,
        /// The step.
        step: String,
        /// What stands there.
        got: &'static str,
    },
    /// The path of an argument names an item that the list does not have.
    Index {
        /// The item.
        index: usize,
        /// How many there are.
        length: usize,
    },
    /// What a stage refuses, which knows its path itself.
    Refused(CheckError),
}
