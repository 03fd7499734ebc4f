//! The step size over the steps: a pure function of the step and of the epochs behind it, so that a resumed run goes on alike.

use std::f64::consts::PI;

use baeum_core::EpochRecord;

use crate::TrainError;
use crate::config::{Cooldown, Descent, OneCycle, Plateau, Schedule, StepDown};
use crate::history::judged_loss;
use crate::plan::{ABOVE_ZERO, BELOW_ONE, BETWEEN, Rule, SHARE, UP_TO_ONE, number, require};

/// Where an update stands in a training.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// How many updates are behind it.
    pub(crate) step: u64,
    /// How many updates there are.
    pub(crate) steps: u64,
    pub(crate) steps_per_epoch: usize,
    /// The epochs behind it.
    pub(crate) history: &'a [EpochRecord],
}

/// The share of the learning rate that an update takes.
///
/// A warmup of `w` steps takes `(step + 1) / (w + 1)`, so that no step is lost at zero and step `w` is the first full one. The
/// schedule begins there, and has what is left of the steps.
pub(crate) fn factor(schedule: &Schedule, warmup_epochs: f64, place: Place<'_>) -> f64 {
    let per_epoch = place.steps_per_epoch as f64;
    let (step, total) = (place.step as f64, place.steps as f64);
    let warmup = warmup_steps(warmup_epochs, place.steps_per_epoch);
    if step < warmup {
        return (step + 1.0) / (warmup + 1.0);
    }
    let (step, total) = (step - warmup, total - warmup);
    let done = (step / total).min(1.0); // of what is left
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Step(StepDown { every, factor }) => {
            repeated(*factor, (step / (per_epoch * f64::from(*every))) as usize)
        }
        Schedule::Linear(Descent { final_factor }) => line(1.0, *final_factor, done),
        Schedule::Cosine(Descent { final_factor }) => half_cosine(1.0, *final_factor, done),
        Schedule::OneCycle(said) => one_cycle(said, step.min(total - 1.0), total),
        Schedule::Plateau(said) => {
            repeated(said.factor, reductions(said, place.history)).max(said.final_factor)
        }
        Schedule::Wsd(Cooldown { cooldown, final_factor }) => {
            let stable = total * (1.0 - cooldown);
            let down = ((step - stable) / (total - stable)).min(1.0);
            line(1.0, *final_factor, if step > stable { down } else { 0.0 })
        }
    }
}

/// How many updates the step size rises over, a whole number.
pub(crate) fn warmup_steps(warmup_epochs: f64, steps_per_epoch: usize) -> f64 {
    (warmup_epochs * steps_per_epoch as f64).round()
}

fn line(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

/// Loshchilov & Hutter 2017, equation 5.
fn half_cosine(from: f64, to: f64, share: f64) -> f64 {
    to + (from - to) * 0.5 * (1.0 + (PI * share).cos())
}

/// The factor taken so many times: products, as PyTorch has them, for powers may differ from machine to machine.
fn repeated(factor: f64, times: usize) -> f64 {
    (0..times).fold(1.0, |product, _| product * factor)
}

/// The last step of the way up is `rise * total - 1`, and the last of all is `total - 1`.
fn one_cycle(said: &OneCycle, step: f64, total: f64) -> f64 {
    let OneCycle { rise, start_factor, final_factor } = *said;
    let top = rise * total - 1.0;
    let share = |from: f64, to: f64| if to > from { (step - from) / (to - from) } else { 1.0 };
    match step <= top {
        true => half_cosine(start_factor, 1.0, share(0.0, top)),
        false => half_cosine(1.0, final_factor, share(top, total - 1.0)),
    }
}

/// How often the loss stopped falling for longer than the patience lasted.
fn reductions(said: &Plateau, history: &[EpochRecord]) -> usize {
    let (mut lowest, mut stale, mut count) = (f64::INFINITY, 0, 0);
    for loss in history.iter().map(judged_loss) {
        match loss < lowest * (1.0 - said.threshold) {
            true => (lowest, stale) = (loss, 0),
            false => stale += 1,
        }
        if stale > said.patience {
            (stale, count) = (0, count + 1);
        }
    }
    count
}

impl Schedule {
    pub(crate) fn check(&self, warmup_epochs: f64) -> Result<(), TrainError> {
        let number = |setting: &str, got, rule: Rule| number(&format!("schedule.{setting}"), got, rule);
        match self {
            Schedule::Constant => Ok(()),
            Schedule::Step(StepDown { every, factor }) => {
                require(*every > 0, "schedule.step.every", ABOVE_ZERO.1, every)?;
                number("step.factor", *factor, UP_TO_ONE)
            }
            Schedule::Linear(said) => number("linear.final_factor", said.final_factor, SHARE),
            Schedule::Cosine(said) => number("cosine.final_factor", said.final_factor, SHARE),
            Schedule::OneCycle(said) => {
                number("one_cycle.rise", said.rise, SHARE)?;
                number("one_cycle.start_factor", said.start_factor, UP_TO_ONE)?;
                number("one_cycle.final_factor", said.final_factor, SHARE)?;
                let rule = "0, because `train.schedule` is `one_cycle`, which rises by itself";
                require(warmup_epochs == 0.0, "warmup_epochs", rule, warmup_epochs)
            }
            Schedule::Plateau(said) => {
                number("plateau.factor", said.factor, BETWEEN)?;
                number("plateau.threshold", said.threshold, BELOW_ONE)?;
                number("plateau.final_factor", said.final_factor, SHARE)
            }
            Schedule::Wsd(said) => {
                number("wsd.cooldown", said.cooldown, UP_TO_ONE)?;
                number("wsd.final_factor", said.final_factor, SHARE)
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
