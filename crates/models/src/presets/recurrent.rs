use baeum_core::{Layer, Returns};
use serde::{Deserialize, Serialize};

use super::blocks::dropout;
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::{Head, LayerSpec};

/// The numbers of a recurrent network, for texts and for windows of series.
///
/// Pieces of a text become vectors first; a series wants `steps_first` among its steps. Then come recurrent layers one behind the
/// other, of whose states one row is made for the head, and padding behind a text is not seen; where the next piece of a text is to be told, all states go there. Dropout
/// stands behind the vectors and behind each layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recurrent {
    /// Length of a piece's vector; 64 if not given.
    pub embedding: usize,
    /// Size of the state of each layer, and of each direction; one layer of 128 if not given.
    pub units: Vec<usize>,
    /// Whether each layer also reads from the end to the start; not, if not given.
    pub bidirectional: bool,
    /// How one row is made of the last layer's states; `last` if not given.
    pub pool: Pool,
    /// Probability that a value is zeroed while training; 0 if not given.
    pub dropout: f64,
}

/// Long short-term memory (Hochreiter & Schmidhuber 1997).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Lstm(pub Recurrent);

/// Gated recurrent units (Cho et al. 2014).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Gru(pub Recurrent);

/// How one row is made of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The last state of each direction; of a text, that of its last piece.
    #[default]
    Last,
    /// The mean of all states, of a text those of its pieces.
    Mean,
}

impl Default for Recurrent {
    fn default() -> Recurrent {
        Recurrent { embedding: 64, units: vec![128], bidirectional: false, pool: Pool::Last, dropout: 0.0 }
    }
}

impl Preset for Lstm {
    fn check(&self) -> Result<(), Refusal> {
        self.0.check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        facts.want_sequence()?;
        let bidirectional = self.0.bidirectional;
        Ok(self.0.layers(facts, |units, returns| Layer::Lstm { units, bidirectional, returns, layers: 1 }))
    }
}

impl Preset for Gru {
    fn check(&self) -> Result<(), Refusal> {
        self.0.check()
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        facts.want_sequence()?;
        let bidirectional = self.0.bidirectional;
        Ok(self.0.layers(facts, |units, returns| Layer::Gru { units, bidirectional, returns, layers: 1 }))
    }
}

impl Recurrent {
    fn check(&self) -> Result<(), Refusal> {
        refusal::size("embedding", self.embedding)?;
        refusal::some("units", &self.units)?;
        refusal::sizes("units", &self.units)?;
        refusal::probability("dropout", self.dropout)
    }

    /// `layer` gives a recurrent layer of so many units that returns such states.
    fn layers(&self, facts: &Facts<'_>, layer: impl Fn(usize, Returns) -> Layer) -> Vec<LayerSpec> {
        let mut stack = Stack::default();
        if facts.are_ids() {
            let embedding = Layer::Embedding { vocabulary: facts.ids, units: self.embedding };
            stack.add(embedding).maybe(dropout(self.dropout)); // [B, T, embedding]
        }
        let last = self.units.len().saturating_sub(1);
        for (i, &units) in self.units.iter().enumerate() {
            let pool = self.pool(facts).filter(|_| i == last);
            match pool {
                Some(Pool::Last) => stack.add(layer(units, Returns::Last)), // [B, units]
                Some(Pool::Mean) => stack.add(layer(units, Returns::Sequence)).add(Layer::MeanOverTime),
                None => stack.add(layer(units, Returns::Sequence)), // [B, T, units]
            };
            stack.maybe(dropout(self.dropout));
        }
        stack.layers()
    }

    /// How one row is made, if the head wants one.
    fn pool(&self, facts: &Facts<'_>) -> Option<Pool> {
        match facts.head {
            Head::Places(_) => None,
            Head::Numbers(_) | Head::Classes(_) | Head::Labels(_) | Head::Series { .. } => Some(self.pool),
        }
    }
}
