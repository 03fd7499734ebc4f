//! For numbers: answers against truths, and how the errors are distributed.

use crate::{NumberPredictions, Predictions, Report};

use super::frame::{Frame, RIGHT, plot, thinned};
use super::scale::{Scale, extent};
use super::svg::{Drawing, Point, point};
use super::text::{count, counted, number};

const SIZE: Point = Point { x: 520.0, y: 400.0 };

/// More dots than this only cover each other.
const MOST_DOTS: usize = 2000;

/// A dot at a (truth, answer) pair.
pub(super) struct Dots<'a> {
    pub(super) class: &'a str,
    pub(super) pairs: &'a [(f64, f64)],
}

/// Both pictures; none for labels, or if the predictions are not at hand.
pub(super) fn numbers(report: &Report) -> Option<String> {
    let Some(Predictions::Numbers(numbers)) = &report.predictions else { return None };
    let unit = report.unit.as_deref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
    let pairs: Vec<(f64, f64)> =
        numbers.truth().iter().copied().zip(numbers.answers().iter().copied()).collect();
    let shown = thinned(&pairs, MOST_DOTS);
    let note = match pairs.len() - shown.len() {
        0 => String::new(),
        _ => format!(" {} of {} rows are shown.", count(shown.len() as u64), count(pairs.len() as u64)),
    };
    let scatter = scatter(
        &report.id("scatter"),
        "Answers against truths",
        &unit,
        &[Dots { class: "dot", pairs: &shown }],
    );
    Some(format!(
        "<div class=\"pair\"><figure><div class=\"wide\">{scatter}</div><figcaption>On the line, answer and truth are \
         equal.{note}</figcaption></figure><figure><div class=\"wide\">{}</div><figcaption>Errors to the right of zero \
         are answers that were too large.</figcaption></figure></div>",
        histogram(&report.id("errors"), numbers, &unit)
    ))
}

/// Dots at (truth, answer), and the line on which both are equal.
pub(super) fn scatter(id: &str, title: &str, unit: &str, groups: &[Dots]) -> String {
    let ((left, right), (bottom, top)) = plot(SIZE, RIGHT);
    let pairs = groups.iter().flat_map(|group| group.pairs.iter().copied());
    let both = pairs.clone().flat_map(|(truth, answer)| [truth, answer]);
    let (low, high) = extent(both).unwrap_or((0.0, 1.0));
    let margin = 0.04 * (high - low);
    let axis = |from, to| Scale::spanning(low - margin, high + margin, 0.0, from, to);
    let frame = Frame { x: axis(left, right), y: axis(bottom, top) };
    let text = format!("{} against their truths.", counted(pairs.count() as u64, "answer"));
    let mut drawing = Drawing::new(id, title, &text, SIZE);
    frame.draw(&mut drawing, &format!("truth{unit}"), &format!("answer{unit}"));
    drawing.line("mark", point(left, bottom), point(right, top));
    for group in groups {
        for place in group.pairs.iter().filter_map(|&(truth, answer)| frame.at(truth, answer)) {
            drawing.circle(group.class, place, 3.0);
        }
    }
    drawing.finish()
}

/// How often errors of each size occur.
fn histogram(id: &str, numbers: &NumberPredictions, unit: &str) -> String {
    let errors: Vec<f64> =
        numbers.answers().iter().zip(numbers.truth()).map(|(answer, truth)| answer - truth).collect();
    let ((left, right), (bottom, top)) = plot(SIZE, RIGHT);
    let x = Scale::linear(errors.iter().copied(), left, right);
    let bars = bars(&errors, x.domain());
    let most = bars.iter().copied().max().unwrap_or(0);
    let frame = Frame { x, y: Scale::linear([0.0, most.max(5) as f64].into_iter(), bottom, top) };
    let mean = baeum_kernels::mean(&errors);
    let text =
        format!("The errors of {}; their mean is {}.", counted(errors.len() as u64, "answer"), number(mean));
    let mut drawing = Drawing::new(id, "Errors", &text, SIZE);
    frame.draw(&mut drawing, &format!("answer less truth{unit}"), "rows");
    let width = (right - left) / bars.len() as f64;
    for (i, rows) in bars.iter().enumerate() {
        if let Some(height) = frame.y.at(*rows as f64).filter(|_| *rows > 0) {
            let start = left + i as f64 * width;
            drawing.rect("bar", point(start + 0.5, height), point(start + width - 0.5, bottom));
        }
    }
    if let Some(zero) = frame.x.at(0.0).filter(|zero| (left..=right).contains(zero)) {
        drawing.line("mark", point(zero, bottom), point(zero, top));
    }
    drawing.finish()
}

/// How many errors fall into each of some equal parts of `(low, high)`: about the root of their number, 10 to 40.
fn bars(errors: &[f64], (low, high): (f64, f64)) -> Vec<usize> {
    let n = ((errors.len() as f64).sqrt() as usize).clamp(10, 40);
    let mut bars = vec![0; n];
    for error in errors.iter().filter(|error| error.is_finite()) {
        let place = (error - low) / (high - low) * n as f64;
        bars[(place as usize).min(n - 1)] += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_in_a_bar() {
        assert_eq!(bars(&[-1.0, -0.95, 0.0, 0.99, 1.0], (-1.0, 1.0)), [2, 0, 0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(bars(&[0.0; 10_000], (0.0, 1.0)).len(), 40);
        assert_eq!(bars(&[f64::NAN], (0.0, 1.0)).iter().sum::<usize>(), 0);
    }
}
