use serde::{Deserialize, Serialize};

use crate::LayerSpec;

/// The `[models]` section of a recipe: exactly one of `layers`, `mlp`, `cnn`.
///
/// Each ends in a dense layer named `head`, which is added by itself and is as wide as the task wants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// The network, layer by layer. An empty list is a linear model: the head alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerSpec>>,
    /// A multilayer perceptron, for rows of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mlp: Option<Mlp>,
    /// A convolutional network, for images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnn: Option<Cnn>,
}

/// Dense layers, each with a nonlinearity behind it.
///
/// A hidden layer is dense, then batch norm if asked for, then the activation, then dropout if it is above zero.
/// Images are flattened first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mlp {
    /// Size of each hidden layer; two of 64 if not given.
    pub hidden: Vec<usize>,
    /// The nonlinearity; `relu` if not given.
    pub activation: Activation,
    /// Probability that a hidden value is zeroed while training; 0 if not given.
    pub dropout: f64,
    /// Whether each hidden layer is normalised over the batch; not, if not given.
    pub batch_norm: bool,
}

/// Blocks of convolution and pooling, then dense layers.
///
/// A block is a convolution that keeps the image's size, batch norm if asked for, relu, and a max pool that
/// halves both sides (left out once a side is below 2). Then come the dense layers, each with relu and
/// dropout; without dense layers the mean of each channel goes to the head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cnn {
    /// How many filters each block has; 16 and 32 if not given.
    pub filters: Vec<usize>,
    /// Height and width of the filters, an odd number; 3 if not given.
    pub kernel: usize,
    /// Whether each block is normalised over the batch; so, if not given.
    pub batch_norm: bool,
    /// Size of each dense layer; one of 64 if not given.
    pub dense: Vec<usize>,
    /// Probability that a value of a dense layer is zeroed while training; 0 if not given.
    pub dropout: f64,
}

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

impl Default for Mlp {
    fn default() -> Mlp {
        Mlp { hidden: vec![64, 64], activation: Activation::Relu, dropout: 0.0, batch_norm: false }
    }
}

impl Default for Cnn {
    fn default() -> Cnn {
        Cnn { filters: vec![16, 32], kernel: 3, batch_norm: true, dense: vec![64], dropout: 0.0 }
    }
}
