use std::collections::BTreeMap;
use std::time::Duration;

use baeum_core::clock::ManualClock;
use baeum_core::{HeadMetric, Limits, Loss, MetricName, Part, State, Task, Tensor};

use super::*;
use crate::testing::{Regression, Scripted, accuracy, dataset, named};
use crate::{
    AdamConfig, CheckpointConfig, ClassWeights, Descent, EarlyStopping, Optimizer, Plateau, Schedule,
    Several, TrainConfig,
};

mod chosen;

/// 20 rows in batches of 8: three steps an epoch, the last one of 4 rows.
fn settings() -> TrainConfig {
    let optimizer = Optimizer::Adam(AdamConfig::default());
    TrainConfig { epochs: 4, batch_size: 8, optimizer, learning_rate: 0.05, ..TrainConfig::default() }
}

/// Five epochs of one step, for [`Scripted`].
fn scripted() -> TrainConfig {
    TrainConfig { epochs: 5, batch_size: 1, ..TrainConfig::default() }
}

fn digest(checkpoint: &Checkpoint) -> BTreeMap<String, Vec<u8>> {
    checkpoint.files().unwrap()
}

/// What a run told and left behind.
struct Run {
    fitted: Result<Fitted, TrainError>,
    events: Vec<Event>,
    kept: Vec<Checkpoint>,
}

/// Trains, and stops at the event of this number if there is one. Each step takes a minute.
fn run(
    said: &TrainConfig,
    net: &mut dyn Network,
    data: &Dataset,
    from: Option<Checkpoint>,
    stop_at: usize,
) -> Run {
    run_judged(said, net, data, from, stop_at, &mut accuracy)
}

/// The same, with scores of one's own.
fn run_judged(
    said: &TrainConfig,
    net: &mut dyn Network,
    data: &Dataset,
    from: Option<Checkpoint>,
    stop_at: usize,
    judge: &mut Judge<'_>,
) -> Run {
    let (mut events, mut kept) = (vec![], vec![]);
    let mut keep = |checkpoint: &Checkpoint| {
        kept.push(checkpoint.clone());
        Ok(())
    };
    let clock = ManualClock::default();
    let mut watch = |event: &Event| {
        events.push(event.clone());
        if matches!(event, Event::Step { .. }) {
            clock.advance(Duration::from_secs(60));
        }
        if events.len() > stop_at { Signal::Stop } else { Signal::Go }
    };
    let look = &mut |_: &mut dyn Network, _: &Dataset, _: &State| ();
    let outside = Outside { clock: &clock.clone(), keep: &mut keep, judge, look, watch: &mut watch };
    let fitted = fit(&said.check().unwrap(), 7, net, data, from, outside);
    Run { fitted, events, kept }
}

const NEVER: usize = usize::MAX;

fn classify(said: &TrainConfig, from: Option<Checkpoint>, stop_at: usize) -> Run {
    run(said, &mut Regression::new(), &dataset(Task::Classify, 20, 5), from, stop_at)
}

fn regress(said: &TrainConfig, mut net: Scripted) -> Run {
    run(said, &mut net, &dataset(Task::Regress, 1, 1), None, NEVER)
}

#[test]
fn the_loss_falls() {
    let fitted = classify(&TrainConfig { epochs: 100, ..settings() }, None, NEVER).fitted.unwrap();
    let losses: Vec<f64> = fitted.history.iter().map(|record| record.train_loss).collect();
    // Weights of zero say ln 2 = 0.69; the classes are divided by a line, so the loss can come near 0.
    assert!(losses[0] > 0.5 && losses[99] < 0.3, "{losses:?}");
}

