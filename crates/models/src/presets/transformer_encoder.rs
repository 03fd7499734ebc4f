use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::{Facts, Preset, Refusal, Stack, Transformer};
use crate::{Head, LayerSpec};

/// A Transformer each place of which sees all others; the mean over all places goes to the head. Padding behind a text is seen by
/// none, and is not part of the mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct TransformerEncoder(pub Transformer);

impl Preset for TransformerEncoder {
    fn check(&self) -> Result<(), Refusal> {
        self.0.check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        if let Head::Places(_) = facts.head {
            return Err(Refusal::whole("answers once for a text, got one that is gone on with; take `gpt`"));
        }
        facts.want_sequence()?;
        let mut stack = Stack::default();
        self.0.embed(&mut stack, facts);
        self.0.add_to(&mut stack, facts.steps(), false);
        stack.named("mean", Layer::MeanOverTime); // [B, units]
        Ok(stack.layers())
    }
}
