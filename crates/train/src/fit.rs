use std::ops::ControlFlow;

use baeum_core::{Ahead, Clock, Dataset, Ended, EpochRecord, HeadMetric, Loss, Network, Rng, State, Weights};

use crate::best::{Judge, metrics, names, scored};
use crate::class_weights::weighted_loss;
use crate::failed::{FailedStep, Place};
use crate::history::{best_epoch, best_epochs, judged_loss};
use crate::sampler::Sampling;
use crate::step::{finite_state, gradients, judged, parts, update, valid_loss};
use crate::time::Stopwatch;
use crate::{Checkpoint, Event, Signal, TrainError, TrainPlan};

/// Keeps a checkpoint where a crash cannot reach it.
pub type Keep<'a> = dyn FnMut(&Checkpoint) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + 'a;

/// Is told what happens, and says whether to go on.
pub type Watch<'a> = dyn FnMut(&Event) -> Signal + 'a;

/// Looks at the network behind an epoch: at what it answers with the weights that are judged, and at all it keeps.
pub type Look<'a> = dyn FnMut(&mut dyn Network, &Dataset, &State) + 'a;

/// What training has around it.
pub struct Outside<'a> {
    /// Where time comes from; asked only for what the recipe says in minutes, and for how far apart checkpoints are.
    pub clock: &'a dyn Clock,
    /// Where checkpoints go.
    pub keep: &'a mut Keep<'a>,
    /// Who scores the validation rows; asked only where `train.best` names metrics.
    pub judge: &'a mut Judge<'a>,
    /// Who looks at it behind each epoch; whatever is seen moves nothing.
    pub look: &'a mut Look<'a>,
    /// Who watches.
    pub watch: &'a mut Watch<'a>,
}

/// What training came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// Why it is over.
    pub end: Ended,
    /// The best epoch; none only if it was stopped before one ended with a finite loss.
    pub best: Option<Best>,
    /// The next best ones, the better first, as many as the recipe keeps.
    pub runners_up: Vec<Best>,
    /// Epoch by epoch, since the very start.
    pub history: Vec<EpochRecord>,
    /// What was minimised, with the weights that the classes had.
    pub minimised: Loss,
}

/// The epoch with the lowest loss, or with the best metrics where `train.best` names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Counted from zero.
    pub epoch: u32,
    /// Its loss on the validation rows, or on the training rows if there are none.
    pub loss: f64,
    /// What the network knew then.
    pub weights: Weights,
}

/// Trains `net` on the train split of `data`, from its present weights or from a checkpoint.
///
/// All that decides a bit is in the plan, the seed, the data and the checkpoint: a run that was interrupted and goes on
/// from any checkpoint ends in the same bits as one that was not, unless its time runs out at another step. At the end `net`
/// has the weights of the last step; those of the best epoch are in [`Fitted`].
///
/// # Errors
/// [`TrainError::Diverged`] at the first loss or gradient that is not finite, or a gradient that is too long, before the update,
/// with the step to be tried again; the other variants
/// where something else refuses to go on.
pub fn fit(
    plan: &TrainPlan,
    seed: u64,
    net: &mut dyn Network,
    data: &Dataset,
    from: Option<Checkpoint>,
    outside: Outside<'_>,
) -> Result<Fitted, TrainError> {
    Training::begin(plan, seed, net, data, from, outside)?.run()
}

/// A training under way.
struct Training<'a, 'o> {
    plan: &'a TrainPlan,
    net: &'a mut dyn Network,
    data: &'a Dataset,
    outside: Outside<'o>,
    rng: Rng,
    loss: Loss,
    metrics: &'a [HeadMetric],
    sampling: Sampling,
    /// How many rows an epoch goes through.
    rows: usize,
    steps_per_epoch: usize,
    at: Checkpoint,
    time: Stopwatch<'o>,
    /// Whether somebody said so.
    stop: bool,
}

impl<'a, 'o> Training<'a, 'o> {
    fn begin(
        plan: &'a TrainPlan,
        seed: u64,
        net: &'a mut dyn Network,
        data: &'a Dataset,
        from: Option<Checkpoint>,
        outside: Outside<'o>,
    ) -> Result<Training<'a, 'o>, TrainError> {
        let (rng, loss) = (Rng::new(seed), weighted_loss(plan, data)?);
        let sampling = Sampling::new(plan, data)?;
        let rows = sampling.rows(data);
        let (steps_per_epoch, metrics) = (plan.steps_per_epoch(rows)?, metrics(plan, data)?);
        let rows = rows.min(steps_per_epoch * plan.batch_size());
        let at = Checkpoint::begin(from, net, steps_per_epoch, metrics, plan.best_kept())?;
        let time = Stopwatch::begin(outside.clock, at.elapsed);
        let (steps, minutes_left) = (plan.steps(steps_per_epoch)?, plan.minutes_left(at.elapsed));
        let (from_epoch, epochs) = (at.epoch(), steps.div_ceil(steps_per_epoch as u64) as u32);
        let start = Event::Start { from_epoch, epochs, steps, steps_per_epoch, rows, minutes_left };
        let stop = (outside.watch)(&start).is_stop();
        Ok(Training {
            plan,
            net,
            data,
            outside,
            rng,
            loss,
            metrics,
            sampling,
            rows,
            steps_per_epoch,
            at,
            time,
            stop,
        })
    }

    fn run(mut self) -> Result<Fitted, TrainError> {
        let end = loop {
            match self.plan.next_epoch(&self.at.history, self.at.elapsed) {
                ControlFlow::Continue(_) if self.stop => break Ended::Stopped,
                ControlFlow::Continue(epoch) => self.epoch(epoch)?,
                ControlFlow::Break(end) => break end,
            }
        };
        let best_epoch = best_epoch(&self.at.history).map(|record| record.epoch);
        (self.outside.watch)(&Event::End { end, best_epoch });
        let names = names(self.metrics);
        Fitted::of(self.at, end, self.loss).ok_or(TrainError::NoBest { metrics: names })
    }

