use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the parts of the data may share. Whatever else is found ends the run before training: the score would be
/// measured on what was learned from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// What is reported and does not end the run.
    pub allow: Vec<Leak>,
}

/// What valid or test may not have in common with train, and train not with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leak {
    /// Rows that say the same, numbers to four digits; not where one number or one name is all that a row says.
    Rows,
    /// Texts that are nearly the same: four fifths of their runs of five characters.
    Texts,
    /// Images that are equal or, from 32 by 32 pixels on, copies in another size, quality or light; turned or mirrored
    /// ones, too, where the answer is the same.
    Images,
    /// Values of a column of `data.ids`: the same patient, the same film.
    Ids,
    /// A field that is the target by another name.
    Target,
    /// Steps of a series that windows of train hold and windows of valid or test have to tell.
    Windows,
}

impl Leak {
    /// The name used in recipes and messages.
    pub fn name(self) -> &'static str {
        match self {
            Leak::Rows => "rows",
            Leak::Texts => "texts",
            Leak::Images => "images",
            Leak::Ids => "ids",
            Leak::Target => "target",
            Leak::Windows => "windows",
        }
    }
}
