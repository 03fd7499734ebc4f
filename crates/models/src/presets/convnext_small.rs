use baeum_core::{Approximate, Layer, Size2};
use serde::{Deserialize, Serialize};

use super::blocks::{convolution, dense};
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// What the layer scale starts as, as in the paper.
const SCALE: f64 = 1e-6;

/// ConvNeXt (Liu et al. 2022): a convolutional network built as a Transformer is.
///
/// A convolution over patches and a norm, then stages of blocks; between two stages a norm and a convolution that halves both sides. A
/// block is a convolution of each channel by itself, a norm over the channels, two dense layers with GELU between, the second scaled by
/// learned factors, and a way around all of them. The mean of each channel goes through a last norm to the head. No block is left out by
/// lot, as the paper does with 0.4 of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvnextSmall {
    /// How many blocks each stage has; 3, 3, 27 and 3, as ConvNeXt-S, if not given. ConvNeXt-T has 9 for 27.
    pub blocks: Vec<usize>,
    /// How many filters each stage has, one size for each of `blocks`; 96, 192, 384 and 768, as in the paper, if not given.
    pub filters: Vec<usize>,
    /// Height and width of a patch; 4, as in the paper, if not given. Small images want 1 or 2.
    pub patch: usize,
    /// Height and width of what a block sees, an odd number; 7, as in the paper, if not given.
    pub kernel: usize,
}

impl Default for ConvnextSmall {
    fn default() -> ConvnextSmall {
        ConvnextSmall { blocks: vec![3, 3, 27, 3], filters: vec![96, 192, 384, 768], patch: 4, kernel: 7 }
    }
}

impl Preset for ConvnextSmall {
    fn check(&self) -> Result<(), Refusal> {
        refusal::some("blocks", &self.blocks)?;
        let count = |(i, got): (usize, &usize)| refusal::count(&format!("blocks[{i}]"), *got);
        self.blocks.iter().enumerate().try_for_each(count)?;
        refusal::sizes("filters", &self.filters)?;
        refusal::side("patch", self.patch)?;
        refusal::odd("kernel", self.kernel)?;
        match (self.blocks.len(), self.filters.len()) {
            (stages, got) if stages != got => {
                Err(Refusal::new("filters", format!("wants a size for each of {stages} stages, got {got}")))
            }
            (1..=MOST_STAGES, _) => Ok(()),
            (got, _) => Err(Refusal::new(
                "blocks",
                format!("wants at most {MOST_STAGES} stages, each half as large, got {got}"),
            )),
        }
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut width = self.first_width(facts)?;
        let mut stack = Stack::default();
        for (stage, (&blocks, &filters)) in (1..).zip(self.blocks.iter().zip(&self.filters)) {
            let name = format!("stage{stage}");
            let mut last = self.enter(&mut stack, stage, [filters, width]); // [B, C, H, W], half as large in each
            width = if stage == 1 { width } else { width / 2 };
            for block in 1..=blocks {
                last = self.block(&mut stack, &format!("{name}_block{block}"), &last, [filters, width]);
            }
        }
        stack.named("mean", Layer::GlobalAvgPool).named("norm", layer_norm()); // [B, C]
        Ok(stack.layers())
    }
}

/// As many times a side can be halved that a recipe may name.
const MOST_STAGES: usize = 16;

impl ConvnextSmall {
    /// What stands in front of the blocks of a stage, and the name of its last layer; `width` is that of the image so far.
    fn enter(&self, stack: &mut Stack, stage: usize, [filters, width]: [usize; 2]) -> String {
        if stage == 1 {
            stack.named("stem", convolution(filters, self.patch, [self.patch, 0], true));
            return norm(stack, "stem", width);
        }
        let name = format!("stage{stage}");
        norm(stack, &name, width);
        let half = format!("{name}_half");
        stack.named(&half, convolution(filters, 2, [2, 0], true));
        half
    }

    /// How wide an image is behind the patches, if every stage has at least a pixel.
    fn first_width(&self, facts: &Facts<'_>) -> Result<usize, Refusal> {
        let &[_, height, width] = facts.item else {
            return Err(Refusal::whole("wants an image, got items of another shape"));
        };
        let sides = [height, width].map(|side| side / self.patch.max(1));
        let last = self.blocks.len().saturating_sub(1);
        match sides.iter().all(|side| side >> last > 0) {
            true => Ok(sides[1]),
            false => {
                let stages = self.blocks.len();
                let rule = format!(
                    "must leave a pixel in the last of {stages} stages, each half as large, of an image of {height}x{width}, got {}",
                    self.patch
                );
                Err(Refusal::new("patch", rule))
            }
        }
    }

    /// Adds a block behind the layer `start`, and gives the name of its last layer.
    fn block(&self, stack: &mut Stack, name: &str, start: &str, [filters, width]: [usize; 2]) -> String {
        let of = |part: &str| format!("{name}_{part}");
        let depthwise = Layer::Conv2d {
            filters,
            kernel: Size2::square(self.kernel),
            stride: Size2::square(1),
            padding: Size2::square(self.kernel / 2),
            dilation: Size2::square(1),
            groups: filters,
            bias: true,
        };
        stack.behind(&[start], of("conv"), depthwise); // [B, C, H, W]
        pixels_first(stack, name);
        stack.named(of("norm"), layer_norm());
        stack.named(of("dense1"), dense(filters.saturating_mul(4)));
        stack.named(of("gelu"), Layer::Gelu { approximate: Approximate::None });
        stack.named(of("dense2"), dense(filters));
        stack.named(of("scale"), Layer::Scale { axes: 1, start: SCALE, signs: false, bias: None });
        let end = channels_first(stack, name, width);
        stack.behind(&[&end, start], of("add"), Layer::Add);
        of("add")
    }
}

/// A norm over the channels of each pixel; the name of its last layer.
fn norm(stack: &mut Stack, name: &str, width: usize) -> String {
    pixels_first(stack, name);
    stack.named(format!("{name}_norm"), layer_norm());
    channels_first(stack, name, width)
}

/// `[B, C, H, W]` to `[B, H * W, C]`.
fn pixels_first(stack: &mut Stack, name: &str) {
    stack.named(format!("{name}_line"), Layer::Flatten { axis: 2 });
    stack.named(format!("{name}_pixels"), Layer::Transpose);
}

/// The way back; the name of its last layer.
fn channels_first(stack: &mut Stack, name: &str, width: usize) -> String {
    let image = format!("{name}_image");
    stack.named(format!("{name}_channels"), Layer::Transpose);
    stack.named(&image, Layer::Patches { size: width, stride: None });
    image
}

fn layer_norm() -> Layer {
    Layer::LayerNorm { eps: 1e-6 }
}
