//! What a layer's setting may choose between.

use serde::{Deserialize, Serialize};

/// How GELU is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Approximate {
    /// By the error function, as PyTorch's and Keras' default.
    #[default]
    None,
    /// By a hyperbolic tangent, as GPT-2.
    Tanh,
}

/// What stands between the pixels of an image that is made larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// The nearest pixel again.
    #[default]
    Nearest,
    /// Straight lines between the four nearest, with `align_corners=False`.
    Bilinear,
}

/// What stands where steps are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Padding {
    /// Zeros.
    #[default]
    Zeros,
    /// The first step in front, and the last one behind.
    Replicate,
}

/// On which axis the channels of a batch norm stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelAxis {
    /// Behind the batch, as in images.
    #[default]
    Second,
    /// The last one, as in sequences.
    Last,
}

impl ChannelAxis {
    pub(super) fn is_second(&self) -> bool {
        *self == ChannelAxis::Second
    }
}

/// How attention knows places apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Positions {
    /// Not at all.
    #[default]
    None,
    /// By turning pairs of numbers of queries and keys by angles that grow with the place (Su et al. 2021); the pairs stand half a
    /// head apart, as in GPT-NeoX and Llama.
    Rotary,
}

/// What is averaged of what the members of an ensemble say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeanOf {
    /// The numbers themselves.
    #[default]
    Scores,
    /// Their softmaxes; out come scores whose softmax is that mean.
    Softmax,
    /// Their sigmoids; out come scores whose sigmoid is that mean.
    Sigmoid,
}

/// Which states of a recurrent layer come out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Returns {
    /// That of every step: `[batch, time, units]`.
    #[default]
    Sequence,
    /// That of the last step alone, of each direction its own last: `[batch, units]`.
    Last,
}
