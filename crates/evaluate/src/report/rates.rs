//! The curve of a learning-rate finder: the loss over the step size.

use super::frame::{Frame, plot};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};
use super::text::{counted, number};

const SIZE: Point = Point { x: 960.0, y: 360.0 };

/// The loss of single batches and its running mean, over the step size, as a picture; none without a finite loss.
///
/// `points`: step size, loss, running mean. `mark`: a step size to be marked, and what it is.
pub fn rates(points: &[(f64, f64, f64)], mark: Option<(f64, &str)>) -> Option<String> {
    let losses = points.iter().flat_map(|(_, loss, mean)| [*loss, *mean]);
    if !losses.clone().any(f64::is_finite) {
        return None;
    }
    let ((left, right), (bottom, top)) = plot(SIZE, 92.0);
    let x = Scale::fitting(points.iter().map(|(rate, ..)| *rate), left, right);
    let frame = Frame { x, y: Scale::fitting(losses, bottom, top) };
    let mut drawing = Drawing::new("rates", "Loss over the step size", &description(points, mark), SIZE);
    let log = |scale: &Scale| if scale.is_log() { " (log scale)" } else { "" };
    let titles = [format!("learning rate{}", log(&frame.x)), format!("loss{}", log(&frame.y))];
    frame.draw(&mut drawing, &titles[0], &titles[1]);
    if let Some((rate, what)) = mark {
        draw_mark(&mut drawing, &frame, rate, what);
    }
    for (rate, loss, _) in points {
        if let Some(place) = frame.at(*rate, *loss) {
            drawing.circle("dot train", place, 2.0);
        }
    }
    let means: Vec<Point> = points.iter().filter_map(|(rate, _, mean)| frame.at(*rate, *mean)).collect();
    drawing.path("curve valid", &means);
    if let Some(end) = means.last() {
        drawing.text("series valid", point(end.x + 8.0, end.y + 4.0), Anchor::Start, "running mean");
    }
    Some(drawing.finish())
}

fn draw_mark(drawing: &mut Drawing, frame: &Frame, rate: f64, what: &str) {
    let Some(x) = frame.x.at(rate) else { return };
    let ((left, right), (bottom, top)) = (frame.x.ends(), frame.y.ends());
    drawing.line("mark", point(x, bottom), point(x, top));
    let (anchor, x) =
        if x < (left + right) / 2.0 { (Anchor::Start, x + 8.0) } else { (Anchor::End, x - 8.0) };
    drawing.text("name", point(x, top + 12.0), anchor, &format!("{what}: {}", number(rate)));
}

fn description(points: &[(f64, f64, f64)], mark: Option<(f64, &str)>) -> String {
    let ends = points.first().zip(points.last());
    let ends = ends.map(|(first, last)| format!(" from {} to {}", number(first.0), number(last.0)));
    let mark = mark.map(|(rate, what)| format!(" Marked is {}, {what}.", number(rate)));
    let steps = counted(points.len() as u64, "step");
    format!("The loss over {steps}{}.{}", ends.unwrap_or_default(), mark.unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn losses_their_mean_and_the_mark_are_drawn() {
        let points = [(1e-4, 2.0, 2.0), (1e-2, 1.0, 1.5), (1.0, 9.0, 4.0)];
        let svg = rates(&points, Some((1e-3, "suggested"))).unwrap();
        assert_eq!(svg.matches("<circle").count(), 3);
        for part in [
            "<path class=\"curve valid\"",
            ">suggested: 0.001000</text>",
            ">learning rate (log scale)</text>",
            "The loss over 3\u{a0}steps from 0.0001000 to 1. Marked is 0.001000, suggested.",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(rates(&[(1e-3, f64::NAN, f64::NAN)], None), None);
    }
}
