use std::fmt::Display;
use std::ops::ControlFlow;

use baeum_core::{Adam, EpochRecord, Loss, Task, Update};

use crate::config::{
    AdamConfig, ClassWeights, Cosine, EarlyStopping, LossConfig, Optimizer, Sampler, Schedule, TrainConfig,
};
use crate::history::stale_epochs;
use crate::{End, TrainError, schedule};

/// Settings that were checked. [`TrainConfig::check`] is the only way to one, so the loop never doubts.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainPlan {
    said: TrainConfig,
}

/// What a number must be, and how to say it.
type Rule = (fn(f64) -> bool, &'static str);

const ABOVE_ZERO: Rule = (|x| x > 0.0, "above zero");
const NOT_NEGATIVE: Rule = (|x| x >= 0.0, "zero or more");
const BELOW_ONE: Rule = (|x| (0.0..1.0).contains(&x), "from 0 up to, but not reaching, 1");
const SHARE: Rule = (|x| (0.0..=1.0).contains(&x), "from 0 to 1");

impl TrainConfig {
    /// Refuses settings that cannot be, before any data is read.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for the first setting that is wrong.
    pub fn check(&self) -> Result<TrainPlan, TrainError> {
        require(self.epochs > 0, "epochs", ABOVE_ZERO.1, self.epochs)?;
        require(self.batch_size > 0, "batch_size", ABOVE_ZERO.1, self.batch_size)?;
        if let Some(rows) = self.micro_batch {
            let rule = format!("from 1 to `train.batch_size`, which is {}", self.batch_size);
            require((1..=self.batch_size).contains(&rows), "micro_batch", rule, rows)?;
        }
        self.optimizer.check()?;
        number("learning_rate", self.learning_rate, ABOVE_ZERO)?;
        self.schedule.check(self.epochs)?;
        if let Some(length) = self.clip {
            number("clip", length, ABOVE_ZERO)?;
        }
        if let Some(weights) = &self.class_weights {
            weights.check()?;
        }
        if let Some(LossConfig::CrossEntropy(said)) = &self.loss {
            number("loss.cross_entropy.smoothing", said.smoothing, BELOW_ONE)?;
        }
        if let Some(stop) = &self.early_stopping {
            require(stop.patience > 0, "early_stopping.patience", ABOVE_ZERO.1, stop.patience)?;
            number("early_stopping.min_delta", stop.min_delta, NOT_NEGATIVE)?;
        }
        require(self.checkpoint.every > 0, "checkpoint.every", ABOVE_ZERO.1, self.checkpoint.every)?;
        require(self.checkpoint.keep > 1, "checkpoint.keep", "2 or more", self.checkpoint.keep)?;
        Ok(TrainPlan { said: self.clone() })
    }
}

impl Optimizer {
    fn check(&self) -> Result<(), TrainError> {
        match self {
            Optimizer::Sgd(sgd) => {
                number("optimizer.sgd.momentum", sgd.momentum, BELOW_ONE)?;
                number("optimizer.sgd.weight_decay", sgd.weight_decay, NOT_NEGATIVE)
            }
            Optimizer::Adam(adam) => adam.check("optimizer.adam"),
            Optimizer::AdamW(adam) => adam.check("optimizer.adamw"),
        }
    }
}

impl AdamConfig {
    fn check(&self, path: &str) -> Result<(), TrainError> {
        number(&format!("{path}.beta1"), self.beta1, BELOW_ONE)?;
        number(&format!("{path}.beta2"), self.beta2, BELOW_ONE)?;
        number(&format!("{path}.eps"), self.eps, ABOVE_ZERO)?;
        number(&format!("{path}.weight_decay"), self.weight_decay.unwrap_or(0.0), NOT_NEGATIVE)
    }
}

impl Schedule {
    fn check(&self, epochs: u32) -> Result<(), TrainError> {
        match self {
            Schedule::Constant => Ok(()),
            Schedule::Cosine(Cosine { warmup_epochs, final_factor }) => {
                number("schedule.cosine.warmup_epochs", *warmup_epochs, NOT_NEGATIVE)?;
                let rule = format!("below `train.epochs`, which is {epochs}");
                require(
                    *warmup_epochs < f64::from(epochs),
                    "schedule.cosine.warmup_epochs",
                    rule,
                    warmup_epochs,
                )?;
                number("schedule.cosine.final_factor", *final_factor, SHARE)
            }
        }
    }
}

fn number(setting: &str, got: f64, (holds, rule): Rule) -> Result<(), TrainError> {
    require(got.is_finite(), setting, "a finite number", got)?;
    require(holds(got), setting, rule, got)
}

pub(crate) fn require(
    holds: bool,
    setting: &str,
    rule: impl Display,
    got: impl Display,
) -> Result<(), TrainError> {
    match holds {
        true => Ok(()),
        false => {
            let path = format!("train.{setting}");
            Err(TrainError::Setting { path, rule: rule.to_string(), got: got.to_string() })
        }
    }
}

impl TrainPlan {
    /// How often every training row is seen, at most.
    pub fn epochs(&self) -> u32 {
        self.said.epochs
    }

    /// How many rows make one update.
    pub fn batch_size(&self) -> usize {
        self.said.batch_size
    }

    /// How many rows go through the network at once.
    pub fn part_rows(&self) -> usize {
        self.said.micro_batch.unwrap_or(self.said.batch_size)
    }

    /// How many updates one pass over `rows` training rows takes.
    ///
    /// # Errors
    /// [`TrainError::NoRows`] if there are none.
    pub fn steps_per_epoch(&self, rows: usize) -> Result<usize, TrainError> {
        if rows > 0 { Ok(rows.div_ceil(self.said.batch_size)) } else { Err(TrainError::NoRows) }
    }

    /// How many checkpoints stay on disk; older ones may be removed.
    pub fn keep(&self) -> usize {
        self.said.checkpoint.keep
    }

    /// How often the rows of each label are seen.
    pub(crate) fn sampler(&self) -> Sampler {
        self.said.sampler
    }

    /// What rows count in the loss by their labels, as the recipe says it.
    pub(crate) fn class_weights(&self) -> Option<&ClassWeights> {
        self.said.class_weights.as_ref()
    }

    /// What is minimised for a task, where every row counts the same: the weights of classes are known from data alone.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the recipe asks for a loss or for weights that the task's targets cannot have.
    pub fn loss(&self, task: Task) -> Result<Loss, TrainError> {
        let wanted = task.loss();
        let said = match &self.said.loss {
            None => wanted.clone(),
            Some(LossConfig::CrossEntropy(said)) => {
                Loss::CrossEntropy { weights: vec![], smoothing: said.smoothing }
            }
            Some(LossConfig::BinaryCrossEntropy) => Loss::BinaryCrossEntropy,
            Some(LossConfig::Mse) => Loss::Mse,
        };
        let rule = format!("`{}`, because the task is `{}`", wanted.name(), task.name());
        require(said.name() == wanted.name(), "loss", rule, format!("`{}`", said.name()))?;
        self.class_weights().map_or(Ok(()), |weights| weights.refuse_for(task))?;
        Ok(said)
    }

    /// The step size of the update behind the first `step` ones.
    pub fn learning_rate(&self, step: u64, steps_per_epoch: usize) -> f64 {
        self.said.learning_rate
            * schedule::factor(&self.said.schedule, step, steps_per_epoch, self.said.epochs)
    }

    /// A step as large as any: what it keeps for each parameter is what every other keeps.
    pub fn largest_update(&self) -> Update {
        self.update(self.said.learning_rate)
    }

    /// One optimizer step of this size.
    pub(crate) fn update(&self, learning_rate: f64) -> Update {
        let clip = self.said.clip;
        let adam = |adam: &AdamConfig, default| Adam {
            learning_rate,
            beta1: adam.beta1,
            beta2: adam.beta2,
            eps: adam.eps,
            weight_decay: adam.weight_decay.unwrap_or(default),
            clip,
        };
        match &self.said.optimizer {
            Optimizer::Sgd(sgd) => {
                Update::Sgd { learning_rate, momentum: sgd.momentum, weight_decay: sgd.weight_decay, clip }
            }
            Optimizer::Adam(said) => Update::Adam(adam(said, 0.0)),
            Optimizer::AdamW(said) => Update::AdamW(adam(said, 0.01)),
        }
    }

    /// The epoch behind those of `history`, or why there is none.
    pub(crate) fn next_epoch(&self, history: &[EpochRecord]) -> ControlFlow<End, u32> {
        let epoch = history.len() as u32;
        let is_stale = |stop: &EarlyStopping| stale_epochs(history, stop.min_delta) >= stop.patience;
        if epoch >= self.said.epochs {
            ControlFlow::Break(End::Done)
        } else if self.said.early_stopping.as_ref().is_some_and(is_stale) {
            ControlFlow::Break(End::EarlyStop)
        } else {
            ControlFlow::Continue(epoch)
        }
    }

    /// Whether the state behind the epochs of `history` is to be kept.
    pub(crate) fn is_due(&self, history: &[EpochRecord]) -> bool {
        let epochs = history.len() as u32;
        epochs.is_multiple_of(self.said.checkpoint.every) || self.next_epoch(history).is_break()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{CheckpointConfig, CrossEntropyConfig, EarlyStopping, SgdConfig};

    #[track_caller]
    fn check(said: TrainConfig, path: &str, expect: &str) {
        let error = said.check().unwrap_err();
        assert_eq!(error.to_string(), format!("`{path}` {expect}"));
        assert_eq!(error.path().as_deref(), Some(path));
    }

    fn said() -> TrainConfig {
        TrainConfig::default()
    }

    fn sgd(momentum: f64, weight_decay: f64) -> TrainConfig {
        TrainConfig { optimizer: Optimizer::Sgd(SgdConfig { momentum, weight_decay }), ..said() }
    }

    fn adam(adam: AdamConfig) -> TrainConfig {
        TrainConfig { optimizer: Optimizer::Adam(adam), ..said() }
    }

    fn cosine(warmup_epochs: f64, final_factor: f64) -> TrainConfig {
        TrainConfig { schedule: Schedule::Cosine(Cosine { warmup_epochs, final_factor }), ..said() }
    }

    #[test]
    fn defaults_are_allowed() {
        assert_eq!(said().check().unwrap().said, said());
    }

    #[test]
    fn sizes_must_be_there() {
        check(TrainConfig { epochs: 0, ..said() }, "train.epochs", "must be above zero, got 0");
        check(TrainConfig { batch_size: 0, ..said() }, "train.batch_size", "must be above zero, got 0");
        let micro = |rows| TrainConfig { micro_batch: Some(rows), ..said() };
        check(micro(0), "train.micro_batch", "must be from 1 to `train.batch_size`, which is 64, got 0");
        check(micro(65), "train.micro_batch", "must be from 1 to `train.batch_size`, which is 64, got 65");
        assert_eq!(micro(64).check().unwrap().part_rows(), 64);
        let stop = |patience, min_delta| TrainConfig {
            early_stopping: Some(EarlyStopping { patience, min_delta }),
            ..said()
        };
        check(stop(0, 0.0), "train.early_stopping.patience", "must be above zero, got 0");
        check(stop(1, -1e-4), "train.early_stopping.min_delta", "must be zero or more, got -0.0001");
        let keep = |every, keep| TrainConfig { checkpoint: CheckpointConfig { every, keep }, ..said() };
        check(keep(0, 2), "train.checkpoint.every", "must be above zero, got 0");
        check(keep(1, 1), "train.checkpoint.keep", "must be 2 or more, got 1");
    }

    #[test]
    fn numbers_must_make_sense() {
        let rate = |learning_rate| TrainConfig { learning_rate, ..said() };
        check(rate(-0.1), "train.learning_rate", "must be above zero, got -0.1");
        check(rate(0.0), "train.learning_rate", "must be above zero, got 0");
        check(rate(f64::NAN), "train.learning_rate", "must be a finite number, got NaN");
        check(rate(f64::INFINITY), "train.learning_rate", "must be a finite number, got inf");
        check(TrainConfig { clip: Some(0.0), ..said() }, "train.clip", "must be above zero, got 0");
        check(
            sgd(1.0, 0.0),
            "train.optimizer.sgd.momentum",
            "must be from 0 up to, but not reaching, 1, got 1",
        );
        check(sgd(0.0, -1.0), "train.optimizer.sgd.weight_decay", "must be zero or more, got -1");
        let beta = AdamConfig { beta2: -0.5, ..AdamConfig::default() };
        check(
            adam(beta),
            "train.optimizer.adam.beta2",
            "must be from 0 up to, but not reaching, 1, got -0.5",
        );
        check(
            adam(AdamConfig { eps: 0.0, ..AdamConfig::default() }),
            "train.optimizer.adam.eps",
            "must be above zero, got 0",
        );
        let decay = AdamConfig { weight_decay: Some(f64::NAN), ..AdamConfig::default() };
        let decoupled = TrainConfig { optimizer: Optimizer::AdamW(decay), ..said() };
        check(decoupled, "train.optimizer.adamw.weight_decay", "must be a finite number, got NaN");
        check(
            cosine(30.0, 0.0),
            "train.schedule.cosine.warmup_epochs",
            "must be below `train.epochs`, which is 30, got 30",
        );
        check(cosine(-1.0, 0.0), "train.schedule.cosine.warmup_epochs", "must be zero or more, got -1");
        check(cosine(0.0, 1.5), "train.schedule.cosine.final_factor", "must be from 0 to 1, got 1.5");
    }

    #[test]
    fn smoothing_leaves_something_to_learn() {
        let smoothing = |smoothing| {
            let loss = Some(LossConfig::CrossEntropy(CrossEntropyConfig { smoothing }));
            TrainConfig { loss, ..said() }
        };
        let (path, rule) =
            ("train.loss.cross_entropy.smoothing", "must be from 0 up to, but not reaching, 1");
        check(smoothing(1.0), path, &format!("{rule}, got 1"));
        check(smoothing(-0.1), path, &format!("{rule}, got -0.1"));
        let wanted = Loss::CrossEntropy { weights: vec![], smoothing: 0.1 };
        assert_eq!(smoothing(0.1).check().unwrap().loss(Task::Classify).unwrap(), wanted);
    }

    #[test]
    fn the_loss_fits_the_task() {
        let plan = said().check().unwrap();
        assert_eq!(plan.loss(Task::Classify).unwrap(), Loss::CROSS_ENTROPY);
        assert_eq!(plan.loss(Task::Regress).unwrap(), Loss::Mse);
        assert_eq!(plan.loss(Task::MultiLabel).unwrap(), Loss::BinaryCrossEntropy);
        let plan = TrainConfig { loss: Some(LossConfig::Mse), ..said() }.check().unwrap();
        assert_eq!(plan.loss(Task::Regress).unwrap(), Loss::Mse);
        let error = plan.loss(Task::Classify).unwrap_err();
        let text = "`train.loss` must be `cross_entropy`, because the task is `classify`, got `mse`";
        assert_eq!(error.to_string(), text);
        let error = plan.loss(Task::MultiLabel).unwrap_err();
        let text =
            "`train.loss` must be `binary_cross_entropy`, because the task is `multi_label`, got `mse`";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn an_update_has_the_numbers_of_the_recipe() {
        let update = |said: TrainConfig| TrainConfig { clip: Some(2.0), ..said }.check().unwrap().update(0.5);
        let (learning_rate, clip) = (0.5, Some(2.0));
        assert_eq!(
            update(sgd(0.8, 0.1)),
            Update::Sgd { learning_rate, momentum: 0.8, weight_decay: 0.1, clip }
        );
        let numbers = Adam { learning_rate, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0, clip };
        assert_eq!(update(adam(AdamConfig::default())), Update::Adam(numbers));
        assert_eq!(update(said()), Update::AdamW(Adam { weight_decay: 0.01, ..numbers }));
    }

    #[test]
    fn checkpoints_are_due_at_their_turn_and_at_the_end() {
        let record =
            |epoch| EpochRecord { epoch, step: 0, train_loss: 1.0, valid_loss: None, learning_rate: 1.0 };
        let due = |said: TrainConfig, epochs| {
            said.check().unwrap().is_due(&(0..epochs).map(record).collect::<Vec<_>>())
        };
        let said = TrainConfig { epochs: 5, checkpoint: CheckpointConfig { every: 3, keep: 2 }, ..said() };
        assert_eq!(
            [1, 2, 3, 4, 5].map(|epochs| due(said.clone(), epochs)),
            [false, false, true, false, true]
        );
        let stop =
            TrainConfig { early_stopping: Some(EarlyStopping { patience: 1, min_delta: 0.0 }), ..said };
        assert!(due(stop, 2), "the losses are equal, so the second epoch is the last");
    }
}
