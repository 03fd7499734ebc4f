//! The learning curves: the loss of the training and the validation rows, and the metrics that chose, epoch by epoch.

use baeum_core::EpochRecord;

use super::frame::{Frame, plot, thinned};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};
use super::text::{count, counted, number};

const SIZE: Point = Point { x: 960.0, y: 360.0 };

/// More points than this cannot be told apart.
const MOST_POINTS: usize = 900;

/// One curve: what it is called, its class, and its (epoch, value) pairs.
struct Curve {
    name: &'static str,
    class: &'static str,
    points: Vec<(f64, f64)>,
}

/// What is drawn over the epochs. Epochs count from one here.
struct Chart<'a> {
    title: String,
    /// What the values are, in words.
    what: &'a str,
    curves: Vec<Curve>,
    history: &'a [EpochRecord],
    best: Option<&'a EpochRecord>,
    /// The value of the best epoch on the validation rows.
    kept: Option<f64>,
}

/// The loss as a picture; none without a finite one.
pub(super) fn curves(history: &[EpochRecord], best_epoch: Option<u32>) -> Option<String> {
    let mut curves = vec![Curve::of("training", "train", history, |record| Some(record.train_loss))];
    let valid = Curve::of("validation", "valid", history, |record| record.valid_loss);
    curves.extend(Some(valid).filter(|curve| !curve.points.is_empty()));
    let (title, best) = ("Learning curves".to_owned(), of_epoch(history, best_epoch));
    let kept = best.and_then(|record| record.valid_loss);
    Chart { title, what: "loss", curves, history, best, kept }.drawn("curves")
}

/// A picture of each metric that the best epoch was chosen by, the most important one first.
pub(super) fn metric_curves(history: &[EpochRecord], best_epoch: Option<u32>) -> Vec<String> {
    let best = of_epoch(history, best_epoch);
    let asked = history.first().map_or(&[][..], |record| &record.valid_metrics);
    let drawn = asked.iter().enumerate().filter_map(|(place, scored)| {
        let value = |record: &EpochRecord| record.valid_metrics.get(place)?.value;
        let curves = vec![Curve::of("validation", "valid", history, value)];
        let what = scored.metric.title();
        let title = format!("{what}, epoch by epoch");
        Chart { title, what: &what, curves, history, best, kept: best.and_then(value) }
            .drawn(&format!("curve-{place}"))
    });
    drawn.collect()
}

fn of_epoch(history: &[EpochRecord], epoch: Option<u32>) -> Option<&EpochRecord> {
    history.iter().find(|record| Some(record.epoch) == epoch)
}

impl Curve {
    fn of(
        name: &'static str,
        class: &'static str,
        history: &[EpochRecord],
        value: impl Fn(&EpochRecord) -> Option<f64>,
    ) -> Curve {
        let point = |record: &EpochRecord| Some((f64::from(record.epoch) + 1.0, value(record)?));
        Curve { name, class, points: thinned(history, MOST_POINTS).iter().filter_map(point).collect() }
    }
}

impl Chart<'_> {
    fn drawn(&self, id: &str) -> Option<String> {
        let values = self.curves.iter().flat_map(|curve| curve.points.iter().map(|(_, value)| *value));
        if !values.clone().any(f64::is_finite) {
            return None;
        }
        let ((left, right), (bottom, top)) = plot(SIZE, 92.0);
        let frame = Frame { x: epochs(self.history, left, right), y: Scale::fitting(values, bottom, top) };
        let mut drawing = Drawing::new(id, &self.title, &self.description(), SIZE);
        let log = if frame.y.is_log() { " (log scale)" } else { "" };
        frame.draw(&mut drawing, "epoch", &format!("{}{log}", self.what));
        self.mark_best(&mut drawing, &frame);
        for curve in &self.curves {
            draw(&mut drawing, &frame, curve);
        }
        name_ends(&mut drawing, &frame, &self.curves);
        Some(drawing.finish())
    }

    fn mark_best(&self, drawing: &mut Drawing, frame: &Frame) {
        let Some(best) = self.best.map(|record| f64::from(record.epoch) + 1.0) else { return };
        let Some(x) = frame.x.at(best) else { return };
        let (bottom, top) = frame.y.ends();
        drawing.line("mark", point(x, bottom), point(x, top));
        let (left, right) = frame.x.ends();
        let (anchor, x) =
            if x < (left + right) / 2.0 { (Anchor::Start, x + 8.0) } else { (Anchor::End, x - 8.0) };
        let valid = self.kept.map(|value| format!(": {}", number(value))).unwrap_or_default();
        drawing.text("name", point(x, top + 12.0), anchor, &format!("kept: epoch {best}{valid}"));
    }

    fn description(&self) -> String {
        let (what, epochs) = (self.what, counted(self.history.len() as u64, "epoch"));
        let last = |curve: &Curve| {
            let (_, value) = curve.points.last()?;
            Some(format!("of the {} rows {}", curve.name, number(*value)))
        };
        let last: Vec<String> = self.curves.iter().filter_map(last).collect();
        let kept = |best: &EpochRecord| {
            format!(" The weights of epoch {} were kept.", count(u64::from(best.epoch) + 1))
        };
        let kept = self.best.map(kept).unwrap_or_default();
        format!("The {what} over {epochs}. At the end the {what} is {}.{kept}", last.join(", "))
    }
}

