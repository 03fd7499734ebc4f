use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bare_names;

/// How gradients move the weights. Each means what PyTorch's optimizer of that name means; PyTorch has no `lion`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = bare_names)]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Kingma & Ba 2015; weight decay is added to the gradient.
    Adam(AdamConfig),
    /// Loshchilov & Hutter 2019; weight decay shrinks the weights apart from the gradient.
    AdamW(AdamConfig),
    /// Tieleman & Hinton 2012; weight decay is added to the gradient.
    RmsProp(RmsPropConfig),
    /// Chen et al. 2023: steps of one length along signs; weight decay shrinks the weights apart from the gradient.
    Lion(LionConfig),
    /// Jordan et al. 2024: matrices go along their mean gradient with all singular values made about one, as far as `adamw`
    /// goes (Liu et al. 2025), so that its learning rates fit; biases, norms, embeddings and the layer that answers go by
    /// `adamw`. Weight decay shrinks the weights apart from the gradient.
    Muon(MuonConfig),
}

/// The settings of `sgd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// Share of the last step that is kept; 0.9 (Sutskever et al. 2013), where PyTorch has 0.
    pub momentum: f64,
    /// Whether the gradient is taken where that share leads (Nesterov 1983, as in PyTorch); not, unless said.
    pub nesterov: bool,
    /// Pull towards zero; 0.
    pub weight_decay: f64,
}

/// The settings of `adam` and `adamw`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Share of the old mean of gradients that is kept; 0.9, as in Kingma & Ba 2015.
    pub beta1: f64,
    /// Share of the old mean of squared gradients that is kept; 0.999, as in Kingma & Ba 2015.
    pub beta2: f64,
    /// Added to the root of the mean of squares; 1e-8, as in Kingma & Ba 2015 (Keras: 1e-7).
    pub eps: f64,
    /// Pull towards zero; 0 for `adam` and 0.01 for `adamw`, as in PyTorch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
}

/// The settings of `rmsprop`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RmsPropConfig {
    /// Share of the old mean of squared gradients that is kept; 0.99, as in PyTorch.
    pub alpha: f64,
    /// Added to the root of that mean; 1e-8, as in PyTorch.
    pub eps: f64,
    /// Share of the last step that is kept; 0.
    pub momentum: f64,
    /// Whether gradients are divided by the root of their variance, not of their mean square (Graves 2013); not, unless said.
    pub centered: bool,
    /// Pull towards zero; 0.
    pub weight_decay: f64,
}

/// The settings of `lion`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LionConfig {
    /// Share of the mean gradient in the direction of a step; 0.9, as in Chen et al. 2023.
    pub beta1: f64,
    /// Share of the mean gradient that is kept; 0.99, as in Chen et al. 2023.
    pub beta2: f64,
    /// Pull towards zero; 0. As steps are shorter than those of `adamw`, 3 to 10 times its number does the same.
    pub weight_decay: f64,
}

/// The settings of `muon`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MuonConfig {
    /// Share of the mean gradient of a matrix that is kept; 0.95, as in Jordan et al. 2024.
    pub momentum: f64,
    /// Whether the newest gradient counts once more in the direction; it does, unless said.
    pub nesterov: bool,
    /// As in `adamw`, for what is no matrix; 0.9.
    pub beta1: f64,
    /// As in `adamw`, for what is no matrix; 0.999.
    pub beta2: f64,
    /// As in `adamw`, for what is no matrix; 1e-8.
    pub eps: f64,
    /// Pull towards zero; 0.1, as in Liu et al. 2025 and PyTorch.
    pub weight_decay: f64,
}

impl Default for SgdConfig {
    fn default() -> SgdConfig {
        SgdConfig { momentum: 0.9, nesterov: false, weight_decay: 0.0 }
    }
}

impl Default for AdamConfig {
    fn default() -> AdamConfig {
        AdamConfig { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: None }
    }
}

impl Default for RmsPropConfig {
    fn default() -> RmsPropConfig {
        RmsPropConfig { alpha: 0.99, eps: 1e-8, momentum: 0.0, centered: false, weight_decay: 0.0 }
    }
}

impl Default for LionConfig {
    fn default() -> LionConfig {
        LionConfig { beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }
    }
}

impl Default for MuonConfig {
    fn default() -> MuonConfig {
        MuonConfig { momentum: 0.95, nesterov: true, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1 }
    }
}
