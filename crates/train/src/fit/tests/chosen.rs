//! Epochs that metrics choose.

use baeum_core::Scored;

use super::*;

/// Five epochs whose loss falls all the while, with these metrics.
fn by(best: &[MetricName]) -> TrainConfig {
    TrainConfig { best: Several(best.iter().copied().map(HeadMetric::from).collect()), ..scripted() }
}

/// Trains on one row; `values` has the metrics after each update.
fn scored(said: &TrainConfig, values: &[&[f64]]) -> Run {
    let mut judge = |net: &mut dyn Network, _: &Dataset, metrics: &[HeadMetric]| {
        let of_epoch = values[net.state()?.step as usize - 1].iter().map(|value| Some(*value));
        Ok(metrics
            .iter()
            .zip(of_epoch)
            .map(|(metric, value)| Scored { metric: metric.clone(), value })
            .collect())
    };
    let (mut net, data) = (Scripted::valid(&[25.0, 16.0, 9.0, 4.0, 1.0]), dataset(Task::Regress, 1, 1));
    run_judged(said, &mut net, &data, None, NEVER, &mut judge)
}

#[test]
fn a_metric_chooses_the_epoch_and_the_loss_tells_equals_apart() {
    let run = scored(&by(&[MetricName::R2]), &[&[0.5], &[0.75], &[0.75], &[0.25], &[0.5]]);
    let chosen: Vec<bool> = run
        .events
        .iter()
        .filter_map(|event| if let Event::Epoch { is_best, .. } = event { Some(*is_best) } else { None })
        .collect();
    assert_eq!(chosen, [true, true, true, false, false]);
    let fitted = run.fitted.unwrap();
    assert_eq!(
        fitted.history[2].valid_metrics,
        [Scored { metric: MetricName::R2.into(), value: Some(0.75) }]
    );
    let best = fitted.best.unwrap();
    assert_eq!((best.epoch, best.loss), (2, 9.0));
    assert_eq!(best.weights["step"], Tensor::scalar(3.0));
}

#[test]
fn the_next_best_epochs_keep_their_weights_too() {
    let checkpoint = CheckpointConfig { best: 3, ..CheckpointConfig::default() };
    let said = TrainConfig { checkpoint, ..by(&[MetricName::R2]) };
    let run = scored(&said, &[&[0.5], &[0.75], &[0.75], &[0.25], &[0.5]]);
    let kept: Vec<usize> = run.kept.iter().map(|kept| kept.best.len()).collect();
    assert_eq!(kept, [1, 2, 3, 3, 3]);
    let fitted = run.fitted.unwrap();
    let best: Vec<(u32, Tensor)> = fitted
        .best
        .into_iter()
        .chain(fitted.runners_up)
        .map(|best| (best.epoch, best.weights["step"].clone()))
        .collect();
    // Epochs 2 and 1 have the same metric, and so have 4 and 0: the lower loss is better.
    assert_eq!(best, [(2, 3.0), (1, 2.0), (4, 5.0)].map(|(epoch, step)| (epoch, Tensor::scalar(step))));
    let (mut net, data) = (Scripted::valid(&[25.0; 5]), dataset(Task::Regress, 1, 1));
    let fewer =
        run_judged(&by(&[MetricName::R2]), &mut net, &data, Some(run.kept[2].clone()), NEVER, &mut accuracy);
    let text =
        "a checkpoint wants the weights of 1 of its epochs, got 3; `train.checkpoint.best` says how many";
    assert_eq!(fewer.fitted.unwrap_err().to_string(), text);
}

#[test]
fn patience_ends_where_no_metric_gets_better() {
    let early_stopping = Some(EarlyStopping { patience: 2, min_delta: 0.0 });
    let said = TrainConfig { early_stopping, ..by(&[MetricName::R2, MetricName::Mae]) };
    let values: [&[f64]; 5] = [&[0.5, 3.0], &[0.5, 2.0], &[0.25, 2.0], &[0.25, 2.0], &[0.75, 1.0]];
    let fitted = scored(&said, &values).fitted.unwrap();
    assert_eq!((fitted.end, fitted.history.len()), (Ended::EarlyStop, 4));
    assert_eq!(fitted.best.map(|best| best.epoch), Some(1));
}

#[test]
fn a_metric_that_does_not_fit_is_refused() {
    let check = |best: &[MetricName], data: Dataset, expect: &str| {
        let error = run(&by(best), &mut Scripted::valid(&[1.0; 5]), &data, None, NEVER).fitted.unwrap_err();
        assert_eq!((error.to_string(), error.path().as_deref()), (expect.to_owned(), Some("train.best")));
    };
    let text =
        "`train.best` must be among `r2`, `rmse`, `mae`, because the task is `regress`, got `accuracy`";
    check(&[MetricName::Mae, MetricName::Accuracy], dataset(Task::Regress, 1, 1), text);
    let text = "`train.best` must be left out where the valid split has no rows, unless `data.split` gives it some, \
                got `r2`, `mae`";
    check(&[MetricName::R2, MetricName::Mae], dataset(Task::Regress, 1, 0), text);
    let error = by(&[MetricName::R2, MetricName::Mae, MetricName::R2]).check().unwrap_err();
    assert_eq!(error.to_string(), "`train.best` must be a list of different metrics, got `r2` twice");
}

#[test]
fn rows_that_cannot_be_scored_end_training() {
    let (mut net, data) = (Scripted::valid(&[1.0; 5]), dataset(Task::Regress, 1, 1));
    let mut judge = |_: &mut dyn Network, _: &Dataset, _: &[HeadMetric]| Err("no score".into());
    let run = run_judged(&by(&[MetricName::R2]), &mut net, &data, None, NEVER, &mut judge);
    let error = run.fitted.unwrap_err();
    assert_eq!(error.to_string(), "could not score the validation rows for `train.best`");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no score");
    let error = scored(&by(&[MetricName::R2, MetricName::Mae]), &[[0.5].as_slice(); 5]).fitted.unwrap_err();
    let text = "`train.best` wants the validation rows scored by `r2`, `mae`, got `r2`";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_metric_that_is_never_defined_chooses_nothing() {
    let (mut net, data) = (Scripted::valid(&[1.0; 5]), dataset(Task::Regress, 1, 1));
    let mut judge = |_: &mut dyn Network, _: &Dataset, _: &[HeadMetric]| {
        Ok(vec![Scored { metric: MetricName::R2.into(), value: None }])
    };
    let run = run_judged(&by(&[MetricName::R2]), &mut net, &data, None, NEVER, &mut judge);
    let text = "could not choose an epoch, because the validation loss was never finite, or the rows never defined `r2`; \
                look for values out of range in the valid split";
    assert_eq!(run.fitted.unwrap_err().to_string(), text);
}

#[test]
fn a_checkpoint_goes_on_with_the_metrics_it_was_judged_by_alone() {
    let values: [&[f64]; 5] = [&[0.5]; 5];
    let kept = scored(&by(&[MetricName::R2]), &values).kept.remove(0);
    let data = dataset(Task::Regress, 1, 1);
    let other = run(&scripted(), &mut Scripted::valid(&[1.0; 5]), &data, Some(kept), NEVER);
    let text = "the checkpoint wants a recipe whose `train.best` is [`r2`], got []";
    assert_eq!(other.fitted.unwrap_err().to_string(), text);
}
