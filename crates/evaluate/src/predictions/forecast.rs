//! Forecasts: for each window the next steps of some columns.

use crate::MetricName;

/// The steps that were told behind each window, beside what came.
///
/// Invariant: `truth` and `answers` are `[rows][columns][steps]`, in each column's own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastPredictions {
    columns: Vec<String>,
    steps: usize,
    scale: Vec<f64>,
    offset: Vec<f64>,
    rows: Vec<usize>,
    truth: Vec<f64>,
    answers: Vec<f64>,
}

/// Sums over one window that all metrics are made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    numbers: f64,
    squared: f64,
    absolute: f64,
    truth: f64,
    truth_squared: f64,
}

impl ForecastPredictions {
    /// No rows yet; a column is judged in its own unit if it is alone, and else in standard deviations of the training
    /// steps: `(x - offset) / scale`.
    pub(crate) fn new(
        columns: &[String],
        steps: usize,
        scale: &[f64],
        offset: &[f64],
    ) -> ForecastPredictions {
        ForecastPredictions {
            columns: columns.to_vec(),
            steps,
            scale: scale.to_vec(),
            offset: offset.to_vec(),
            rows: vec![],
            truth: vec![],
            answers: vec![],
        }
    }

    /// The same columns without rows.
    pub(crate) fn without_rows(&self) -> ForecastPredictions {
        ForecastPredictions { rows: vec![], truth: vec![], answers: vec![], ..self.clone() }
    }

    /// Adds what was told behind a window: `[columns][steps]` of each.
    pub(crate) fn push(&mut self, row: usize, truth: &[f64], answers: &[f64]) {
        self.rows.push(row);
        self.truth.extend_from_slice(truth);
        self.answers.extend_from_slice(answers);
    }

    /// The windows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// What is told.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// What came: `[rows][columns][steps]`.
    pub fn truth(&self) -> &[f64] {
        &self.truth
    }

    /// What was told: `[rows][columns][steps]`.
    pub fn answers(&self) -> &[f64] {
        &self.answers
    }

    /// Whether errors are counted in standard deviations, since several columns have no unit in common.
    pub fn is_standardised(&self) -> bool {
        self.columns.len() > 1
    }

    /// (truth, answer) of one column and step in every window, as they are judged.
    pub fn pairs(&self, column: usize, step: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let width = self.columns.len() * self.steps;
        let place = column * self.steps + step;
        let both = self.truth.iter().zip(&self.answers).skip(place).step_by(width.max(1));
        both.map(move |(truth, answer)| (self.judged(column, *truth), self.judged(column, *answer)))
    }

    /// The root mean squared and the mean absolute error of each step, over all columns and windows.
    pub fn errors_by_step(&self) -> Vec<(f64, f64)> {
        let of_step = |step: usize| {
            let pairs = (0..self.columns.len()).flat_map(|column| self.pairs(column, step));
            let (mut n, mut squared, mut absolute) = (0.0, 0.0, 0.0);
            for (truth, answer) in pairs {
                n += 1.0;
                squared += (truth - answer).powi(2);
                absolute += (truth - answer).abs();
            }
            (f64::sqrt(squared / n), absolute / n)
        };
        (0..self.steps).map(of_step).collect()
    }

    fn judged(&self, column: usize, x: f64) -> f64 {
        if self.is_standardised() { (x - self.offset[column]) / self.scale[column] } else { x }
    }

    /// The sums of each window; truths are taken from the mean of all, so that a large level takes no digits.
    pub(crate) fn sums(&self) -> Vec<Sums> {
        let width = self.columns.len() * self.steps;
        let judged = |numbers: &[f64]| -> Vec<f64> {
            let of = |(place, x): (usize, &f64)| self.judged(place / self.steps % self.columns.len(), *x);
            numbers.iter().enumerate().map(of).collect()
        };
        let (truth, answers) = (judged(&self.truth), judged(&self.answers));
        let mean = baeum_kernels::mean(&truth);
        let of_window = |(truth, answers): (&[f64], &[f64])| {
            let mut sums = Sums { numbers: width as f64, ..Sums::default() };
            for (truth, answer) in truth.iter().zip(answers) {
                sums.squared += (truth - answer).powi(2);
                sums.absolute += (truth - answer).abs();
                sums.truth += truth - mean;
                sums.truth_squared += (truth - mean).powi(2);
            }
            sums
        };
        truth.chunks_exact(width.max(1)).zip(answers.chunks_exact(width.max(1))).map(of_window).collect()
    }
}