#[test]
fn events_come_in_order() {
    let checkpoint = CheckpointConfig { every: Some(2), ..CheckpointConfig::default() };
    let run = classify(&TrainConfig { epochs: 3, checkpoint, ..settings() }, None, NEVER);
    let say = |event: &Event| match event {
        Event::Start { from_epoch, epochs, steps_per_epoch, rows, .. } => {
            format!("start {from_epoch} of {epochs}, {steps_per_epoch} steps, {rows} rows")
        }
        Event::Step { epoch, step, rows, .. } => format!("step {epoch}.{step} of {rows}"),
        Event::Epoch { record, is_best } => format!("epoch {} {is_best}", record.epoch),
        Event::Checkpoint { epoch, step } => format!("checkpoint {epoch}.{step}"),
        Event::End { end, best_epoch } => format!("{end:?} {best_epoch:?}"),
    };
    let told: Vec<String> = run.events.iter().map(say).collect();
    let expect = "start 0 of 3, 3 steps, 20 rows; step 0.1 of 8; step 0.2 of 8; step 0.3 of 4; epoch 0 true; \
                  step 1.4 of 8; step 1.5 of 8; step 1.6 of 4; epoch 1 true; checkpoint 2.6; \
                  step 2.7 of 8; step 2.8 of 8; step 2.9 of 4; epoch 2 false; checkpoint 3.9; Done Some(1)";
    assert_eq!(told.join("; "), expect);
    assert_eq!(run.kept.iter().map(|kept| kept.state.step).collect::<Vec<_>>(), [6, 9]);
}

/// 20 rows in batches of 8: the rest of four is left out, others each time.
#[test]
fn rows_that_fill_no_batch_may_be_left_out() {
    let run = classify(&TrainConfig { epochs: 3, drop_last: true, ..settings() }, None, NEVER);
    let start = |event: &Event| match event {
        Event::Start { steps_per_epoch, rows, .. } => Some((*steps_per_epoch, *rows)),
        Event::Step { .. } | Event::Epoch { .. } | Event::Checkpoint { .. } | Event::End { .. } => None,
    };
    assert_eq!(run.events.iter().filter_map(start).collect::<Vec<_>>(), [(2, 16)]);
    let whole = |event: &Event| matches!(event, Event::Step { rows: 8, .. });
    assert_eq!(run.events.iter().filter(|event| whole(event)).count(), 6);
    assert_eq!(run.kept.last().map(|kept| kept.state.step), Some(6));
}

#[test]
fn checkpoints_are_kept_within_an_epoch_too() {
    let checkpoint = CheckpointConfig { every: Some(9), every_steps: Some(2), ..CheckpointConfig::default() };
    let run = classify(&TrainConfig { epochs: 3, checkpoint, ..settings() }, None, NEVER);
    let kept: Vec<(u64, usize)> = run.kept.iter().map(|kept| (kept.state.step, kept.batch)).collect();
    assert_eq!(kept, [(2, 2), (4, 1), (6, 0), (8, 2), (9, 0)], "an epoch has three steps");
}

#[test]
fn checkpoints_are_kept_by_the_clock_too() {
    let checkpoint =
        CheckpointConfig { every: Some(9), every_minutes: Some(1.5), ..CheckpointConfig::default() };
    let run = classify(&TrainConfig { epochs: 3, checkpoint, ..settings() }, None, NEVER);
    let kept: Vec<(u64, usize)> = run.kept.iter().map(|kept| (kept.state.step, kept.batch)).collect();
    assert_eq!(kept, [(2, 2), (4, 1), (6, 0), (8, 2), (9, 0)], "a step takes a minute");
    assert!(run.kept.iter().all(|kept| kept.elapsed.is_zero()), "no budget, so nothing is noted");
}

#[test]
fn training_ends_behind_the_step_in_which_its_time_ran_out() {
    let check = |minutes: f64, end: Ended, steps: &[u64]| {
        let run = classify(&TrainConfig { max_minutes: Some(minutes), ..settings() }, None, NEVER);
        let fitted = run.fitted.unwrap();
        assert_eq!(fitted.end, end, "{minutes}");
        let ends: Vec<u64> = fitted.history.iter().map(|record| record.step).collect();
        assert_eq!(ends, steps, "{minutes}");
        assert!(fitted.best.is_some());
        let last = run.kept.last().unwrap();
        assert_eq!((last.state.step, last.batch), (steps[steps.len() - 1], 0));
        assert!(matches!(run.events[0], Event::Start { minutes_left: Some(left), .. } if left == minutes));
        assert!(matches!(run.events.last(), Some(Event::End { end: told, .. }) if *told == end));
    };
    check(0.5, Ended::OutOfTime, &[1]);
    check(4.0, Ended::OutOfTime, &[3, 4]);
    check(6.0, Ended::OutOfTime, &[3, 6]);
    check(12.0, Ended::Done, &[3, 6, 9, 12]);
}

