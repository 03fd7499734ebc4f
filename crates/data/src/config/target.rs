use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paths;

/// The column that is learned, or several: `"price"`, `["price", "rent"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TargetConfig(Paths);

impl TargetConfig {
    /// The names of the columns, in the order of the answers.
    pub fn columns(&self) -> &[String] {
        let TargetConfig(Paths(columns)) = self;
        columns
    }
}

impl From<&str> for TargetConfig {
    fn from(column: &str) -> TargetConfig {
        TargetConfig(Paths(vec![column.to_owned()]))
    }
}
