//! Why bytes are not what they should be, before anybody knows the name of the file.

/// The two halves of a message; `DataError::file` puts the name of the file in front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The rule.
    pub(crate) wants: String,
    /// What is there, and the way out where there is one.
    pub(crate) got: String,
}

impl Refusal {
    /// A refusal of these two halves.
    pub(crate) fn new(wants: impl Into<String>, got: impl Into<String>) -> Refusal {
        Refusal { wants: wants.into(), got: got.into() }
    }
}
