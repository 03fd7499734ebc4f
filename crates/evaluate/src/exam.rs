//! Asks the network for every row, and holds its answers against the truth.

mod columns;
mod forecast;
mod label_sets;
mod next;
mod quantiles;

use baeum_core::{Dataset, Decode, Network, Target, TargetStats, Task, Tensor, Value};

use crate::EvaluateError;
use crate::baseline::{Baseline, majority, mean};
use crate::metrics::{ClassScores, Tally, confusion};
use crate::predictions::{LabelPredictions, NumberPredictions, Predictions};
use crate::report::{ColumnScores, Learned, Quantiles};

/// A network before the rows of a part.
pub(crate) struct Exam<'a> {
    pub(crate) net: &'a mut dyn Network,
    pub(crate) data: &'a Dataset,
    /// The place of the target among those that the network answers.
    pub(crate) place: usize,
    pub(crate) target: &'a Target,
    pub(crate) rows: &'a [usize],
    /// How many of them go through the network at once.
    pub(crate) batch_rows: usize,
}

/// What an exam found out.
pub(crate) struct Found {
    pub(crate) predictions: Predictions,
    /// What the baseline answers to the same rows.
    pub(crate) always: Predictions,
    pub(crate) baseline: Baseline,
    pub(crate) unit: Option<String>,
    pub(crate) classes: Vec<ClassScores>,
    pub(crate) columns: Vec<ColumnScores>,
    pub(crate) quantiles: Option<Quantiles>,
    pub(crate) confusion: Vec<Vec<u64>>,
    pub(crate) learned: Vec<Learned>,
}

/// What a standardised number stands for: `x * scale + offset`.
#[derive(Clone, Copy)]
struct Ruler {
    scale: f64,
    offset: f64,
}

impl Ruler {
    fn read(self, x: f64) -> f64 {
        x * self.scale + self.offset
    }
}

