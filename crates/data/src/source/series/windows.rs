//! Windows over the steps of series, as examples.

use std::borrow::Cow;
use std::ops::Range;

use baeum_core::{Field, Role};

use super::step::EachStep;
use crate::DataError;
use crate::config::{OnBad, SeriesConfig};
use crate::csv::{FileRows, row_place};
use crate::plan::SERIES;
use crate::profile::{LISTED, Repair};
use crate::source::{Cell, Raw, Steps};
use crate::split::Part;

/// The steps of all series, one behind the other.
#[derive(Debug)]
pub(super) struct Track {
    /// What is seen, `[channels][steps]`; a missing number is NaN.
    pub(super) channels: Vec<Vec<f64>>,
    /// What is told, `[targets][steps]`.
    pub(super) told: Vec<Vec<f64>>,
    pub(super) moments: Option<Vec<String>>,
    pub(super) groups: Option<Vec<String>>,
    pub(super) files: Vec<FileRows>,
    /// The row of the table that each step was.
    pub(super) rows: Vec<usize>,
    /// The steps of each series.
    pub(super) series: Vec<Range<usize>>,
}

/// Examples: each sees some steps and tells those behind them.
#[derive(Debug)]
pub(super) struct Windows {
    pub(super) track: Track,
    /// The first step of each.
    starts: Vec<usize>,
    /// The part of each, where its steps say it.
    parts: Option<Vec<Part>>,
    window: usize,
    horizon: usize,
    /// What each field of the schema is.
    fields: Vec<Use>,
    repairs: Vec<Repair>,
}

/// What a field of the schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Seen,
    Told,
    Moment,
    Group,
    Nothing,
}

impl Windows {
    /// All windows whose answer lies in one part, series by series.
    pub(super) fn new(
        track: Track,
        config: &SeriesConfig,
        parts: Option<&[Part]>,
        (on_bad, repairs): (OnBad, Vec<Repair>),
    ) -> Result<Windows, DataError> {
        let SeriesConfig { window, horizon, stride, .. } = *config;
        let (starts, parts_of) = (vec![], parts.map(|_| vec![]));
        let mut windows =
            Windows { track, starts, parts: parts_of, window, horizon, fields: vec![], repairs };
        let (mut between, mut short, mut unknown) = (0, 0, vec![]);
        for series in windows.track.series.clone() {
            let last = series.len().checked_sub(window + horizon);
            short += usize::from(last.is_none());
            for start in last.iter().flat_map(|last| (0..=*last).step_by(stride)).map(|i| series.start + i) {
                let told = start + window..start + window + horizon;
                if let Some(step) = windows.first_unknown(told.clone()) {
                    unknown.push(step);
                } else if let Some(parts) = parts {
                    let of_one = parts[told.clone()].iter().all(|part| *part == parts[told.start]);
                    between += usize::from(!of_one);
                    windows.add(start, of_one.then_some(parts[told.start]));
                } else {
                    windows.starts.push(start);
                }
            }
        }
        windows.judge_unknown(on_bad, &unknown)?;
        windows.repairs.extend((between > 0).then_some(Repair::BetweenParts { count: between }));
        windows.repairs.extend((short > 0).then_some(Repair::ShortSeries { count: short }));
        match windows.starts.is_empty() {
            false => Ok(windows),
            true => Err(windows.refuse_none()),
        }
    }

    fn add(&mut self, start: usize, part: Option<Part>) {
        if let (Some(parts), Some(part)) = (&mut self.parts, part) {
            parts.push(part);
            self.starts.push(start);
        }
    }

    /// The first of these steps that cannot be told.
    fn first_unknown(&self, mut told: Range<usize>) -> Option<usize> {
        told.find(|&step| self.track.told.iter().any(|column| column[step].is_nan()))
    }

    /// Answers that are missing end the run, or are left out and counted.
    fn judge_unknown(&mut self, on_bad: OnBad, unknown: &[usize]) -> Result<(), DataError> {
        let (Some(&first), wants) = (unknown.first(), "a number to be told") else { return Ok(()) };
        match on_bad {
            OnBad::Stop => Err(DataError::Value {
                place: self.step_place(first),
                field: "target".to_owned(),
                wants,
                got: "nothing; fill it in, or say `data.on_bad = \"skip\"` to leave such windows out"
                    .to_owned(),
            }),
            OnBad::Skip => {
                let mut named: Vec<usize> = unknown.to_vec();
                named.dedup();
                let first = named.iter().take(LISTED).map(|&step| self.step_place(step)).collect();
                self.repairs.push(Repair::Untold { count: unknown.len(), first });
                Ok(())
            }
        }
    }

