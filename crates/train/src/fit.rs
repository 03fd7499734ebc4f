use std::ops::ControlFlow;

use baeum_core::{Ahead, Clock, Dataset, Ended, EpochRecord, Loss, Network, Rng, State, Weights};

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
    mut outside: Outside<'_>,
) -> Result<Fitted, TrainError> {
    let (rng, loss) = (Rng::new(seed), weighted_loss(plan, data)?);
    let sampling = Sampling::new(plan, data)?;
    let rows = sampling.rows(data);
    let (steps_per_epoch, metrics) = (plan.steps_per_epoch(rows)?, metrics(plan, data)?);
    let rows = rows.min(steps_per_epoch * plan.batch_size());
    let mut at = Checkpoint::begin(from, net, steps_per_epoch, metrics, plan.best_kept())?;
    let mut time = Stopwatch::begin(outside.clock, at.elapsed);
    let (from_epoch, epochs) = (at.epoch(), plan.epochs());
    let minutes_left = plan.minutes_left(at.elapsed);
    let start = Event::Start { from_epoch, epochs, steps_per_epoch, rows, minutes_left };
    let mut stop = (outside.watch)(&start).is_stop();
    let end = loop {
        let epoch = match plan.next_epoch(&at.history, at.elapsed) {
            ControlFlow::Continue(_) if stop => break Ended::Stopped,
            ControlFlow::Continue(epoch) => epoch,
            ControlFlow::Break(end) => break end,
        };
        let _span = tracing::info_span!("epoch", epoch).entered();
        let first_step = u64::from(epoch) * steps_per_epoch as u64;
        let order = sampling.order(data, &rng, epoch, rows);
        let wanted = parts(order.clone(), plan.batch_size(), plan.part_rows(), at.batch);
        let mut batches = Ahead::new(&data.source, Some(epoch), wanted);
        for rows in order.chunks(plan.batch_size()).skip(at.batch) {
            let learning_rate =
                plan.learning_rate(first_step + at.batch as u64, steps_per_epoch, &at.history);
            let parts = gradients(plan, net, &mut batches, &loss, rows)?;
            at.batch += 1;
            at.loss.add(parts);
            let (step, said) = (first_step + at.batch as u64, plan.update(learning_rate));
            let gradient_norm = update(net, &said, parts.mean())?;
            if !said.takes(gradient_norm) {
                let place = Place { epoch, step, rows, learning_rate };
                let failed = FailedStep::examined(plan, net, data, &loss, place)?;
                return Err(TrainError::Diverged(Box::new(failed)));
            }
            let (loss, rows) = (parts.mean(), rows.len());
            let told = Event::Step { epoch, step, loss, learning_rate, gradient_norm, rows };
            stop |= (outside.watch)(&told).is_stop();
            at.elapsed = plan.noted(time.total());
            if stop || plan.is_out_of_time(at.elapsed) {
                break;
            }
            if at.batch < steps_per_epoch && plan.is_due_at(step, time.since_kept()) {
                renew(&mut at.state, net, epoch, step)?;
                stop = hand_over(&at, step, &mut time, &mut outside)?;
                if stop {
                    break;
                }
            }
        }
        let step = first_step + at.batch as u64;
        renew(&mut at.state, net, epoch, step)?;
        if at.batch == steps_per_epoch || plan.is_out_of_time(at.elapsed) {
            let (valid_loss, valid_metrics) = judged(plan, net, &at.state, |net| {
                let found = (valid_loss(plan, net, data, &loss)?, scored(&mut outside, net, data, metrics)?);
                (outside.look)(net, data, &at.state);
                Ok(found)
            })?;
            let learning_rate = plan.learning_rate(step - 1, steps_per_epoch, &at.history);
            let train_loss = at.loss.mean();
            let record = EpochRecord { epoch, step, train_loss, valid_loss, valid_metrics, learning_rate };
            let is_best = at.close_epoch(record.clone(), plan.best_kept());
            stop |= (outside.watch)(&Event::Epoch { record, is_best }).is_stop();
            at.elapsed = plan.noted(time.total());
        }
        if stop || plan.is_due(&at.history, at.elapsed, &time) || plan.is_due_at(step, time.since_kept()) {
            stop |= hand_over(&at, step, &mut time, &mut outside)?;
        }
    };
    (outside.watch)(&Event::End { end, best_epoch: best_epoch(&at.history).map(|record| record.epoch) });
    Fitted::of(at, end, loss).ok_or_else(|| TrainError::NoBest { metrics: names(metrics) })
}

/// Has a checkpoint kept, and says whether to stop there.
fn hand_over(
    at: &Checkpoint,
    step: u64,
    time: &mut Stopwatch<'_>,
    outside: &mut Outside<'_>,
) -> Result<bool, TrainError> {
    time.keep(|| (outside.keep)(at)).map_err(|source| TrainError::Keep { step, source })?;
    Ok((outside.watch)(&Event::Checkpoint { epoch: at.epoch(), step }).is_stop())
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
