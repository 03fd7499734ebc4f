//! One of the targets that a network is asked for.

use baeum_core::{Dataset, Decode, Network, Target, TargetStats, Task, Tensor, Value};

use super::columns::ColumnPaper;
use super::forecast::ForecastPaper;
use super::label_sets::LabelSetPaper;
use super::labels::LabelPaper;
use super::next::NextPaper;
use super::numbers::NumberPaper;
use super::quantiles::QuantilePaper;
use super::{Paper, Ruler};
use crate::EvaluateError;
use crate::report::Learned;

/// A target, its place among those that the network answers, and what is known of its training rows.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) place: usize,
    pub(crate) target: &'a Target,
    stats: &'a TargetStats,
}

impl<'a> Asked<'a> {
    /// # Errors
    /// [`EvaluateError::Targets`] if the dataset has no target there.
    pub(crate) fn of(data: &'a Dataset, place: usize) -> Result<Asked<'a>, EvaluateError> {
        match data.targets.get(place).zip(data.stats.get(place)) {
            Some((target, stats)) => Ok(Asked { data, place, target, stats }),
            None => Err(EvaluateError::Targets { got: data.targets.len().min(data.stats.len()) }),
        }
    }

    /// What its answers are written down on.
    pub(super) fn paper(self) -> Result<Box<dyn Paper + 'a>, EvaluateError> {
        Ok(match (self.task(), &self.target.decode, self.stats) {
            (Task::Classify, Decode::Label { labels }, TargetStats::Labels { counts }) => {
                Box::new(LabelPaper::new(self, labels, counts)?)
            }
            (
                Task::MultiLabel,
                Decode::Labels { labels, thresholds },
                TargetStats::LabelSets { rows, counts },
            ) => Box::new(LabelSetPaper::new(self, (labels, thresholds), counts, *rows)?),
            (Task::Regress, Decode::Number { scale, offset, unit }, TargetStats::Numbers { mean, .. }) => {
                let ruler = Ruler { scale: *scale, offset: *offset };
                Box::new(NumberPaper::new(self, ruler, unit.clone(), *mean)?)
            }
            (
                Task::Regress,
                Decode::Numbers { columns, scale, offset, .. },
                TargetStats::Columns { mean, .. },
            ) => Box::new(ColumnPaper::new(self, columns, (scale, offset), mean)?),
            (
                Task::Regress,
                Decode::Quantiles { levels, scale, offset, unit },
                TargetStats::Quantiles { values },
            ) => {
                let ruler = Ruler { scale: *scale, offset: *offset };
                Box::new(QuantilePaper::new(self, levels, (ruler, unit.clone()), values)?)
            }
            (Task::Regress, Decode::Forecast { .. }, TargetStats::Steps { mean, season, .. }) => {
                Box::new(ForecastPaper::new(self, mean, *season)?)
            }
            (
                Task::Generate,
                Decode::Next { length, vocabulary, padding, .. },
                TargetStats::Pieces { counts, bytes },
            ) => Box::new(NextPaper::new(self, (*length, *vocabulary, *padding), counts, bytes)?),
            (Task::Classify | Task::MultiLabel | Task::Regress | Task::Generate, decode, stats) => {
                return Err(self.refuse("a decoder and statistics", format!("{decode:?} and {stats:?}")));
            }
        })
    }

    pub(super) fn refuse(self, part: &'static str, got: String) -> EvaluateError {
        EvaluateError::Dataset { part, task: self.task(), got }
    }

    /// What the answer is like: of one target the dataset says it.
    pub(crate) fn task(self) -> Task {
        if self.is_one_of_several() { self.target.decode.task() } else { self.data.task }
    }

    pub(crate) fn is_one_of_several(self) -> bool {
        self.data.targets.len() > 1
    }

    /// The numbers of its output for so many rows, as many for each as its decoder wants.
    pub(super) fn output(self, outputs: &[Tensor], rows: usize) -> Result<Vec<f64>, EvaluateError> {
        let wanted: Vec<usize> = std::iter::once(rows).chain(self.target.decode.shape()).collect();
        let refuse =
            |got| EvaluateError::Output { target: self.target.field.clone(), wanted: wanted.clone(), got };
        match outputs.get(self.place).filter(|_| outputs.len() == self.data.targets.len()) {
            Some(output) if output.shape() == wanted => Ok(output.to_f64s()),
            Some(output) => Err(refuse(format!("{:?}", output.shape()))),
            None => Err(refuse(format!("{} outputs", outputs.len()))),
        }
    }

    /// What was learned of a known function, which gives numbers.
    pub(super) fn learned(self, net: &mut dyn Network) -> Result<Vec<Learned>, EvaluateError> {
        let (probes, n) = (&self.data.probes, self.data.probes.records.len());
        let Decode::Number { scale, offset, .. } = self.target.decode else { return Ok(vec![]) };
        if n == 0 {
            return Ok(vec![]);
        }
        if (probes.truth.len(), probes.inside.len(), probes.batch.rows) != (n, n, n) {
            return Err(self.refuse("probes", format!("parts of unequal length beside {n} records")));
        }
        if let Some(truth) = probes.truth.iter().find(|truth| !truth.is_finite()) {
            return Err(self.refuse("probes", format!("a known answer of {truth}")));
        }
        let (ruler, outputs) = (Ruler { scale, offset }, self.output(net.predict(&probes.batch)?, n)?);
        let known = probes.records.iter().zip(&probes.truth).zip(&probes.inside);
        let learned = known.zip(outputs).map(|(((record, &truth), &inside), x)| Learned {
            record: record.iter().map(|(field, value)| (field.clone(), written(value))).collect(),
            truth,
            answer: Some(ruler.read(x)).filter(|answer| answer.is_finite()),
            inside,
        });
        Ok(learned.collect())
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
