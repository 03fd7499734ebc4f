use baeum_core::{Layer, Padding};
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::transformer::EMBEDDING;
use super::{Facts, Preset, Refusal, Stack, Style, Transformer, refusal};
use crate::LayerSpec;

/// A patch Transformer for forecasts (PatchTST; Nie, Nguyen, Sinthong & Kalagnanam 2023): each column of a window is cut into
/// pieces, which are read as a text is, and all columns share one network.
///
/// Windows are `[columns, steps]`, measured from themselves by `models.reversible_norm`, and the last step is repeated for another
/// stride, as by the authors. The scores of attention are each block's own, where theirs are added to those of the block before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatchTst {
    /// Steps in a piece; 16 if not given.
    pub patch: usize,
    /// From the start of one piece to that of the next; 8 if not given.
    pub stride: usize,
    /// How many blocks; 3 if not given.
    pub blocks: usize,
    /// Into how many heads attention is divided; 16 if not given.
    pub heads: usize,
    /// How many numbers a piece becomes, a multiple of `heads`; 128 if not given.
    pub units: usize,
    /// Size of the hidden layer of each block; 256 if not given.
    pub hidden: usize,
    /// Probability that a value is zeroed while training; 0.2 if not given.
    pub dropout: f64,
}

impl Default for PatchTst {
    fn default() -> PatchTst {
        PatchTst { patch: 16, stride: 8, blocks: 3, heads: 16, units: 128, hidden: 256, dropout: 0.2 }
    }
}

impl PatchTst {
    fn transformer(&self) -> Transformer {
        let PatchTst { blocks, heads, units, hidden, dropout, .. } = *self;
        let hidden = Some(hidden);
        Transformer { blocks, heads, kv_heads: None, units, hidden, dropout, style: Style::PatchTst }
    }
}

impl Preset for PatchTst {
    fn check(&self) -> Result<(), Refusal> {
        refusal::size("patch", self.patch)?;
        refusal::size("stride", self.stride)?;
        self.transformer().check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        facts.want_window()?;
        let steps = facts.item.last().copied().unwrap_or(0);
        let Some(rest) = steps.checked_sub(self.patch) else {
            return Err(Refusal::new(
                "patch",
                format!("must be at most the {steps} steps of a window, got {}", self.patch),
            ));
        };
        let pieces = (rest + self.stride) / self.stride.max(1) + 1;
        let mut stack = Stack::default();
        stack.add(Layer::Pad1d { before: 0, after: self.stride, mode: Padding::Replicate }); // [B, C, steps + stride]
        stack.add(Layer::Patches { size: self.patch, stride: Some(self.stride) }); // [B, C, pieces, patch]
        stack.named(EMBEDDING, dense(self.units)); // [B, C, pieces, units]
        self.transformer().add_to(&mut stack, pieces, false);
        // Each column keeps a row of its own where each is to be told.
        let axis = if facts.tells_each_column() { 2 } else { 1 };
        stack.add(Layer::Flatten { axis }).maybe(dropout(self.dropout)); // [B, C, pieces * units]
        Ok(stack.layers())
    }
}