    fn refuse_none(&self) -> DataError {
        let most = self.track.series.iter().map(Range::len).max().unwrap_or(0);
        let wants =
            format!("a series of at least {} steps, `window` and `horizon`", self.window + self.horizon);
        let got = match most < self.window + self.horizon {
            true => format!("{most} at most"),
            false => "none whose answer lies in one part".to_owned(),
        };
        DataError::setting("data.series", wants, got)
    }

    /// The same, its fields in the order of a schema.
    pub(super) fn with_fields(self, fields: &[Field]) -> Windows {
        let is_time = |field: &Field| field.kind == baeum_core::Kind::Text;
        let of = |field: &Field| match field.role {
            Role::Input if field.name == SERIES => Use::Seen,
            Role::Target => Use::Told,
            Role::Id if is_time(field) => Use::Moment,
            Role::Id => Use::Group,
            Role::Input | Role::Ignored => Use::Nothing,
        };
        Windows { fields: fields.iter().map(of).collect(), ..self }
    }

    /// How many steps a window has, and its answer.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.window, self.horizon)
    }

    pub(super) fn parts(&self) -> Option<Vec<Part>> {
        self.parts.clone()
    }

    pub(super) fn group(&self, row: usize) -> Option<&str> {
        self.track.groups.as_ref().map(|groups| groups[self.starts[row]].as_str())
    }

    /// What an example sees, channel by channel.
    pub(super) fn seen(&self, row: usize) -> Cow<'_, [f64]> {
        let start = self.starts[row];
        cut(&self.track.channels, start..start + self.window)
    }

    /// What it tells, target by target.
    pub(super) fn told(&self, row: usize) -> Cow<'_, [f64]> {
        let start = self.starts[row] + self.window;
        cut(&self.track.told, start..start + self.horizon)
    }

    /// A step as messages call it.
    pub(super) fn step_place(&self, step: usize) -> String {
        let row = self.track.rows[step];
        row_place(&self.track.files, row)
    }

    pub(super) fn fields(&self) -> &[Use] {
        &self.fields
    }
}

/// Some steps of several columns, one column behind the other.
fn cut(columns: &[Vec<f64>], steps: Range<usize>) -> Cow<'_, [f64]> {
    match columns {
        [one] => Cow::Borrowed(&one[steps]),
        several => Cow::Owned(several.iter().flat_map(|column| &column[steps.clone()]).copied().collect()),
    }
}

impl Raw for Windows {
    fn rows(&self) -> usize {
        self.starts.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        let moment = || self.track.moments.as_ref().map(|moments| &moments[self.starts[row] + self.window]);
        Ok(match self.fields[field] {
            Use::Seen => Cell::Numbers(self.seen(row)),
            Use::Told => Cell::Numbers(self.told(row)),
            Use::Moment => moment().map_or(Cell::Missing, |moment| Cell::Name(moment)),
            Use::Group => self.group(row).map_or(Cell::Missing, Cell::Name),
            Use::Nothing => Cell::Missing,
        })
    }

    fn place(&self, row: usize) -> String {
        format!("the window before {}", self.step_place(self.starts[row] + self.window))
    }

    fn steps(&self, row: usize) -> Option<Steps> {
        let (start, told) = (self.starts[row], self.starts[row] + self.window);
        Some(Steps { seen: start..told, told: told..told + self.horizon })
    }

    fn each_step(&self, rows: &[usize]) -> Option<Box<dyn Raw + '_>> {
        let mut is_met = vec![false; self.track.rows.len()];
        for &row in rows {
            let start = self.starts[row];
            is_met[start..start + self.window + self.horizon].fill(true);
        }
        let steps = (0..is_met.len()).filter(|&step| is_met[step]).collect();
        Some(Box::new(EachStep { windows: self, steps }))
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }
}
