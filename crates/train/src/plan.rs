use std::fmt::Display;
use std::ops::ControlFlow;
use std::time::Duration;

use baeum_core::{Ended, EpochRecord, Expected, HeadMetric, Loss, Task, Update};

use crate::class_weights::SETTING;
use crate::config::{BATCH_SIZE, CheckpointConfig, ClassWeights, EarlyStopping, Sampler, TrainConfig};
use crate::history::stale_epochs;
use crate::time::{Stopwatch, minutes};
use crate::{TrainError, best, heads, schedule};

/// Settings that were checked. [`TrainConfig::check`] is the only way to one, so the loop never doubts.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainPlan {
    said: TrainConfig,
}

/// What a number must be, and how to say it.
pub(crate) type Rule = (fn(f64) -> bool, &'static str);

pub(crate) const ABOVE_ZERO: Rule = (|x| x > 0.0, "above zero");
pub(crate) const NOT_NEGATIVE: Rule = (|x| x >= 0.0, "zero or more");
pub(crate) const BELOW_ONE: Rule = (|x| (0.0..1.0).contains(&x), "from 0 up to, but not reaching, 1");
pub(crate) const SHARE: Rule = (|x| (0.0..=1.0).contains(&x), "from 0 to 1");
pub(crate) const UP_TO_ONE: Rule = (|x| x > 0.0 && x <= 1.0, "above zero, up to 1");
pub(crate) const BETWEEN: Rule = (|x| x > 0.0 && x < 1.0, "above zero and below 1");

impl TrainConfig {
    /// Refuses settings that cannot be, before any data is read.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for the first setting that is wrong.
    pub fn check(&self) -> Result<TrainPlan, TrainError> {
        require(self.epochs > 0, "epochs", ABOVE_ZERO.1, self.epochs)?;
        if let Some(steps) = self.max_steps {
            require(steps > 0, "max_steps", ABOVE_ZERO.1, steps)?;
        }
        if let Some(minutes) = self.max_minutes {
            number("max_minutes", minutes, ABOVE_ZERO)?;
        }
        require(self.batch_size > 0, "batch_size", ABOVE_ZERO.1, self.batch_size)?;
        if let Some(rows) = self.micro_batch {
            let rule = format!("from 1 to `train.batch_size`, which is {}", self.batch_size);
            require((1..=self.batch_size).contains(&rows), "micro_batch", rule, rows)?;
        }
        self.optimizer.check()?;
        number("learning_rate", self.learning_rate, ABOVE_ZERO)?;
        number("warmup_epochs", self.warmup_epochs, NOT_NEGATIVE)?;
        let rule = format!("below `train.epochs`, which is {}", self.epochs);
        require(self.warmup_epochs < f64::from(self.epochs), "warmup_epochs", rule, self.warmup_epochs)?;
        self.schedule.check(self.warmup_epochs)?;
        if let Some(length) = self.clip {
            number("clip", length, ABOVE_ZERO)?;
        }
        if let Some(length) = self.gradient_limit {
            number("gradient_limit", length, ABOVE_ZERO)?;
        }
        if let Some(share) = self.ema {
            number("ema", share, BETWEEN)?;
        }
        if let Some(weights) = &self.class_weights {
            weights.check(SETTING)?;
        }
        if let Some(loss) = &self.loss {
            loss.check("loss")?;
        }
        heads::check(&self.heads)?;
        best::check(&self.best.0)?;
        if let Some(stop) = &self.early_stopping {
            require(stop.patience > 0, "early_stopping.patience", ABOVE_ZERO.1, stop.patience)?;
            number("early_stopping.min_delta", stop.min_delta, NOT_NEGATIVE)?;
        }
        if let Some(epochs) = self.checkpoint.every {
            require(epochs > 0, "checkpoint.every", ABOVE_ZERO.1, epochs)?;
        }
        if let Some(steps) = self.checkpoint.every_steps {
            require(steps > 0, "checkpoint.every_steps", ABOVE_ZERO.1, steps)?;
        }
        if let Some(minutes) = self.checkpoint.every_minutes {
            number("checkpoint.every_minutes", minutes, ABOVE_ZERO)?;
        }
        require(self.checkpoint.keep > 1, "checkpoint.keep", "2 or more", self.checkpoint.keep)?;
        require(self.checkpoint.best > 0, "checkpoint.best", ABOVE_ZERO.1, self.checkpoint.best)?;
        Ok(TrainPlan { said: self.clone() })
    }
}

pub(crate) fn number(setting: &str, got: f64, (holds, rule): Rule) -> Result<(), TrainError> {
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
    /// [`TrainError::NoRows`] if there are none; [`TrainError::Setting`] if a batch wants more than there are, beyond the
    /// default, with which few rows are one batch, unless those that fill none are left out.
    pub fn steps_per_epoch(&self, rows: usize) -> Result<usize, TrainError> {
        if rows == 0 {
            return Err(TrainError::NoRows);
        }
        let rule = format!("up to {rows}, as many as an epoch has rows");
        let TrainConfig { batch_size, drop_last, .. } = self.said;
        let most = if drop_last { rows } else { rows.max(BATCH_SIZE) };
        require(batch_size <= most, "batch_size", rule, batch_size)?;
        Ok(if drop_last { rows / batch_size } else { rows.div_ceil(batch_size) })
    }

    /// How many updates training takes at most.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the recipe says more than its epochs have, or a warmup that they do not reach the end of.
    pub fn steps(&self, steps_per_epoch: usize) -> Result<u64, TrainError> {
        let TrainConfig { epochs, max_steps, warmup_epochs, .. } = self.said;
        let of_epochs = self.steps_of_epochs(steps_per_epoch);
        let Some(most) = max_steps else { return Ok(of_epochs) };
        let rule = format!(
            "up to {of_epochs}, as many as `train.epochs`, which is {epochs}, has of {steps_per_epoch} each"
        );
        require(most <= of_epochs, "max_steps", rule, most)?;
        let rule = format!("below {most}/{steps_per_epoch}, where `train.max_steps` ends");
        let warmup = schedule::warmup_steps(warmup_epochs, steps_per_epoch);
        require(warmup < most as f64, "warmup_epochs", rule, warmup_epochs)?;
        Ok(most)
    }

    fn steps_of_epochs(&self, steps_per_epoch: usize) -> u64 {
        u64::from(self.said.epochs) * steps_per_epoch as u64
    }

    /// How many checkpoints stay on disk; older ones may be removed.
    pub fn keep(&self) -> usize {
        self.said.checkpoint.keep
    }

    /// How many of the best epochs keep their weights.
    pub(crate) fn best_kept(&self) -> usize {
        self.said.checkpoint.best
    }

    /// Whether it is averages of the weights that are judged.
    pub(crate) fn averages(&self) -> bool {
        self.said.ema.is_some()
    }

    /// Whether learning rates are tried before training begins.
    pub fn finds_rate(&self) -> bool {
        self.said.find_rate
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
        let said = self.said.loss.as_ref().map_or(Ok(task.loss()), |said| said.of(task, "loss"))?;
        self.class_weights().map_or(Ok(()), |weights| weights.refuse_for(task, SETTING))?;
        Ok(said)
    }

    /// The settings as they were said.
    pub(crate) fn said(&self) -> &TrainConfig {
        &self.said
    }

    /// The metrics that choose the best epoch, the most important one first; none where the loss does. `targets`: each with its
    /// task, as far as that is known.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the recipe names a metric that answers of a task are not judged by, or no target of several.
    pub fn best(&self, targets: &[Expected<'_>]) -> Result<&[HeadMetric], TrainError> {
        best::refuse_for(&self.said.best.0, targets)?;
        Ok(&self.said.best.0)
    }

    /// Refuses a loss that wants one label a row, where the data make two of it.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if the recipe asks for such a loss.
    pub fn refuse_mixed(&self) -> Result<(), TrainError> {
        heads::refuse_mixed(&self.said.heads)?;
        self.said.loss.as_ref().map_or(Ok(()), |loss| loss.refuse_mixed("loss"))
    }

    /// The step size of the update behind the first `step` ones and the epochs of `history`.
    pub fn learning_rate(&self, step: u64, steps_per_epoch: usize, history: &[EpochRecord]) -> f64 {
        let TrainConfig { learning_rate, warmup_epochs, schedule, max_steps, .. } = &self.said;
        let steps = max_steps.unwrap_or_else(|| self.steps_of_epochs(steps_per_epoch));
        let place = schedule::Place { step, steps, steps_per_epoch, history };
        learning_rate * schedule::factor(schedule, *warmup_epochs, place)
    }

    /// A step as large as any: what it keeps for each parameter is what every other keeps.
    pub fn largest_update(&self) -> Update {
        self.update(self.said.learning_rate)
    }

    /// One optimizer step of this size.
    pub(crate) fn update(&self, learning_rate: f64) -> Update {
        let TrainConfig { optimizer, decay, clip, ema, gradient_limit, .. } = &self.said;
        let (method, weight_decay) = (optimizer.method(), optimizer.weight_decay());
        let (decayed, clip, ema, limit) = (*decay, *clip, *ema, *gradient_limit);
        Update { method, learning_rate, weight_decay, decayed, clip, ema, limit }
    }

    /// Whether the update that so many steps end with is the last one, wherever in an epoch it is.
    pub(crate) fn is_last(&self, step: u64) -> bool {
        self.said.max_steps.is_some_and(|most| step >= most)
    }

    /// What is noted of the time that training took: all of it if there is a budget, and else nothing, so that no checkpoint
    /// depends on a clock without need.
    pub(crate) fn noted(&self, elapsed: Duration) -> Duration {
        self.said.max_minutes.map_or(Duration::ZERO, |_| elapsed)
    }

    /// How many minutes training may still take, if there is a budget.
    pub(crate) fn minutes_left(&self, elapsed: Duration) -> Option<f64> {
        self.said.max_minutes.map(|most| (most - elapsed.as_secs_f64() / 60.0).max(0.0))
    }

    /// Whether the time that training may take has run out.
    pub(crate) fn is_out_of_time(&self, elapsed: Duration) -> bool {
        self.said.max_minutes.is_some_and(|most| elapsed >= minutes(most))
    }

    /// The epoch behind those of `history`, or why there is none.
    pub(crate) fn next_epoch(&self, history: &[EpochRecord], elapsed: Duration) -> ControlFlow<Ended, u32> {
        let epoch = history.len() as u32;
        let is_stale = |stop: &EarlyStopping| stale_epochs(history, stop.min_delta) >= stop.patience;
        if epoch >= self.said.epochs || history.last().is_some_and(|last| self.is_last(last.step)) {
            ControlFlow::Break(Ended::Done)
        } else if self.said.early_stopping.as_ref().is_some_and(is_stale) {
            ControlFlow::Break(Ended::EarlyStop)
        } else if self.is_out_of_time(elapsed) {
            ControlFlow::Break(Ended::OutOfTime)
        } else {
            ControlFlow::Continue(epoch)
        }
    }

    /// Whether the state behind so many updates is to be kept, wherever in an epoch they end, so long after the last one.
    pub(crate) fn is_due_at(&self, step: u64, since_kept: Duration) -> bool {
        let CheckpointConfig { every_steps, every_minutes, .. } = self.said.checkpoint;
        every_steps.is_some_and(|steps| step.is_multiple_of(steps))
            || every_minutes.is_some_and(|most| since_kept >= minutes(most))
    }

    /// Whether the state behind the epochs of `history` is to be kept.
    pub(crate) fn is_due(&self, history: &[EpochRecord], elapsed: Duration, time: &Stopwatch<'_>) -> bool {
        let epochs = history.len() as u32;
        let every = self.said.checkpoint.every;
        every.map_or_else(|| time.is_worth_keeping(), |every| epochs.is_multiple_of(every))
            || self.next_epoch(history, elapsed).is_break()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use baeum_core::clock::ManualClock;
    use baeum_core::{Adam, Decayed, Method};

    use crate::{AdamConfig, Optimizer, SgdConfig};

    #[track_caller]
    fn check(said: TrainConfig, path: &str, expect: &str) {
        let error = said.check().unwrap_err();
        assert_eq!(error.to_string(), format!("`{path}` {expect}"));
        assert_eq!(error.path().as_deref(), Some(path));
    }

    fn said() -> TrainConfig {
        TrainConfig::default()
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
        let keep = |every, keep| TrainConfig {
            checkpoint: CheckpointConfig { every: Some(every), keep, ..CheckpointConfig::default() },
            ..said()
        };
        check(keep(0, 2), "train.checkpoint.every", "must be above zero, got 0");
        check(keep(1, 1), "train.checkpoint.keep", "must be 2 or more, got 1");
        let none = CheckpointConfig { best: 0, ..CheckpointConfig::default() };
        let said_none = TrainConfig { checkpoint: none, ..said() };
        check(said_none, "train.checkpoint.best", "must be above zero, got 0");
        let steps = CheckpointConfig { every_steps: Some(0), ..CheckpointConfig::default() };
        let never = TrainConfig { checkpoint: steps, ..said() };
        check(never, "train.checkpoint.every_steps", "must be above zero, got 0");
    }

    #[test]
    fn a_batch_must_be_there_in_the_data() {
        let steps = |batch_size, rows| {
            let plan = TrainConfig { batch_size, ..said() }.check().unwrap();
            plan.steps_per_epoch(rows).map_err(|error| error.to_string())
        };
        let none = "training wants at least one row in the train split, got none";
        assert_eq!(steps(64, 0), Err(none.to_owned()));
        assert_eq!([steps(64, 20), steps(64, 65), steps(100, 100)], [Ok(1), Ok(2), Ok(1)]);
        let more =
            |rows| format!("`train.batch_size` must be up to {rows}, as many as an epoch has rows, got 100");
        assert_eq!([steps(100, 99), steps(100, 20)], [99, 20].map(|rows| Err(more(rows))));
        let whole = |batch_size, rows| {
            let plan = TrainConfig { batch_size, drop_last: true, ..said() }.check().unwrap();
            plan.steps_per_epoch(rows).map_err(|error| error.to_string())
        };
        assert_eq!([whole(64, 64), whole(64, 127), whole(1, 5)], [Ok(1), Ok(1), Ok(5)]);
        let none = "`train.batch_size` must be up to 20, as many as an epoch has rows, got 64";
        assert_eq!(whole(64, 20), Err(none.to_owned()));
    }

    #[test]
    fn minutes_must_be_some() {
        let budget = |minutes| TrainConfig { max_minutes: Some(minutes), ..said() };
        check(budget(0.0), "train.max_minutes", "must be above zero, got 0");
        check(budget(f64::INFINITY), "train.max_minutes", "must be a finite number, got inf");
        let often = CheckpointConfig { every_minutes: Some(-1.0), ..CheckpointConfig::default() };
        let said = TrainConfig { checkpoint: often, ..said() };
        check(said, "train.checkpoint.every_minutes", "must be above zero, got -1");
    }

    #[test]
    fn numbers_must_make_sense() {
        let rate = |learning_rate| TrainConfig { learning_rate, ..said() };
        check(rate(-0.1), "train.learning_rate", "must be above zero, got -0.1");
        check(rate(0.0), "train.learning_rate", "must be above zero, got 0");
        check(rate(f64::NAN), "train.learning_rate", "must be a finite number, got NaN");
        check(rate(f64::INFINITY), "train.learning_rate", "must be a finite number, got inf");
        check(TrainConfig { clip: Some(0.0), ..said() }, "train.clip", "must be above zero, got 0");
        let limit = TrainConfig { gradient_limit: Some(-1.0), ..said() };
        check(limit, "train.gradient_limit", "must be above zero, got -1");
        let ema = |share| TrainConfig { ema: Some(share), ..said() };
        check(ema(1.0), "train.ema", "must be above zero and below 1, got 1");
        check(ema(0.0), "train.ema", "must be above zero and below 1, got 0");
        let warmup = |warmup_epochs| TrainConfig { warmup_epochs, ..said() };
        let below = "must be below `train.epochs`, which is 30, got 30";
        check(warmup(30.0), "train.warmup_epochs", below);
        check(warmup(-1.0), "train.warmup_epochs", "must be zero or more, got -1");
        check(warmup(f64::NAN), "train.warmup_epochs", "must be a finite number, got NaN");
    }

    #[test]
    fn a_loss_that_is_not_said_is_the_tasks() {
        let plan = said().check().unwrap();
        assert_eq!(plan.loss(Task::Classify).unwrap(), Loss::CROSS_ENTROPY);
        assert_eq!(plan.loss(Task::Regress).unwrap(), Loss::Mse);
        assert_eq!(plan.loss(Task::MultiLabel).unwrap(), Loss::BINARY_CROSS_ENTROPY);
        let plan = TrainConfig { loss: Some(crate::LossConfig::Mae), ..said() }.check().unwrap();
        assert_eq!(plan.loss(Task::Regress).unwrap(), Loss::Mae);
    }

    #[test]
    fn an_update_has_the_numbers_of_the_recipe() {
        let update = |said: TrainConfig| TrainConfig { clip: Some(2.0), ..said }.check().unwrap().update(0.5);
        let plain = Update {
            weight_decay: 0.01,
            decayed: Decayed::Weights,
            clip: Some(2.0),
            ..Update::of(Method::AdamW(Adam::USUAL), 0.5)
        };
        assert_eq!(update(said()), plain);
        assert_eq!(update(TrainConfig { ema: Some(0.99), ..said() }).ema, Some(0.99));
        assert_eq!(update(TrainConfig { gradient_limit: Some(9.0), ..said() }).limit, Some(9.0));
        assert_eq!(update(TrainConfig { decay: Decayed::All, ..said() }).decayed, Decayed::All);
        let sgd = SgdConfig { momentum: 0.8, nesterov: true, weight_decay: 0.1 };
        let method = Method::Sgd { momentum: 0.8, nesterov: true };
        let wanted = Update { method, weight_decay: 0.1, ..plain };
        assert_eq!(update(TrainConfig { optimizer: Optimizer::Sgd(sgd), ..said() }), wanted);
        let adam = Optimizer::Adam(AdamConfig::default());
        let wanted = Update { method: Method::Adam(Adam::USUAL), weight_decay: 0.0, ..plain };
        assert_eq!(update(TrainConfig { optimizer: adam, ..said() }), wanted);
    }

    #[test]
    fn checkpoints_are_due_at_their_turn_and_at_the_end() {
        let record = |epoch| EpochRecord { epoch, train_loss: 1.0, ..EpochRecord::default() };
        let due = |said: TrainConfig, epochs| {
            let (clock, history) = (ManualClock::default(), (0..epochs).map(record).collect::<Vec<_>>());
            let time = Stopwatch::begin(&clock, Duration::ZERO);
            clock.advance(Duration::from_secs(9));
            said.check().unwrap().is_due(&history, Duration::ZERO, &time)
        };
        let said = TrainConfig {
            epochs: 5,
            checkpoint: CheckpointConfig { every: Some(3), ..CheckpointConfig::default() },
            ..said()
        };
        assert_eq!(
            [1, 2, 3, 4, 5].map(|epochs| due(said.clone(), epochs)),
            [false, false, true, false, true]
        );
        let unsaid = TrainConfig { epochs: 5, ..self::said() };
        assert_eq!([1, 4, 5].map(|epochs| due(unsaid.clone(), epochs)), [false, false, true], "in 9 seconds");
        let stop =
            TrainConfig { early_stopping: Some(EarlyStopping { patience: 1, min_delta: 0.0 }), ..said };
        assert!(due(stop, 2), "the losses are equal, so the second epoch is the last");
    }
}
