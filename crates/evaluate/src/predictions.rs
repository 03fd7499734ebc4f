//! What was answered to each row, and how good that is over any sample of the rows.

mod columns;
mod forecast;
mod label_sets;
mod pieces;
mod quantiles;

use baeum_kernels::{argmax, logsumexp, softmax};

use crate::MetricName;
use crate::metrics::{Errors, Tally};

pub use columns::ColumnPredictions;
pub use forecast::ForecastPredictions;
use forecast::Sums;
pub use label_sets::LabelSetPredictions;
pub(crate) use pieces::Known;
pub use pieces::PiecePredictions;
pub use quantiles::QuantilePredictions;

/// What was answered to each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// One label out of several.
    Labels(LabelPredictions),
    /// None, one or several of the labels.
    LabelSets(LabelSetPredictions),
    /// A number.
    Numbers(NumberPredictions),
    /// Several numbers.
    Columns(ColumnPredictions),
    /// Quantiles of a number.
    Quantiles(QuantilePredictions),
    /// The next steps of a series.
    Forecast(ForecastPredictions),
    /// The next pieces of texts.
    Pieces(PiecePredictions),
}

/// Labels answered, row by row: columns of equal length.
///
/// Invariant: every truth and every answer is below `classes`.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPredictions {
    classes: usize,
    rows: Vec<usize>,
    truth: Vec<usize>,
    answers: Vec<usize>,
    probabilities: Vec<f64>,
    losses: Vec<f64>,
}

/// Numbers answered, row by row: columns of equal length, in the target's own unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberPredictions {
    rows: Vec<usize>,
    truth: Vec<f64>,
    answers: Vec<f64>,
}

impl Predictions {
    /// What they are judged by.
    pub fn metrics(&self) -> &'static [MetricName] {
        match self {
            Predictions::Labels(_) => &MetricName::OF_LABELS,
            Predictions::LabelSets(_) => &MetricName::OF_LABEL_SETS,
            Predictions::Numbers(_) | Predictions::Columns(_) | Predictions::Forecast(_) => {
                &MetricName::OF_NUMBERS
            }
            Predictions::Quantiles(_) => &MetricName::OF_QUANTILES,
            Predictions::Pieces(_) => &MetricName::OF_PIECES,
        }
    }

    /// The rows that were answered, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        match self {
            Predictions::Labels(labels) => &labels.rows,
            Predictions::LabelSets(sets) => sets.rows(),
            Predictions::Numbers(numbers) => &numbers.rows,
            Predictions::Columns(columns) => columns.rows(),
            Predictions::Quantiles(quantiles) => quantiles.rows(),
            Predictions::Forecast(forecast) => forecast.rows(),
            Predictions::Pieces(pieces) => pieces.rows(),
        }
    }

    /// The value of each metric over all rows, in the order of [`Predictions::metrics`]; NaN where the rows do not
    /// define it.
    pub fn values(&self) -> Vec<f64> {
        let all = 0..self.rows().len();
        match self {
            Predictions::Labels(labels) => labels.values(all).to_vec(),
            Predictions::LabelSets(sets) => sets.values(all).to_vec(),
            Predictions::Columns(columns) => columns.values(all, Errors::r2_of_report).to_vec(),
            Predictions::Quantiles(quantiles) => quantiles.values(all).to_vec(),
            Predictions::Numbers(numbers) => {
                let errors = numbers.errors(all);
                vec![errors.r2_of_report(), errors.rmse(), errors.mae()]
            }
            Predictions::Forecast(forecast) => Sums::values(forecast.sums().into_iter()).to_vec(),
            Predictions::Pieces(pieces) => pieces.values(all).to_vec(),
        }
    }

    /// How many neighbours are drawn together: windows that tell the same steps err alike.
    pub(crate) fn block(&self) -> usize {
        match self {
            Predictions::Labels(_)
            | Predictions::LabelSets(_)
            | Predictions::Numbers(_)
            | Predictions::Columns(_)
            | Predictions::Quantiles(_)
            | Predictions::Pieces(_) => 1,
            Predictions::Forecast(forecast) => forecast.steps().min(forecast.rows().len()).max(1),
        }
    }

    /// What judges samples of them.
    pub(crate) fn sampled(&self) -> Sampled<'_> {
        let sums = if let Predictions::Forecast(forecast) = self { forecast.sums() } else { vec![] };
        Sampled { predictions: self, sums }
    }
}

/// Predictions, ready to be judged over many samples.
pub(crate) struct Sampled<'a> {
    predictions: &'a Predictions,
    /// For forecasts, of each window.
    sums: Vec<Sums>,
}

impl Sampled<'_> {
    /// The values over a sample: places in the columns, of which some may stand several times. Here R2 is undefined
    /// where all truths are equal, for what convention says then would distort an interval.
    pub(crate) fn values(&self, sample: &[u32]) -> Vec<f64> {
        let places = sample.iter().map(|&place| place as usize);
        match self.predictions {
            Predictions::Labels(labels) => labels.values(places).to_vec(),
            Predictions::LabelSets(sets) => sets.values(places).to_vec(),
            Predictions::Columns(columns) => columns.values(places, Errors::r2).to_vec(),
            Predictions::Quantiles(quantiles) => quantiles.values(places).to_vec(),
            Predictions::Numbers(numbers) => {
                let errors = numbers.errors(places);
                vec![errors.r2(), errors.rmse(), errors.mae()]
            }
            Predictions::Forecast(_) => Sums::values(places.map(|place| self.sums[place])).to_vec(),
            Predictions::Pieces(pieces) => pieces.values(places).to_vec(),
        }
    }
}

