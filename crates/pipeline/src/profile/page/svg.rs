//! Pictures without words in them: they stretch to the room there is, while the words around them keep their size.

use baeum_data::Histogram;
use baeum_evaluate::markup::{counted, escape, number};

/// How wide a bin and how high a picture is, in its own units.
const BIN: usize = 10;
const HEIGHT: f64 = 100.0;

/// What little there is can be seen at this height.
const LEAST: f64 = 1.5;

/// The shares of the parts in each bin: bars for train, lines of steps for valid and test, numbers below.
pub(super) fn histogram(histogram: &Histogram) -> String {
    let bins = histogram.counts.len();
    let shares = Shares::new(histogram);
    let bars: String = (0..bins).map(|bin| bar(histogram, &shares, bin)).collect();
    let lines: String = [(1, "valid"), (2, "test")]
        .into_iter()
        .filter(|(part, _)| shares.totals[*part] > 0)
        .map(|(part, class)| {
            format!("<path class=\"steps {class}\" d=\"{}\"/>", shares.steps(histogram, part))
        })
        .collect();
    let (low, high) = (bounds(histogram, 0).0, bounds(histogram, bins.saturating_sub(1)).1);
    let ends = if low == high { vec![low] } else { vec![low, high] };
    let ticks: String = ends.into_iter().map(|end| format!("<span>{}</span>", number(end))).collect();
    format!(
        "<svg class=\"histogram\" role=\"img\" aria-label=\"Histogram from {} to {}\" viewBox=\"0 0 {} {HEIGHT}\" \
         preserveAspectRatio=\"none\">{bars}{lines}</svg><p class=\"ticks\">{ticks}</p>",
        number(low),
        number(high),
        bins * BIN
    )
}

/// A bar with what it stands for under the pointer, which may also rest above a low one.
fn bar(histogram: &Histogram, shares: &Shares, bin: usize) -> String {
    let (low, high) = bounds(histogram, bin);
    let [train, valid, test] = histogram.counts.get(bin).copied().unwrap_or_default();
    let span = if low == high { number(low) } else { format!("{} to {}", number(low), number(high)) };
    let tip = format!("{span}: {} of train, {valid} of valid, {test} of test", counted(train as u64, "row"));
    let (left, height) = (bin * BIN, shares.height(train, 0));
    format!(
        "<g><title>{}</title><rect class=\"reach\" x=\"{left}\" width=\"{BIN}\" height=\"{HEIGHT}\"/>\
         <rect class=\"train\" x=\"{left}\" y=\"{}\" width=\"{}\" height=\"{}\"/></g>",
        escape(&tip),
        short(HEIGHT - height),
        short(bar_width(histogram)),
        short(height)
    )
}

/// A bin without a gap that looks equally narrow in all histograms.
fn bar_width(histogram: &Histogram) -> f64 {
    BIN as f64 - histogram.counts.len() as f64 / 20.0
}

/// The bars of the training rows alone, small.
pub(super) fn sparkline(histogram: &Histogram) -> String {
    let (most, width) = (histogram.counts.iter().map(|counts| counts[0]).max(), short(bar_width(histogram)));
    let bars =
        histogram.counts.iter().enumerate().filter(|(_, counts)| counts[0] > 0).map(|(bin, counts)| {
            let height = HEIGHT * counts[0] as f64 / most.unwrap_or(0).max(1) as f64;
            format!("M{} {HEIGHT}V{}h{width}V{HEIGHT}z", bin * BIN, short(HEIGHT - height.max(LEAST)))
        });
    format!(
        "<svg class=\"spark\" aria-hidden=\"true\" viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\">\
         <path class=\"train\" d=\"{}\"/></svg>",
        histogram.counts.len() * BIN,
        bars.collect::<String>()
    )
}