/// 20 rows in batches of 8 are three steps an epoch.
#[test]
fn training_ends_behind_as_many_steps_as_it_may_take() {
    let said = |steps| TrainConfig { max_steps: Some(steps), ..settings() };
    let run = classify(&said(4), None, NEVER);
    let fitted = run.fitted.unwrap();
    assert_eq!(fitted.end, Ended::Done);
    assert_eq!(fitted.history.iter().map(|record| record.step).collect::<Vec<_>>(), [3, 4]);
    let last = run.kept.last().unwrap();
    assert_eq!((last.state.step, last.batch), (4, 0));
    assert!(matches!(run.events[0], Event::Start { epochs: 2, steps: 4, steps_per_epoch: 3, .. }));
    let whole = classify(&TrainConfig { epochs: 2, ..settings() }, None, NEVER).fitted.unwrap();
    assert_eq!(classify(&said(6), None, NEVER).fitted.unwrap(), whole, "two epochs have six");

    let resumed = classify(&said(4), Some(run.kept[0].clone()), NEVER).fitted.unwrap();
    assert_eq!(resumed, fitted, "behind its end nothing is learned");
    let refused = |said: TrainConfig| classify(&said, None, NEVER).fitted.unwrap_err().to_string();
    let rule =
        "`train.max_steps` must be up to 12, as many as `train.epochs`, which is 4, has of 3 each, got 13";
    assert_eq!(refused(said(13)), rule);
    let rule = "`train.warmup_epochs` must be below 5/3, where `train.max_steps` ends, got 1.75";
    // 1.75 epochs of three steps are five, rounded.
    let said = TrainConfig { max_steps: Some(5), warmup_epochs: 1.75, ..settings() };
    assert_eq!(refused(said), rule);
}

#[test]
fn averages_are_judged_and_chosen_while_the_weights_learn_on() {
    let plain = classify(&settings(), None, NEVER);
    let said = TrainConfig { ema: Some(0.9), ..settings() };
    let averaged = classify(&said, None, NEVER);
    let ends = [&plain, &averaged].map(|run| run.kept.last().unwrap().state.weights.clone());
    assert_eq!(ends[0], ends[1], "judging averages changes no weight");
    let (plain, fitted) = (plain.fitted.unwrap(), averaged.fitted.unwrap());
    let losses = |fitted: &Fitted| -> Vec<(f64, Option<f64>)> {
        fitted.history.iter().map(|record| (record.train_loss, record.valid_loss)).collect()
    };
    assert!(losses(&plain).iter().zip(losses(&fitted)).all(|(a, b)| a.0 == b.0 && a.1 != b.1));
    let best = fitted.best.unwrap();
    let kept = averaged.kept.iter().find(|kept| kept.epoch() == best.epoch + 1).unwrap();
    assert_eq!(best.weights, kept.state.averaged());
    // What was chosen has the loss that chose it.
    let mut net = Regression::new();
    net.load(&State { weights: best.weights, ..kept.state.clone() }).unwrap();
    let data = dataset(Task::Classify, 20, 5);
    let plan = said.check().unwrap();
    let state = net.state().unwrap();
    let state = State {
        moments: state.moments.into_iter().filter(|(name, _)| !name.ends_with("ema")).collect(),
        ..state
    };
    assert_eq!(
        judged(&plan, &mut net, &state, |net| valid_loss(&plan, net, &data, &Loss::CROSS_ENTROPY)).unwrap(),
        Some(best.loss)
    );
}

/// All that could make a resumed run differ: a schedule, parts, early stopping, a short last batch, checkpoints far apart.
fn elaborate() -> TrainConfig {
    let schedule = Schedule::Cosine(Descent { final_factor: 0.1 });
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.008 });
    let checkpoint = CheckpointConfig { every: Some(2), ..CheckpointConfig::default() };
    let micro_batch = Some(3);
    let said = TrainConfig { epochs: 12, warmup_epochs: 0.5, schedule, checkpoint, ..settings() };
    TrainConfig { early_stopping, micro_batch, ..said }
}

