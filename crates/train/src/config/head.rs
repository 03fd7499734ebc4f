use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClassWeights, LossConfig};

/// What is said about the head of one of several targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeadConfig {
    /// What is minimised there, as `train.loss` says it for a single target; what the task of the target wants, if not given.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "baeum_core::tagged::option")]
    pub loss: Option<LossConfig>,
    /// How much the mean loss of this head counts in the sum of all; 1.
    pub weight: f64,
    /// What a row counts in this head by its label, as `train.class_weights` says it for a single target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
}

impl Default for HeadConfig {
    fn default() -> HeadConfig {
        HeadConfig { loss: None, weight: 1.0, class_weights: None }
    }
}
