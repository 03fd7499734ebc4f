//! Forecasts under examination: what was told behind each window, and what repeating the window would have told.

use baeum_core::{Answer, Dataset, Decode, Kind, Record, Role, Value};

use super::{Asked, Found, Paper};
use crate::EvaluateError;
use crate::baseline::{Baseline, repeat, repeated};
use crate::predictions::{ForecastPredictions, Predictions};

/// The next steps of each column behind each window.
pub(super) struct ForecastPaper<'a> {
    data: &'a Dataset,
    decode: &'a Decode,
    steps: usize,
    unit: Option<String>,
    window: Option<Window>,
    /// Of each column in the training steps.
    mean: &'a [f64],
    season: usize,
    predictions: ForecastPredictions,
    /// What the baseline tells of each row.
    rivals: Vec<Vec<f64>>,
}

impl<'a> ForecastPaper<'a> {
    pub(super) fn new(
        asked: Asked<'a>,
        mean: &'a [f64],
        season: usize,
    ) -> Result<ForecastPaper<'a>, EvaluateError> {
        let (data, decode) = (asked.data, &asked.target.decode);
        let Decode::Forecast { columns, steps, scale, offset, unit, .. } = decode else {
            return Err(asked.refuse("a decoder of steps", format!("{decode:?}")));
        };
        if mean.len() != columns.len() || mean.iter().any(|mean| !mean.is_finite()) {
            return Err(asked.refuse("a mean for each column", format!("{mean:?} for {columns:?}")));
        }
        Ok(ForecastPaper {
            data,
            decode,
            steps: *steps,
            unit: unit.clone(),
            window: Window::of(data, columns),
            mean,
            season,
            predictions: ForecastPredictions::new(columns, *steps, scale, offset),
            rivals: vec![],
        })
    }
}

impl Paper for ForecastPaper<'_> {
    fn truths(&self) -> usize {
        self.decode.width()
    }

    fn push(&mut self, row: usize, truth: &[f64], output: &[f64]) -> Result<(), EvaluateError> {
        let record = self.data.source.record(row)?;
        let of_record = self.decode.of_record(&record);
        self.predictions.push(row, &told(&of_record, truth), &told(&of_record, output));
        self.rivals.push(match &self.window {
            Some(window) => window.repeated(&record, self.season, self.steps),
            None => self.mean.iter().flat_map(|mean| std::iter::repeat_n(*mean, self.steps)).collect(),
        });
        Ok(())
    }

    fn found(self: Box<Self>) -> Found {
        let ForecastPaper { unit, window, mean, season, predictions, rivals, .. } = *self;
        let is_standardised = predictions.is_standardised();
        let baseline = match window {
            Some(_) => Baseline::Repeat { season },
            None if is_standardised => Baseline::Mean { value: 0.0 },
            None => Baseline::Mean { value: mean[0] },
        };
        let unit = if is_standardised { Some("standard deviations".to_owned()) } else { unit };
        let always = repeated(&predictions, &rivals);
        Found { unit, ..Found::of(Predictions::Forecast(predictions), always, baseline) }
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
