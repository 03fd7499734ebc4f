mod lost;

use std::collections::BTreeMap;

use crate::{Batch, Loss, Tensor, TensorError, Update};

pub use lost::{Lost, LostWhat};

/// Which part of a batch this is, when the whole does not fit into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Counted from zero.
    pub index: usize,
    /// How many parts make the batch.
    pub count: usize,
    /// Where its first row stands in the batch; random draws go by it, so that parts draw what the whole would.
    pub first_row: usize,
}

impl Part {
    /// The batch in one piece.
    pub const WHOLE: Part = Part { index: 0, count: 1, first_row: 0 };
}

/// What a part adds to the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossParts {
    /// The loss, summed.
    pub sum: f64,
    /// What to divide the sum by: examples, each by the weight of its class, or numbers or labels.
    pub weight: f64,
}

impl LossParts {
    /// The loss of an average example; NaN if there was none.
    pub fn mean(&self) -> f64 {
        self.sum / self.weight
    }

    /// Both together.
    pub fn add(&mut self, other: LossParts) {
        self.sum += other.sum;
        self.weight += other.weight;
    }

    /// Adds what an output loses over so many rows. Where outputs have losses of their own, the mean of it counts `weight` times
    /// for each row, so that parts of a batch add up to what the whole would lose. Gives what its gradient is to be multiplied by.
    pub fn add_output(&mut self, lost: LossParts, weight: Option<f64>, rows: usize) -> f64 {
        let Some(weight) = weight else {
            self.add(lost);
            return 1.0;
        };
        let factor = if lost.weight > 0.0 { weight * rows as f64 / lost.weight } else { 0.0 };
        self.sum += lost.sum * factor;
        self.weight = rows as f64;
        factor
    }
}

/// What an optimizer step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateStats {
    /// The length of the whole gradient, before it was clipped. If the update does not take it ([`Update::takes`]) nothing was
    /// changed.
    pub gradient_norm: f64,
}

/// All that a network must keep to go on later, bit for bit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// How many updates there were; random draws and Adam's corrections go by it.
    pub step: u64,
    /// Parameters and running statistics, by full name.
    pub weights: BTreeMap<String, Tensor>,
    /// The optimizer's moments, by the parameter's full name and the moment's (`conv1.weight.exp_avg`); none before the
    /// first update.
    pub moments: BTreeMap<String, Tensor>,
}

impl State {
    /// What a running average of a parameter is called among the moments.
    pub const AVERAGE: &str = "ema";

    /// The weights, each with its running average in its place if it has one.
    pub fn averaged(&self) -> BTreeMap<String, Tensor> {
        let average = |name: &str| self.moments.get(&format!("{name}.{}", State::AVERAGE));
        let either =
            |(name, tensor): (&String, &Tensor)| (name.clone(), average(name).unwrap_or(tensor).clone());
        self.weights.iter().map(either).collect()
    }
}

/// Why a network could not go on.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A batch without an input that the network has.
    #[error("the network wants input `{name}`, got a batch without it")]
    Input {
        /// The input.
        name: String,
    },
    /// A batch without a target for an output.
    #[error("the network wants {wanted} targets, got {got}")]
    Targets {
        /// How many outputs it has.
        wanted: usize,
        /// How many targets came.
        got: usize,
    },
    /// A class index that is none.
    #[error("row {row} of the batch wants a class below {classes}, got {got}")]
    Class {
        /// The row in the batch.
        row: usize,
        /// How many classes there are.
        classes: usize,
        /// What came.
        got: i64,
    },
    /// Weights for other classes than there are.
    #[error("the loss wants one weight for each of {wanted} classes, got {got}")]
    ClassWeights {
        /// How many classes there are.
        wanted: usize,
        /// How many weights came.
        got: usize,
    },
    /// A focal loss against probabilities.
    #[error(
        "a loss with `gamma` {gamma} wants class indices, got probabilities; set `gamma` to 0, or mix no examples"
    )]
    Focal {
        /// How much less a sure row counts.
        gamma: f64,
    },
    /// A loss for other outputs than there are.
    #[error("the loss wants one head for each output of the network, got {got}")]
    Heads {
        /// How many heads the loss has.
        got: usize,
    },
    /// An id that is not in the vocabulary of an embedding.
    #[error("node `{node}` wants ids below {vocabulary}, got {got}")]
    Id {
        /// The embedding.
        node: String,
        /// How many ids there are.
        vocabulary: usize,
        /// What came.
        got: i64,
    },
    /// A state of another network.
    #[error("the network wants `{name}` of shape {wanted:?}, got {got:?}")]
    State {
        /// The tensor.
        name: String,
        /// Its sizes here.
        wanted: Vec<usize>,
        /// The sizes that came; none if it is missing.
        got: Option<Vec<usize>>,
    },
    /// A tensor with wrong sizes or of a wrong type.
    #[error("the network wants tensors that fit")]
    Tensor(#[from] TensorError),
    /// The library below failed.
    #[error("could not compute {what}")]
    Backend {
        /// What was being computed.
        what: String,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Something that can be trained and scored: our graphs, or a network written by hand.
///
/// Parameters, gradients and moments stay where the network keeps them; nobody else holds one.
pub trait Network {
    /// What the network yields for a batch, one tensor `[rows, ..]` for each output; learns nothing. Lent until the next
    /// call, so that a network may keep its buffers.
    ///
    /// # Errors
    /// [`NetworkError`] if the batch does not fit.
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError>;

    /// Adds the gradients of one part to those that the network keeps. Part 0 starts from zero.
    ///
    /// # Errors
    /// [`NetworkError`] if the batch does not fit; the gradients are then undefined until a part 0 comes.
    fn loss_and_grad(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<LossParts, NetworkError>;

    /// Walks over a part as [`Network::loss_and_grad`] does, looks at every number, and says what the first one is that is not
    /// finite; none if all are, or if the network cannot tell. Asked only when something has gone wrong, so it may be slow.
    ///
    /// # Errors
    /// As [`Network::loss_and_grad`].
    fn first_lost(&mut self, _: &Batch, _: &Loss, _: Part) -> Result<Option<Lost>, NetworkError> {
        Ok(None)
    }

    /// Clips, then takes one optimizer step over the network's own parameters; leaves it out if the update does not take the
    /// gradient.
    ///
    /// # Errors
    /// [`NetworkError`] if there is no gradient to go by.
    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError>;

    /// What [`Network::load`] needs to go on from here, bit for bit.
    ///
    /// # Errors
    /// [`NetworkError`] if the device does not hand its numbers over.
    fn state(&self) -> Result<State, NetworkError>;

    /// Goes on from `state`.
    ///
    /// # Errors
    /// [`NetworkError::State`] names the tensor that does not fit; the network is then as before.
    fn load(&mut self, state: &State) -> Result<(), NetworkError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_stand_in_for_their_weights() {
        let tensors = |named: &[(&str, f32)]| -> BTreeMap<String, Tensor> {
            named.iter().map(|(name, x)| ((*name).to_owned(), Tensor::scalar(*x))).collect()
        };
        let weights = tensors(&[("norm.running_mean", 1.0), ("norm.weight", 2.0)]);
        let state = State { weights: weights.clone(), ..State::default() };
        assert_eq!(state.averaged(), weights);
        let moments = tensors(&[("norm.weight.ema", 3.0), ("norm.weight.exp_avg", 4.0)]);
        let averaged = State { moments, ..state }.averaged();
        assert_eq!(averaged, tensors(&[("norm.running_mean", 1.0), ("norm.weight", 3.0)]));
    }
}
