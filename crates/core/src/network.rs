use std::collections::BTreeMap;

use crate::{Batch, Tensor, TensorError};

/// What to minimise. `train` chooses, the network computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// Between logits `[B, K]` and class indices `[B]`, in nats, as PyTorch's `CrossEntropyLoss`: a row of class `t` adds
    /// `w_t (1 - s) nll_t + s / K * sum of w_c nll_c`, and the sum is divided by the sum of the `w_t`.
    ///
    /// Or between logits and probabilities `[B, K]` of f32, as two examples mixed into one have them: a row adds the sum of
    /// `w_c ((1 - s) p_c + s / K) nll_c`, and the sum is divided by the sum of all `w_c p_c`, where PyTorch divides by the rows.
    CrossEntropy {
        /// What a row counts by its class, `w` of `[K]`; every row counts 1 if it is empty.
        weights: Vec<f32>,
        /// How much of a label's probability is spread over all classes evenly, `s`; 0 for none (Szegedy et al. 2016).
        smoothing: f64,
    },
    /// Between logits `[B, K]` and how much each label fits, `[B, K]` from 0 to 1, in nats, averaged over all of them, as
    /// PyTorch's `BCEWithLogitsLoss`: `-t ln(p) - (1 - t) ln(1 - p)` with `p = sigmoid(logit)`.
    BinaryCrossEntropy,
    /// Squared error between numbers `[B, n]` and `[B, n]`, averaged over all of them.
    Mse,
}

impl Loss {
    /// Cross-entropy where every row counts the same and nothing is smoothed.
    pub const CROSS_ENTROPY: Loss = Loss::CrossEntropy { weights: vec![], smoothing: 0.0 };

    /// The name used in recipes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "cross_entropy",
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::Mse => "mse",
        }
    }
}

/// One optimizer step, with this step's numbers. `train` chooses, the network computes.
///
/// Each means what PyTorch's optimizer of that name means. `clip` is the longest gradient that passes as it is; a longer
/// one is scaled down to that length (`torch.nn.utils.clip_grad_norm_`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    /// `v = momentum v + g; w -= learning_rate v`, the first `v` being `g`; decay is added to the gradient.
    Sgd {
        /// Step size.
        learning_rate: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Pull towards zero.
        weight_decay: f64,
        /// Longest gradient that passes.
        clip: Option<f64>,
    },
    /// Kingma & Ba 2015; decay is added to the gradient.
    Adam(Adam),
    /// Loshchilov & Hutter 2019: as Adam, but decay shrinks the weights apart from the gradient.
    AdamW(Adam),
}

/// The numbers of Adam and AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f64,
    /// Share of the old mean of gradients that is kept.
    pub beta1: f64,
    /// Share of the old mean of squared gradients that is kept.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
    /// Pull towards zero.
    pub weight_decay: f64,
    /// Longest gradient that passes.
    pub clip: Option<f64>,
}

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
}

/// What an optimizer step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateStats {
    /// The length of the whole gradient, before it was clipped. If it is not finite nothing was changed.
    pub gradient_norm: f64,
}

impl UpdateStats {
    /// Whether the step was left out because the gradient was not finite.
    pub fn skipped(&self) -> bool {
        !self.gradient_norm.is_finite()
    }
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

    /// Clips, then takes one optimizer step over the network's own parameters.
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