/// A step size that goes by the losses of the epochs before, checkpoints within them, and averages that are judged.
fn on_plateaus() -> TrainConfig {
    let schedule =
        Schedule::Plateau(Plateau { factor: 0.5, patience: 0, threshold: 0.03, ..Plateau::default() });
    let checkpoint = CheckpointConfig { every: Some(2), every_steps: Some(2), ..CheckpointConfig::default() };
    TrainConfig { schedule, checkpoint, ema: Some(0.7), ..elaborate() }
}

/// The best epoch by the accuracy of averages on validation rows of which many epochs get as many right.
fn by_accuracy() -> TrainConfig {
    let early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
    let best = Several(vec![MetricName::Accuracy.into(), MetricName::LogLoss.into()]);
    let checkpoint = CheckpointConfig { best: 3, ..elaborate().checkpoint };
    TrainConfig { best, checkpoint, early_stopping, ema: Some(0.7), ..elaborate() }
}

/// Seven minutes, which end within the third epoch.
fn in_a_hurry() -> TrainConfig {
    let checkpoint = CheckpointConfig { every_minutes: Some(2.0), ..CheckpointConfig::default() };
    TrainConfig { max_minutes: Some(7.0), checkpoint, early_stopping: None, ..elaborate() }
}

/// Goes on in a new network from the bytes of a checkpoint, as a new process would.
#[track_caller]
fn check_resumed(said: &TrainConfig, from: Option<&Checkpoint>, whole: &Run) {
    let reread = from.map(|from| Checkpoint::from_files(&digest(from), &Limits::default()).unwrap());
    assert_eq!(reread.as_ref(), from);
    let resumed = classify(said, reread, NEVER);
    assert_eq!(resumed.fitted.unwrap(), *whole.fitted.as_ref().unwrap());
    let last = resumed.kept.last().or(from).unwrap();
    assert_eq!(digest(last), digest(whole.kept.last().unwrap()));
}

#[test]
fn a_run_resumed_from_any_checkpoint_ends_in_the_same_bits() {
    for said in [elaborate(), on_plateaus(), by_accuracy()] {
        let whole = classify(&said, None, NEVER);
        let fitted = whole.fitted.as_ref().unwrap();
        assert_eq!(fitted.end, Ended::EarlyStop, "the run is to end before its last epoch");
        for kept in &whole.kept {
            check_resumed(&said, Some(kept), &whole);
        }
    }
}

#[test]
fn a_run_stopped_at_any_event_goes_on_exactly_there() {
    for said in [elaborate(), on_plateaus(), by_accuracy(), in_a_hurry()] {
        let whole = classify(&said, None, NEVER);
        for stop_at in 0..whole.events.len() {
            let stopped = classify(&said, None, stop_at);
            let steps = stopped.events.iter().filter(|event| matches!(event, Event::Step { .. })).count();
            assert_eq!(
                stopped.kept.last().map_or(0, |kept| kept.state.step),
                steps as u64,
                "no step is lost"
            );
            assert!(stopped.kept.is_sorted_by_key(|kept| kept.state.step));
            check_resumed(&said, stopped.kept.last(), &whole);
        }
    }
}

/// A network that asks for answers meanwhile learns what one does that is left alone.
#[test]
fn who_looks_sees_what_is_judged_and_moves_nothing() {
    let said = TrainConfig { ema: Some(0.9), ..settings() };
    let plan = said.check().unwrap();
    let alone = classify(&said, None, NEVER);
    let (mut seen, mut net, data) = (vec![], Regression::new(), dataset(Task::Classify, 20, 5));
    let outside = Outside {
        clock: &ManualClock::default(),
        keep: &mut |_| Ok(()),
        judge: &mut accuracy,
        look: &mut |net, data, state| {
            seen.push((state.step, valid_loss(&plan, net, data, &Loss::CROSS_ENTROPY).unwrap()));
        },
        watch: &mut |_| Signal::Go,
    };
    let fitted = fit(&plan, 7, &mut net, &data, None, outside).unwrap();
    let judged: Vec<_> = fitted.history.iter().map(|record| (record.step, record.valid_loss)).collect();
    assert_eq!((seen, fitted), (judged, alone.fitted.unwrap()));
}

