use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::{batch_norm, convolution, dropout};
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// A residual network as for CIFAR (He, Zhang, Ren & Sun 2016, section 4.2): a convolution, stages of blocks, and the mean of
/// each channel.
///
/// A block is two 3x3 convolutions with batch norm, and a way around them. From the second stage on the first block halves the
/// image; where a block changes the size, the way around is a 1x1 convolution with batch norm (their option B). Three stages of
/// `n` blocks have `6n + 2` layers: 3 blocks are ResNet-20, 9 are ResNet-56.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Resnet {
    /// How many blocks each stage has; 3 if not given.
    pub blocks: usize,
    /// How many filters the convolutions of each stage have; 16, 32 and 64 if not given.
    pub filters: Vec<usize>,
    /// Probability that a channel's mean is zeroed on its way to the head while training; 0 if not given.
    pub dropout: f64,
}

impl Default for Resnet {
    fn default() -> Resnet {
        Resnet { blocks: 3, filters: vec![16, 32, 64], dropout: 0.0 }
    }
}

impl Preset for Resnet {
    fn check(&self) -> Result<(), Refusal> {
        refusal::count("blocks", self.blocks)?;
        refusal::some("filters", &self.filters)?;
        refusal::sizes("filters", &self.filters)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, _: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        let mut channels = self.filters.first().copied().unwrap_or(1);
        stack.named("conv", three_by_three(channels, 1));
        stack.named("norm", batch_norm()).named("relu", Layer::Relu);
        let mut last = "relu".to_owned();
        for (stage, &filters) in self.filters.iter().enumerate() {
            for block in 0..self.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let changes = stride > 1 || channels != filters;
                let name = format!("stage{}_block{}", stage + 1, block + 1);
                last = Block { name, filters, stride, changes }.add_to(&mut stack, &last);
                channels = filters;
            }
        }
        stack.add(Layer::GlobalAvgPool).maybe(dropout(self.dropout));
        Ok(stack.layers())
    }
}

/// Two convolutions and a way around them.
struct Block {
    name: String,
    filters: usize,
    stride: usize,
    /// Whether what comes out has another size than what goes in.
    changes: bool,
}

impl Block {
    /// Adds it behind the layer `start`, and gives the name of its own last layer.
    fn add_to(&self, stack: &mut Stack, start: &str) -> String {
        let of = |part: &str| format!("{}_{part}", self.name);
        stack.behind(&[start], of("conv1"), three_by_three(self.filters, self.stride));
        stack.named(of("norm1"), batch_norm()).named(of("relu1"), Layer::Relu);
        stack.named(of("conv2"), three_by_three(self.filters, 1)).named(of("norm2"), batch_norm());
        let around = if self.changes { self.shortcut(stack, start) } else { start.to_owned() };
        stack.behind(&[&of("norm2"), &around], of("add"), Layer::Add).named(of("relu2"), Layer::Relu);
        of("relu2")
    }

    fn shortcut(&self, stack: &mut Stack, start: &str) -> String {
        let (name, norm) = (format!("{}_shortcut", self.name), format!("{}_shortcut_norm", self.name));
        stack.behind(&[start], name, convolution(self.filters, 1, [self.stride, 0], false));
        stack.named(&norm, batch_norm());
        norm
    }
}

/// A convolution without a bias, for batch norm would take it away again.
fn three_by_three(filters: usize, stride: usize) -> Layer {
    convolution(filters, 3, [stride, 1], false)
}