impl Sums {
    /// R2, RMSE and MAE of some windows, in the order of [`MetricName::OF_NUMBERS`]; NaN where they are undefined.
    pub(crate) fn values(windows: impl Iterator<Item = Sums>) -> [f64; MetricName::OF_NUMBERS.len()] {
        let all = windows.fold(Sums::default(), |all, sums| Sums {
            numbers: all.numbers + sums.numbers,
            squared: all.squared + sums.squared,
            absolute: all.absolute + sums.absolute,
            truth: all.truth + sums.truth,
            truth_squared: all.truth_squared + sums.truth_squared,
        });
        let variation = all.truth_squared - all.truth * all.truth / all.numbers;
        let is_flat = variation <= all.truth_squared * 1e-12; // a rest of rounding
        let r2 = if is_flat { f64::NAN } else { 1.0 - all.squared / variation };
        [r2, (all.squared / all.numbers).sqrt(), all.absolute / all.numbers]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_columns() -> ForecastPredictions {
        let columns = ["a", "b"].map(str::to_owned);
        let mut forecast = ForecastPredictions::new(&columns, 2, &[2.0, 10.0], &[0.0, 100.0]);
        forecast.push(4, &[2.0, 4.0, 110.0, 120.0], &[2.0, 2.0, 100.0, 120.0]);
        forecast.push(5, &[0.0, 2.0, 90.0, 100.0], &[2.0, 2.0, 90.0, 130.0]);
        forecast
    }

    #[test]
    fn several_columns_are_judged_in_standard_deviations() {
        // r2_score, root_mean_squared_error and mean_absolute_error of scikit-learn 1.9.1 over
        // truth [1, 2, 1, 2, 0, 1, -1, 0] and answers [1, 1, 0, 2, 1, 1, -1, 3].
        let [r2, rmse, mae] = Sums::values(two_columns().sums().into_iter());
        assert!((r2 - (1.0 - 12.0 / 7.5)).abs() < 1e-12, "{r2}");
        assert!((rmse - 1.5f64.sqrt()).abs() < 1e-12 && (mae - 0.75).abs() < 1e-12, "{rmse} {mae}");
        let errors = two_columns().errors_by_step();
        let expect = [((2.0f64 / 4.0).sqrt(), 0.5), ((10.0f64 / 4.0).sqrt(), 1.0)];
        for ((rmse, mae), (wanted_rmse, wanted_mae)) in errors.into_iter().zip(expect) {
            assert!((rmse - wanted_rmse).abs() < 1e-12 && (mae - wanted_mae).abs() < 1e-12);
        }
    }

    #[test]
    fn one_column_is_judged_in_its_own_unit() {
        let mut forecast = ForecastPredictions::new(&["a".to_owned()], 2, &[50.0], &[7.0]);
        forecast.push(0, &[1e9, 1e9 + 2.0], &[1e9 + 1.0, 1e9 + 1.0]);
        let [r2, rmse, mae] = Sums::values(forecast.sums().into_iter());
        assert_eq!((r2, rmse, mae), (0.0, 1.0, 1.0));
        assert_eq!(forecast.pairs(0, 1).collect::<Vec<_>>(), [(1e9 + 2.0, 1e9 + 1.0)]);
    }

    #[test]
    fn truths_that_never_move_have_no_r2() {
        let mut forecast = ForecastPredictions::new(&["a".to_owned()], 2, &[1.0], &[0.0]);
        forecast.push(0, &[0.1, 0.1], &[0.1, 0.2]);
        assert!(Sums::values(forecast.sums().into_iter())[0].is_nan());
    }
}
