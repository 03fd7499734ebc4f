use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HeadMetric, Task};

/// A way to judge answers; each equals scikit-learn's of the same name. The only list of metrics in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// The share of rows with the right label.
    Accuracy,
    /// The mean F1 of the labels, each label counting the same. Labels that stand in no row, neither as truth nor as
    /// answer, are left out, unless a row may have several labels; a label that is never right has an F1 of 0
    /// (scikit-learn's `average="macro"`).
    MacroF1,
    /// The F1 of all labels of all rows taken together, where a row may have several (scikit-learn's `average="micro"`).
    MicroF1,
    /// The share of rows all of whose labels are told, and no other (scikit-learn's `accuracy_score` of several labels).
    SubsetAccuracy,
    /// The share of labels told wrongly, over rows and labels.
    HammingLoss,
    /// The mean of `-ln(probability of the true label)`, in nats; computed from logits, hence never clipped.
    LogLoss,
    /// `e` to the power of the mean of `-ln(probability of the piece that came)`: among how many equally probable pieces the
    /// network could not decide (Jelinek et al. 1977).
    Perplexity,
    /// How many bits a byte of text takes on average, if the network says how to write it down: the sum of
    /// `-log2(probability of the piece that came)` over the bytes that pieces stand for. Unlike a loss per piece it does not
    /// depend on how a text is cut. A piece that training did not know costs its bits and stands for no byte.
    BitsPerByte,
    /// The share of the truth's variance that the answers explain: 1 is perfect, 0 is no better than the mean of the
    /// test rows, below that is worse. If all truths are equal it is 1 for exact answers and 0 for others, as in
    /// scikit-learn; for a single row it is undefined.
    R2,
    /// The root of the mean squared error, in the target's unit.
    Rmse,
    /// The mean absolute error, in the target's unit.
    Mae,
    /// The mean over rows and levels of `q (t - x)` where the quantile `x` lies below the truth `t` and of `(1 - q) (x - t)` where it lies
    /// above, in the target's unit (scikit-learn's `mean_pinball_loss`, averaged over the levels).
    PinballLoss,
    /// How far the share of truths up to a quantile is from its level, averaged over the levels.
    CoverageError,
}

impl MetricName {
    /// What labels are judged by, in the order of reports.
    pub const OF_LABELS: [MetricName; 3] = [MetricName::Accuracy, MetricName::MacroF1, MetricName::LogLoss];

    /// What labels are judged by of which a row may have several, in the order of reports.
    pub const OF_LABEL_SETS: [MetricName; 4] =
        [MetricName::MacroF1, MetricName::MicroF1, MetricName::SubsetAccuracy, MetricName::HammingLoss];

    /// What the next pieces of a text are judged by, in the order of reports.
    pub const OF_PIECES: [MetricName; 4] =
        [MetricName::Perplexity, MetricName::LogLoss, MetricName::BitsPerByte, MetricName::Accuracy];

    /// What numbers are judged by, in the order of reports.
    pub const OF_NUMBERS: [MetricName; 3] = [MetricName::R2, MetricName::Rmse, MetricName::Mae];

    /// What quantiles of a number are judged by, in the order of reports.
    pub const OF_QUANTILES: [MetricName; 2] = [MetricName::PinballLoss, MetricName::CoverageError];

