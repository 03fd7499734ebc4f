use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Graph, Predictor, Weights};

/// What `models` hands on: a network described, and where its parameters start.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The layers.
    pub graph: Graph,
    /// Their parameters and running statistics.
    pub weights: Weights,
    /// What was taken over from another network, by its name here, and what it is called there; empty where all starts fresh.
    pub taken: BTreeMap<String, String>,
}

/// What one epoch did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// Counted from zero.
    pub epoch: u32,
    /// How many updates there were since the start.
    pub step: u64,
    /// Mean loss over the batches of the epoch, as they were met while learning.
    pub train_loss: f64,
    /// Mean loss over the validation rows after the epoch; none without such rows.
    pub valid_loss: Option<f64>,
    /// Step size at the end of the epoch.
    pub learning_rate: f64,
}

/// What `train` hands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// What was learned, with the weights of the best epoch.
    pub predictor: Predictor,
    /// Epoch by epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose weights were kept.
    pub best_epoch: u32,
    /// What a row counted in the loss, by its label; empty where all counted the same.
    pub class_weights: BTreeMap<String, f32>,
}
