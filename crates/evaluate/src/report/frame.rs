//! The axes around a chart.

use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};

/// Room around the plot for ticks and titles: a number as `1,000,000` fits between the title and the plot.
const LEFT: f64 = 88.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 48.0;
/// Half of the last number below the plot.
pub(super) const RIGHT: f64 = 32.0;

/// Two axes: y from the bottom up.
pub(super) struct Frame {
    pub(super) x: Scale,
    pub(super) y: Scale,
}

/// The places that the plot of a drawing of this size covers: left to right, and bottom to top.
pub(super) fn plot(size: Point, right_margin: f64) -> ((f64, f64), (f64, f64)) {
    ((LEFT, size.x - right_margin), (size.y - BOTTOM, TOP))
}

impl Frame {
    /// Where a pair of numbers stands; none if either has no place.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<Point> {
        Some(point(self.x.at(x)?, self.y.at(y)?))
    }

    /// Draws grid, ticks and titles.
    pub(super) fn draw(&self, drawing: &mut Drawing, x_title: &str, y_title: &str) {
        let ((left, right), (bottom, top)) = (self.x.ends(), self.y.ends());
        for (y, label) in self.y.ticks() {
            drawing.line("grid", point(left, y), point(right, y));
            drawing.text("tick", point(left - 8.0, y + 4.0), Anchor::End, &label);
        }
        for (x, label) in self.x.ticks() {
            drawing.line("axis", point(x, bottom), point(x, bottom + 4.0));
            drawing.text("tick", point(x, bottom + 18.0), Anchor::Middle, &label);
        }
        drawing.line("axis", point(left, bottom), point(right, bottom));
        drawing.text("name", point((left + right) / 2.0, bottom + 40.0), Anchor::Middle, x_title);
        drawing.turned_text("name", point(14.0, (top + bottom) / 2.0), Anchor::Middle, y_title, -90.0);
    }
}

/// At most `most` of some points: the first, the last, and others evenly between them.
pub(super) fn thinned<T: Clone>(points: &[T], most: usize) -> Vec<T> {
    let (n, gaps) = (points.len(), most.saturating_sub(1).max(1));
    if n <= most {
        return points.to_vec();
    }
    (0..=gaps).map(|i| points[i * (n - 1) / gaps].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_ends() {
        let points: Vec<usize> = (0..1001).collect();
        let thin = thinned(&points, 11);
        assert_eq!(thin, (0..=10).map(|i| i * 100).collect::<Vec<_>>());
        assert_eq!(thinned(&points, 1001), points);
        assert!(thinned(&points[..0], 10).is_empty());
    }
}
