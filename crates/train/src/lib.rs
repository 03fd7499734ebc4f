//! The third stage: a network and examples in, the network learned.
//!
//! ```
//! use baeum_train::{TrainConfig, TrainError};
//!
//! let said = TrainConfig { epochs: 3, learning_rate: -0.1, ..TrainConfig::default() };
//! let error = said.check().map(|_plan| ()).unwrap_err();
//! assert_eq!(error.to_string(), "`train.learning_rate` must be above zero, got -0.1");
//! assert_eq!(error.path().as_deref(), Some("train.learning_rate"));
//! ```
//!
//! [`TrainConfig`] is what a recipe says and [`TrainPlan`] what it means. [`fit`] is the loop: it computes nothing by
//! itself but asks a [`Network`], tells a watcher each [`Event`], and hands over a [`Checkpoint`] to keep. It prints
//! nothing and opens no file, and asks a clock only for what the recipe says in minutes. In reading order:

mod config;
mod event;
mod history;
mod plan;
mod schedule;

mod best;
mod checkpoint;
mod class_weights;
mod error;
mod failed;
mod fit;
mod heads;
mod loss;
mod objective;
mod optimizer;
mod rate;
mod row_labels;
mod sampler;
mod step;
mod time;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod testing;

pub use best::Judge;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use config::{
    AdamConfig, CheckpointConfig, ClassWeights, Cooldown, CrossEntropyConfig, Descent, EarlyStopping,
    HeadConfig, Huber, LionConfig, LossConfig, MuonConfig, OneCycle, Optimizer, Plateau, Quantile,
    RmsPropConfig, Sampler, Schedule, SgdConfig, StepDown, TrainConfig,
};
pub use error::TrainError;
pub use event::{Event, Signal};
pub use failed::{FailedHead, FailedStep, FailedStepError, Finding};
pub use fit::{Best, Fitted, Keep, Look, Outside, Watch, fit};
pub use history::{best_epoch, judged_loss};
pub use plan::TrainPlan;
pub use rate::{RateRange, RateRangeError, find_rate};
pub use sampler::drawn;
pub use step::fewest_at_once;

// The words of `baeum-core` that a network or a source written by hand needs, so that this crate alone is enough.
pub use baeum_core::{
    Adam, Batch, Clock, DType, Data, Dataset, Decayed, Decode, Ended, EpochRecord, Expected, HeadLoss,
    HeadMetric, InputSpec, Limits, Loss, LossParts, Method, MetricName, Network, NetworkError, Part, Probes,
    RateCurve, RatePoint, Record, Rng, Schema, Scored, Source, SourceError, Splits, State, Target,
    TargetStats, Task, Tensor, TensorError, Update, UpdateStats, Weights, clock::SystemClock,
    tagged::Several,
};