/// How often something stands in train, valid and test, as one bar of three pieces; `most` fills its length.
pub(super) fn stack(parts: [usize; 3], most: usize) -> String {
    let length = |count: usize| 100.0 * count as f64 / most.max(1) as f64;
    let mut start = 0.0;
    let pieces: String = parts
        .into_iter()
        .zip(["train", "valid", "test"])
        .filter(|(count, _)| *count > 0)
        .map(|(count, class)| {
            let (x, width) = (short(start), short(length(count)));
            start += length(count);
            format!("<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" height=\"10\"/>")
        })
        .collect();
    format!(
        "<svg class=\"stack-bar\" aria-hidden=\"true\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\">{pieces}</svg>"
    )
}

/// Counts as shares of their parts, so that a small part can be compared with a large one.
struct Shares {
    totals: [usize; 3],
    /// The largest share of any bin.
    most: f64,
}

impl Shares {
    fn new(histogram: &Histogram) -> Shares {
        let mut totals = [0; 3];
        for counts in &histogram.counts {
            totals.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        }
        let mut shares = Shares { totals, most: 0.0 };
        let all = histogram.counts.iter().flat_map(|counts| (0..3).map(|part| shares.of(counts[part], part)));
        shares.most = all.fold(0.0, f64::max);
        shares
    }

    fn of(&self, count: usize, part: usize) -> f64 {
        count as f64 / self.totals.get(part).copied().unwrap_or(0).max(1) as f64
    }

    /// How high a bin with so many rows stands.
    fn height(&self, count: usize, part: usize) -> f64 {
        if count == 0 { 0.0 } else { (HEIGHT * self.of(count, part) / self.most).max(LEAST) }
    }

    /// A line along the tops of a part's bins.
    fn steps(&self, histogram: &Histogram, part: usize) -> String {
        let tops = histogram.counts.iter().enumerate().map(|(bin, counts)| {
            format!(
                "{}V{}h{BIN}",
                if bin == 0 { "M0 100" } else { "" },
                short(HEIGHT - self.height(counts[part], part))
            )
        });
        tops.collect::<String>() + "V100"
    }
}

/// The smallest and the largest number that a bin is meant for. The edges of whole numbers are halves, which are none.
fn bounds(histogram: &Histogram, bin: usize) -> (f64, f64) {
    let edges = &histogram.edges;
    let of_whole = edges.iter().all(|edge| edge.fract().abs() == 0.5);
    let inset = if of_whole { 0.5 } else { 0.0 };
    match (edges.get(bin), edges.get(bin + 1)) {
        (Some(low), Some(high)) => (low + inset, high - inset),
        _ => (0.0, 0.0),
    }
}

/// A coordinate with as many digits as can be seen.
fn short(x: f64) -> String {
    ((x * 100.0).round() / 100.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_whole_numbers_are_named_by_them() {
        let histogram = Histogram { edges: vec![-0.5, 0.5, 1.5], counts: vec![[3, 1, 0], [1, 1, 0]] };
        assert_eq!((bounds(&histogram, 0), bounds(&histogram, 1)), ((0.0, 0.0), (1.0, 1.0)));
        let svg = super::histogram(&histogram);
        assert!(svg.contains("<title>0: 3\u{a0}rows of train, 1 of valid, 0 of test</title>"), "{svg}");
        assert!(svg.contains("<path class=\"steps valid\" d=\"M0 100V33.33h10V33.33h10V100\"/>"), "{svg}");
        assert!(!svg.contains("steps test"));
        assert!(svg.ends_with("<p class=\"ticks\"><span>0</span><span>1</span></p>"));
    }

    #[test]
    fn pieces_of_a_bar_lie_end_to_end() {
        let svg = stack([10, 0, 5], 20);
        assert!(svg.contains("<rect class=\"train\" x=\"0\" width=\"50\" height=\"10\"/>"), "{svg}");
        assert!(svg.contains("<rect class=\"test\" x=\"50\" width=\"25\" height=\"10\"/>"), "{svg}");
        assert!(!svg.contains("valid"));
        assert!(!stack([0; 3], 0).contains("NaN"));
    }

    #[test]
    fn odd_histograms_do_no_harm() {
        let empty = Histogram { edges: vec![], counts: vec![] };
        let zero = Histogram { edges: vec![1.0, 1.0], counts: vec![[0; 3]] };
        for histogram in [empty, zero] {
            let svg = super::histogram(&histogram) + &sparkline(&histogram);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
