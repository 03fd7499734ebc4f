use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bare_names;

/// How the step size changes over the steps. Each means what PyTorch's scheduler of that name means, behind the warmup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(transform = bare_names)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Down by a factor each few epochs (`StepLR`).
    Step(StepDown),
    /// Down along a line (`LinearLR`).
    Linear(Descent),
    /// Down along half a cosine (Loshchilov & Hutter 2017, without restarts; `CosineAnnealingLR`).
    Cosine(Descent),
    /// Up and far down, each along half a cosine (Smith & Topin 2018; `OneCycleLR`).
    OneCycle(OneCycle),
    /// Down by a factor whenever the validation loss has not fallen for some epochs (`ReduceLROnPlateau`).
    Plateau(Plateau),
    /// Not at all for long, then down along a line: warmup, stable, decay (Hu et al. 2024).
    Wsd(Cooldown),
}

/// The settings of `step`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StepDown {
    /// After so many epochs, and again after as many; 10.
    pub every: u32,
    /// What the step size is multiplied by; 0.1.
    pub factor: f64,
}

/// The settings of `linear` and `cosine`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Descent {
    /// The share of `train.learning_rate` that the way down ends at; 0.
    pub final_factor: f64,
}

/// The settings of `one_cycle`. `train.learning_rate` is the top; the defaults are PyTorch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OneCycle {
    /// The share of all steps that the way up takes; 0.3.
    pub rise: f64,
    /// The share of `train.learning_rate` that the way up begins at; 0.04.
    pub start_factor: f64,
    /// The share of `train.learning_rate` that the way down ends at; 4e-6.
    pub final_factor: f64,
}

/// The settings of `plateau`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Plateau {
    /// What the step size is multiplied by; 0.1, as in PyTorch.
    pub factor: f64,
    /// How many epochs in a row may pass without progress; 10, as in PyTorch.
    pub patience: u32,
    /// By which share of itself the loss must fall to count as progress; 1e-4, as in PyTorch.
    pub threshold: f64,
    /// The share of `train.learning_rate` that the step size never falls below; 0.
    pub final_factor: f64,
}

/// The settings of `wsd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cooldown {
    /// The share of the steps behind the warmup that the way down takes; 0.2, enough for what a cosine reaches (Hägele et al.
    /// 2024).
    pub cooldown: f64,
    /// The share of `train.learning_rate` that the way down ends at; 0.
    pub final_factor: f64,
}

impl Default for StepDown {
    fn default() -> StepDown {
        StepDown { every: 10, factor: 0.1 }
    }
}

impl Default for OneCycle {
    fn default() -> OneCycle {
        OneCycle { rise: 0.3, start_factor: 0.04, final_factor: 4e-6 }
    }
}

impl Default for Plateau {
    fn default() -> Plateau {
        Plateau { factor: 0.1, patience: 10, threshold: 1e-4, final_factor: 0.0 }
    }
}

impl Default for Cooldown {
    fn default() -> Cooldown {
        Cooldown { cooldown: 0.2, final_factor: 0.0 }
    }
}
