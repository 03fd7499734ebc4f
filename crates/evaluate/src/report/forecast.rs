//! For forecasts: how errors grow with the distance, and some windows beside what came.

use crate::{ForecastPredictions, Predictions, Report};

use super::frame::{Frame, RIGHT, plot};
use super::scale::Scale;
use super::svg::{Drawing, Point};
use super::text::{counted, escape, number};

const SIZE: Point = Point { x: 520.0, y: 340.0 };

/// How many windows are shown: the first, the last, and one between.
const SHOWN: usize = 3;

/// The pictures; none for other answers, or if the predictions are not at hand.
pub(super) fn forecast(report: &Report) -> Option<String> {
    let Some(Predictions::Forecast(forecast)) = &report.predictions else { return None };
    let unit = report.unit.as_deref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let n = forecast.rows().len();
    let mut shown: Vec<usize> = (0..SHOWN.min(n)).map(|i| i * (n - 1) / (SHOWN.min(n) - 1).max(1)).collect();
    shown.dedup();
    let column = forecast.columns().first().cloned().unwrap_or_default();
    let windows: String = shown
        .iter()
        .map(|&place| format!("<div class=\"wide\">{}</div>", window(forecast, place, &column)))
        .collect();
    let caption = format!(
        "Dotted what came, drawn through what was told of {}, behind the first, a middle and the last window.",
        escape(&column)
    );
    Some(format!(
        "<div class=\"pair\"><figure><div class=\"wide\">{}</div><figcaption>The mean absolute error of each step, over \
         all windows{}.</figcaption></figure><figure>{windows}<figcaption>{caption}</figcaption></figure></div>",
        by_step(forecast, &unit),
        if forecast.is_standardised() { " and columns" } else { "" },
    ))
}

/// The mean absolute error against the distance.
fn by_step(forecast: &ForecastPredictions, unit: &str) -> String {
    let errors: Vec<(f64, f64)> = forecast
        .errors_by_step()
        .into_iter()
        .zip(1..)
        .map(|((_, mae), step)| (f64::from(step), mae))
        .collect();
    let text = format!(
        "The mean absolute error of {}; {} at the first, {} at the last.",
        counted(errors.len() as u64, "step"),
        number(errors.first().map_or(0.0, |(_, mae)| *mae)),
        number(errors.last().map_or(0.0, |(_, mae)| *mae))
    );
    let zero = [0.0].into_iter().chain(errors.iter().map(|(_, mae)| *mae));
    let ((left, right), (bottom, top)) = plot(SIZE, RIGHT);
    let frame = Frame { x: steps(errors.len(), left, right), y: Scale::linear(zero, bottom, top) };
    let mut drawing = Drawing::new("by-step", "Errors by step", &text, SIZE);
    frame.draw(&mut drawing, "step", &format!("mean absolute error{unit}"));
    curve(&mut drawing, &frame, "valid", &errors);
    drawing.finish()
}

/// What came behind one window, and what was told.
fn window(forecast: &ForecastPredictions, place: usize, column: &str) -> String {
    let width = forecast.columns().len() * forecast.steps();
    let of = |numbers: &[f64]| -> Vec<(f64, f64)> {
        let steps = numbers.iter().skip(place * width).take(forecast.steps());
        (1..).map(f64::from).zip(steps.copied()).collect()
    };
    let (truth, answers) = (of(forecast.truth()), of(forecast.answers()));
    let size = Point { y: 200.0, ..SIZE };
    let ((left, right), (bottom, top)) = plot(size, RIGHT);
    let values = truth.iter().chain(&answers).map(|(_, value)| *value);
    let frame = Frame { x: steps(truth.len(), left, right), y: Scale::linear(values, bottom, top) };
    let row = forecast.rows().get(place).copied().unwrap_or(0);
    let text = format!("{} behind window {}.", counted(truth.len() as u64, "step"), row + 1);
    let mut drawing = Drawing::new(&format!("window-{place}"), "A forecast and what came", &text, size);
    frame.draw(&mut drawing, "step", column);
    curve(&mut drawing, &frame, "train", &truth);
    curve(&mut drawing, &frame, "valid", &answers);
    drawing.finish()
}

/// Steps are whole; a single one stands in the middle.
fn steps(count: usize, left: f64, right: f64) -> Scale {
    let ends = if count > 1 { (1.0, count as f64) } else { (0.0, 2.0) };
    Scale::spanning(ends.0, ends.1, 1.0, left, right)
}

fn curve(drawing: &mut Drawing, frame: &Frame, class: &str, points: &[(f64, f64)]) {
    let places: Vec<Point> = points.iter().filter_map(|&(x, y)| frame.at(x, y)).collect();
    match places[..] {
        [] => {}
        [alone] => drawing.circle(&format!("dot {class}"), alone, 3.5),
        _ => drawing.path(&format!("curve {class}"), &places),
    }
}
