//! Forecasts under examination: what was told behind each window, and what repeating the window would have told.

use baeum_core::{Answer, Dataset, Decode, Kind, Record, Role, Value};

use super::{Exam, Found};
use crate::EvaluateError;
use crate::baseline::{Baseline, repeat, repeated};
use crate::predictions::{ForecastPredictions, Predictions};

impl Exam<'_> {
    /// `mean`: of each column in the training steps.
    pub(super) fn forecast(&mut self, mean: &[f64], season: usize) -> Result<Found, EvaluateError> {
        let (data, decode) = (self.data, &self.target.decode);
        let Decode::Forecast { columns, steps, scale, offset, unit, .. } = decode else {
            return Err(self.refuse("a decoder of steps", format!("{decode:?}")));
        };
        if mean.len() != columns.len() || mean.iter().any(|mean| !mean.is_finite()) {
            return Err(self.refuse("a mean for each column", format!("{mean:?} for {columns:?}")));
        }
        let mut predictions = ForecastPredictions::new(columns, *steps, scale, offset);
        let (window, mut rivals) = (Window::of(data, columns), vec![]);
        self.each_row(decode.width(), decode.width(), |row, truth, output| {
            let record = data.source.record(row)?;
            let of_record = decode.of_record(&record);
            predictions.push(row, &told(&of_record, truth), &told(&of_record, output));
            rivals.push(match &window {
                Some(window) => window.repeated(&record, season, *steps),
                None => mean.iter().flat_map(|mean| std::iter::repeat_n(*mean, *steps)).collect(),
            });
            Ok(())
        })?;
        let baseline = match window {
            Some(_) => Baseline::Repeat { season },
            None if predictions.is_standardised() => Baseline::Mean { value: 0.0 },
            None => Baseline::Mean { value: mean[0] },
        };
        let deviations = || Some("standard deviations".to_owned());
        Ok(Found {
            always: repeated(&predictions, &rivals),
            baseline,
            unit: if predictions.is_standardised() { deviations() } else { unit.clone() },
            classes: vec![],
            columns: vec![],
            quantiles: None,
            confusion: vec![],
            learned: vec![],
            predictions: Predictions::Forecast(predictions),
        })
    }
}

/// What the numbers of one row stand for, `[columns][steps]`.
fn told(decode: &Decode, row: &[f64]) -> Vec<f64> {
    let row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
    match decode.answer(&row) {
        Answer::Forecast { values, .. } => values.concat(),
        Answer::Label { .. }
        | Answer::Labels { .. }
        | Answer::Number { .. }
        | Answer::Numbers { .. }
        | Answer::Next { .. } => vec![],
    }
}

/// Where records hold the past of what is told.
struct Window {
    field: String,
    /// The place of each column among the channels.
    channels: Vec<usize>,
    steps: usize,
}

impl Window {
    /// None if the past of a column is not seen.
    fn of(data: &Dataset, columns: &[String]) -> Option<Window> {
        let field = data.schema.fields.iter().find(|field| field.role == Role::Input)?;
        let Kind::Series { steps, .. } = field.kind else { return None };
        let place = |column: &String| field.columns.iter().position(|channel| channel == column);
        let channels = columns.iter().map(place).collect::<Option<_>>()?;
        Some(Window { field: field.name.clone(), channels, steps })
    }

    fn repeated(&self, record: &Record, season: usize, steps: usize) -> Vec<f64> {
        let Some(Value::Numbers(window)) = record.get(&self.field) else { return vec![] };
        let of = |&channel: &usize| {
            let start = channel * self.steps;
            repeat(window.get(start..start + self.steps).unwrap_or_default(), season, steps)
        };
        self.channels.iter().flat_map(of).collect()
    }
}
