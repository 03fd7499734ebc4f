use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::{Activation, Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// A multilayer perceptron behind vectors of the fields.
///
/// Each field becomes a vector by weights of its own: a name, one of whose numbers is 1, by a row of a table; a number that
/// `piecewise_linear` has cut by a vector for each bin (Gorishniy, Rubachev & Babenko 2022). Then come dense layers, each with the
/// activation and dropout behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TabularMlp {
    /// Length of the vector of a field; 16 if not given.
    pub embedding: usize,
    /// Size of each hidden layer; two of 256 if not given.
    pub hidden: Vec<usize>,
    /// The nonlinearity; `relu` if not given.
    pub activation: Activation,
    /// Probability that a hidden value is zeroed while training; 0.1 if not given.
    pub dropout: f64,
}

impl Default for TabularMlp {
    fn default() -> TabularMlp {
        TabularMlp { embedding: 16, hidden: vec![256, 256], activation: Activation::RELU, dropout: 0.1 }
    }
}

impl Preset for TabularMlp {
    fn check(&self) -> Result<(), Refusal> {
        refusal::size("embedding", self.embedding)?;
        refusal::sizes("hidden", &self.hidden)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        stack.named("embedding", facts.embed_fields(self.embedding)?); // [B, fields, embedding]
        stack.add(Layer::Flatten { axis: 1 }); // [B, fields * embedding]
        for &units in &self.hidden {
            stack.add(dense(units)).add(self.activation.layer()).maybe(dropout(self.dropout));
        }
        Ok(stack.layers())
    }
}
