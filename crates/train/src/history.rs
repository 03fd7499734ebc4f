//! What the epochs so far say: a pure function of their losses and metrics, so that a resumed run judges as an undisturbed one.

use std::cmp::Ordering;

use baeum_core::{EpochRecord, Scored};

/// The loss that judges an epoch: on the validation rows, or, without such rows, on the training rows.
pub fn judged_loss(record: &EpochRecord) -> f64 {
    record.valid_loss.unwrap_or(record.train_loss)
}

/// The best epoch; none if every one was lost.
pub fn best_epoch(history: &[EpochRecord]) -> Option<&EpochRecord> {
    best_epochs(history).into_iter().next()
}

/// All epochs but the lost ones, the best first.
///
/// The metrics that an epoch was judged by decide in their order, and the loss where they are equal; of equals the first is
/// better. An epoch is lost if its loss is not finite or one of its metrics has no value.
pub(crate) fn best_epochs(history: &[EpochRecord]) -> Vec<&EpochRecord> {
    let judged = history.iter().filter_map(|record| Some((costs(record)?, record)));
    let mut judged: Vec<_> = judged.collect();
    judged.sort_by(|(a, _), (b, _)| compared(a, b)); // stable, so equals stay in their order
    judged.into_iter().map(|(_, record)| record).collect()
}

/// What an epoch is judged by, the most important first; less is better. None if it is lost.
fn costs(record: &EpochRecord) -> Option<Vec<f64>> {
    let metrics = record.valid_metrics.iter().map(Scored::cost);
    let costs: Vec<f64> = metrics.chain([Some(judged_loss(record))]).collect::<Option<_>>()?;
    costs.iter().all(|cost| cost.is_finite()).then_some(costs)
}

fn compared(a: &[f64], b: &[f64]) -> Ordering {
    let each = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
    each.fold(Ordering::Equal, Ordering::then)
}

/// How many epochs there were since one of the metrics, or the loss where there are none, last got better by more than
/// `min_delta` than where it then stood.
pub(crate) fn stale_epochs(history: &[EpochRecord], min_delta: f64) -> u32 {
    let metrics = history.first().map_or(0, |record| record.valid_metrics.len());
    let cost = |record: &EpochRecord, place: usize| record.valid_metrics.get(place).and_then(Scored::cost);
    let of_metric =
        |place| stale(history.iter().map(|record| cost(record, place).unwrap_or(f64::NAN)), min_delta);
    let of_loss = || stale(history.iter().map(judged_loss), min_delta);
    (0..metrics).map(of_metric).min().unwrap_or_else(of_loss)
}

fn stale(costs: impl Iterator<Item = f64>, min_delta: f64) -> u32 {
    let (mut lowest, mut stale) = (f64::INFINITY, 0);
    for cost in costs {
        match cost < lowest - min_delta {
            true => (lowest, stale) = (cost, 0),
            false => stale += 1,
        }
    }
    stale
}

#[cfg(test)]
mod tests {
    use baeum_core::MetricName;

    use super::*;

    const NAN: f64 = f64::NAN;

    fn history(losses: &[f64]) -> Vec<EpochRecord> {
        let record = |(epoch, &loss)| EpochRecord {
            epoch: epoch as u32,
            step: 0,
            train_loss: 0.0,
            valid_loss: Some(loss),
            learning_rate: 1.0,
            ..EpochRecord::default()
        };
        losses.iter().enumerate().map(record).collect()
    }

    #[track_caller]
    fn check(losses: &[f64], min_delta: f64, best: Option<u32>, stale: u32) {
        let history = history(losses);
        assert_eq!(best_epoch(&history).map(|record| record.epoch), best);
        assert_eq!(stale_epochs(&history, min_delta), stale);
    }

    #[test]
    fn progress_ends_patience() {
        check(&[], 0.0, None, 0);
        check(&[3.0, 2.0, 1.0], 0.0, Some(2), 0);
        check(&[3.0, 1.0, 2.0, 1.5], 0.0, Some(1), 2);
    }

    #[test]
    fn an_equal_loss_is_no_progress() {
        check(&[1.0, 1.0, 1.0], 0.0, Some(0), 2);
    }

    #[test]
    fn small_steps_are_best_but_no_progress_until_they_add_up() {
        check(&[1.0, 0.75, 0.625], 0.5, Some(2), 2);
        check(&[1.0, 0.75, 0.625, 0.375], 0.5, Some(3), 0);
    }

    /// Accuracy and mean absolute error of epochs that all have the same loss.
    fn judged(epochs: &[(f64, f64)]) -> Vec<EpochRecord> {
        let scored = |metric: MetricName, value: f64| Scored {
            metric: metric.into(),
            value: Some(value).filter(|value| !value.is_nan()),
        };
        let mut history = history(&vec![1.0; epochs.len()]);
        for (record, (accuracy, error)) in history.iter_mut().zip(epochs) {
            record.valid_metrics =
                vec![scored(MetricName::Accuracy, *accuracy), scored(MetricName::Mae, *error)];
        }
        history
    }

    #[track_caller]
    fn check_metrics(epochs: &[(f64, f64)], min_delta: f64, best: Option<u32>, stale: u32) {
        let history = judged(epochs);
        assert_eq!(best_epoch(&history).map(|record| record.epoch), best);
        assert_eq!(stale_epochs(&history, min_delta), stale);
    }

    #[test]
    fn metrics_decide_in_their_order_and_each_in_its_direction() {
        check_metrics(&[(0.5, 3.0), (0.75, 9.0), (0.75, 8.0), (0.25, 1.0)], 0.0, Some(2), 0);
        check_metrics(&[(0.75, 3.0), (0.75, 3.0)], 0.0, Some(0), 1);
        let history = judged(&[(0.5, 3.0), (0.75, 9.0), (NAN, 1.0), (0.75, 9.0), (0.5, 2.0)]);
        let order: Vec<u32> = best_epochs(&history).iter().map(|record| record.epoch).collect();
        assert_eq!(order, [1, 3, 4, 0]);
        let mut equal = judged(&[(0.75, 3.0), (0.75, 3.0)]);
        equal[1].valid_loss = Some(0.5);
        assert_eq!(best_epoch(&equal).map(|record| record.epoch), Some(1), "the loss tells equals apart");
    }

    #[test]
    fn patience_lasts_while_one_of_them_gets_better() {
        check_metrics(&[(0.5, 3.0), (0.5, 2.5), (0.5, 2.5), (0.5, 2.25)], 0.0, Some(3), 0);
        check_metrics(&[(0.5, 3.0), (0.5, 2.75), (0.5, 2.5), (0.5, 2.5)], 0.5, Some(2), 3);
        check_metrics(&[(0.5, 3.0), (0.75, 3.5), (0.625, 3.5), (0.5, 3.5)], 0.0, Some(1), 2);
    }

    #[test]
    fn an_epoch_without_a_value_is_neither_best_nor_progress() {
        check_metrics(&[(NAN, 3.0), (0.5, NAN)], 0.0, None, 0);
        check_metrics(&[(0.5, 3.0), (NAN, NAN)], 0.0, Some(0), 1);
    }

    #[test]
    fn a_loss_that_is_not_finite_is_neither_best_nor_progress() {
        check(&[NAN, f64::INFINITY], 0.0, None, 2);
        check(&[2.0, NAN, 1.0, NAN], 0.0, Some(2), 1);
        check(&[-NAN, 2.0], 0.0, Some(1), 0);
    }
}
