use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// TabM (Gorishniy, Kotelnikov & Babenko 2024): one perceptron for an ensemble.
///
/// Fields become vectors as in `tabular_mlp`. Each member looks at them through factors of its own, which start as 1 or -1, and has
/// a head of its own; the dense layers between are shared, which the paper calls TabM-mini. A loss judges each member by itself while
/// training. The answer, which validation judges, is the mean of what they say: of scores before the softmax, where the paper takes that
/// of probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tabm {
    /// How many members there are; 32, as in the paper, if not given.
    pub members: usize,
    /// Length of the vector of a field; 16 if not given.
    pub embedding: usize,
    /// Size of each hidden layer; two of 512, as in the paper, if not given.
    pub hidden: Vec<usize>,
    /// Probability that a hidden value is zeroed while training; 0.1 if not given.
    pub dropout: f64,
}

impl Default for Tabm {
    fn default() -> Tabm {
        Tabm { members: 32, embedding: 16, hidden: vec![512, 512], dropout: 0.1 }
    }
}

impl Preset for Tabm {
    fn check(&self) -> Result<(), Refusal> {
        refusal::count("members", self.members)?;
        refusal::size("embedding", self.embedding)?;
        refusal::sizes("hidden", &self.hidden)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        stack.named("embedding", facts.embed_fields(self.embedding)?); // [B, fields, embedding]
        stack.add(Layer::Flatten { axis: 1 }); // [B, n]
        stack.add(Layer::Ensemble { members: self.members }); // [B, members, n]
        stack.add(Layer::Scale { axes: 2, start: 1.0, signs: true });
        for &units in &self.hidden {
            stack.add(dense(units)).add(Layer::Relu).maybe(dropout(self.dropout)); // [B, members, units]
        }
        Ok(stack.layers())
    }
}