    /// What answers of a task are judged by, in the order of reports.
    pub fn of(task: Task) -> &'static [MetricName] {
        match task {
            Task::Classify => &MetricName::OF_LABELS,
            Task::MultiLabel => &MetricName::OF_LABEL_SETS,
            Task::Regress => &MetricName::OF_NUMBERS,
            Task::Generate => &MetricName::OF_PIECES,
        }
    }

    /// The name used in recipes and files.
    pub fn name(self) -> &'static str {
        match self {
            MetricName::Accuracy => "accuracy",
            MetricName::MacroF1 => "macro_f1",
            MetricName::MicroF1 => "micro_f1",
            MetricName::SubsetAccuracy => "subset_accuracy",
            MetricName::HammingLoss => "hamming_loss",
            MetricName::LogLoss => "log_loss",
            MetricName::Perplexity => "perplexity",
            MetricName::BitsPerByte => "bits_per_byte",
            MetricName::R2 => "r2",
            MetricName::Rmse => "rmse",
            MetricName::Mae => "mae",
            MetricName::PinballLoss => "pinball_loss",
            MetricName::CoverageError => "coverage_error",
        }
    }

    /// The name used in text.
    pub fn title(self) -> &'static str {
        match self {
            MetricName::Accuracy => "Accuracy",
            MetricName::MacroF1 => "Macro-F1",
            MetricName::MicroF1 => "Micro-F1",
            MetricName::SubsetAccuracy => "Subset accuracy",
            MetricName::HammingLoss => "Hamming loss",
            MetricName::LogLoss => "Log loss",
            MetricName::Perplexity => "Perplexity",
            MetricName::BitsPerByte => "Bits per byte",
            MetricName::R2 => "R²",
            MetricName::Rmse => "RMSE",
            MetricName::Mae => "MAE",
            MetricName::PinballLoss => "Pinball loss",
            MetricName::CoverageError => "Coverage error",
        }
    }

    /// What it measures, for someone who meets it for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            MetricName::Accuracy => "Share of test rows with the right label.",
            MetricName::MacroF1 => "Precision and recall in one number, every label counting the same.",
            MetricName::MicroF1 => {
                "Precision and recall in one number, every label of every row counting the same."
            }
            MetricName::SubsetAccuracy => "Share of test rows with all the right labels and no other.",
            MetricName::HammingLoss => "Share of labels told wrongly, over rows and labels.",
            MetricName::LogLoss => "How surprised the network is by the truth, in nats.",
            MetricName::Perplexity => {
                "Among how many equally probable pieces it could not decide; 1 is perfect."
            }
            MetricName::BitsPerByte => {
                "How many bits it takes to write a byte of the text; compares networks whose pieces differ."
            }
            MetricName::R2 => "Share of the variation that the answers explain; 1 is perfect.",
            MetricName::Rmse => "Typical error, large ones counting more.",
            MetricName::Mae => "Error of an average answer.",
            MetricName::PinballLoss => {
                "How far the quantiles miss the truth, each side weighted by its level."
            }
            MetricName::CoverageError => "How far the share of truths below a quantile is from its level.",
        }
    }

    /// Whether it counts what the target counts.
    pub fn has_unit(self) -> bool {
        match self {
            MetricName::Rmse | MetricName::Mae | MetricName::PinballLoss => true,
            MetricName::Accuracy
            | MetricName::MacroF1
            | MetricName::MicroF1
            | MetricName::SubsetAccuracy
            | MetricName::HammingLoss
            | MetricName::LogLoss
            | MetricName::Perplexity
            | MetricName::BitsPerByte
            | MetricName::CoverageError
            | MetricName::R2 => false,
        }
    }

    /// Whether more of it is better.
    pub fn higher_is_better(self) -> bool {
        match self {
            MetricName::Accuracy
            | MetricName::MacroF1
            | MetricName::MicroF1
            | MetricName::SubsetAccuracy
            | MetricName::R2 => true,
            MetricName::HammingLoss
            | MetricName::LogLoss
            | MetricName::Perplexity
            | MetricName::BitsPerByte
            | MetricName::Rmse
            | MetricName::Mae
            | MetricName::PinballLoss
            | MetricName::CoverageError => false,
        }
    }
}

impl fmt::Display for MetricName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What rows score by one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// Which metric, of which target.
    pub metric: HeadMetric,
    /// Its value; none where the rows do not define it, or an answer was no number.
    pub value: Option<f64>,
}

impl fmt::Display for Scored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Some(value) => write!(f, "{} {value:.4}", self.metric),
            None => write!(f, "{} undefined", self.metric),
        }
    }
}

impl Scored {
    /// The value with such a sign that less of it is better, as of a loss.
    pub fn cost(&self) -> Option<f64> {
        let sign = if self.metric.metric.higher_is_better() { -1.0 } else { 1.0 };
        self.value.map(|value| sign * value)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn files_spell_metrics_as_text_does() {
        let labels = MetricName::OF_LABELS.into_iter().chain(MetricName::OF_LABEL_SETS);
        for metric in
            labels.chain(MetricName::OF_NUMBERS).chain(MetricName::OF_QUANTILES).chain(MetricName::OF_PIECES)
        {
            assert_eq!(serde_json::to_string(&metric).unwrap(), format!("\"{metric}\""));
        }
    }
}
