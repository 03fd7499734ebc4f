use baeum_core::{Approximate, Layer};
use serde::{Deserialize, Serialize};

/// The nonlinearity of a preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// By the error function.
    Gelu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

impl Activation {
    pub(super) fn layer(self) -> Layer {
        match self {
            Activation::Relu => Layer::Relu,
            Activation::Gelu => Layer::Gelu { approximate: Approximate::None },
            Activation::Tanh => Layer::Tanh,
            Activation::Sigmoid => Layer::Sigmoid,
        }
    }
}
