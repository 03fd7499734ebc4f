use baeum_core::{NetworkError, SourceError};

use crate::{CheckpointError, FailedStep};

/// Why training could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A setting of the recipe that cannot be.
    #[error("`{path}` must be {rule}, got {got}")]
    Setting {
        /// Where it stands in the recipe.
        path: String,
        /// What it must be.
        rule: String,
        /// What it is.
        got: String,
    },
    /// There is nothing to learn from.
    #[error("training wants at least one row in the train split, got none")]
    NoRows,
    /// The loss or the gradient is no longer a number, or the gradient is longer than `train.gradient_limit`. No weight was
    /// changed by it, and no checkpoint holds it.
    #[error(
        "could not go on in epoch {}, at step {}: {}; look for values out of range there, lower `train.learning_rate`, or set \
         `train.clip`",
        .0.epoch, .0.step, .0
    )]
    Diverged(Box<FailedStep>),
    /// Weights or moments are no longer finite, though the loss still is. No checkpoint holds them.
    #[error(
        "could not go on in epoch {epoch}: after step {step} `{tensor}` is not finite; \
         lower `train.learning_rate`, or set `train.clip`. There is no step to replay, because losses and gradients were finite, and weights \
         are looked at only where they are kept; with `train.checkpoint.every_steps = 1` the step that is named is the one that did it"
    )]
    NotFinite {
        /// The epoch, counted from zero.
        epoch: u32,
        /// The last update.
        step: u64,
        /// The first such tensor by name.
        tensor: String,
    },
    /// Every epoch ended with a validation loss that is no number, or without a value of a metric of `train.best`.
    #[error(
        "could not choose an epoch, because the validation loss was never finite{}; \
         look for values out of range in the valid split",
        if .metrics.is_empty() { String::new() } else { format!(", or the rows never defined {}", .metrics) }
    )]
    NoBest {
        /// The metrics of `train.best`, as a recipe has them; empty where the loss chooses.
        metrics: String,
    },
    /// The validation rows could not be scored.
    #[error("could not score the validation rows for `train.best`")]
    Judge(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Whoever scores them answered something else than was asked for.
    #[error("`train.best` wants the validation rows scored by {wanted}, got {got}")]
    Judged {
        /// The metrics asked for.
        wanted: String,
        /// The metrics that came.
        got: String,
    },
    /// What the network yields does not fit the targets.
    #[error("output {output} of the network wants {wanted}, got shape {got:?}")]
    Output {
        /// Which output, counted from zero.
        output: usize,
        /// The shape that fits the targets, in words.
        wanted: String,
        /// The shape it has.
        got: Vec<usize>,
    },
    /// The data could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The network could not go on.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The checkpoint to go on from does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint could not be kept.
    #[error("could not keep the checkpoint of step {step}")]
    Keep {
        /// How many updates it has behind it.
        step: u64,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl TrainError {
    /// The place in the recipe that is to blame, such as `train.learning_rate`; none if it is no setting.
    pub fn path(&self) -> Option<String> {
        match self {
            TrainError::Setting { path, .. } => Some(path.clone()),
            TrainError::NoRows
            | TrainError::Diverged(_)
            | TrainError::NotFinite { .. }
            | TrainError::NoBest { .. }
            | TrainError::Judge(_)
            | TrainError::Judged { .. }
            | TrainError::Output { .. }
            | TrainError::Source(_)
            | TrainError::Network(_)
            | TrainError::Checkpoint(_)
            | TrainError::Keep { .. } => None,
        }
    }
}
