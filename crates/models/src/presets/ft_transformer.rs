use baeum_core::{Layer, Positions};
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::transformer::EMBEDDING;
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// A Transformer over the fields of a table (Gorishniy, Rubachev, Khrulkov & Babenko 2021).
///
/// Each field becomes a vector by weights of its own. A block is attention and a gated layer (ReGLU), each behind a norm, but for the
/// first, and with a way around it. The mean of all fields answers, behind a norm and relu, where the paper has a token for it;
/// dropout stands behind the gate alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FtTransformer {
    /// How many blocks; 3, as in the paper, if not given.
    pub blocks: usize,
    /// Into how many heads attention is divided; 8, as in the paper, if not given.
    pub heads: usize,
    /// Length of the vector of a field, a multiple of `heads`; 192, as in the paper, if not given.
    pub units: usize,
    /// Size of the hidden layer of each block; four thirds of `units`, as in the paper, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Probability that a hidden value is zeroed while training; 0.1, as in the paper, if not given.
    pub dropout: f64,
}

impl Default for FtTransformer {
    fn default() -> FtTransformer {
        FtTransformer { blocks: 3, heads: 8, units: 192, hidden: None, dropout: 0.1 }
    }
}

impl Preset for FtTransformer {
    fn check(&self) -> Result<(), Refusal> {
        refusal::count("blocks", self.blocks)?;
        refusal::heads(self.heads, self.units)?;
        self.hidden.map_or(Ok(()), |hidden| refusal::size("hidden", hidden))?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        stack.named(EMBEDDING, facts.embed_fields(self.units)?); // [B, fields, units]
        let mut last = EMBEDDING.to_owned();
        for block in 1..=self.blocks {
            last = self.block(&mut stack, block, &last);
        }
        stack.named("mean", Layer::MeanOverTime); // [B, units]
        stack.named("norm", norm()).named("relu", Layer::Relu);
        Ok(stack.layers())
    }
}

impl FtTransformer {
    /// Adds a block behind the layer `start`, and gives the name of its last layer.
    fn block(&self, stack: &mut Stack, number: usize, start: &str) -> String {
        let of = |part: &str| format!("block{number}_{part}");
        if number > 1 {
            stack.named(of("norm1"), norm());
        }
        let positions = Positions::None;
        stack.named(
            of("attention"),
            Layer::MultiHeadAttention {
                heads: self.heads,
                kv_heads: None,
                causal: false,
                bias: true,
                positions,
            },
        );
        stack.behind(&[&of("attention"), start], of("add1"), Layer::Add);
        stack.named(of("norm2"), norm());
        self.gated(stack, &of);
        stack.behind(&[&of("down"), &of("add1")], of("add2"), Layer::Add);
        of("add2")
    }

    /// `W3 (relu(W1 x) * (W2 x))`; `of` gives the names in this block.
    fn gated(&self, stack: &mut Stack, of: &dyn Fn(&str) -> String) {
        let hidden = self.hidden.unwrap_or_else(|| self.units.saturating_mul(4) / 3);
        stack.named(of("gate"), dense(hidden)).named(of("relu"), Layer::Relu);
        stack.behind(&[&of("norm2")], of("up"), dense(hidden));
        stack.behind(&[&of("relu"), &of("up")], of("gated"), Layer::Multiply);
        if let Some(layer) = dropout(self.dropout) {
            stack.named(of("dropout"), layer);
        }
        stack.named(of("down"), dense(self.units));
    }
}

fn norm() -> Layer {
    Layer::LayerNorm { eps: 1e-5 }
}
