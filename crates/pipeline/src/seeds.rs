//! Runs of one recipe that differ in their seed alone: how far apart they come out, and which of them is the best.
mod page;

use baeum_core::{EpochRecord, HeadMetric};
use baeum_evaluate::Metric;
use baeum_train::best_epoch;
use serde::Serialize;

/// What the run of one seed came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seeded {
    /// Where its random numbers came from.
    pub seed: u64,
    /// The name of its run.
    pub run: String,
    /// Its best epoch.
    pub best: EpochRecord,
    /// What its test rows score.
    pub metrics: Vec<Metric>,
}

/// The runs of a list of seeds, in its order. Written as `seeds.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seeds {
    /// What each came to.
    pub runs: Vec<Seeded>,
    /// How each metric of the test rows is spread over them.
    pub spread: Vec<Spread>,
    /// The run whose weights do best on its validation rows, by its place among them; none only if there is no run.
    pub best: Option<usize>,
    /// Whether every run had the same rows in each part; where the parts are drawn by lot, each seed draws its own.
    pub same_parts: bool,
}

/// How a metric is spread over seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Which metric, of which target.
    pub name: HeadMetric,
    /// The mean over the runs; none where a run does not define it.
    pub mean: Option<f64>,
    /// The standard deviation of a sample, divided by one less than the number of runs; none for a single one.
    pub deviation: Option<f64>,
    /// The lowest value.
    pub low: Option<f64>,
    /// The highest value.
    pub high: Option<f64>,
}

impl Seeds {
    /// What these runs say together.
    pub fn of(runs: Vec<Seeded>, same_parts: bool) -> Seeds {
        let names = runs.first().map_or(&[][..], |run| &run.metrics).iter().map(|metric| metric.name.clone());
        let spread = names.map(|name| Spread::of(name, &runs)).collect();
        Seeds { spread, best: best(&runs), runs, same_parts }
    }

    /// The run whose weights do best on its validation rows.
    pub fn best_run(&self) -> Option<&Seeded> {
        self.runs.get(self.best?)
    }

    /// The runs as one self-contained HTML page, a sibling of the report.
    pub fn page(&self, title: &str) -> String {
        page::page(self, title)
    }
}

impl Seeded {
    /// What the test rows score by a metric.
    pub fn value(&self, name: &HeadMetric) -> Option<f64> {
        self.metrics.iter().find(|metric| metric.name == *name)?.value
    }

    /// What chose it, for people: the metrics of `train.best`, or the loss, on the validation rows.
    pub fn chosen_by(&self) -> String {
        let metrics: Vec<String> = self.best.valid_metrics.iter().map(ToString::to_string).collect();
        let (rows, loss) = match self.best.valid_loss {
            Some(loss) => ("validation", loss),
            None => ("training", self.best.train_loss),
        };
        match metrics.is_empty() {
            true => format!("{rows} loss {loss:.4}"),
            false => format!("validation {}", metrics.join(", ")),
        }
    }
}

/// Runs are chosen as epochs are: by metrics, then by loss, and of equals the first.
fn best(runs: &[Seeded]) -> Option<usize> {
    let records: Vec<EpochRecord> = runs.iter().map(|run| run.best.clone()).collect();
    let best = best_epoch(&records)?;
    records.iter().position(|record| record == best)
}

impl Spread {
    fn of(name: HeadMetric, runs: &[Seeded]) -> Spread {
        let values: Option<Vec<f64>> = runs.iter().map(|run| run.value(&name)).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return Spread { name, mean: None, deviation: None, low: None, high: None };
        };
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        let low = values.iter().copied().reduce(f64::min);
        Spread { name, mean: Some(mean), deviation, low, high: values.iter().copied().reduce(f64::max) }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
pub(crate) mod tests {
    use baeum_core::{MetricName, Scored};

    use super::*;

    pub(crate) fn seeded(seed: u64, accuracy: f64, loss: f64, test: Option<f64>) -> Seeded {
        let scored = Scored { metric: MetricName::Accuracy.into(), value: Some(accuracy) };
        let metric = Metric {
            name: MetricName::Accuracy.into(),
            value: test,
            low: None,
            high: None,
            baseline: None,
            higher_is_better: true,
            undefined_resamples: 0,
        };
        let best = EpochRecord {
            epoch: 4,
            valid_loss: Some(loss),
            valid_metrics: vec![scored],
            ..EpochRecord::default()
        };
        Seeded { seed, run: format!("iris-{:04}", seed + 1), best, metrics: vec![metric] }
    }

    #[test]
    fn mean_and_deviation_are_those_of_a_sample() {
        let runs = [0.5, 0.75, 1.0].map(|test| seeded(0, 0.5, 1.0, Some(test)));
        let spread = Seeds::of(runs.to_vec(), true).spread;
        let expect = Spread {
            name: MetricName::Accuracy.into(),
            mean: Some(0.75),
            deviation: Some(0.25), // statistics.stdev of Python
            low: Some(0.5),
            high: Some(1.0),
        };
        assert_eq!(spread, [expect]);
        let one = Seeds::of(vec![seeded(0, 0.5, 1.0, Some(0.5))], true).spread.remove(0);
        assert_eq!((one.mean, one.deviation), (Some(0.5), None));
        let lost = Seeds::of(vec![seeded(0, 0.5, 1.0, Some(0.5)), seeded(1, 0.5, 1.0, None)], true);
        assert_eq!((lost.spread[0].mean, lost.spread[0].low), (None, None));
    }

    #[test]
    fn validation_rows_choose_the_run_and_test_rows_do_not() {
        let runs = vec![
            seeded(0, 0.5, 0.1, Some(1.0)),
            seeded(1, 0.75, 0.5, Some(0.5)),
            seeded(2, 0.75, 0.25, Some(0.25)),
            seeded(3, 0.75, 0.25, Some(0.75)),
        ];
        let seeds = Seeds::of(runs, true);
        assert_eq!(seeds.best_run().unwrap().seed, 2);
        assert_eq!(seeds.best_run().unwrap().chosen_by(), "validation accuracy 0.7500");
        assert_eq!(Seeds::of(vec![], true).best, None);
    }
}
