use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::transformer::EMBEDDING;
use super::{Facts, Preset, Refusal, Stack, Style, Transformer};
use crate::{Head, LayerSpec};

/// A Transformer each place of which sees itself and those before it, and tells which piece of a text comes next (Radford et al.
/// 2019).
///
/// Pieces become vectors, then come blocks of attention and dense layers, each behind a norm and with a way around it, and a last norm.
/// Dropout stands behind the vectors, and at the end of each way that is gone around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gpt {
    /// How many blocks; 4 if not given.
    pub blocks: usize,
    /// Into how many heads attention is divided; 4 if not given.
    pub heads: usize,
    /// How many heads of keys and values there are, a divisor of `heads`: neighbouring heads share each, and a text that is gone
    /// on with keeps less (Ainslie et al. 2023). Each head has its own, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_heads: Option<usize>,
    /// How many numbers a place has, a multiple of `heads`; 128 if not given.
    pub units: usize,
    /// Size of the hidden layer of each block. If not given: four times `units`; with `modern`, two thirds of that, in steps of 8, for
    /// there are two of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Probability that a value is zeroed while training; 0.1, as in GPT-2, if not given.
    pub dropout: f64,
    /// What the blocks are made of; `gpt2` if not given.
    pub style: Style,
    /// Whether the table that makes vectors of the pieces scores them too, as in GPT-2 (Press & Wolf 2017); if not given, a head has
    /// weights of its own.
    pub tied: bool,
}

impl Default for Gpt {
    fn default() -> Gpt {
        let Transformer { blocks, heads, kv_heads, units, hidden, dropout, style } = Transformer::default();
        Gpt { blocks, heads, kv_heads, units, hidden, dropout, style, tied: false }
    }
}

impl Gpt {
    fn transformer(&self) -> Transformer {
        let Gpt { blocks, heads, kv_heads, units, hidden, dropout, style, tied: _ } = *self;
        Transformer { blocks, heads, kv_heads, units, hidden, dropout, style }
    }
}

impl Preset for Gpt {
    fn check(&self) -> Result<(), Refusal> {
        self.transformer().check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let Head::Places(pieces) = facts.head else {
            let rule =
                "wants a text that is gone on with, got another target; `transformer_encoder` answers once";
            return Err(Refusal::whole(rule));
        };
        let mut stack = Stack::default();
        self.transformer().embed(&mut stack, facts);
        self.transformer().add_to(&mut stack, facts.steps(), true);
        if self.tied {
            stack.add(Layer::Unembedding { table: EMBEDDING.to_owned(), vocabulary: pieces }); // [B, T, V]
        }
        Ok(stack.layers())
    }
}