#[test]
fn a_plateau_lowers_the_step_size_from_the_next_epoch_on() {
    let schedule = Schedule::Plateau(Plateau { factor: 0.5, patience: 0, ..Plateau::default() });
    let said = TrainConfig { learning_rate: 1.0, schedule, ..scripted() };
    let fitted = regress(&said, Scripted::valid(&[4.0, 4.0, 4.0, 1.0, 1.0])).fitted.unwrap();
    let rates: Vec<f64> = fitted.history.iter().map(|record| record.learning_rate).collect();
    assert_eq!(rates, [1.0, 1.0, 0.5, 0.25, 0.25]);
}

#[test]
fn a_stop_ends_within_one_step() {
    let run = classify(&settings(), None, 1);
    let fitted = run.fitted.unwrap();
    assert_eq!((fitted.end, fitted.best, fitted.history.len()), (Ended::Stopped, None, 0));
    assert_eq!((run.kept.len(), run.kept[0].batch), (1, 1));
    assert!(matches!(
        run.events[..],
        [Event::Start { .. }, Event::Step { .. }, Event::Checkpoint { .. }, Event::End { .. }]
    ));
}

#[test]
fn accumulated_parts_are_the_whole_batch() {
    let whole = classify(&settings(), None, NEVER);
    for rows in [1, 3, 7, 8] {
        let parts = classify(&TrainConfig { micro_batch: Some(rows), ..settings() }, None, NEVER);
        // This network adds row after row into one gradient, so not even the rounding differs.
        assert_eq!(parts.kept.last().unwrap().state, whole.kept.last().unwrap().state, "{rows}");
    }
}

/// With weights a whole batch is divided by what its rows count together, and so are its parts.
#[test]
fn weighted_parts_are_the_whole_batch_and_a_resumed_run_ends_in_the_same_bits() {
    let data = || named(dataset(Task::Classify, 20, 5), &["no", "yes"]);
    let said = TrainConfig { class_weights: Some(ClassWeights::Balanced), ..settings() };
    let train = |said: &TrainConfig, from| run(said, &mut Regression::new(), &data(), from, NEVER);
    let whole = train(&said, None);
    let parts = train(&TrainConfig { micro_batch: Some(3), ..said.clone() }, None);
    let plain = train(&settings(), None);
    let last = |run: &Run| digest(run.kept.last().unwrap());
    assert_eq!(parts.kept.last().unwrap().state, whole.kept.last().unwrap().state);
    assert_ne!(whole.kept.last().unwrap().state, plain.kept.last().unwrap().state);
    for kept in whole.kept.iter().take(3) {
        let resumed = train(&said, Some(kept.clone()));
        assert_eq!(resumed.fitted.as_ref().unwrap(), whole.fitted.as_ref().unwrap());
        assert_eq!(last(&resumed), last(&whole));
    }
    let minimised = whole.fitted.unwrap().minimised;
    assert!(matches!(minimised, Loss::CrossEntropy { weights, .. } if weights.len() == 2));
}

#[test]
fn parts_say_where_they_stand() {
    let mut net = Scripted::valid(&[1.0]);
    let said = TrainConfig { epochs: 1, batch_size: 8, micro_batch: Some(3), ..scripted() };
    run(&said, &mut net, &dataset(Task::Regress, 8, 0), None, NEVER).fitted.unwrap();
    let part = |index, rows| (Part { index, count: 3, first_row: 3 * index }, rows);
    assert_eq!(net.parts, [part(0, 3), part(1, 3), part(2, 2)]);
}

#[test]
fn training_stops_early_and_keeps_the_best_epoch() {
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0 });
    let run =
        regress(&TrainConfig { early_stopping, ..scripted() }, Scripted::valid(&[4.0, 1.0, 2.25, 1.0, 0.0]));
    let fitted = run.fitted.unwrap();
    assert_eq!((fitted.end, fitted.history.len()), (Ended::EarlyStop, 4));
    let best = fitted.best.unwrap();
    assert_eq!((best.epoch, best.loss), (1, 1.0));
    assert_eq!(best.weights["step"], Tensor::scalar(2.0));
    assert_eq!(run.events.last(), Some(&Event::End { end: Ended::EarlyStop, best_epoch: Some(1) }));
}

