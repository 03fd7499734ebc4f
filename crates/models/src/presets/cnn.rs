use baeum_core::{Layer, Size2};
use serde::{Deserialize, Serialize};

use super::blocks::{batch_norm, convolution, dense, dropout};
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

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

impl Default for Cnn {
    fn default() -> Cnn {
        Cnn { filters: vec![16, 32], kernel: 3, batch_norm: true, dense: vec![64], dropout: 0.0 }
    }
}

impl Preset for Cnn {
    fn check(&self) -> Result<(), Refusal> {
        refusal::some("filters", &self.filters)?;
        refusal::sizes("filters", &self.filters)?;
        refusal::sizes("dense", &self.dense)?;
        // An even kernel has no middle, so that no padding would keep the size of the image.
        refusal::odd("kernel", self.kernel)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut side = facts.item.iter().skip(1).copied().min().unwrap_or(0);
        let mut stack = Stack::default();
        for &filters in &self.filters {
            stack.add(convolution(filters, self.kernel, [1, self.kernel / 2], !self.batch_norm));
            stack.maybe(self.batch_norm.then(batch_norm)).add(Layer::Relu);
            stack.maybe((side >= 2).then(halving));
            side /= 2;
        }
        match self.dense.is_empty() {
            true => stack.add(Layer::GlobalAvgPool),
            false => stack.add(Layer::Flatten { axis: 1 }),
        };
        for &units in &self.dense {
            stack.add(dense(units)).add(Layer::Relu).maybe(dropout(self.dropout));
        }
        Ok(stack.layers())
    }
}

fn halving() -> Layer {
    Layer::MaxPool2d { kernel: Size2::square(2), stride: None, padding: Size2::square(0), ceil_mode: false }
}
