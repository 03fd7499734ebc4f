use baeum_kernels::softmax;
use serde::{Deserialize, Serialize};

/// From what the network yields to an answer: the inverse of the target's transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decode {
    /// Logits, one for each label; the most probable one answers.
    Label {
        /// The labels, in the order of the logits.
        labels: Vec<String>,
    },
    /// A standardised number: `x * scale + offset`.
    Number {
        /// Standard deviation of the target in the training rows.
        scale: f64,
        /// Its mean there.
        offset: f64,
        /// What the number counts, if the recipe says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

/// What the learned function says about one record and one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// One of the labels.
    Label {
        /// The most probable label; the first of equals.
        label: String,
        /// How probable each label is, in the order of the labels; their sum is 1.
        probabilities: Vec<f32>,
    },
    /// A number.
    Number {
        /// The number, in the target's own unit.
        value: f64,
        /// What it counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

impl Decode {
    /// How many numbers the network has to yield for it.
    pub fn width(&self) -> usize {
        match self {
            Decode::Label { labels } => labels.len(),
            Decode::Number { .. } => 1,
        }
    }

    /// The answer in one row of what the network yields; `row`: `[width]`.
    pub fn answer(&self, row: &[f32]) -> Answer {
        match self {
            Decode::Label { labels } => {
                let probabilities = probabilities(row);
                let best = baeum_kernels::argmax(row).unwrap_or(0);
                Answer::Label { label: labels.get(best).cloned().unwrap_or_default(), probabilities }
            }
            Decode::Number { scale, offset, unit } => {
                let x = row.first().copied().map_or(f64::NAN, f64::from);
                Answer::Number { value: x * scale + offset, unit: unit.clone() }
            }
        }
    }
}

/// The softmax of one row of logits.
pub fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut row = logits.to_vec();
    softmax(&mut row);
    row
}
