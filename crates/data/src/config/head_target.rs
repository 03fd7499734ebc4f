use std::collections::BTreeMap;

use baeum_core::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of several targets: `{ column = "weight", unit = "g" }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadTarget {
    /// The column that is learned; its head and its metrics are called so too.
    pub column: String,
    /// What its answer is like: `classify`, `regress`, or `multi_label` for a column whose cells list labels. Words are classified and
    /// numbers are regressed, unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// What the number to be learned counts, such as `g`; shown beside answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Quantiles that are told in the place of a number, as `data.quantiles` for a single target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// What stands between two labels of a cell, as `data.separator` for a single target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// How probable a label has to be to answer, as `data.thresholds` for a single target.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f64>,
}
