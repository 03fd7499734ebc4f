use serde::Serialize;

use baeum_core::{Ended, EpochRecord};

/// What happened, for whoever watches: a bar, a log, TensorBoard, a tuner.
///
/// In this order: `Start`; for each epoch its `Step`s, `Epoch` and, where one is kept, `Checkpoint`; at last `End`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Training begins, or goes on.
    Start {
        /// The epoch it begins in, counted from zero.
        from_epoch: u32,
        /// How many epochs there are at most; the last one may be cut.
        epochs: u32,
        /// How many updates they have.
        steps: u64,
        /// How many updates an epoch has.
        steps_per_epoch: usize,
        /// How many training rows there are.
        rows: usize,
        /// How many minutes it may still take; none where it may take any.
        #[serde(skip_serializing_if = "Option::is_none")]
        minutes_left: Option<f64>,
    },
    /// One update was made.
    Step {
        /// The epoch it belongs to.
        epoch: u32,
        /// How many updates there were since the start, with this one.
        step: u64,
        /// Mean loss of the batch, before the update.
        loss: f64,
        /// Step size.
        learning_rate: f64,
        /// Length of the whole gradient before it was clipped.
        gradient_norm: f64,
        /// How many rows the batch had.
        rows: usize,
    },
    /// One pass over the training rows is over.
    Epoch {
        /// What it did.
        record: EpochRecord,
        /// Whether its weights are the best so far.
        is_best: bool,
    },
    /// The state of the training was kept.
    Checkpoint {
        /// The epoch in which, or before which, training would go on from it.
        epoch: u32,
        /// How many updates it has behind it.
        step: u64,
    },
    /// Training is over.
    End {
        /// Why.
        end: Ended,
        /// The best epoch; none if no epoch ended with a finite loss.
        best_epoch: Option<u32>,
    },
}

/// What a watcher answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Go,
    /// Keep a checkpoint and stop; what a `SIGTERM` becomes.
    Stop,
}

impl Signal {
    /// Whether training is to stop.
    pub fn is_stop(self) -> bool {
        self == Signal::Stop
    }
}
