use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which label a row gets where the label file has several for it.
///
/// Each annotator has one vote for a row: the last that he or she gave it. Lines without an annotator are all of the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeLabels {
    /// That of the last line, whoever wrote it.
    #[default]
    Last,
    /// That which most annotators gave; where several lead, the row stays as the data have it.
    Majority,
    /// The most probable one, each annotator weighed by how often he or she seems to be right (Dawid and Skene 1979).
    DawidSkene,
}

impl MergeLabels {
    /// The name used in recipes and messages.
    pub fn name(self) -> &'static str {
        match self {
            MergeLabels::Last => "last",
            MergeLabels::Majority => "majority",
            MergeLabels::DawidSkene => "dawid_skene",
        }
    }
}
