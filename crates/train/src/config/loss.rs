use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bare_names;

/// What is minimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = bare_names)]
pub enum LossConfig {
    /// How improbable the true label is, in nats, averaged over the rows.
    CrossEntropy(CrossEntropyConfig),
    /// How improbable it is that each label fits or does not, in nats, averaged over rows and labels.
    BinaryCrossEntropy,
    /// Squared error, averaged over the numbers: told best by the mean.
    Mse,
    /// Absolute error, averaged over the numbers: told best by the median, so that a few wild targets pull little.
    Mae,
    /// Half the squared error up to `delta`, and a line from there on (Huber 1964): between the two.
    Huber(Huber),
    /// What is least where a share of the targets lies below the answer (Koenker & Bassett 1978).
    Quantile(Quantile),
}

impl LossConfig {
    /// The name used in recipes and errors.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            LossConfig::CrossEntropy(_) => "cross_entropy",
            LossConfig::BinaryCrossEntropy => "binary_cross_entropy",
            LossConfig::Mse => "mse",
            LossConfig::Mae => "mae",
            LossConfig::Huber(_) => "huber",
            LossConfig::Quantile(_) => "quantile",
        }
    }
}

/// The settings of `cross_entropy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CrossEntropyConfig {
    /// How much of a label's probability is spread over all labels evenly (Szegedy et al. 2016); 0.
    pub smoothing: f64,
    /// How much less a row counts the surer the network is of its label: times `(1 - p)^gamma` (focal loss, Lin et al. 2017);
    /// 0: all alike. Not together with `smoothing` or `data.mix`, which leave no one label to be sure of.
    pub gamma: f64,
}

/// The settings of `huber`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Huber {
    /// Where the line begins, in standard deviations of the target, which is what a network tells; 1, as in PyTorch.
    pub delta: f64,
}

/// The settings of `quantile`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Quantile {
    /// The share of the targets that is to lie below the answer; 0.5, the median.
    pub level: f64,
}

impl Default for Huber {
    fn default() -> Huber {
        Huber { delta: 1.0 }
    }
}

impl Default for Quantile {
    fn default() -> Quantile {
        Quantile { level: 0.5 }
    }
}
