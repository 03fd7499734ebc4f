mod expected;
mod head_metric;
mod metric;

use serde::{Deserialize, Serialize};

use crate::Loss;

pub use expected::Expected;
pub use head_metric::HeadMetric;
pub use metric::{MetricName, Scored};

/// What the answer is like; fixes the head, the default loss, the default metrics and the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// One label out of several.
    Classify,
    /// None, one or several of the labels.
    MultiLabel,
    /// A number, or several.
    Regress,
    /// The piece of a text that comes next, at each of its places.
    Generate,
}

impl Task {
    /// What is minimised unless the recipe says otherwise.
    pub fn loss(self) -> Loss {
        match self {
            Task::Classify | Task::Generate => Loss::CROSS_ENTROPY,
            Task::MultiLabel => Loss::BINARY_CROSS_ENTROPY,
            Task::Regress => Loss::Mse,
        }
    }

    /// The name used in recipes and errors.
    pub fn name(self) -> &'static str {
        match self {
            Task::Classify => "classify",
            Task::MultiLabel => "multi_label",
            Task::Regress => "regress",
            Task::Generate => "generate",
        }
    }
}
