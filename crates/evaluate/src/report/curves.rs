//! The learning curves: loss of the training and the validation rows, epoch by epoch.

use baeum_core::EpochRecord;

use super::frame::{Frame, plot, thinned};
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};
use super::text::{count, counted, number};

const SIZE: Point = Point { x: 960.0, y: 360.0 };

/// More points than this cannot be told apart.
const MOST_POINTS: usize = 900;

/// One curve: what it is called, its class, and its (epoch, loss) pairs.
struct Curve {
    name: &'static str,
    class: &'static str,
    points: Vec<(f64, f64)>,
}

/// The curves as a picture; none without a finite loss. Epochs count from one here.
pub(super) fn curves(history: &[EpochRecord], best_epoch: Option<u32>) -> Option<String> {
    let curves = both(history);
    let values = curves.iter().flat_map(|curve| curve.points.iter().copied());
    let losses = values.clone().map(|(_, loss)| loss);
    if !losses.clone().any(f64::is_finite) {
        return None;
    }
    let ((left, right), (bottom, top)) = plot(SIZE, 92.0);
    let frame = Frame { x: epochs(history, left, right), y: Scale::fitting(losses, bottom, top) };
    let mut drawing = Drawing::new("curves", "Learning curves", &description(history, best_epoch), SIZE);
    frame.draw(&mut drawing, "epoch", if frame.y.is_log() { "loss (log scale)" } else { "loss" });
    mark_best(&mut drawing, &frame, history, best_epoch);
    for curve in &curves {
        draw(&mut drawing, &frame, curve);
    }
    name_ends(&mut drawing, &frame, &curves);
    Some(drawing.finish())
}

fn both(history: &[EpochRecord]) -> Vec<Curve> {
    let epoch = |record: &EpochRecord| f64::from(record.epoch) + 1.0;
    let history = thinned(history, MOST_POINTS);
    let train = history.iter().map(|record| (epoch(record), record.train_loss)).collect();
    let valid: Vec<_> =
        history.iter().filter_map(|record| Some((epoch(record), record.valid_loss?))).collect();
    let mut curves = vec![Curve { name: "training", class: "train", points: train }];
    if !valid.is_empty() {
        curves.push(Curve { name: "validation", class: "valid", points: valid });
    }
    curves
}

/// Epochs are whole, and so are the steps between them. A single one stands in the middle.
fn epochs(history: &[EpochRecord], left: f64, right: f64) -> Scale {
    let last = history.iter().map(|record| f64::from(record.epoch) + 1.0).fold(1.0, f64::max);
    let ends = if last > 1.0 { (1.0, last) } else { (0.0, 2.0) };
    Scale::spanning(ends.0, ends.1, 1.0, left, right)
}

fn mark_best(drawing: &mut Drawing, frame: &Frame, history: &[EpochRecord], best_epoch: Option<u32>) {
    let Some((best, x)) = best_epoch.and_then(|best| Some((best, frame.x.at(f64::from(best) + 1.0)?))) else {
        return;
    };
    let (bottom, top) = frame.y.ends();
    drawing.line("mark", point(x, bottom), point(x, top));
    let (left, right) = frame.x.ends();
    let (anchor, x) =
        if x < (left + right) / 2.0 { (Anchor::Start, x + 8.0) } else { (Anchor::End, x - 8.0) };
    let loss = history.iter().find(|record| record.epoch == best).and_then(|record| record.valid_loss);
    let loss = loss.map(|loss| format!(": {}", number(loss))).unwrap_or_default();
    drawing.text("name", point(x, top + 12.0), anchor, &format!("kept: epoch {}{loss}", best + 1));
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

fn description(history: &[EpochRecord], best_epoch: Option<u32>) -> String {
    let last = history.last().map(|record| {
        let valid = record.valid_loss.map(|loss| format!(", of the validation rows {}", number(loss)));
        format!(
            " At the end the loss of the training rows is {}{}.",
            number(record.train_loss),
            valid.unwrap_or_default()
        )
    });
    let best =
        best_epoch.map(|best| format!(" The weights of epoch {} were kept.", count(u64::from(best) + 1)));
    let epochs = counted(history.len() as u64, "epoch");
    format!("The loss over {epochs}.{}{}", last.unwrap_or_default(), best.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[(f64, Option<f64>)]) -> Vec<EpochRecord> {
        let record = |(epoch, &(train_loss, valid_loss)): (u32, &(f64, Option<f64>))| EpochRecord {
            epoch,
            step: 10 * u64::from(epoch),
            train_loss,
            valid_loss,
            learning_rate: 1e-3,
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
        assert!(svg.contains("The loss over 3\u{a0}epochs. At the end the loss of the training rows is 0.5000, of the validation rows 0.9000. The weights of epoch 2 were kept."));
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
