use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::{batch_norm, dropout};
use super::{Activation, Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

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

impl Default for Mlp {
    fn default() -> Mlp {
        Mlp { hidden: vec![64, 64], activation: Activation::RELU, dropout: 0.0, batch_norm: false }
    }
}

impl Preset for Mlp {
    fn check(&self) -> Result<(), Refusal> {
        refusal::sizes("hidden", &self.hidden)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        stack.maybe((facts.item.len() > 1).then_some(Layer::Flatten { axis: 1 }));
        for &units in &self.hidden {
            // Batch norm takes a bias away again and has one of its own.
            stack.add(Layer::Dense { units, bias: !self.batch_norm });
            stack.maybe(self.batch_norm.then(batch_norm));
            stack.add(self.activation.layer()).maybe(dropout(self.dropout));
        }
        Ok(stack.layers())
    }
}
