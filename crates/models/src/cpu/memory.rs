//! How much memory a training takes, told before it begins.

use baeum_core::{Graph, Rng, Update};

use super::plan::{Group, Params, Plan, Purpose};
use crate::rule::Rule;

/// The memory of a training on the processor in bytes, beside the program and its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Parameters and running statistics.
    pub weights: u64,
    /// Their gradients, what the optimizer keeps for each, and what it works with.
    pub learning: u64,
    /// What the layers yield and keep for the way back, for as many rows as go through the network at once.
    pub values: u64,
    /// The copy that a checkpoint is, with the weights of the best epoch, as numbers and as the bytes of its files.
    pub checkpoint: u64,
}

impl Memory {
    /// What a network takes that learns in such steps from so many rows at once.
    pub fn of(graph: &Graph, update: &Update, rows: usize) -> Memory {
        let params = Params::of(graph);
        let bytes = |numbers: usize| (numbers * size_of::<f32>()) as u64;
        let rule = |group: &Group| Rule::of(update, group.role, 1.0, 1.0, 1);
        let average = usize::from(update.ema.is_some());
        let kept = |group: &Group| group.span.len() * (rule(group).moments().len() + average);
        let work = params.groups.iter().map(|group| rule(group).work(&group.matrices)).max().unwrap_or(0);
        let len = |purpose| Plan::of(graph, &params, &Rng::new(0), purpose, rows).len;
        let weights = bytes(params.learned + params.running);
        let moments = bytes(params.groups.iter().map(kept).sum());
        Memory {
            weights,
            learning: bytes(params.learned + work) + moments,
            values: bytes(len(Purpose::Train).max(len(Purpose::Predict))),
            checkpoint: 2 * (2 * weights + moments),
        }
    }

    /// All of it.
    pub fn total(self) -> u64 {
        self.weights + self.learning + self.values + self.checkpoint
    }
}

#[cfg(test)]
mod tests {
    use baeum_core::{Adam, DType, Layer, Method};

    use super::*;
    use crate::testing::chain;

    #[test]
    fn it_counts_what_is_kept_for_each_parameter_and_each_row() {
        let graph = chain(&[8], DType::F32, vec![Layer::Dense { units: 16, bias: true }]);
        let step = |method| Update::of(method, 0.1);
        let sgd = step(Method::Sgd { momentum: 0.0, nesterov: false });
        let adam = step(Method::Adam(Adam::USUAL));
        let averaged = Memory::of(&graph, &Update { ema: Some(0.9), ..adam }, 4);
        let (plain, adam) = (Memory::of(&graph, &sgd, 4), Memory::of(&graph, &adam, 4));
        let weights = plain.weights;
        assert!(weights >= 4 * (8 * 16 + 16), "the head comes on top: {weights}");
        assert_eq!((plain.learning, plain.checkpoint), (weights, 4 * weights));
        assert_eq!((adam.weights, adam.learning, adam.checkpoint), (weights, 3 * weights, 8 * weights));
        assert_eq!(averaged.learning, 4 * weights);
        assert_eq!(plain.values, adam.values);
        let wide = Memory::of(&graph, &sgd, 64);
        assert!(wide.values >= 4 * 64 * (8 + 16) && wide.values > 8 * plain.values, "{wide:?} {plain:?}");
        assert_eq!(wide.total(), wide.values + 6 * weights);
    }
}
