use baeum_core::{Approximate, Layer, Positions};
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::{Facts, Refusal, Stack, refusal};

/// The numbers of a Transformer.
///
/// Pieces of a text become vectors, and the steps of a series do by a dense layer; a series wants `steps_first` among its steps.
/// Each place has a learned vector of its own, which is added. A block is attention and two dense layers with GELU, each behind a
/// layer norm and with a way around it; a last norm follows the last block (Radford et al. 2019). Dropout stands behind the
/// vectors, and at the end of each way that is gone around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transformer {
    /// How many blocks; 4 if not given.
    pub blocks: usize,
    /// Into how many heads attention is divided; 4 if not given.
    pub heads: usize,
    /// How many numbers a place has, a multiple of `heads`; 128 if not given.
    pub units: usize,
    /// Size of the hidden layer of each block; four times `units` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Probability that a value is zeroed while training; 0.1, as in GPT-2, if not given.
    pub dropout: f64,
}

impl Default for Transformer {
    fn default() -> Transformer {
        Transformer { blocks: 4, heads: 4, units: 128, hidden: None, dropout: 0.1 }
    }
}

impl Transformer {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        refusal::count("blocks", self.blocks)?;
        refusal::size("heads", self.heads)?;
        refusal::size("units", self.units)?;
        if !self.units.is_multiple_of(self.heads) {
            let rule = format!("must divide `units` = {}, got {}", self.units, self.heads);
            return Err(Refusal::new("heads", rule));
        }
        self.hidden.map_or(Ok(()), |hidden| refusal::size("hidden", hidden))?;
        refusal::probability("dropout", self.dropout)
    }

    /// What comes in as vectors: ids by a table, numbers by a dense layer.
    pub(super) fn embed(&self, stack: &mut Stack, facts: &Facts<'_>) {
        let embedding = match facts.are_ids() {
            true => Layer::Embedding { vocabulary: facts.ids, units: self.units },
            false => dense(self.units),
        };
        stack.named("embedding", embedding); // [B, T, units]
    }

    /// Places, blocks and the last norm behind `length` vectors.
    pub(super) fn add_to(&self, stack: &mut Stack, length: usize, causal: bool) {
        stack.named("position", Layer::PositionEmbedding { length });
        let mut last = "position".to_owned();
        if let Some(layer) = dropout(self.dropout) {
            last = "position_dropout".to_owned();
            stack.named(&last, layer);
        }
        for block in 1..=self.blocks {
            last = self.block(stack, &format!("block{block}"), &last, causal);
        }
        stack.named("norm", norm()); // [.., T, units]
    }

    /// Adds a block behind the layer `start`, and gives the name of its last layer.
    fn block(&self, stack: &mut Stack, name: &str, start: &str, causal: bool) -> String {
        let of = |part: &str| format!("{name}_{part}");
        stack.behind(&[start], of("norm1"), norm());
        let positions = Positions::None; // they were added in front
        stack.named(
            of("attention"),
            Layer::MultiHeadAttention { heads: self.heads, causal, bias: true, positions },
        );
        self.join(stack, [&of("attention"), start], &of("add1"));
        stack.named(of("norm2"), norm());
        stack.named(of("dense1"), dense(self.hidden.unwrap_or(self.units.saturating_mul(4))));
        stack.named(of("gelu"), Layer::Gelu { approximate: Approximate::Tanh });
        stack.named(of("dense2"), dense(self.units));
        self.join(stack, [&of("dense2"), &of("add1")], &of("add2"));
        of("add2")
    }

    /// The end of a way, which stands last, and the way around it.
    fn join(&self, stack: &mut Stack, [end, around]: [&str; 2], name: &str) {
        match dropout(self.dropout) {
            Some(layer) => {
                let dropped = format!("{end}_dropout");
                stack.named(&dropped, layer).behind(&[&dropped, around], name, Layer::Add)
            }
            None => stack.behind(&[end, around], name, Layer::Add),
        };
    }
}

fn norm() -> Layer {
    Layer::LayerNorm { eps: 1e-5 }
}
