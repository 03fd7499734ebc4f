//! The scores in short: one sentence, and a card for each metric.

use crate::{Baseline, Metric, MetricName, Predictions, Report, Verdict};

use super::scale::Scale;
use super::svg::{Anchor, Drawing, Point, point};
use super::table::name;
use super::text::{counted, number, percent};

const SIZE: Point = Point { x: 280.0, y: 60.0 };

/// What the report says, for someone who reads one sentence. Already escaped.
pub(super) fn sentence(report: &Report) -> String {
    let rows = counted(report.rows.test as u64, "row");
    let target = format!("<em>{}</em>", name(&report.target));
    let unit = report.unit.as_deref().map(|unit| format!(" {}", name(unit))).unwrap_or_default();
    let said = |metric: Option<&Metric>| {
        let value = metric.and_then(|metric| Some((metric, metric.value?)));
        value.map_or("not defined".to_owned(), |(metric, value)| {
            format!(
                "<strong>{}{unit}</strong>{}",
                written(metric.name.metric, value),
                interval(report, metric)
            )
        })
    };
    let baseline = |metric: Option<&Metric>| {
        let value = metric.and_then(|metric| Some((metric.name.metric, metric.baseline?)));
        value.map_or("not defined".to_owned(), |(metric, value)| format!("{}{unit}", written(metric, value)))
    };
    let tested = format!("On {rows} that nothing had looked at before,");
    match &report.baseline {
        Baseline::Majority { label, .. } => {
            let accuracy = report.metric(MetricName::Accuracy);
            format!(
                "{tested} the network gets {target} right in {} of the cases. Always answering <em>{}</em>, the most \
                 frequent label of the training rows, would be right in {}.",
                said(accuracy),
                name(label),
                baseline(accuracy)
            )
        }
        Baseline::Usual { labels } => {
            let exact = report.metric(MetricName::SubsetAccuracy);
            let usual = match labels.is_empty() {
                true => "no label, as most training rows have none of them,".to_owned(),
                false => labels
                    .iter()
                    .map(|label| format!("<em>{}</em>", name(label)))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            format!(
                "{tested} the network gets all {target} of a row right in {} of the cases. Always answering {usual} would \
                 be right in {}.",
                said(exact),
                baseline(exact)
            )
        }
        Baseline::Means { values } => {
            let error = report.metric(MetricName::Mae);
            format!(
                "{tested} the network's answers for the {} columns of {target} are off by {} on average. Always answering \
                 the means of the training rows would be off by {}.",
                values.len(),
                said(error),
                baseline(error)
            )
        }
        Baseline::Quantiles { .. } => {
            let loss = report.metric(MetricName::PinballLoss);
            format!(
                "{tested} the pinball loss of the network's quantiles of {target} is {}. That of always answering the quantiles \
                 of the training rows would be {}.",
                said(loss),
                baseline(loss)
            )
        }
        Baseline::Frequency { .. } => {
            let perplexity = report.metric(MetricName::Perplexity);
            format!(
                "On {rows} of text that nothing had looked at before, the network's perplexity is {}: it hesitates between \
                 as many pieces. By frequency alone it would be {}.",
                said(perplexity),
                baseline(perplexity)
            )
        }
        Baseline::Repeat { season } => {
            let error = report.metric(MetricName::Mae);
            let repeating = match season {
                1 => "the last number of the window".to_owned(),
                season => format!("the last {season} steps of the window"),
            };
            format!(
                "{tested} the network's forecasts of {target} are off by {} on average. Always repeating {repeating} would \
                 be off by {}.",
                said(error),
                baseline(error)
            )
        }
        Baseline::Mean { value } => {
            let error = report.metric(MetricName::Mae);
            format!(
                "{tested} the network's answers for {target} are off by {} on average. Always answering {}{unit}, the \
                 mean of the training rows, would be off by {}.",
                said(error),
                number(*value),
                baseline(error)
            )
        }
    }
}

/// A card for each metric.
pub(super) fn cards(report: &Report) -> String {
    let cards: String = report.metrics.iter().map(|metric| card(report, metric)).collect();
    format!("<div class=\"cards\">{cards}</div>{}", note(report))
}

fn card(report: &Report, metric: &Metric) -> String {
    let value = metric.value.map_or("undefined".to_owned(), |value| written(metric.name.metric, value));
    let (class, verdict) = match metric.verdict() {
        Some(Verdict::Better) => ("better", "better than the baseline"),
        Some(Verdict::Unclear) => ("unclear", "not clearly better than the baseline"),
        Some(Verdict::Worse) => ("worse", "worse than the baseline"),
        None => ("unclear", "no interval to compare"),
    };
    let aim = if metric.higher_is_better { "higher is better" } else { "lower is better" };
    let unit = metric.name.metric.has_unit().then_some(report.unit.as_deref()).flatten();
    let unit = unit.map(|unit| format!(", in {}", name(unit))).unwrap_or_default();
    let interval = ends(metric)
        .map_or("no interval".to_owned(), |ends| format!("{} interval {ends}", percent(report.level)));
    let baseline = metric.baseline.map_or("undefined".to_owned(), |value| written(metric.name.metric, value));
    format!(
        "<article class=\"card\"><h3>{} <small>{aim}{unit}</small></h3><p class=\"value\">{value}</p>\
         <p class=\"interval\">{interval}</p>{}<p class=\"baseline\">baseline {baseline} \
         <span class=\"verdict {class}\">{verdict}</span></p><p class=\"note\">{}</p></article>",
        metric.name.metric.title(),
        ruler(report, metric),
        metric.name.metric.meaning(),
    )
}

/// A line with the interval, the value and the baseline on it; nothing if the value is undefined.
fn ruler(report: &Report, metric: &Metric) -> String {
    let Some(value) = metric.value else { return String::new() };
    let known = [Some(value), metric.low, metric.high, metric.baseline].into_iter().flatten();
    let anchors = anchors(metric.name.metric);
    let (low, high) = known
        .chain(anchors.iter().copied())
        .fold((0.0, 0.0), |(low, high), x| (f64::min(low, x), f64::max(high, x)));
    let (left, right, middle) = (8.0, SIZE.x - 8.0, 30.0);
    let scale = Scale::spanning(low, high, 0.0, left, right);
    let at = |x: f64, y: f64| point(scale.at(x).unwrap_or(left), y);
    let text = format!("{} on a line with its interval and its baseline.", metric.name.metric.title());
    let mut drawing = Drawing::new(
        &report.id(&format!("ruler-{}", metric.name.metric)),
        metric.name.metric.title(),
        &text,
        SIZE,
    );
    drawing.line("track", point(left, middle), point(right, middle));
    if let (Some(low), Some(high)) = (metric.low, metric.high) {
        drawing.line("interval", at(low, middle), at(high, middle));
    }
    if let Some(baseline) = metric.baseline {
        drawing.line("mark", at(baseline, 18.0), at(baseline, 42.0));
        let above = at(baseline, 11.0);
        drawing.text("tick", above, anchor(above.x), "baseline");
    }
    drawing.line("value", at(value, 21.0), at(value, 39.0));
    for &x in anchors {
        let below = at(x, 56.0);
        drawing.text("tick", below, anchor(below.x), &written(metric.name.metric, x));
    }
    drawing.finish()
}

/// Numbers that give a metric its meaning: its best value and others to compare with.
fn anchors(metric: MetricName) -> &'static [f64] {
    match metric {
        MetricName::Accuracy
        | MetricName::MacroF1
        | MetricName::MicroF1
        | MetricName::SubsetAccuracy
        | MetricName::R2 => &[0.0, 1.0],
        MetricName::HammingLoss
        | MetricName::LogLoss
        | MetricName::BitsPerByte
        | MetricName::Rmse
        | MetricName::Mae
        | MetricName::PinballLoss
        | MetricName::CoverageError => &[0.0],
        MetricName::Perplexity => &[1.0],
    }
}

