use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Graph, Predictor, Scored, Weights};

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

/// Why training is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Every epoch was seen.
    #[default]
    Done,
    /// Nothing that is waited for got better any more.
    EarlyStop,
    /// The minutes it was given had run out; the last epoch went as far as they did.
    OutOfTime,
    /// A watcher asked for it; the last checkpoint goes on exactly here.
    Stopped,
}

/// What one epoch did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What these rows score by the metrics that choose the best epoch, the most important one first; empty where the loss alone
    /// does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid_metrics: Vec<Scored>,
    /// Step size at the end of the epoch.
    pub learning_rate: f64,
}

/// An epoch that was not the best one, but nearly.
#[derive(Clone, Debug, PartialEq)]
pub struct RunnerUp {
    /// Counted from zero.
    pub epoch: u32,
    /// What the network knew then.
    pub weights: Weights,
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
    /// The next best epochs, the better first, if more than one was to be kept.
    pub runners_up: Vec<RunnerUp>,
    /// Why training was over.
    pub end: Ended,
    /// What a row counted in the loss by its label, or a label that fitted, each behind its target where there are several; empty where
    /// all counted the same.
    pub class_weights: BTreeMap<String, f32>,
    /// How many rows of each label an epoch has drawn; empty where it has seen each row once.
    pub drawn: BTreeMap<String, usize>,
}
