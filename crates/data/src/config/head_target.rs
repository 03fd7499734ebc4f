use std::collections::BTreeMap;

use baeum_core::Task;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of several targets: `{ column = "weight", unit = "g" }`, or `{ name = "tags", columns = ["red", "green"], task = "multi_label" }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadTarget {
    /// The column that is learned; its head and its metrics are called so too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// Several columns that are learned by one head, in the place of `column`: they say yes or no, each of the label that it is called
    /// by (`multi_label`), or hold numbers (`regress`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What the answers of `columns` are called together, and their head and their metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What its answer is like: `classify`, `regress`, or `multi_label` for a column whose cells list labels, or for `columns` that say
    /// yes or no. Words are classified and numbers are regressed, unless it is said.
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

impl HeadTarget {
    /// What its head and its metrics are called.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.column)
    }

    /// The columns that it is read from, in the order of its answers.
    pub fn columns(&self) -> &[String] {
        if self.columns.is_empty() { std::slice::from_ref(&self.column) } else { &self.columns }
    }
}