impl LabelPredictions {
    /// No rows yet, for that many labels.
    pub(crate) fn new(classes: usize) -> LabelPredictions {
        let (rows, truth, answers) = (vec![], vec![], vec![]);
        LabelPredictions { classes, rows, truth, answers, probabilities: vec![], losses: vec![] }
    }

    /// Adds what `logits` `[classes]` answer to a row: the most probable label, the first of equals. `truth` is below `classes`.
    pub(crate) fn push(&mut self, row: usize, truth: usize, logits: &[f64]) {
        self.rows.push(row);
        self.truth.push(truth);
        self.answers.push(argmax(logits).unwrap_or(0));
        self.losses.push(logsumexp(logits) - logits[truth]);
        let start = self.probabilities.len();
        self.probabilities.extend_from_slice(logits);
        softmax(&mut self.probabilities[start..]);
    }

    /// How many labels there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The rows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The true label of each row, by its place among the labels.
    pub fn truth(&self) -> &[usize] {
        &self.truth
    }

    /// The label answered to each row, by its place among the labels.
    pub fn answers(&self) -> &[usize] {
        &self.answers
    }

    /// How probable each label is for each row, row-major: `[rows, classes]`.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// (truth, answer) of each row.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.truth.iter().copied().zip(self.answers.iter().copied())
    }

    fn values(&self, places: impl ExactSizeIterator<Item = usize> + Clone) -> [f64; 3] {
        let tally = Tally::of(self.classes, places.clone().map(|i| (self.truth[i], self.answers[i])));
        let n = places.len() as f64;
        let loss: f64 = places.map(|i| self.losses[i]).sum();
        [tally.accuracy(), tally.macro_f1(), loss / n]
    }
}

impl NumberPredictions {
    /// Adds what was answered to a row.
    pub(crate) fn push(&mut self, row: usize, truth: f64, answer: f64) {
        self.rows.push(row);
        self.truth.push(truth);
        self.answers.push(answer);
    }

    /// The rows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The true number of each row.
    pub fn truth(&self) -> &[f64] {
        &self.truth
    }

    /// The number answered to each row.
    pub fn answers(&self) -> &[f64] {
        &self.answers
    }

    /// What one number answers to the same rows.
    pub(crate) fn always(&self, number: f64) -> NumberPredictions {
        NumberPredictions { answers: vec![number; self.answers.len()], ..self.clone() }
    }

    fn errors(&self, places: impl Iterator<Item = usize> + Clone) -> Errors {
        Errors::of(places.map(|i| (self.truth[i], self.answers[i])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> LabelPredictions {
        let mut labels = LabelPredictions::new(3);
        for (row, truth, logits) in
            [(4, 0, [2.0, 1.0, -1.0]), (7, 2, [0.5, 0.25, 3.0]), (9, 0, [-2.0, -1.0, -3.0])]
        {
            labels.push(row, truth, &logits);
        }
        labels
    }

    #[test]
    fn log_loss_is_that_of_scikit_learn() {
        // log_loss of scikit-learn 1.9.1 over the softmax of these logits; a few roundings of numbers near 1.
        assert!((Predictions::Labels(labels()).values()[2] - 0.630_969_006_978_276_6).abs() < 1e-15);
    }

    #[test]
    fn log_loss_stays_finite_where_the_probability_is_zero() {
        let mut labels = labels();
        labels.push(10, 1, &[1000.0, 0.0, 0.0]);
        assert_eq!(labels.probabilities()[10], 0.0);
        // Three rows of the test above and one that costs 1000 nats.
        let expect = (3.0 * 0.630_969_006_978_276_6 + 1000.0) / 4.0;
        assert!((Predictions::Labels(labels).values()[2] - expect).abs() < 1e-12);
    }

    #[test]
    fn columns_are_aligned() {
        let labels = labels();
        assert_eq!(
            (labels.rows(), labels.truth(), labels.answers()),
            (&[4, 7, 9][..], &[0, 2, 0][..], &[0, 2, 1][..])
        );
        for row in labels.probabilities().chunks(labels.classes()) {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn a_sample_counts_a_row_as_often_as_it_stands_there() {
        let predictions = Predictions::Labels(labels());
        assert_eq!(predictions.sampled().values(&[0, 0, 1, 2])[0], 0.75);
        assert_eq!(predictions.sampled().values(&[0, 1, 2]), predictions.values());
    }

    #[test]
    fn a_sample_of_one_truth_has_no_r2() {
        let mut numbers = NumberPredictions::default();
        numbers.push(0, 1.0, 1.5);
        numbers.push(1, 2.0, 2.0);
        let predictions = Predictions::Numbers(numbers);
        let values = predictions.sampled().values(&[0, 0]); // R2, RMSE, MAE
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [0.5, 0.5]);
        assert_eq!(predictions.sampled().values(&[0, 1]), predictions.values());
    }
}
