use baeum_core::Layer;
use serde::{Deserialize, Serialize};

use super::blocks::{dense, dropout};
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// TabM (Gorishniy, Kotelnikov & Babenko 2024): one perceptron for an ensemble.
///
/// Fields become vectors as in `tabular_mlp`, which all members share, as they share the weights of the dense layers; each has a head of
/// its own. A loss judges each member by itself while training. The answer, which validation judges, is the mean of what they say: of
/// probabilities where there are some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tabm {
    /// How many members there are; 32, as in the paper, if not given.
    pub members: usize,
    /// What each member has of its own in front of its head; `full` if not given.
    pub style: TabmStyle,
    /// Length of the vector of a field; 16 if not given.
    pub embedding: usize,
    /// Size of each hidden layer; two of 512, as in the paper, if not given.
    pub hidden: Vec<usize>,
    /// Probability that a hidden value is zeroed while training; 0.1 if not given.
    pub dropout: f64,
}

/// What each member of a TabM has of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TabmStyle {
    /// Factors in front of and behind each dense layer, and its biases, as in BatchEnsemble (Wen, Tran & Ba 2020):
    /// `s (W (r x)) + b`. The first factors start as 1 or -1, all others as 1, and the biases alike.
    #[default]
    Full,
    /// Factors in front of the first dense layer, which start as 1 or -1: the paper's TabM-mini.
    Mini,
}

impl Default for Tabm {
    fn default() -> Tabm {
        Tabm { members: 32, style: TabmStyle::Full, embedding: 16, hidden: vec![512, 512], dropout: 0.1 }
    }
}

impl Preset for Tabm {
    fn check(&self) -> Result<(), Refusal> {
        refusal::count("members", self.members)?;
        refusal::size("embedding", self.embedding)?;
        refusal::sizes("hidden", &self.hidden)?;
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let (mut stack, embedding) = (Stack::default(), facts.embed_fields(self.embedding)?);
        let mut n =
            if let Layer::GroupedDense { groups, units } = &embedding { groups.len() * units } else { 1 };
        stack.named("embedding", embedding); // [B, fields, embedding]
        stack.add(Layer::Flatten { axis: 1 }); // [B, n]
        stack.add(Layer::Ensemble { members: self.members }).add(factors(true, None)); // [B, members, n]
        for (place, &units) in self.hidden.iter().enumerate() {
            match self.style {
                TabmStyle::Full => stack
                    .maybe((place > 0).then(|| factors(false, None)))
                    .add(Layer::Dense { units, bias: false }) // [B, members, units]
                    .add(factors(false, Some(1.0 / (n as f64).sqrt()))),
                TabmStyle::Mini => stack.add(dense(units)), // [B, members, units]
            };
            stack.add(Layer::Relu).maybe(dropout(self.dropout));
            n = units;
        }
        Ok(stack.layers())
    }
}

/// What each member multiplies each number by, and perhaps adds to it.
fn factors(signs: bool, bias: Option<f64>) -> Layer {
    Layer::Scale { axes: 2, start: 1.0, signs, bias }
}
