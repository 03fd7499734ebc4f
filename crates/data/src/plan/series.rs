//! The refusals of `data.series` that need no data.

use baeum_core::Task;

use super::check::{Checked, refuse};
use super::splits::{named, shares};
use super::steps::{Change, Form};
use super::{SourcePlan, SplitPlan};
use crate::config::{DataConfig, SeriesConfig, SplitConfig};

/// The one field that the network sees.
pub(crate) const SERIES: &str = "series";

/// As many numbers as a window may have: 64 MiB of them.
const MOST_STEPS: usize = 1 << 24;

/// Refuses a series that cannot be, whatever the data are.
pub(super) fn check(config: &DataConfig, source: &SourcePlan, target: &str) -> Checked {
    let Some(series) = &config.series else { return Ok(()) };
    let path = |name: &str| format!("data.series.{name}");
    match source {
        SourcePlan::Table { .. } => {}
        SourcePlan::Idx(_)
        | SourcePlan::Numpy(_)
        | SourcePlan::Folder(_)
        | SourcePlan::Text { .. }
        | SourcePlan::TextFolder(_)
        | SourcePlan::Function { .. } => {
            return refuse("data.series", "a table: `csv`, `jsonl` or `parquet`", "another source");
        }
    }
    let sizes = [("window", series.window), ("horizon", series.horizon), ("stride", series.stride)];
    if let Some((name, got)) = sizes.into_iter().find(|(_, size)| !(1..=MOST_STEPS).contains(size)) {
        return refuse(path(name), format!("a number of steps from 1 to {MOST_STEPS}"), got.to_string());
    }
    if !(1..=series.window).contains(&series.season) {
        let wants = format!("a number of steps from 1 to {}, those of a window", series.window);
        return refuse(path("season"), wants, series.season.to_string());
    }
    if let Some(task @ (Task::Classify | Task::MultiLabel)) = config.task {
        let wants = "`regress`, for the next steps of a series are numbers";
        return refuse("data.task", wants, format!("`{}`", task.name()));
    }
    if target == SERIES {
        return refuse("data.target", "a name other than that of the window", format!("`{SERIES}`"));
    }
    if series.until.is_some() && series.time.is_none() {
        return refuse(path("until"), "`data.series.time`, whose moments it is one of", "none");
    }
    if let Some(name) = config.vectors.keys().next() {
        return refuse(format!("data.vectors.{name}"), "a table whose rows are examples", "`data.series`");
    }
    if !config.ids.is_empty() {
        return refuse(
            "data.ids",
            "a table whose rows are examples",
            "`data.series`; name `time` and `group` there",
        );
    }
    named_once(config, series, target)
}

/// The columns that are named stand for one thing each.
fn named_once(config: &DataConfig, series: &SeriesConfig, target: &str) -> Checked {
    let columns = [("time", &series.time), ("group", &series.group)];
    let mut seen: Vec<&str> = config.ignore.iter().map(String::as_str).chain([target]).collect();
    for (name, column) in columns {
        let Some(column) = column else { continue };
        if column.is_empty() || seen.contains(&column.as_str()) {
            let wants = "a column that nothing else names";
            return refuse(format!("data.series.{name}"), wants, format!("`{column}`"));
        }
        seen.push(column);
    }
    Ok(())
}

/// What a field of a series is before its steps.
pub(super) fn field(config: &DataConfig, path: &str, name: &str) -> Checked<Form> {
    match (&config.series, name) {
        (Some(series), SERIES) => Ok(Form::Series { channels: None, steps: series.window }),
        _ => refuse(path, "the name `series`, the one field there is", format!("`{name}`")),
    }
}

/// How the windows of a series are divided: not by lot, for windows that overlap would fall into different parts.
pub(super) fn split(config: &DataConfig, series: &SeriesConfig) -> Checked<SplitPlan> {
    let time = || series.time.clone().unwrap_or_default();
    let own = |said: &Option<String>, path: &str| match said {
        Some(said) if Some(said) != series.time.as_ref() => {
            refuse(path, "to be left out, for `data.series.time` says it", format!("`{said}`"))
        }
        Some(_) | None => Ok(()),
    };
    match &config.split {
        None => Ok(SplitPlan::Time { column: time(), valid: 0.15, test: 0.15 }),
        Some(SplitConfig::Time { column, valid, test }) => {
            own(column, "data.split.time.column")?;
            shares("data.split.time", *valid, *test)?;
            Ok(SplitPlan::Time { column: time(), valid: *valid, test: *test })
        }
        Some(SplitConfig::Moments { .. }) if series.time.is_none() => {
            refuse("data.split.moments", "`data.series.time`, the column of the moment", "none")
        }
        Some(SplitConfig::Moments { column, valid, test }) => {
            own(column, "data.split.moments.column")?;
            Ok(SplitPlan::Moments { column: time(), valid: valid.clone(), test: test.clone() })
        }
        Some(SplitConfig::Groups { column, .. }) if Some(column) != series.group.as_ref() => {
            let got = format!("`{column}`");
            refuse("data.split.groups.column", "the column that `data.series.group` names", got)
        }
        Some(SplitConfig::Groups { column, valid, test }) => {
            shares("data.split.groups", *valid, *test)?;
            Ok(SplitPlan::Groups { column: column.clone(), valid: *valid, test: *test })
        }
        Some(SplitConfig::Column { name, used }) => named(name, *used),
        Some(SplitConfig::Lists { .. }) => by_lot("lists"),
        Some(SplitConfig::Random { .. }) => by_lot("random"),
        Some(SplitConfig::Stratified { .. }) => by_lot("stratified"),
        Some(SplitConfig::Hash { .. }) => by_lot("hash"),
        Some(SplitConfig::Fold { .. }) => by_lot("fold"),
        Some(SplitConfig::Files { .. }) => by_lot("files"),
        Some(SplitConfig::Given { .. }) => by_lot("given"),
    }
}

fn by_lot(name: &str) -> Checked<SplitPlan> {
    let wants = "`time`, `moments`, `groups` or `column`, for windows by lot would share their steps";
    refuse("data.split", wants, format!("`{name}`"))
}

/// The sizes of one window as the network sees it, where the recipe names every channel and one target.
pub(super) fn item_shape(config: &DataConfig, series: &SeriesConfig) -> Option<Vec<usize>> {
    let is_name = |name: &String| !name.contains('*');
    let all_named = !series.channels.is_empty() && series.channels.iter().all(is_name);
    let names_target = config.target.as_ref().is_some_and(|target| target.columns().iter().all(is_name));
    if !all_named || !names_target {
        return None;
    }
    let start = Form::Series { channels: Some(series.channels.len()), steps: series.window };
    let steps = config.fields.get(SERIES).and_then(|field| field.steps.as_deref()).unwrap_or_default();
    let form = steps.iter().try_fold(start, |form, step| form.after(Change::from(step)));
    config.shape.clone().or_else(|| form.ok()?.shape().ok())
}
