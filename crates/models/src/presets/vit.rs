use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::convolution;
use super::transformer::EMBEDDING;
use super::{Facts, Preset, Refusal, Stack, Style, Transformer, refusal};
use crate::LayerSpec;

/// A Vision Transformer (Dosovitskiy et al. 2021): an image is cut into square patches, which are read as a text is.
///
/// Places of patches have learned vectors, and blocks are those of `transformer_encoder`. The mean over all patches goes to the
/// head, as in the authors' appendix D.3, so there is no class token; GELU is that by tanh, and norms add 1e-5 where theirs add 1e-6.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Vit {
    /// Height and width of a patch, which divides both sides of the image; 4 if not given.
    pub patch: usize,
    /// How many blocks; 6 if not given.
    pub blocks: usize,
    /// Into how many heads attention is divided; 4 if not given.
    pub heads: usize,
    /// How many numbers a patch becomes, a multiple of `heads`; 128 if not given.
    pub units: usize,
    /// Size of the hidden layer of each block; four times `units` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Probability that a value is zeroed while training; 0.1, as in the paper, if not given.
    pub dropout: f64,
}

impl Default for Vit {
    fn default() -> Vit {
        Vit { patch: 4, blocks: 6, heads: 4, units: 128, hidden: None, dropout: 0.1 }
    }
}

impl Preset for Vit {
    fn check(&self) -> Result<(), Refusal> {
        refusal::side("patch", self.patch)?;
        self.transformer().check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let &[_, height, width] = facts.item else {
            return Err(Refusal::whole("wants an image, got items of another shape"));
        };
        if !height.is_multiple_of(self.patch.max(1)) || !width.is_multiple_of(self.patch.max(1)) {
            let rule = format!("must divide both sides of the image, {height}x{width}, got {}", self.patch);
            return Err(Refusal::new("patch", rule));
        }
        let patches = (height / self.patch.max(1)).saturating_mul(width / self.patch.max(1));
        let mut stack = Stack::default();
        stack.named("patches", convolution(self.units, self.patch, [self.patch, 0], true)); // [B, units, H', W']
        stack.named("line", Layer::Flatten { axis: 2 }).named(EMBEDDING, Layer::Transpose); // [B, patches, units]
        self.transformer().add_to(&mut stack, patches, false);
        stack.named("mean", Layer::MeanOverTime); // [B, units]
        Ok(stack.layers())
    }
}

impl Vit {
    fn transformer(&self) -> Transformer {
        let Vit { blocks, heads, units, hidden, dropout, .. } = *self;
        Transformer { blocks, heads, kv_heads: None, units, hidden, dropout, style: Style::Gpt2 }
    }
}
