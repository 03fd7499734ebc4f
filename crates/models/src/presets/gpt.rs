use serde::{Deserialize, Serialize};

use super::{Facts, Preset, Refusal, Stack, Transformer};
use crate::{Head, LayerSpec};

/// A Transformer each place of which sees itself and those before it, and tells which piece of a text comes next (Radford et al.
/// 2019). The head has weights of its own, where GPT-2 takes those of the embedding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Gpt(pub Transformer);

impl Preset for Gpt {
    fn check(&self) -> Result<(), Refusal> {
        self.0.check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let Head::Places(_) = facts.head else {
            let rule =
                "wants a text that is gone on with, got another target; `transformer_encoder` answers once";
            return Err(Refusal::whole(rule));
        };
        let mut stack = Stack::default();
        self.0.embed(&mut stack, facts);
        self.0.add_to(&mut stack, facts.steps(), true);
        Ok(stack.layers())
    }
}
