use baeum_core::{Approximate, ChannelAxis, Layer, Positions};
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::{Facts, Refusal, Stack, refusal};

/// What comes in as vectors.
pub(super) const EMBEDDING: &str = "embedding";

/// The numbers of a Transformer.
///
/// Pieces of a text become vectors, and the steps of a series do by a dense layer; a series wants `steps_first` among its steps.
/// A block is attention and dense layers, each behind a norm and with a way around it; a last norm follows the last block; with
/// `bert`, norms follow the sums instead. `style` says which. Dropout stands behind the vectors, and at the end of each way that is gone around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transformer {
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
}

/// What the blocks of a Transformer are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// As GPT-2 (Radford et al. 2019): layer norms, a learned vector added at each place, two dense layers with GELU, and biases.
    #[default]
    Gpt2,
    /// As Llama (Touvron et al. 2023): RMS norms, rotary positions (Su et al. 2021), SwiGLU (Shazeer 2020), and no biases.
    Modern,
    /// As BERT (Devlin et al. 2019): as `gpt2`, but norms stand behind the vectors and behind each sum, and GELU is exact.
    Bert,
    /// As PatchTST, whose preset alone has it: as `bert`, but with batch norms, and none behind the vectors.
    #[serde(skip)]
    PatchTst,
}

impl Default for Transformer {
    fn default() -> Transformer {
        Transformer {
            blocks: 4,
            heads: 4,
            kv_heads: None,
            units: 128,
            hidden: None,
            dropout: 0.1,
            style: Style::Gpt2,
        }
    }
}

impl Transformer {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        refusal::count("blocks", self.blocks)?;
        refusal::heads(self.heads, self.units)?;
        self.kv_heads.map_or(Ok(()), |shared| refusal::kv_heads(shared, self.heads))?;
        if self.style == Style::Modern && !(self.units / self.heads).is_multiple_of(2) {
            let rule = format!(
                "must leave each head an even number of the {} `units`, because rotary positions turn pairs, got {}",
                self.units, self.heads
            );
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
        stack.named(EMBEDDING, embedding); // [B, T, units]
    }

    /// Places, blocks and the last norm behind the `length` vectors of [`EMBEDDING`], which stands last.
    pub(super) fn add_to(&self, stack: &mut Stack, length: usize, causal: bool) {
        let mut last = EMBEDDING.to_owned();
        if self.style != Style::Modern {
            last = "position".to_owned();
            stack.named(&last, Layer::PositionEmbedding { length });
        }
        if self.style == Style::Bert {
            last = "embedding_norm".to_owned();
            stack.named(&last, self.norm());
        }
        if let Some(layer) = dropout(self.dropout) {
            last = format!("{last}_dropout");
            stack.named(&last, layer);
        }
        for block in 1..=self.blocks {
            let name = format!("block{block}");
            last = match self.style {
                Style::Gpt2 | Style::Modern => self.block(stack, &name, &last, causal),
                Style::Bert | Style::PatchTst => self.block_with_norms_behind(stack, &name, &last, causal),
            };
        }
        match self.style {
            Style::Gpt2 | Style::Modern => {
                stack.named("norm", self.norm()); // [.., T, units]
            }
            Style::Bert | Style::PatchTst => {}
        }
    }

    /// Adds a block behind the layer `start`, and gives the name of its last layer.
    fn block(&self, stack: &mut Stack, name: &str, start: &str, causal: bool) -> String {
        let of = |part: &str| format!("{name}_{part}");
        stack.behind(&[start], of("norm1"), self.norm());
        stack.named(of("attention"), self.attention(causal));
        self.join(stack, [&of("attention"), start], &of("add1"));
        stack.named(of("norm2"), self.norm());
        let last = match self.style {
            Style::Gpt2 | Style::Bert | Style::PatchTst => self.two_layers(stack, &of),
            Style::Modern => self.swiglu(stack, &of),
        };
        self.join(stack, [&last, &of("add1")], &of("add2"));
        of("add2")
    }

    /// As [`Transformer::block`], in the order of Vaswani et al. 2017.
    fn block_with_norms_behind(&self, stack: &mut Stack, name: &str, start: &str, causal: bool) -> String {
        let of = |part: &str| format!("{name}_{part}");
        stack.behind(&[start], of("attention"), self.attention(causal));
        self.join(stack, [&of("attention"), start], &of("add1"));
        stack.named(of("norm1"), self.norm());
        let last = self.two_layers(stack, &of);
        self.join(stack, [&last, &of("norm1")], &of("add2"));
        stack.named(of("norm2"), self.norm());
        of("norm2")
    }

    fn attention(&self, causal: bool) -> Layer {
        let (bias, positions) = match self.style {
            Style::Gpt2 | Style::Bert | Style::PatchTst => (true, Positions::None), // they were added in front
            Style::Modern => (false, Positions::Rotary),
        };
        Layer::MultiHeadAttention { heads: self.heads, kv_heads: self.kv_heads, causal, bias, positions }
    }

    /// `W2 gelu(W1 x)`; `of` gives the names in this block, and what is given is that of the last layer.
    fn two_layers(&self, stack: &mut Stack, of: &dyn Fn(&str) -> String) -> String {
        stack.named(of("dense1"), dense(self.hidden.unwrap_or(self.units.saturating_mul(4))));
        stack.named(of("gelu"), self.gelu());
        stack.named(of("dense2"), dense(self.units));
        of("dense2")
    }

    /// `W3 (silu(W1 x) * (W2 x))`, with as many weights as [`Transformer::two_layers`].
    fn swiglu(&self, stack: &mut Stack, of: &dyn Fn(&str) -> String) -> String {
        let usual = || self.units.saturating_mul(8).div_ceil(3).saturating_add(7) / 8 * 8;
        let hidden = Layer::Dense { units: self.hidden.unwrap_or_else(usual), bias: false };
        stack.named(of("gate"), hidden.clone()).named(of("silu"), Layer::Silu);
        stack.behind(&[&of("norm2")], of("up"), hidden);
        stack.behind(&[&of("silu"), &of("up")], of("gated"), Layer::Multiply);
        stack.named(of("down"), Layer::Dense { units: self.units, bias: false });
        of("down")
    }

    fn gelu(&self) -> Layer {
        let approximate = match self.style {
            Style::Gpt2 | Style::Modern => Approximate::Tanh,
            Style::Bert | Style::PatchTst => Approximate::None,
        };
        Layer::Gelu { approximate }
    }

    fn norm(&self) -> Layer {
        match self.style {
            Style::Gpt2 => Layer::LayerNorm { eps: 1e-5 },
            Style::Bert => Layer::LayerNorm { eps: 1e-12 },
            Style::Modern => Layer::RmsNorm { eps: 1e-5 },
            Style::PatchTst => Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Last },
        }
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
