//! What the settings of a loss must be, and what they mean.

use baeum_core::{Loss, Task};

use crate::TrainError;
use crate::config::{CrossEntropyConfig, Huber, LossConfig, Quantile};
use crate::plan::{ABOVE_ZERO, BELOW_ONE, BETWEEN, NOT_NEGATIVE, number, require};

impl LossConfig {
    /// `at`: where the recipe says the loss, below `train`.
    pub(crate) fn check(&self, at: &str) -> Result<(), TrainError> {
        match self {
            LossConfig::CrossEntropy(CrossEntropyConfig { smoothing, gamma }) => {
                number(&format!("{at}.cross_entropy.smoothing"), *smoothing, BELOW_ONE)?;
                let path = format!("{at}.cross_entropy.gamma");
                number(&path, *gamma, NOT_NEGATIVE)?;
                let rule = "0, because `smoothing` is above 0";
                require(*smoothing == 0.0 || *gamma == 0.0, &path, rule, gamma)
            }
            LossConfig::BinaryCrossEntropy | LossConfig::Mse | LossConfig::Mae => Ok(()),
            LossConfig::Huber(Huber { delta }) => number(&format!("{at}.huber.delta"), *delta, ABOVE_ZERO),
            LossConfig::Quantile(Quantile { level }) => {
                number(&format!("{at}.quantile.level"), *level, BETWEEN)
            }
        }
    }

    /// The loss, if targets of this task can have it; every row counts the same. `at` as for [`LossConfig::check`].
    pub(crate) fn of(&self, task: Task, at: &str) -> Result<Loss, TrainError> {
        let loss = match *self {
            LossConfig::CrossEntropy(CrossEntropyConfig { smoothing, gamma }) => {
                Loss::CrossEntropy { weights: vec![], smoothing, gamma }
            }
            LossConfig::BinaryCrossEntropy => Loss::BINARY_CROSS_ENTROPY,
            LossConfig::Mse => Loss::Mse,
            LossConfig::Mae => Loss::Mae,
            LossConfig::Huber(Huber { delta }) => Loss::Huber { delta },
            LossConfig::Quantile(Quantile { level }) => Loss::Quantile { levels: vec![level] },
        };
        let (fit, rule) = match task {
            Task::Classify | Task::Generate => (&["cross_entropy"][..], "`cross_entropy`"),
            Task::MultiLabel => (&["binary_cross_entropy"][..], "`binary_cross_entropy`"),
            Task::Regress => {
                (&["mse", "mae", "huber", "quantile"][..], "`mse`, `mae`, `huber` or `quantile`")
            }
        };
        let rule = format!("{rule}, because the task is `{}`", task.name());
        require(fit.contains(&loss.name()), at, rule, format!("`{}`", loss.name()))?;
        Ok(loss)
    }

    /// Refuses what wants one label a row, where `data.mix` makes two of it.
    pub(crate) fn refuse_mixed(&self, at: &str) -> Result<(), TrainError> {
        match self {
            LossConfig::CrossEntropy(CrossEntropyConfig { gamma, .. }) => {
                let rule = "0, because `data.mix` leaves no one label to be sure of";
                require(*gamma == 0.0, &format!("{at}.cross_entropy.gamma"), rule, gamma)
            }
            LossConfig::BinaryCrossEntropy
            | LossConfig::Mse
            | LossConfig::Mae
            | LossConfig::Huber(_)
            | LossConfig::Quantile(_) => Ok(()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: Result<(), TrainError>, path: &str, expect: &str) {
        let error = found.unwrap_err();
        assert_eq!(error.to_string(), format!("`train.{path}` must be {expect}"));
        assert_eq!(error.path(), Some(format!("train.{path}")));
    }

    fn cross_entropy(smoothing: f64, gamma: f64) -> LossConfig {
        LossConfig::CrossEntropy(CrossEntropyConfig { smoothing, gamma })
    }

    #[test]
    fn smoothing_leaves_something_to_learn() {
        let path = "loss.cross_entropy.smoothing";
        let rule = "from 0 up to, but not reaching, 1, got";
        check(cross_entropy(1.0, 0.0).check("loss"), path, &format!("{rule} 1"));
        check(cross_entropy(-0.1, 0.0).check("loss"), path, &format!("{rule} -0.1"));
        let wanted = Loss::CrossEntropy { weights: vec![], smoothing: 0.1, gamma: 0.0 };
        assert_eq!(cross_entropy(0.1, 0.0).of(Task::Classify, "loss").unwrap(), wanted);
    }

    #[test]
    fn one_label_must_be_there_to_be_sure_of() {
        let path = "loss.cross_entropy.gamma";
        check(cross_entropy(0.0, -2.0).check("loss"), path, "zero or more, got -2");
        check(cross_entropy(0.1, 2.0).check("loss"), path, "0, because `smoothing` is above 0, got 2");
        let mixed = "0, because `data.mix` leaves no one label to be sure of, got 2";
        check(cross_entropy(0.0, 2.0).refuse_mixed("loss"), path, mixed);
        cross_entropy(0.1, 0.0).refuse_mixed("loss").unwrap();
    }

    #[test]
    fn a_line_begins_somewhere_and_a_share_is_a_share() {
        let huber = |delta| LossConfig::Huber(Huber { delta });
        check(huber(0.0).check("loss"), "loss.huber.delta", "above zero, got 0");
        check(huber(f64::INFINITY).check("loss"), "loss.huber.delta", "a finite number, got inf");
        let quantile = |level| LossConfig::Quantile(Quantile { level });
        for (level, got) in [(0.0, "0"), (1.0, "1"), (90.0, "90")] {
            let expect = format!("above zero and below 1, got {got}");
            check(quantile(level).check("loss"), "loss.quantile.level", &expect);
        }
    }

    #[test]
    fn the_loss_fits_the_task() {
        for loss in [LossConfig::Mse, LossConfig::Mae, LossConfig::Huber(Huber::default())] {
            loss.of(Task::Regress, "loss").unwrap();
        }
        let refused =
            |loss: LossConfig, task, expect: &str| check(loss.of(task, "loss").map(drop), "loss", expect);
        let text = "`cross_entropy`, because the task is `classify`, got `mse`";
        refused(LossConfig::Mse, Task::Classify, text);
        let text = "`binary_cross_entropy`, because the task is `multi_label`, got `mae`";
        refused(LossConfig::Mae, Task::MultiLabel, text);
        let text =
            "`mse`, `mae`, `huber` or `quantile`, because the task is `regress`, got `binary_cross_entropy`";
        refused(LossConfig::BinaryCrossEntropy, Task::Regress, text);
    }
}
