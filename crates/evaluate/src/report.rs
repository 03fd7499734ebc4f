//! What the score found out, and the page that shows it.

mod columns;
mod confusion;
mod curves;
mod forecast;
mod frame;
mod learned;
mod network;
mod numbers;
mod page;
mod quantiles;
mod rates;
mod scale;
mod scores;
mod svg;
mod table;
mod text;

pub use page::{ReportInput, Table, html};
pub use rates::rate_page;

/// What other pages are written with, so that they look like the report.
pub mod markup {
    pub use super::page::page;
    pub use super::table::{Cell, name, section, table};
    pub use super::text::{count, counted, escape, number, percent};

    /// The style of the report.
    pub const STYLE: &str = include_str!("report/style.css");
}

use std::collections::BTreeMap;

use baeum_core::{HeadMetric, Task};
use serde::{Deserialize, Serialize};

use crate::metrics::ClassScores;
use crate::{Baseline, MetricName, Predictions};

/// How well the network answers the test rows. Written as `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this layout.
    pub version: u32,
    /// The place of the target among those that the network answers.
    #[serde(default, skip_serializing_if = "is_first")]
    pub place: usize,
    /// What the answer is like.
    pub task: Task,
    /// The field that was asked for.
    pub target: String,
    /// What its numbers count, if the recipe says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How many rows each split has.
    pub rows: SplitRows,
    /// The share of resamples that an interval holds.
    pub level: f64,
    /// How many resamples the intervals rest on; 0 for no intervals.
    pub resamples: usize,
    /// What the baseline answers.
    pub baseline: Baseline,
    /// The scores, the most telling one first.
    pub metrics: Vec<Metric>,
    /// How well each label is told from the others; none for numbers.
    pub classes: Vec<ClassScores>,
    /// How well the numbers of each column are told, where several are told; none for others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnScores>,
    /// How quantiles fare, where such are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<Quantiles>,
    /// How often each true label (outer) got each answer (inner), in the order of `classes`; none for numbers, and
    /// where a row may have several labels.
    pub confusion: Vec<Vec<u64>>,
    /// What was learned of a function that is known, beside the truth; none for most data.
    pub learned: Vec<Learned>,
    /// The same of the other targets, if the network answers several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Report>,
    /// Every answer; `None` in a report that was read from a file, for they stand in a file of their own.
    #[serde(skip)]
    pub predictions: Option<Predictions>,
}

/// Whether a place is that of the one target, or of the first of several.
fn is_first(place: &usize) -> bool {
    *place == 0
}

/// How many rows each split has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRows {
    /// Rows that the network learned from.
    pub train: usize,
    /// Rows that chose the best epoch.
    pub valid: usize,
    /// Rows that this report is about.
    pub test: usize,
}

/// One way to judge the answers, and how they fare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Which metric, of which target.
    pub name: HeadMetric,
    /// Its value on the test rows; none where they do not define it, as R2 of one row.
    pub value: Option<f64>,
    /// The lower end of its interval; none without resamples, or if too few of them define it.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// What the baseline reaches on the same rows; none where that is infinite or undefined.
    pub baseline: Option<f64>,
    /// Whether more of it is better.
    pub higher_is_better: bool,
    /// How many resamples do not define it and are left out of the interval.
    pub undefined_resamples: usize,
}

/// How a metric stands to its baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval is better.
    Better,
    /// The interval holds the baseline.
    Unclear,
    /// The whole interval is worse.
    Worse,
}

/// How well the numbers of one column are told, in its own unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnScores {
    /// The column.
    pub column: String,
    /// The share of its variance that the answers explain; none where it is not defined.
    pub r2: Option<f64>,
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean absolute error.
    pub mae: f64,
    /// The mean absolute error of always answering the mean of the training rows.
    pub baseline_mae: f64,
}

/// How the quantiles of a number fare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    /// One for each level, going up.
    pub each: Vec<QuantileScores>,
    /// The share of rows whose truth should lie between the first and the last; none for a single level.
    pub wanted: Option<f64>,
    /// The share that does.
    pub held: Option<f64>,
    /// The share of rows whose quantiles crossed as the network yielded them; answers are sorted.
    #[serde(default)]
    pub crossed: f64,
}

/// How one quantile fares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileScores {
    /// Which share of the truths should lie below it.
    pub level: f64,
    /// The share that lies there, or upon it.
    pub below: f64,
    /// Its pinball loss, in the target's unit.
    pub pinball: f64,
    /// That of always answering the quantile of the training rows.
    pub baseline_pinball: f64,
}

/// One record whose true answer is known from elsewhere, such as a formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Learned {
    /// The record, written out.
    pub record: BTreeMap<String, String>,
    /// The true answer.
    pub truth: f64,
    /// What the network answers; none if that is no finite number, which may happen far from the training rows.
    pub answer: Option<f64>,
    /// Whether the record lies inside the range that training saw.
    pub inside: bool,
}

impl Report {
    /// The layout that this build writes and reads.
    pub const VERSION: u32 = 1;

    /// The metric of a name, if the task is judged by it.
    pub fn metric(&self, name: MetricName) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name.metric == name)
    }

    /// The reports of all targets, in their order.
    pub fn each(&self) -> impl Iterator<Item = &Report> {
        std::iter::once(self).chain(&self.others)
    }

    /// A name for a part of the page that no other target has.
    fn id(&self, part: &str) -> String {
        if self.place == 0 { part.to_owned() } else { format!("{part}-{}", self.place + 1) }
    }
}

impl Metric {
    /// How it stands to its baseline; none without interval or baseline.
    pub fn verdict(&self) -> Option<Verdict> {
        let (low, high, baseline) = (self.low?, self.high?, self.baseline?);
        let (worst, best) = if self.higher_is_better { (low, high) } else { (-high, -low) };
        let baseline = if self.higher_is_better { baseline } else { -baseline };
        Some(match (worst > baseline, best < baseline) {
            (true, _) => Verdict::Better,
            (false, true) => Verdict::Worse,
            (false, false) => Verdict::Unclear,
        })
    }
}