/// Epochs are whole, and so are the steps between them. A single one stands in the middle.
fn epochs(history: &[EpochRecord], left: f64, right: f64) -> Scale {
    let last = history.iter().map(|record| f64::from(record.epoch) + 1.0).fold(1.0, f64::max);
    let ends = if last > 1.0 { (1.0, last) } else { (0.0, 2.0) };
    Scale::spanning(ends.0, ends.1, 1.0, left, right)
}

/// A line, broken where a loss is not finite; a single point is a dot.
fn draw(drawing: &mut Drawing, frame: &Frame, curve: &Curve) {
    let places: Vec<Option<Point>> =
        curve.points.iter().map(|&(epoch, loss)| frame.at(epoch, loss)).collect();
    for piece in places.split(Option::is_none) {
        let piece: Vec<Point> = piece.iter().copied().flatten().collect();
        match piece[..] {
            [] => {}
            [alone] => drawing.circle(&format!("dot {}", curve.class), alone, 3.5),
            _ => drawing.path(&format!("curve {}", curve.class), &piece),
        }
    }
}

/// Writes each curve's name at its right end, moved apart where two ends meet.
fn name_ends(drawing: &mut Drawing, frame: &Frame, curves: &[Curve]) {
    let end = |curve: &Curve| curve.points.iter().rev().find_map(|&(epoch, loss)| frame.at(epoch, loss));
    let mut ends: Vec<(&Curve, Point)> =
        curves.iter().filter_map(|curve| Some((curve, end(curve)?))).collect();
    ends.sort_by(|(_, a), (_, b)| a.y.total_cmp(&b.y));
    if let [(_, upper), (_, lower)] = &mut ends[..] {
        let overlap = (16.0 - (lower.y - upper.y)).max(0.0);
        upper.y -= overlap / 2.0;
        lower.y += overlap / 2.0;
    }
    for (curve, end) in ends {
        drawing.text(
            &format!("series {}", curve.class),
            point(end.x + 8.0, end.y + 4.0),
            Anchor::Start,
            curve.name,
        );
    }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;
    use baeum_core::{MetricName, Scored};

    fn history(losses: &[(f64, Option<f64>)]) -> Vec<EpochRecord> {
        let record = |(epoch, &(train_loss, valid_loss)): (u32, &(f64, Option<f64>))| EpochRecord {
            epoch,
            step: 10 * u64::from(epoch),
            train_loss,
            valid_loss,
            learning_rate: 1e-3,
            ..EpochRecord::default()
        };
        (0..).zip(losses).map(record).collect()
    }

    #[test]
    fn both_curves_and_the_best_epoch_are_drawn() {
        let history = history(&[(2.0, Some(1.5)), (1.0, Some(0.75)), (0.5, Some(0.9))]);
        let svg = curves(&history, Some(1)).unwrap_or_default();
        for part in [
            "<path class=\"curve train\"",
            "<path class=\"curve valid\"",
            ">kept: epoch 2: 0.7500</text>",
            ">validation</text>",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(svg.contains("The loss over 3\u{a0}epochs. At the end the loss is of the training rows 0.5000, of the validation rows 0.9000. The weights of epoch 2 were kept."));
    }

    #[test]
    fn each_metric_that_chose_has_a_picture_with_its_own_number() {
        let scored = |metric: MetricName, value| Scored { metric: metric.into(), value };
        let mut history = history(&[(2.0, Some(1.5)), (1.0, Some(0.75)), (0.5, Some(0.9))]);
        for (record, accuracy) in history.iter_mut().zip([Some(0.5), None, Some(0.75)]) {
            let metrics = [scored(MetricName::Accuracy, accuracy), scored(MetricName::LogLoss, None)];
            record.valid_metrics = metrics.to_vec();
        }
        let [svg] = &metric_curves(&history, Some(2))[..] else { panic!("nothing finite gives no picture") };
        for part in [
            "Accuracy, epoch by epoch</title>",
            ">kept: epoch 3: 0.7500</text>",
            "The Accuracy over 3\u{a0}epochs. At the end the Accuracy is of the validation rows 0.7500.",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(!svg.contains(">training</text>"));
    }

    #[test]
    fn a_loss_that_is_not_finite_breaks_the_line() {
        let svg = curves(&history(&[(2.0, None), (1.0, None), (f64::NAN, None), (0.5, None)]), None)
            .unwrap_or_default();
        assert_eq!(svg.matches("<path").count(), 1);
        assert_eq!(svg.matches("<circle class=\"dot train\"").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("validation"));
    }

    #[test]
    fn nothing_finite_gives_no_picture() {
        assert_eq!(curves(&[], None), None);
        assert_eq!(curves(&history(&[(f64::NAN, Some(f64::INFINITY))]), Some(0)), None);
    }

    #[test]
    fn many_epochs_are_thinned() {
        let svg = curves(&history(&vec![(1.0, Some(0.5)); 5000]), Some(4999)).unwrap_or_default();
        assert!(svg.len() < 60_000, "{}", svg.len());
    }
}
