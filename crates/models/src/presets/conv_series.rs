use baeum_core::{Layer, Padding};
use serde::{Deserialize, Serialize};

use super::blocks::dropout;
use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// A temporal convolutional network (TCN; Bai, Kolter & Koltun 2018): blocks of dilated convolutions over time, each with a way
/// around it.
///
/// A block is twice a convolution, relu and dropout; where its size changes, the way around is a convolution of one step, and relu
/// follows the sum. The distance between the steps that a kernel sees is 1 in the first block and doubles with each. The weights
/// are learned as they are, where the authors learn length and direction apart, and the mean over time or all steps go to the head,
/// where theirs reads the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvSeries {
    /// How many filters the convolutions of each block have; four blocks of 32 if not given.
    pub filters: Vec<usize>,
    /// How many steps a kernel sees; 3 if not given. An odd number, unless `causal`.
    pub kernel: usize,
    /// Whether a step sees itself and those before it alone, and not as many on both sides; so, if not given.
    pub causal: bool,
    /// What goes to the head; `mean` if not given.
    pub pool: Steps,
    /// Probability that a value is zeroed while training; 0 if not given.
    pub dropout: f64,
}

/// How one row is made of the steps of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// The mean over time of each filter.
    #[default]
    Mean,
    /// All of them, one behind the other.
    All,
}

impl Default for ConvSeries {
    fn default() -> ConvSeries {
        ConvSeries { filters: vec![32; 4], kernel: 3, causal: true, pool: Steps::Mean, dropout: 0.0 }
    }
}

impl Preset for ConvSeries {
    fn check(&self) -> Result<(), Refusal> {
        /// Beyond any window, because dilation doubles.
        const BLOCKS: usize = 16;
        refusal::some("filters", &self.filters)?;
        refusal::sizes("filters", &self.filters)?;
        if self.filters.len() > BLOCKS {
            let rule = format!(
                "wants at most {BLOCKS} blocks, because dilation doubles, got {}",
                self.filters.len()
            );
            return Err(Refusal::new("filters", rule));
        }
        refusal::size("kernel", self.kernel)?;
        if !self.causal {
            refusal::odd("kernel", self.kernel)?;
        }
        refusal::probability("dropout", self.dropout)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        let mut stack = Stack::default();
        let (mut last, mut channels) = ("x".to_owned(), facts.item.first().copied().unwrap_or(0));
        for (i, &filters) in self.filters.iter().enumerate() {
            last = self.block(&mut stack, i, &last, (filters, filters != channels));
            channels = filters;
        }
        match self.pool {
            Steps::Mean => stack.named("steps", Layer::Transpose).named("mean", Layer::MeanOverTime), // [B, filters]
            Steps::All => stack.named("all", Layer::Flatten { axis: 1 }), // [B, filters * T]
        };
        Ok(stack.layers())
    }
}

impl ConvSeries {
    /// Adds a block behind the layer `start`, and gives the name of its last layer. `changes`: whether `start` has another size.
    fn block(
        &self,
        stack: &mut Stack,
        place: usize,
        start: &str,
        (filters, changes): (usize, bool),
    ) -> String {
        let of = |part: &str| format!("block{}_{part}", place + 1);
        let (mut last, dilation) = (start.to_owned(), 1 << place);
        for (part, layer) in self.way(1, filters, dilation).chain(self.way(2, filters, dilation)) {
            stack.behind(&[&last], of(&part), layer);
            last = of(&part);
        }
        let around = if changes { of("shortcut") } else { start.to_owned() };
        if changes {
            stack.behind(&[start], &around, convolution([filters, 1, 1], 0));
        }
        stack.behind(&[&last, &around], of("add"), Layer::Add).named(of("relu"), Layer::Relu);
        of("relu")
    }

    /// Convolution `number` of a block, with what stands in front of it and behind, by name.
    fn way(&self, number: usize, filters: usize, dilation: usize) -> impl Iterator<Item = (String, Layer)> {
        let reach = self.kernel.saturating_sub(1).saturating_mul(dilation);
        let past = Layer::Pad1d { before: reach, after: 0, mode: Padding::Zeros };
        let padding = if self.causal { 0 } else { reach / 2 };
        let layers = [
            ("pad", self.causal.then_some(past)),
            ("conv", Some(convolution([filters, self.kernel, dilation], padding))),
            ("relu", Some(Layer::Relu)),
            ("dropout", dropout(self.dropout)),
        ];
        layers.into_iter().filter_map(move |(part, layer)| Some((format!("{part}{number}"), layer?)))
    }
}

/// `sizes`: filters, kernel, dilation.
fn convolution([filters, kernel, dilation]: [usize; 3], padding: usize) -> Layer {
    Layer::Conv1d { filters, kernel, stride: 1, padding, dilation, groups: 1, bias: true }
}
