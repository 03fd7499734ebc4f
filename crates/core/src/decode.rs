use std::borrow::Cow;

use baeum_kernels::{sigmoid, softmax};
use serde::{Deserialize, Serialize};

use crate::{Anchor, Record, Task, Value};

/// From what the network yields to an answer: the inverse of the target's transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decode {
    /// Logits, one for each label; the most probable one answers.
    Label {
        /// The labels, in the order of the logits.
        labels: Vec<String>,
    },
    /// Logits, one for each label; every label answers whose probability, its sigmoid, reaches its threshold.
    Labels {
        /// The labels, in the order of the logits.
        labels: Vec<String>,
        /// How probable each has to be.
        thresholds: Vec<f32>,
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
    /// Several standardised numbers: `x * scale + offset` of each.
    Numbers {
        /// What they are called, in their order.
        columns: Vec<String>,
        /// Standard deviation of each in the training rows.
        scale: Vec<f64>,
        /// Its mean there.
        offset: Vec<f64>,
        /// What the numbers count, if the recipe says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// Several quantiles of a standardised number: `x * scale + offset` of each, the smallest first. Nothing keeps a network from
    /// yielding two that cross; sorted, they are never further from the true ones (Chernozhukov, Fernandez-Val & Galichon 2010).
    Quantiles {
        /// Which share of the targets is to lie below each, going up.
        levels: Vec<f64>,
        /// Standard deviation of the target in the training rows.
        scale: f64,
        /// Its mean there.
        offset: f64,
        /// What the number counts, if the recipe says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// Logits for each place of a text: which piece comes behind it.
    Next {
        /// How many places there are.
        length: usize,
        /// How many pieces there are.
        vocabulary: usize,
        /// The piece that fills up a text shorter than that; it is never told.
        #[serde(default)]
        padding: usize,
        /// The piece before and behind each text, where texts stand by themselves; none where they are windows of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<usize>,
    },
    /// The next steps of a series, standardised column by column: `x * scale + offset`.
    Forecast {
        /// What is told, in the order of the numbers: all steps of the first column, then of the next.
        columns: Vec<String>,
        /// How many steps.
        steps: usize,
        /// Standard deviation of each column in the training steps.
        scale: Vec<f64>,
        /// Its mean there.
        offset: Vec<f64>,
        /// Where the numbers are told relative to the window that they follow, and not to all of training.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        anchor: Option<Anchored>,
        /// What the numbers count, if the recipe says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

/// What the numbers of a forecast are relative to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchored {
    /// The field of the window.
    pub field: String,
    /// The place of each column among its channels.
    pub channels: Vec<usize>,
    /// How many steps the window has.
    pub steps: usize,
    /// By what of it.
    pub by: Anchor,
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
    /// None, one or several of the labels.
    Labels {
        /// The labels that fit, in the order of all labels.
        labels: Vec<String>,
        /// How probable each of all labels is, in their order; each by itself.
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
    /// Several numbers, or quantiles of one, called by their levels.
    Numbers {
        /// What they are called.
        columns: Vec<String>,
        /// The numbers, each in its own unit.
        values: Vec<f64>,
        /// What they count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// What comes next in a text.
    Next {
        /// How probable each piece is behind each place: `[length][vocabulary]`. Behind the end of a text that is shorter they
        /// mean nothing.
        probabilities: Vec<Vec<f32>>,
    },
    /// The next steps of a series.
    Forecast {
        /// What is told.
        columns: Vec<String>,
        /// The steps of each column, in its own unit: `[columns][steps]`.
        values: Vec<Vec<f64>>,
        /// What they count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

impl Decode {
    /// What its answers are like.
    pub fn task(&self) -> Task {
        match self {
            Decode::Label { .. } => Task::Classify,
            Decode::Labels { .. } => Task::MultiLabel,
            Decode::Number { .. }
            | Decode::Numbers { .. }
            | Decode::Quantiles { .. }
            | Decode::Forecast { .. } => Task::Regress,
            Decode::Next { .. } => Task::Generate,
        }
    }

    /// How many numbers the network has to yield for it.
    pub fn width(&self) -> usize {
        match self {
            Decode::Label { labels } | Decode::Labels { labels, .. } => labels.len(),
            Decode::Number { .. } => 1,
            Decode::Numbers { columns, .. } => columns.len(),
            Decode::Quantiles { levels, .. } => levels.len(),
            Decode::Forecast { columns, steps, .. } => columns.len() * steps,
            Decode::Next { length, vocabulary, .. } => length * vocabulary,
        }
    }

    /// What its quantiles are called, if it has some.
    pub fn levels(&self) -> Vec<String> {
        let Decode::Quantiles { levels, .. } = self else { return vec![] };
        levels.iter().map(f64::to_string).collect()
    }

    /// The sizes in which it has to yield them for one record.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Decode::Label { .. }
            | Decode::Labels { .. }
            | Decode::Number { .. }
            | Decode::Numbers { .. }
            | Decode::Quantiles { .. }
            | Decode::Forecast { .. } => vec![self.width()],
            Decode::Next { length, vocabulary, .. } => vec![*length, *vocabulary],
        }
    }

    /// The same for one record: what is told relative to a window becomes relative to the window of this record. A
    /// number that is missing there makes answers that are none.
    pub fn of_record(&self, record: &Record) -> Cow<'_, Decode> {
        let Decode::Forecast { anchor: Some(anchor), .. } = self else { return Cow::Borrowed(self) };
        self.of_window(match record.get(&anchor.field) {
            Some(Value::Numbers(window)) => window,
            Some(Value::Missing | Value::Number(_) | Value::Text(_) | Value::Image(_)) | None => &[],
        })
    }

    /// The same for what a series shows before the answer, `[channels][steps]`.
    pub fn of_window(&self, window: &[f64]) -> Cow<'_, Decode> {
        let Decode::Forecast { columns, steps, scale, offset, anchor: Some(anchor), unit } = self else {
            return Cow::Borrowed(self);
        };
        let of_channel = |(&channel, &scale): (&usize, &f64)| {
            let start = channel * anchor.steps;
            let channel = window.get(start..start + anchor.steps).unwrap_or_default();
            let (centre, spread) = anchor.by.of(channel);
            (spread.unwrap_or(scale), centre)
        };
        let (scale, offset) = if window.is_empty() {
            (scale.clone(), vec![f64::NAN; offset.len()])
        } else {
            anchor.channels.iter().zip(scale).map(of_channel).unzip()
        };
        let (columns, steps, unit) = (columns.clone(), *steps, unit.clone());
        Cow::Owned(Decode::Forecast { columns, steps, scale, offset, anchor: None, unit })
    }

    /// The answer in one row of what the network yields; `row`: `[width]`. Where answers are relative to a record, it is
    /// the decoder [of this record](Decode::of_record) that is asked.
    pub fn answer(&self, row: &[f32]) -> Answer {
        match self {
            Decode::Label { labels } => {
                let probabilities = probabilities(row);
                let best = baeum_kernels::argmax(row).unwrap_or(0);
                Answer::Label { label: labels.get(best).cloned().unwrap_or_default(), probabilities }
            }
            Decode::Labels { labels, thresholds } => {
                let mut probabilities = row.to_vec();
                sigmoid(&mut probabilities);
                let fitting = labels.iter().zip(&probabilities).zip(thresholds);
                let fitting = fitting.filter(|((_, probability), threshold)| probability >= threshold);
                let labels = fitting.map(|((label, _), _)| label.clone()).collect();
                Answer::Labels { labels, probabilities }
            }
            Decode::Number { scale, offset, unit } => {
                let x = row.first().copied().map_or(f64::NAN, f64::from);
                Answer::Number { value: x * scale + offset, unit: unit.clone() }
            }
            Decode::Numbers { columns, scale, offset, unit } => {
                let numbers = row.iter().zip(scale).zip(offset);
                let values = numbers.map(|((&x, scale), offset)| f64::from(x) * scale + offset).collect();
                Answer::Numbers { columns: columns.clone(), values, unit: unit.clone() }
            }
            Decode::Quantiles { scale, offset, unit, .. } => {
                let mut values: Vec<f64> = row.iter().map(|&x| f64::from(x) * scale + offset).collect();
                rearrange(&mut values);
                Answer::Numbers { columns: self.levels(), values, unit: unit.clone() }
            }
            Decode::Next { vocabulary, .. } => {
                let places = row.chunks_exact((*vocabulary).max(1));
                Answer::Next { probabilities: places.map(probabilities).collect() }
            }
            Decode::Forecast { columns, steps, scale, offset, anchor: _, unit } => {
                let of_column = |((row, scale), offset): ((&[f32], &f64), &f64)| {
                    row.iter().map(|&x| f64::from(x) * scale + offset).collect()
                };
                let rows = row.chunks_exact((*steps).max(1)).zip(scale).zip(offset);
                let values = rows.map(of_column).collect();
                Answer::Forecast { columns: columns.clone(), values, unit: unit.clone() }
            }
        }
    }
}

/// Sorts the quantiles of one row, the smallest first; what is no number stands last.
pub fn rearrange(quantiles: &mut [f64]) {
    quantiles.sort_unstable_by(f64::total_cmp);
}

/// The softmax of one row of logits.
pub fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut row = logits.to_vec();
    softmax(&mut row);
    row
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;

    fn forecast(anchor: Option<Anchor>) -> Decode {
        let anchor =
            anchor.map(|by| Anchored { field: "series".to_owned(), channels: vec![1, 0], steps: 3, by });
        let columns = ["b", "a"].map(str::to_owned).to_vec();
        Decode::Forecast {
            columns,
            steps: 2,
            scale: vec![2.0, 3.0],
            offset: vec![10.0, 20.0],
            anchor,
            unit: None,
        }
    }

    fn values(decode: &Decode, window: Value) -> Vec<Vec<f64>> {
        let record = Record::from([("series".to_owned(), window)]);
        match decode.of_record(&record).answer(&[1.0, 2.0, -1.0, 0.5]) {
            Answer::Forecast { values, .. } => values,
            answer @ (Answer::Label { .. }
            | Answer::Labels { .. }
            | Answer::Number { .. }
            | Answer::Numbers { .. }
            | Answer::Next { .. }) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn labels_answer_from_their_thresholds_on() {
        let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
        let decode = Decode::Labels { labels, thresholds: vec![0.5, 0.75, 0.9] };
        let said = |row: &[f32]| match decode.answer(row) {
            Answer::Labels { labels, probabilities } => (labels.concat(), probabilities),
            answer @ (Answer::Label { .. }
            | Answer::Number { .. }
            | Answer::Numbers { .. }
            | Answer::Forecast { .. }
            | Answer::Next { .. }) => panic!("{answer:?}"),
        };
        assert_eq!(said(&[0.0, 1.0, 200.0]), ("ac".to_owned(), vec![0.5, 0.731_058_6, 1.0]));
        assert_eq!(said(&[-0.001, 1.2, -200.0]).0, "b");
        assert_eq!(said(&[f32::NAN, -5.0, 2.0]).0, "", "what is no number reaches nothing");
    }

    #[test]
    fn numbers_are_told_column_by_column() {
        let columns = ["price", "rent"].map(str::to_owned).to_vec();
        let (scale, offset) = (vec![2.0, 10.0], vec![1.0, -5.0]);
        let decode = Decode::Numbers { columns: columns.clone(), scale, offset, unit: None };
        assert_eq!((decode.width(), decode.shape()), (2, vec![2]));
        let wanted = Answer::Numbers { columns, values: vec![2.0, 0.0], unit: None };
        assert_eq!(decode.answer(&[0.5, 0.5]), wanted);
    }

    #[test]
    fn quantiles_are_told_by_their_levels_in_one_unit() {
        let (scale, offset, unit) = (2.0, 10.0, Some("m".to_owned()));
        let decode = Decode::Quantiles { levels: vec![0.1, 0.5], scale, offset, unit: unit.clone() };
        assert_eq!((decode.width(), decode.shape(), decode.task()), (2, vec![2], Task::Regress));
        let columns = ["0.1", "0.5"].map(str::to_owned).to_vec();
        let told = Answer::Numbers { columns, values: vec![8.0, 12.0], unit };
        assert_eq!(decode.answer(&[-1.0, 1.0]), told);
        assert_eq!(decode.answer(&[1.0, -1.0]), told, "those that cross change places");
    }

    #[test]
    fn a_forecast_is_told_column_by_column() {
        assert_eq!(forecast(None).width(), 4);
        assert_eq!(values(&forecast(None), Value::Missing), [[12.0, 14.0], [17.0, 21.5]]);
    }

    #[test]
    fn a_forecast_may_be_relative_to_its_window() {
        let window = Value::Numbers(vec![1.0, 2.0, 3.0, 10.0, 20.0, 60.0]); // a, then b
        assert_eq!(values(&forecast(Some(Anchor::Last)), window.clone()), [[62.0, 64.0], [0.0, 4.5]]);
        let spread =
            |x: &[f64; 3], mean: f64| (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
        let (a, b) = (spread(&[1.0, 2.0, 3.0], 2.0), spread(&[10.0, 20.0, 60.0], 30.0));
        let expect = [[30.0 + b, 30.0 + 2.0 * b], [2.0 - a, 2.0 + 0.5 * a]];
        assert_eq!(values(&forecast(Some(Anchor::Mean)), window), expect);
    }

    #[test]
    fn a_window_that_is_not_there_gives_no_number() {
        let told = values(&forecast(Some(Anchor::Last)), Value::Missing);
        assert!(told.iter().flatten().all(|x| x.is_nan()), "{told:?}");
        // A channel that never moves keeps its level.
        let flat = values(&forecast(Some(Anchor::Mean)), Value::Numbers(vec![5.0; 6]));
        assert_eq!(flat, [[6.0, 7.0], [4.0, 5.5]]);
    }
}
