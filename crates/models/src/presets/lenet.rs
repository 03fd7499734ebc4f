use baeum_core::{Layer, Size2};
use serde::{Deserialize, Serialize};

use super::blocks::{convolution, dense, dropout};
use super::{Activation, Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// The side of the images that LeNet-5 was made for.
const SIDE: usize = 32;

/// LeNet-5 (LeCun, Bottou, Bengio & Haffner 1998): twice a 5x5 convolution and a mean pool, then dense layers.
///
/// As it is usually built: each convolution of the second layer sees all maps of the first, a pool has nothing to learn, and the
/// head gives logits. Images below 32x32, such as digits of 28x28, get two pixels of zeros around them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lenet {
    /// How many filters the two convolutions have; 6 and 16 if not given.
    pub filters: [usize; 2],
    /// Size of each dense layer; 120 and 84 if not given.
    pub dense: Vec<usize>,
    /// The nonlinearity; `tanh`, as in the paper, if not given.
    pub activation: Activation,
    /// Probability that a value of a dense layer is zeroed while training; 0 if not given.
    pub dropout: f64,
}

impl Default for Lenet {
    fn default() -> Lenet {
        Lenet { filters: [6, 16], dense: vec![120, 84], activation: Activation::TANH, dropout: 0.0 }
    }
}

impl Preset for Lenet {
    fn check(&self) -> Result<(), Refusal> {
        refusal::sizes("filters", &self.filters)?;
        refusal::sizes("dense", &self.dense)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let side = facts.item.iter().skip(1).copied().min().unwrap_or(0);
        let paddings = [if side < SIDE { 2 } else { 0 }, 0];
        let mut stack = Stack::default();
        for (filters, padding) in self.filters.into_iter().zip(paddings) {
            stack
                .add(convolution(filters, 5, [1, padding], true))
                .add(self.activation.layer())
                .add(halving());
        }
        stack.add(Layer::Flatten { axis: 1 });
        for &units in &self.dense {
            stack.add(dense(units)).add(self.activation.layer()).maybe(dropout(self.dropout));
        }
        Ok(stack.layers())
    }
}

fn halving() -> Layer {
    Layer::AvgPool2d { kernel: Size2::square(2), stride: None, padding: Size2::square(0), ceil_mode: false }
}
