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

/// One step of a search for a learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatePoint {
    /// The step size.
    pub rate: f64,
    /// The loss of its batch, before the step.
    pub loss: f64,
    /// The running mean of the losses so far, free of its start (Kingma & Ba 2015, section 3).
    pub mean: f64,
}

/// What a search for a learning rate found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateCurve {
    /// Step by step, as far as the loss was a number.
    pub points: Vec<RatePoint>,
    /// Whether the search ended before its last step, because the loss had become too large.
    pub is_cut: bool,
    /// The step size that the recipe says.
    pub said: f64,
}

impl RateCurve {
    /// How many steps make a running mean that says something, and the fewest that a search takes.
    pub const FEWEST: usize = 10;

    /// What the running mean must come down to, of where it stood behind the first steps, for the loss to have fallen: noise takes a
    /// few hundredths.
    const FALLEN: f64 = 0.9;

    /// How far below the step size of the lowest loss the suggestion stands.
    const BELOW: f64 = 10.0;

    /// Where the running mean is lowest, the first of equals.
    pub fn lowest(&self) -> Option<&RatePoint> {
        self.points.iter().min_by(|a, b| a.mean.total_cmp(&b.mean))
    }

    /// A tenth of the step size at which the running mean of the loss is lowest, which lies well before the loss rises again
    /// (the rule of fastai's finder; Howard & Gugger 2020, "fastai: A Layered API for Deep Learning"). None if it did not fall by
    /// a tenth of what it was behind the first ten steps.
    pub fn suggested(&self) -> Option<f64> {
        let (first, lowest) = (self.points.get(Self::FEWEST - 1)?, self.lowest()?);
        (lowest.mean < Self::FALLEN * first.mean).then_some(lowest.rate / Self::BELOW)
    }
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
    /// How the untrained network answered to growing step sizes, if that was asked for.
    pub rates: Option<RateCurve>,
}