/// Words near an end of the line stay inside the drawing.
fn anchor(x: f64) -> Anchor {
    match x {
        x if x < 40.0 => Anchor::Start,
        x if x > SIZE.x - 40.0 => Anchor::End,
        _ => Anchor::Middle,
    }
}

/// How the intervals came about, and what they cannot say.
fn note(report: &Report) -> String {
    if report.resamples == 0 {
        return "<p class=\"note\">Intervals were switched off (evaluate.bootstrap = 0).</p>".to_owned();
    }
    let level = percent(report.level);
    let resamples = counted(report.resamples as u64, "resample");
    let mut note = format!(
        "Intervals hold the middle {level} of {resamples} of the test rows (percentile bootstrap): how far a score could \
         move if other rows had been drawn."
    );
    if let Some(block) = report.predictions.as_ref().map(Predictions::block).filter(|block| *block > 1) {
        note += &format!(
            " Windows that lie together err alike, so {block} neighbours at a time were drawn (block bootstrap); one by one \
             they would seem to be more news than they are."
        );
    }
    for metric in report.metrics.iter().filter(|metric| metric.undefined_resamples > 0) {
        let left_out = counted(metric.undefined_resamples as u64, "resample");
        note +=
            &format!(" For {}, {left_out} did not define it and were left out.", metric.name.metric.title());
    }
    if report.metrics.iter().any(|metric| metric.low.is_some() && metric.low == metric.high) {
        note += " An interval without width means that all test rows fared alike; it does not promise the same for others.";
    }
    format!("<p class=\"note\">{note}</p>")
}

fn interval(report: &Report, metric: &Metric) -> String {
    ends(metric).map(|ends| format!(" ({} interval {ends})", percent(report.level))).unwrap_or_default()
}

fn ends(metric: &Metric) -> Option<String> {
    Some(format!(
        "{} to {}",
        written(metric.name.metric, metric.low?),
        written(metric.name.metric, metric.high?)
    ))
}

fn written(metric: MetricName, value: f64) -> String {
    match metric {
        MetricName::Accuracy
        | MetricName::SubsetAccuracy
        | MetricName::HammingLoss
        | MetricName::CoverageError => percent(value),
        MetricName::MacroF1
        | MetricName::MicroF1
        | MetricName::LogLoss
        | MetricName::Perplexity
        | MetricName::BitsPerByte
        | MetricName::R2
        | MetricName::Rmse
        | MetricName::Mae
        | MetricName::PinballLoss => number(value),
    }
}
