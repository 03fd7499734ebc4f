//! The curve of a learning-rate finder: the loss over the step size.

use baeum_core::RateCurve;

use super::frame::{Frame, plot};
use super::page::page;
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};
use super::table::section;
use super::text::{counted, number};

const SIZE: Point = Point { x: 960.0, y: 360.0 };

/// The room that the name of a mark takes beside it.
const NAME: f64 = 150.0;

/// The curve as one self-contained HTML page, a sibling of the report.
pub fn rate_page(curve: &RateCurve, title: &str) -> String {
    let drawn = section("rates", "Loss over the step size", figure(curve));
    page("Baeum learning rate", title, &lead(curve), [drawn])
}

/// What was found, for the report; none without a finite loss.
pub(super) fn tried(curve: &RateCurve) -> Option<String> {
    Some(lead(curve) + &figure(curve)?)
}

/// The suggestion in a sentence or two.
fn lead(curve: &RateCurve) -> String {
    let said = format!("The recipe says {}.", number(curve.said));
    let found = match curve.suggested().zip(curve.lowest()) {
        Some((rate, lowest)) => format!(
            "Suggested is <strong>{}</strong>, a tenth of the step size at which the running mean of the loss was lowest, {}.",
            number(rate),
            number(lowest.rate),
        ),
        None => "The running mean of the loss did not fall by a tenth, so nothing is suggested.".to_owned(),
    };
    format!("<p class=\"lead\">{found} {said}</p>")
}

fn figure(curve: &RateCurve) -> Option<String> {
    let caption = "Each dot is the loss of one batch, before a step of that size, on the way of a network that had learned nothing; \
                   the line is their running mean. A step size is good where the mean falls, well before it rises again.";
    let drawing = rates(curve)?;
    Some(format!("<figure><div class=\"wide\">{drawing}</div><figcaption>{caption}</figcaption></figure>"))
}

/// The loss of single batches and its running mean, over the step size, as a picture; none without a finite loss.
fn rates(curve: &RateCurve) -> Option<String> {
    let losses = curve.points.iter().flat_map(|point| [point.loss, point.mean]);
    if !losses.clone().any(f64::is_finite) {
        return None;
    }
    let ((left, right), (bottom, top)) = plot(SIZE, 92.0);
    let x = Scale::fitting(curve.points.iter().map(|point| point.rate), left, right);
    let frame = Frame { x, y: Scale::fitting(losses, bottom, top) };
    let mut drawing = Drawing::new("rates", "Loss over the step size", &description(curve), SIZE);
    let log = |scale: &Scale| if scale.is_log() { " (log scale)" } else { "" };
    let titles = [format!("learning rate{}", log(&frame.x)), format!("loss{}", log(&frame.y))];
    frame.draw(&mut drawing, &titles[0], &titles[1]);
    for (line, (rate, what)) in (0..).zip(marks(curve)) {
        draw_mark(&mut drawing, &frame, (rate, what), 12.0 + 16.0 * f64::from(line));
    }
    for point in &curve.points {
        if let Some(place) = frame.at(point.rate, point.loss) {
            drawing.circle("dot train", place, 2.0);
        }
    }
    let means: Vec<Point> =
        curve.points.iter().filter_map(|point| frame.at(point.rate, point.mean)).collect();
    drawing.path("curve valid", &means);
    if let Some(end) = means.last() {
        drawing.text("series valid", point(end.x + 8.0, end.y + 4.0), Anchor::Start, "running mean");
    }
    Some(drawing.finish())
}

/// The step sizes that are marked, and what each is.
fn marks(curve: &RateCurve) -> impl Iterator<Item = (f64, &'static str)> {
    let suggested = curve.suggested().map(|rate| (rate, "suggested"));
    suggested.into_iter().chain([(curve.said, "recipe")])
}

/// A line at a step size, its name so far below the top; nothing where the step size was not tried.
fn draw_mark(drawing: &mut Drawing, frame: &Frame, (rate, what): (f64, &str), below: f64) {
    let ((left, right), (bottom, top)) = (frame.x.ends(), frame.y.ends());
    let Some(x) = frame.x.at(rate).filter(|x| (left..=right).contains(x)) else { return };
    drawing.line("mark", point(x, bottom), point(x, top));
    let (anchor, x) = if x + NAME < right { (Anchor::Start, x + 8.0) } else { (Anchor::End, x - 8.0) };
    drawing.text("name", point(x, top + below), anchor, &format!("{what}: {}", number(rate)));
}

fn description(curve: &RateCurve) -> String {
    let ends = curve.points.first().zip(curve.points.last());
    let ends = ends.map(|(first, last)| format!(" from {} to {}", number(first.rate), number(last.rate)));
    let marks: Vec<String> = marks(curve).map(|(rate, what)| format!("{what}: {}", number(rate))).collect();
    let steps = counted(curve.points.len() as u64, "step");
    format!("The loss over {steps}{}. Marked: {}.", ends.unwrap_or_default(), marks.join(", "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::RatePoint;

    use super::*;

    fn curve(losses: &[(f64, f64)]) -> RateCurve {
        let point = |(rate, loss): &(f64, f64)| RatePoint { rate: *rate, loss: *loss, mean: *loss };
        RateCurve { points: losses.iter().map(point).collect(), is_cut: true, said: 0.02 }
    }

    fn fallen() -> RateCurve {
        let mut losses = vec![(1e-4, 2.0); 10];
        losses.extend([(1e-2, 1.0), (1.0, 9.0)]);
        curve(&losses)
    }

    #[test]
    fn losses_their_mean_and_the_marks_are_drawn() {
        let svg = rates(&fallen()).unwrap();
        assert_eq!(svg.matches("<circle").count(), 12);
        for part in [
            "<path class=\"curve valid\"",
            ">suggested: 0.001000</text>",
            ">recipe: 0.02000</text>",
            ">learning rate (log scale)</text>",
            "The loss over 12\u{a0}steps from 0.0001000 to 1. Marked: suggested: 0.001000, recipe: 0.02000.",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(rates(&curve(&[(1e-3, f64::NAN)])), None);
        let untried = RateCurve { said: 1e5, ..fallen() };
        assert!(!rates(&untried).unwrap().contains(">recipe:"), "it lies off the axis");
    }

    #[test]
    fn a_page_tells_what_is_suggested_and_why() {
        let page = rate_page(&fallen(), "iris");
        for part in [
            "<title>iris · Baeum learning rate</title>",
            "Suggested is <strong>0.001000</strong>, a tenth of the step size at which the running mean of the loss was \
             lowest, 0.01000. The recipe says 0.02000.",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let page = rate_page(&curve(&[(1e-4, 2.0); 10]), "iris");
        assert!(page.contains("so nothing is suggested") && !page.contains(">suggested:"));
    }
}
