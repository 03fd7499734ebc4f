use serde::{Deserialize, Serialize};

use crate::predictions::{ForecastPredictions, LabelPredictions, NumberPredictions, Predictions};

/// What a model answers that looks at nothing: the bar that learning has to clear. It knows the training rows alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Baseline {
    /// Always the most frequent label of the training rows, the first of equals; for log loss, the share of each label
    /// there (scikit-learn's `DummyClassifier(strategy="prior")`).
    Majority {
        /// The label.
        label: String,
        /// Its share of the training rows.
        share: f64,
    },
    /// For each label by itself what the more frequent answer of the training rows is; no, where both are equally frequent
    /// (`DummyClassifier(strategy="most_frequent")` of several labels).
    Usual {
        /// The labels that more than half of the training rows have.
        labels: Vec<String>,
    },
    /// Always the means of the training rows (`DummyRegressor(strategy="mean")`).
    Means {
        /// The mean of each column, in its own unit.
        values: Vec<f64>,
    },
    /// Always the quantiles of the training rows (`DummyRegressor(strategy="quantile")` of each level).
    Quantiles {
        /// One for each level, in the target's own unit.
        values: Vec<f64>,
    },
    /// Always the mean of the training rows (`DummyRegressor(strategy="mean")`).
    Mean {
        /// The mean, in the target's own unit.
        value: f64,
    },
    /// Each piece of a text as probable as it was frequent in training.
    Frequency {
        /// How many nats that costs in training: the entropy of the pieces there.
        entropy: f64,
    },
    /// Always what a series was one season before; with a season of one step, its last number.
    Repeat {
        /// How many steps a season has.
        season: usize,
    },
}

/// The labels that the baseline answers where `labels` answers; `shares` of the training rows, one for each label.
pub(crate) fn majority(shares: &[f64], labels: &LabelPredictions) -> Predictions {
    // Their softmax gives the shares back. A label without training rows gets probability 0 and an infinite loss.
    let logits: Vec<f64> = shares.iter().map(|share| share.ln()).collect();
    let mut always = LabelPredictions::new(shares.len());
    for (&row, &truth) in labels.rows().iter().zip(labels.truth()) {
        always.push(row, truth, &logits);
    }
    Predictions::Labels(always)
}

/// The numbers that the baseline answers where `numbers` answers.
pub(crate) fn mean(mean: f64, numbers: &NumberPredictions) -> Predictions {
    Predictions::Numbers(numbers.always(mean))
}

/// The steps behind a window if it repeats its last season: `window` `[steps]`; a season is no longer than it.
pub(crate) fn repeat(window: &[f64], season: usize, steps: usize) -> Vec<f64> {
    let last = &window[window.len().saturating_sub(season)..];
    (0..steps).filter_map(|step| last.get(step % last.len().max(1)).copied()).collect()
}

/// What the baseline tells where `forecast` tells; `told` is the same for each row, `[columns][steps]`.
pub(crate) fn repeated(forecast: &ForecastPredictions, told: &[Vec<f64>]) -> Predictions {
    let mut always = forecast.without_rows();
    let width = (forecast.columns().len() * forecast.steps()).max(1);
    for ((&row, truth), told) in forecast.rows().iter().zip(forecast.truth().chunks_exact(width)).zip(told) {
        always.push(row, truth, told);
    }
    Predictions::Forecast(always)
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_majority_is_scored_on_the_test_rows() {
        let mut labels = LabelPredictions::new(3);
        for (row, truth) in [0, 1, 1, 2].into_iter().enumerate() {
            labels.push(row, truth, &[0.0, 0.0, 9.0]);
        }
        let [accuracy, macro_f1, log_loss] = majority(&[0.2, 0.5, 0.3], &labels).values()[..] else {
            panic!("three metrics judge labels")
        };
        // DummyClassifier(strategy="prior") of scikit-learn 1.9.1 under accuracy_score, f1_score and log_loss.
        assert_eq!(accuracy, 0.5);
        assert!((macro_f1 - 2.0 / 9.0).abs() < 1e-15); // F1 of label 1 is 2/3, of the two others 0
        let expect = -(0.2f64.ln() + 2.0 * 0.5f64.ln() + 0.3f64.ln()) / 4.0;
        assert!((log_loss - expect).abs() < 1e-15); // a few roundings of numbers near 1
    }

    #[test]
    fn a_label_that_training_never_saw_costs_the_baseline_everything() {
        let mut labels = LabelPredictions::new(2);
        labels.push(0, 1, &[0.0, 1.0]);
        assert_eq!(majority(&[1.0, 0.0], &labels).values(), [0.0, 0.0, f64::INFINITY]);
    }

    #[test]
    fn a_season_is_repeated() {
        let window = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(repeat(&window, 1, 3), [5.0, 5.0, 5.0]);
        assert_eq!(repeat(&window, 3, 7), [3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 3.0]);
    }

    #[test]
    fn the_mean_explains_nothing() {
        let mut numbers = NumberPredictions::default();
        numbers.push(0, 1.0, 1.0);
        numbers.push(1, 5.0, 5.0);
        assert_eq!(mean(3.0, &numbers).values(), [0.0, 2.0, 2.0]);
        assert_eq!(mean(1.0, &numbers).values(), [-1.0, 8f64.sqrt(), 2.0]);
    }
}
