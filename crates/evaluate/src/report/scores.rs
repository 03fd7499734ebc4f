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
    let unit = unit(report);
    let Claim { metric, network, behind, instead } = claim(report);
    let metric = report.metric(metric);
    let value = metric.and_then(|metric| Some((metric, metric.value?)));
    let value = value.map_or("not defined".to_owned(), |(metric, value)| {
        let value = written(metric.name.metric, value);
        format!("<strong>{value}{unit}</strong>{}", interval(report, metric))
    });
    let baseline = metric.and_then(|metric| Some((metric.name.metric, metric.baseline?)));
    let baseline = baseline
        .map_or("not defined".to_owned(), |(metric, value)| format!("{}{unit}", written(metric, value)));
    let of = if let Baseline::Frequency { .. } = report.baseline { " of text" } else { "" };
    format!(
        "On {rows}{of} that nothing had looked at before, {network} {value}{behind}. {instead} {baseline}."
    )
}

/// The words around the value of a metric and that of the baseline.
struct Claim {
    metric: MetricName,
    /// In front of the network's value.
    network: String,
    /// Behind it.
    behind: &'static str,
    /// In front of the baseline's value.
    instead: String,
}

fn claim(report: &Report) -> Claim {
    let target = format!("<em>{}</em>", name(&report.target));
    match &report.baseline {
        Baseline::Majority { label, .. } => Claim {
            metric: MetricName::Accuracy,
            network: format!("the network gets {target} right in"),
            behind: " of the cases",
            instead: format!(
                "Always answering <em>{}</em>, the most frequent label of the training rows, would be right in",
                name(label)
            ),
        },
        Baseline::Usual { labels } => Claim {
            metric: MetricName::SubsetAccuracy,
            network: format!("the network gets all {target} of a row right in"),
            behind: " of the cases",
            instead: format!("Always answering {} would be right in", usual(labels)),
        },
        Baseline::Mean { value } => {
            let mean = format!("{}{}, the mean of the training rows,", number(*value), unit(report));
            off_by(format!("answers for {target}"), &format!("answering {mean}"))
        }
        Baseline::Means { values } => off_by(
            format!("answers for the {} columns of {target}", values.len()),
            "answering the means of the training rows",
        ),
        Baseline::Repeat { season } => {
            off_by(format!("forecasts of {target}"), &format!("repeating {}", repeated(*season)))
        }
        Baseline::Quantiles { .. } => Claim {
            metric: MetricName::PinballLoss,
            network: format!("the pinball loss of the network's quantiles of {target} is"),
            behind: "",
            instead: "That of always answering the quantiles of the training rows would be".to_owned(),
        },
        Baseline::Frequency { .. } => Claim {
            metric: MetricName::Perplexity,
            network: "the network's perplexity is".to_owned(),
            behind: ": it hesitates between as many pieces",
            instead: "By frequency alone it would be".to_owned(),
        },
    }
}

/// Of answers that are numbers, and of what could always be answered.
fn off_by(answers: String, always: &str) -> Claim {
    Claim {
        metric: MetricName::Mae,
        network: format!("the network's {answers} are off by"),
        behind: " on average",
        instead: format!("Always {always} would be off by"),
    }
}

fn unit(report: &Report) -> String {
    report.unit.as_deref().map(|unit| format!(" {}", name(unit))).unwrap_or_default()
}

/// The labels that most training rows have.
fn usual(labels: &[String]) -> String {
    match labels.is_empty() {
        true => "no label, as most training rows have none of them,".to_owned(),
        false => {
            labels.iter().map(|label| format!("<em>{}</em>", name(label))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn repeated(season: usize) -> String {
    match season {
        1 => "the last number of the window".to_owned(),
        season => format!("the last {season} steps of the window"),
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
