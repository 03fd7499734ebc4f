//! What the epochs so far say: a pure function of their losses, so that a resumed run judges as an undisturbed one.

use baeum_core::EpochRecord;

/// The loss that judges an epoch: on the validation rows, or, without such rows, on the training rows.
pub fn judged_loss(record: &EpochRecord) -> f64 {
    record.valid_loss.unwrap_or(record.train_loss)
}

/// The epoch of the lowest loss, the first of equals; none if no loss was finite. NaN is never best.
pub fn best_epoch(history: &[EpochRecord]) -> Option<&EpochRecord> {
    let finite = history.iter().filter(|record| judged_loss(record).is_finite());
    finite.min_by(|a, b| judged_loss(a).total_cmp(&judged_loss(b)))
}

/// How many epochs there were since the loss last fell by more than `min_delta` below where it then stood.
pub(crate) fn stale_epochs(history: &[EpochRecord], min_delta: f64) -> u32 {
    let (mut lowest, mut stale) = (f64::INFINITY, 0);
    for loss in history.iter().map(judged_loss) {
        match loss < lowest - min_delta {
            true => (lowest, stale) = (loss, 0),
            false => stale += 1,
        }
    }
    stale
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn history(losses: &[f64]) -> Vec<EpochRecord> {
        let record = |(epoch, &loss)| EpochRecord {
            epoch: epoch as u32,
            step: 0,
            train_loss: 0.0,
            valid_loss: Some(loss),
            learning_rate: 1.0,
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

    #[test]
    fn a_loss_that_is_not_finite_is_neither_best_nor_progress() {
        check(&[NAN, f64::INFINITY], 0.0, None, 2);
        check(&[2.0, NAN, 1.0, NAN], 0.0, Some(2), 1);
        check(&[-NAN, 2.0], 0.0, Some(1), 0);
    }
}
