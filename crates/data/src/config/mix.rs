use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How two training examples are made one, so that the network learns what lies between; valid and test stay as they are.
///
/// Each row takes a partner out of the training rows, another one in each epoch, and the target is mixed by the share that
/// each of them has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MixConfig {
    /// Numbers are averaged, one by one, and so are images (mixup; Zhang et al. 2018).
    Mixup {
        /// The share of the row is of the distribution Beta(alpha, alpha): the smaller, the less is mixed.
        #[serde(default = "fifth")]
        alpha: f64,
    },
    /// A rectangle of the partner stands in the image (CutMix; Yun et al. 2019); for images alone.
    Cutmix {
        /// The share that stays is of the distribution Beta(alpha, alpha), but for what lies beyond the edge; at 1 all shares are
        /// equally likely.
        #[serde(default = "one")]
        alpha: f64,
    },
}

impl MixConfig {
    /// The name used in recipes and messages.
    pub fn name(self) -> &'static str {
        match self {
            MixConfig::Mixup { .. } => "mixup",
            MixConfig::Cutmix { .. } => "cutmix",
        }
    }

    /// Both parameters of the distribution of shares.
    pub fn alpha(self) -> f64 {
        match self {
            MixConfig::Mixup { alpha } | MixConfig::Cutmix { alpha } => alpha,
        }
    }
}

fn fifth() -> f64 {
    0.2
}

fn one() -> f64 {
    1.0
}