impl Exam<'_> {
    /// Answers every row, and every probe.
    pub(crate) fn take(mut self, stats: &TargetStats) -> Result<Found, EvaluateError> {
        match (self.task(), &self.target.decode, stats) {
            (Task::Classify, Decode::Label { labels }, TargetStats::Labels { counts }) => {
                self.labels(labels, counts)
            }
            (Task::Regress, Decode::Number { scale, offset, unit }, TargetStats::Numbers { mean, .. }) => {
                self.numbers(Ruler { scale: *scale, offset: *offset }, unit.clone(), *mean)
            }
            (Task::Regress, Decode::Forecast { .. }, TargetStats::Steps { mean, season, .. }) => {
                self.forecast(mean, *season)
            }
            (Task::MultiLabel, Decode::Labels { .. }, TargetStats::LabelSets { rows, counts }) => {
                self.label_sets(counts, *rows)
            }
            (Task::Regress, Decode::Numbers { .. }, TargetStats::Columns { mean, .. }) => self.columns(mean),
            (Task::Regress, Decode::Quantiles { .. }, TargetStats::Quantiles { values }) => {
                self.quantiles(values)
            }
            (Task::Generate, Decode::Next { .. }, TargetStats::Pieces { counts, bytes }) => {
                self.next(counts, bytes)
            }
            (Task::Classify | Task::MultiLabel | Task::Regress | Task::Generate, decode, stats) => {
                Err(self.refuse("a decoder and statistics", format!("{decode:?} and {stats:?}")))
            }
        }
    }

    fn labels(&mut self, labels: &[String], counts: &[u64]) -> Result<Found, EvaluateError> {
        let trained: u64 = counts.iter().sum();
        if counts.len() != labels.len() || trained == 0 {
            return Err(self.refuse("counts of labels", format!("{counts:?} for {} labels", labels.len())));
        }
        if !self.data.probes.records.is_empty() {
            return Err(self.refuse("probes", "known answers that are numbers".to_owned()));
        }
        let mut predictions = LabelPredictions::new(labels.len());
        self.each_row(1, labels.len(), |row, truth, logits| {
            predictions.push(row, class(row, truth[0], labels.len())?, logits);
            Ok(())
        })?;
        let shares: Vec<f64> = counts.iter().map(|&count| count as f64 / trained as f64).collect();
        let most = baeum_kernels::argmax(&shares).unwrap_or(0);
        Ok(Found {
            always: majority(&shares, &predictions),
            baseline: Baseline::Majority { label: labels[most].clone(), share: shares[most] },
            unit: None,
            classes: Tally::of(labels.len(), predictions.pairs()).classes(labels),
            columns: vec![],
            quantiles: None,
            confusion: confusion(labels.len(), predictions.pairs()),
            learned: vec![],
            predictions: Predictions::Labels(predictions),
        })
    }

    fn numbers(&mut self, ruler: Ruler, unit: Option<String>, trained: f64) -> Result<Found, EvaluateError> {
        if !trained.is_finite() {
            return Err(self.refuse("statistics", format!("a mean of {trained}")));
        }
        let mut predictions = NumberPredictions::default();
        self.each_row(1, 1, |row, truth, output| {
            predictions.push(row, ruler.read(truth[0]), ruler.read(output[0]));
            Ok(())
        })?;
        Ok(Found {
            always: mean(trained, &predictions),
            baseline: Baseline::Mean { value: trained },
            unit,
            classes: vec![],
            columns: vec![],
            quantiles: None,
            confusion: vec![],
            learned: self.learned(ruler)?,
            predictions: Predictions::Numbers(predictions),
        })
    }

    /// Hands every row over with its truth, `[truths]`, and what the network yields, `[width]`; all of it finite.
    fn each_row(
        &mut self,
        truths: usize,
        width: usize,
        mut keep: impl FnMut(usize, &[f64], &[f64]) -> Result<(), EvaluateError>,
    ) -> Result<(), EvaluateError> {
        // As many rows as fit into a few hundred MiB, whatever each yields.
        let most = (MOST_NUMBERS / width.max(1)).max(1);
        for rows in self.rows.chunks(self.batch_rows.min(most)) {
            let batch = self.data.source.batch(rows)?;
            let known = batch.targets.get(self.place).map(Tensor::to_f64s).unwrap_or_default();
            if known.len() != rows.len() * truths {
                return Err(self
                    .refuse("one known answer for each row", format!("{} for {}", known.len(), rows.len())));
            }
            let told = self.told();
            let outputs = output(self.net.predict(&batch)?, told, self.target, (rows.len(), width))?;
            for ((&row, truth), output) in rows.iter().zip(known.chunks(truths)).zip(outputs.chunks(width)) {
                if let Some(&got) = truth.iter().find(|truth| !truth.is_finite()) {
                    return Err(EvaluateError::Truth { row, got });
                }
                if let Some(&got) = output.iter().find(|x| !x.is_finite()) {
                    return Err(EvaluateError::NotFinite { row, got });
                }
                keep(row, truth, output)?;
            }
        }
        Ok(())
    }

    /// What was learned of a known function.
    fn learned(&mut self, ruler: Ruler) -> Result<Vec<Learned>, EvaluateError> {
        let probes = &self.data.probes;
        let n = probes.records.len();
        if n == 0 {
            return Ok(vec![]);
        }
        if (probes.truth.len(), probes.inside.len(), probes.batch.rows) != (n, n, n) {
            return Err(self.refuse("probes", format!("parts of unequal length beside {n} records")));
        }
        if let Some(truth) = probes.truth.iter().find(|truth| !truth.is_finite()) {
            return Err(self.refuse("probes", format!("a known answer of {truth}")));
        }
        let told = self.told();
        let outputs = output(self.net.predict(&probes.batch)?, told, self.target, (n, 1))?;
        let known = probes.records.iter().zip(&probes.truth).zip(&probes.inside);
        let learned = known.zip(outputs).map(|(((record, &truth), &inside), x)| Learned {
            record: record.iter().map(|(field, value)| (field.clone(), written(value))).collect(),
            truth,
            answer: Some(ruler.read(x)).filter(|answer| answer.is_finite()),
            inside,
        });
        Ok(learned.collect())
    }

    fn refuse(&self, part: &'static str, got: String) -> EvaluateError {
        EvaluateError::Dataset { part, task: self.task(), got }
    }

    /// What the answer is like: of one target the dataset says it.
    fn task(&self) -> Task {
        if self.data.targets.len() > 1 { self.target.decode.task() } else { self.data.task }
    }

    /// Which output answers, of how many.
    fn told(&self) -> (usize, usize) {
        (self.place, self.data.targets.len().max(1))
    }
}

/// More numbers than this do not go through a network at once.
const MOST_NUMBERS: usize = 1 << 24;

/// The numbers of the output at a place among so many, `width` for each row.
fn output(
    outputs: &[Tensor],
    (place, count): (usize, usize),
    target: &Target,
    (rows, width): (usize, usize),
) -> Result<Vec<f64>, EvaluateError> {
    let wanted: Vec<usize> = std::iter::once(rows).chain(target.decode.shape()).collect();
    let refuse = |got| EvaluateError::Output { target: target.field.clone(), wanted: wanted.clone(), got };
    match outputs.get(place).filter(|_| outputs.len() == count) {
        Some(output) if output.shape() == wanted && output.len() == rows * width => Ok(output.to_f64s()),
        Some(output) => Err(refuse(format!("{:?}", output.shape()))),
        None => Err(refuse(format!("{} outputs", outputs.len()))),
    }
}

fn class(row: usize, truth: f64, classes: usize) -> Result<usize, EvaluateError> {
    // Comparing the way back refuses negative and broken numbers too.
    let class = truth as usize;
    if class as f64 == truth && class < classes {
        Ok(class)
    } else {
        Err(EvaluateError::Class { row, classes, got: truth })
    }
}

/// A value as a person would write it.
fn written(value: &Value) -> String {
    match value {
        Value::Number(x) => x.to_string(),
        Value::Text(text) => text.clone(),
        Value::Missing | Value::Numbers(_) | Value::Image(_) => value.to_string(),
    }
}