#[test]
fn without_validation_rows_the_training_loss_decides() {
    let mut net = Scripted::new(&[(3.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0), (4.0, 1.0)], &[]);
    let fitted = run(&scripted(), &mut net, &dataset(Task::Regress, 1, 0), None, NEVER).fitted.unwrap();
    assert_eq!(fitted.history[0].valid_loss, None);
    assert_eq!(fitted.best.map(|best| (best.epoch, best.loss)), Some((1, 1.0)));
}

#[test]
fn a_validation_loss_of_nan_is_never_best() {
    let run = regress(&scripted(), Scripted::valid(&[f64::NAN, 4.0, f64::NAN, f64::INFINITY, 9.0]));
    let fitted = run.fitted.unwrap();
    assert!(fitted.history[2].valid_loss.unwrap().is_nan());
    assert_eq!(fitted.best.map(|best| best.epoch), Some(1));

    let error = regress(&scripted(), Scripted::valid(&[f64::NAN; 5])).fitted.unwrap_err();
    let text = "could not choose an epoch, because the validation loss was never finite; \
                look for values out of range in the valid split";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_lost_loss_or_gradient_ends_training_and_names_the_rows() {
    let check = |lost: (f64, f64), expect: &str| {
        let run = regress(&scripted(), Scripted::new(&[(1.0, 1.0), (1.0, 1.0), lost], &[1.0; 3]));
        assert_eq!(run.fitted.unwrap_err().to_string(), expect);
        assert_eq!(run.kept.last().unwrap().state.step, 2, "the last checkpoint is from before");
    };
    let way_out = "look for values out of range there, lower `train.learning_rate`, or set `train.clip`";
    let text = |what| format!("could not go on in epoch 2, at step 3: {what}, over rows 0; {way_out}");
    check((f64::NAN, 1.0), &text("the loss is NaN"));
    check((1.0, f64::INFINITY), &text("the gradient's length is inf"));
}

#[test]
fn weights_that_are_lost_are_never_kept() {
    let mut net = Scripted::valid(&[1.0; 5]);
    net.overflow = Some(3);
    let run = regress(&scripted(), net);
    let text = "could not go on in epoch 2: after step 3 `step` is not finite; \
                lower `train.learning_rate`, or set `train.clip`. There is no step to replay, because losses and gradients were \
                finite, and weights are looked at only where they are kept; with `train.checkpoint.every_steps = 1` the step that is \
                named is the one that did it";
    assert_eq!(run.fitted.unwrap_err().to_string(), text);
    assert_eq!(run.kept.last().unwrap().state.step, 2);
}

#[test]
fn what_cannot_be_kept_ends_training() {
    let (mut net, data) = (Scripted::valid(&[1.0; 5]), dataset(Task::Regress, 1, 1));
    let plan = scripted().check().unwrap();
    let outside = Outside {
        clock: &ManualClock::default(),
        keep: &mut |_| Err("disk full".into()),
        judge: &mut accuracy,
        look: &mut |_, _, _| (),
        watch: &mut |_| Signal::Go,
    };
    let error = fit(&plan, 7, &mut net, &data, None, outside).unwrap_err();
    // No time goes by, so that the last epoch alone is to be kept.
    assert_eq!(error.to_string(), "could not keep the checkpoint of step 5");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "disk full");
}

#[test]
fn training_does_not_begin_on_what_does_not_fit() {
    let check = |data: Dataset, from: Option<Checkpoint>, expect: &str| {
        let error = run(&scripted(), &mut Scripted::valid(&[1.0; 5]), &data, from, NEVER).fitted.unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    let none = "training wants at least one row in the train split, got none";
    check(dataset(Task::Regress, 0, 1), None, none);
    let from = Checkpoint { batch: 2, ..Checkpoint::default() };
    let other = "the checkpoint wants an epoch of more than 2 batches, got one of 2; \
                 it belongs to other data or another `train.batch_size`";
    check(dataset(Task::Regress, 2, 0), Some(from), other);
}
