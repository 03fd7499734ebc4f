use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::dropout;
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::{Head, LayerSpec};

/// A convolutional network for texts (Kim 2014, CNN-rand): convolutions of several widths stand side by side over the vectors of
/// the pieces, and each filter tells its largest value.
///
/// A window may reach over the start of a text. Where the network is told how many pieces count, it ends at one of them, so that
/// padding is not seen; else it may reach over the other end too, as in the author's program. Relu stands behind the maximum
/// instead of in front of it, which gives the same numbers with less work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TextCnn {
    /// Length of a piece's vector; 300 if not given.
    pub embedding: usize,
    /// How many pieces the filters see, each width once; 3, 4 and 5 if not given.
    pub widths: Vec<usize>,
    /// How many filters there are of each width; 100 if not given.
    pub filters: usize,
    /// Probability that a filter's value is zeroed on its way to the head while training; 0.5 if not given.
    pub dropout: f64,
}

impl Default for TextCnn {
    fn default() -> TextCnn {
        TextCnn { embedding: 300, widths: vec![3, 4, 5], filters: 100, dropout: 0.5 }
    }
}

impl Preset for TextCnn {
    fn check(&self) -> Result<(), Refusal> {
        refusal::size("embedding", self.embedding)?;
        refusal::some("widths", &self.widths)?;
        refusal::sizes("widths", &self.widths)?;
        refusal::different("widths", &self.widths)?;
        refusal::size("filters", self.filters)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        if let Head::Places(_) = facts.head {
            return Err(Refusal::whole("answers once for a text, got one that is gone on with; take `gpt`"));
        }
        facts.want_sequence()?;
        let mut stack = Stack::default();
        stack.named("embedding", Layer::Embedding { vocabulary: facts.ids, units: self.embedding }); // [B, T, embedding]
        stack.named("channels", Layer::Transpose); // [B, embedding, T]
        let branches: Vec<String> = self.widths.iter().map(|&width| self.branch(&mut stack, width)).collect();
        if branches.len() > 1 {
            let names: Vec<&str> = branches.iter().map(String::as_str).collect();
            stack.behind(&names, "concat", Layer::Concat { axis: 1 }); // [B, widths * filters]
        }
        stack.named("relu", Layer::Relu).maybe(dropout(self.dropout));
        Ok(stack.layers())
    }
}

impl TextCnn {
    /// The filters of one width, and the name of what they tell. A window ends at each piece of the text, so that the step of a
    /// piece sees nothing behind it.
    fn branch(&self, stack: &mut Stack, width: usize) -> String {
        let of = |part: &str| format!("width{width}_{part}");
        let conv = Layer::Conv1d {
            filters: self.filters,
            kernel: width,
            stride: 1,
            padding: width.saturating_sub(1),
            dilation: 1,
            groups: 1,
            bias: true,
        };
        stack.behind(&["channels"], of("conv"), conv); // [B, filters, T + width - 1]
        stack.named(of("steps"), Layer::Transpose); // [B, T + width - 1, filters]
        stack.named(of("max"), Layer::MaxOverTime); // [B, filters]
        of("max")
    }
}