    /// An epoch, or what is left of it.
    fn epoch(&mut self, epoch: u32) -> Result<(), TrainError> {
        let _span = tracing::info_span!("epoch", epoch).entered();
        let first_step = u64::from(epoch) * self.steps_per_epoch as u64;
        let (batch_size, part_rows) = (self.plan.batch_size(), self.plan.part_rows());
        let order = self.sampling.order(self.data, &self.rng, epoch, self.rows);
        let wanted = parts(order.clone(), batch_size, part_rows, self.at.batch);
        let mut batches = Ahead::new(&self.data.source, Some(epoch), wanted);
        for rows in order.chunks(batch_size).skip(self.at.batch) {
            self.step(epoch, &mut batches, rows)?;
            let step = first_step + self.at.batch as u64;
            if self.stop || self.is_cut(step) {
                break;
            }
            if self.at.batch < self.steps_per_epoch && self.plan.is_due_at(step, self.time.since_kept()) {
                renew(&mut self.at.state, self.net, epoch, step)?;
                self.hand_over(step)?;
                if self.stop {
                    break;
                }
            }
        }
        let step = first_step + self.at.batch as u64;
        renew(&mut self.at.state, self.net, epoch, step)?;
        if self.at.batch == self.steps_per_epoch || self.is_cut(step) {
            self.close_epoch(epoch, step)?;
        }
        let is_due = self.plan.is_due(&self.at.history, self.at.elapsed, &self.time)
            || self.plan.is_due_at(step, self.time.since_kept());
        if self.stop || is_due { self.hand_over(step) } else { Ok(()) }
    }

    /// One step, on the rows of a batch.
    fn step(&mut self, epoch: u32, batches: &mut Ahead, rows: &[usize]) -> Result<(), TrainError> {
        let Training { plan, net, data, loss, at, .. } = self;
        let first_step = u64::from(epoch) * self.steps_per_epoch as u64;
        let learning_rate =
            plan.learning_rate(first_step + at.batch as u64, self.steps_per_epoch, &at.history);
        let parts = gradients(plan, *net, batches, loss, rows)?;
        at.batch += 1;
        at.loss.add(parts);
        let (step, said) = (first_step + at.batch as u64, plan.update(learning_rate));
        let gradient_norm = update(*net, &said, parts.mean())?;
        if !said.takes(gradient_norm) {
            let place = Place { epoch, step, rows, learning_rate };
            let failed = FailedStep::examined(plan, *net, data, loss, place)?;
            return Err(TrainError::Diverged(Box::new(failed)));
        }
        let (loss, rows) = (parts.mean(), rows.len());
        let told = Event::Step { epoch, step, loss, learning_rate, gradient_norm, rows };
        self.stop |= (self.outside.watch)(&told).is_stop();
        at.elapsed = plan.noted(self.time.total());
        Ok(())
    }

    /// Whether the epoch ends behind so many updates, however many it had.
    fn is_cut(&self, step: u64) -> bool {
        self.plan.is_last(step) || self.plan.is_out_of_time(self.at.elapsed)
    }

    /// Judges the epoch that ends with `step` on the validation rows.
    fn close_epoch(&mut self, epoch: u32, step: u64) -> Result<(), TrainError> {
        let Training { plan, net, data, outside, loss, metrics, at, .. } = self;
        let (valid_loss, valid_metrics) = judged(plan, *net, &at.state, |net| {
            let found = (valid_loss(plan, net, data, loss)?, scored(outside, net, data, metrics)?);
            (outside.look)(net, data, &at.state);
            Ok(found)
        })?;
        let learning_rate = plan.learning_rate(step - 1, self.steps_per_epoch, &at.history);
        let train_loss = at.loss.mean();
        let record = EpochRecord { epoch, step, train_loss, valid_loss, valid_metrics, learning_rate };
        let is_best = at.close_epoch(record.clone(), plan.best_kept());
        self.stop |= (outside.watch)(&Event::Epoch { record, is_best }).is_stop();
        at.elapsed = plan.noted(self.time.total());
        Ok(())
    }

    /// Has a checkpoint kept, and hears whether to stop there.
    fn hand_over(&mut self, step: u64) -> Result<(), TrainError> {
        let Training { outside, at, time, .. } = self;
        time.keep(|| (outside.keep)(at)).map_err(|source| TrainError::Keep { step, source })?;
        let kept = Event::Checkpoint { epoch: self.at.epoch(), step };
        self.stop |= (self.outside.watch)(&kept).is_stop();
        Ok(())
    }
}

/// The state of the network as it is now; the old one is let go first, for the two might not fit into memory.
fn renew(state: &mut State, net: &dyn Network, epoch: u32, step: u64) -> Result<(), TrainError> {
    *state = State::default();
    *state = finite_state(net, epoch, step)?;
    Ok(())
}

impl Fitted {
    /// None if every epoch was lost.
    fn of(Checkpoint { best, history, .. }: Checkpoint, end: Ended, minimised: Loss) -> Option<Fitted> {
        let of = |(record, weights): (&EpochRecord, Weights)| {
            let (epoch, loss) = (record.epoch, judged_loss(record));
            Best { epoch, loss, weights }
        };
        let mut kept = best_epochs(&history).into_iter().zip(best).map(of);
        let (best, runners_up) = (kept.next(), kept.collect());
        (best.is_some() || end == Ended::Stopped).then_some(Fitted {
            end,
            best,
            runners_up,
            history,
            minimised,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
