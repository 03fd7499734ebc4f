//! The refusals of `data.split` that need no data.

use baeum_core::Task;

use super::check::{Checked, refuse, refuse_empty};
use super::{SourcePlan, SplitPlan, plain_text, series};
use crate::config::{DataConfig, SplitConfig};

pub(super) fn split(config: &DataConfig, source: &SourcePlan, task: Option<Task>) -> Checked<SplitPlan> {
    if let SourcePlan::Text { .. } = source {
        return plain_text::split(config);
    }
    let test = match source {
        SourcePlan::Idx(idx) => {
            idx.test_images.as_ref().map(|_| "`given` beside `data.source.idx.test_images`")
        }
        SourcePlan::Numpy(numpy) => {
            numpy.test_inputs.as_ref().map(|_| "`given` beside `data.source.numpy.test_inputs`")
        }
        SourcePlan::Table { .. }
        | SourcePlan::Folder(_)
        | SourcePlan::Text { .. }
        | SourcePlan::Function { .. } => None,
    };
    if let Some(series) = &config.series {
        return series::split(config, series);
    }
    let has_test = test.is_some();
    let is_table = matches!(source, SourcePlan::Table { .. });
    match &config.split {
        None if has_test => Ok(SplitPlan::Given { valid: 0.1 }),
        None => Ok(SplitPlan::Usual { valid: 0.15, test: 0.15 }),
        Some(SplitConfig::Given { valid }) if has_test => {
            share("data.split.given.valid", *valid, 0.0)?;
            Ok(SplitPlan::Given { valid: *valid })
        }
        Some(SplitConfig::Given { .. }) => {
            refuse("data.split", "test rows in the source for `given`", "none")
        }
        Some(_) if has_test => refuse("data.split", test.unwrap_or_default(), "another one"),
        Some(SplitConfig::Random { valid, test }) => {
            shares("data.split.random", *valid, *test)?;
            Ok(SplitPlan::Random { valid: *valid, test: *test })
        }
        Some(SplitConfig::Stratified { .. }) if task == Some(Task::Regress) => {
            refuse("data.split", "`random`, for the target is a number", "`stratified`")
        }
        Some(SplitConfig::Stratified { valid, test }) => {
            shares("data.split.stratified", *valid, *test)?;
            Ok(SplitPlan::Stratified { valid: *valid, test: *test })
        }
        Some(
            SplitConfig::Column { .. }
            | SplitConfig::Files { .. }
            | SplitConfig::Groups { .. }
            | SplitConfig::Time { .. }
            | SplitConfig::Moments { .. }
            | SplitConfig::Hash { column: Some(_), .. },
        ) if !is_table => {
            refuse("data.split", "`random` or `stratified`, for the source is no `csv` table", "another one")
        }
        Some(SplitConfig::Column { name }) => by_column(config, SplitPlan::Column { name: name.clone() }),
        Some(SplitConfig::Groups { column, valid, test }) => {
            shares("data.split.groups", *valid, *test)?;
            by_column(config, SplitPlan::Groups { column: column.clone(), valid: *valid, test: *test })
        }
        Some(SplitConfig::Time { column, valid, test }) => {
            shares("data.split.time", *valid, *test)?;
            let column = moment("data.split.time.column", column)?;
            by_column(config, SplitPlan::Time { column, valid: *valid, test: *test })
        }
        Some(SplitConfig::Moments { column, valid, test }) => {
            let column = moment("data.split.moments.column", column)?;
            by_column(config, SplitPlan::Moments { column, valid: valid.clone(), test: test.clone() })
        }
        Some(SplitConfig::Hash { column, valid, test }) => {
            shares("data.split.hash", *valid, *test)?;
            by_column(config, SplitPlan::Hash { column: column.clone(), valid: *valid, test: *test })
        }
        Some(SplitConfig::Fold { of, fold, valid }) => {
            share("data.split.fold.valid", *valid, 0.0)?;
            folds(*of, *fold)?;
            Ok(SplitPlan::Fold { of: *of, fold: *fold, valid: *valid })
        }
        Some(SplitConfig::Files { valid: Some(_), .. }) => Ok(SplitPlan::Files),
        Some(SplitConfig::Files { valid_share, .. }) => {
            share("data.split.files.valid_share", *valid_share, 0.0)?;
            Ok(SplitPlan::Given { valid: *valid_share })
        }
    }
}

fn moment(path: &str, column: &Option<String>) -> Checked<String> {
    column.clone().map_or_else(|| refuse(path, "the column of the moment", "nothing"), Ok)
}

fn by_column(config: &DataConfig, split: SplitPlan) -> Checked<SplitPlan> {
    match split.column() {
        Some((name, path)) if config.target.as_deref() == Some(name) => {
            refuse(path, "a column other than the target", format!("`{name}`"))
        }
        Some((name, path)) => refuse_empty(path, name).map(|()| split),
        None => Ok(split),
    }
}

fn folds(of: usize, fold: usize) -> Checked {
    match (of, fold) {
        (0 | 1, _) => refuse("data.split.fold.of", "at least 2 parts", of.to_string()),
        (_, fold) if fold >= of => {
            refuse("data.split.fold.fold", format!("a number from 0 to {}", of - 1), fold.to_string())
        }
        _ => Ok(()),
    }
}

pub(super) fn shares(path: &str, valid: f64, test: f64) -> Checked {
    share(&format!("{path}.valid"), valid, 0.0)?;
    share(&format!("{path}.test"), test, f64::MIN_POSITIVE)?;
    match valid + test < 1.0 {
        true => Ok(()),
        false => refuse(path, "`valid` and `test` to leave rows to train", format!("{valid} and {test}")),
    }
}

fn share(path: &str, value: f64, least: f64) -> Checked {
    let wants = if least > 0.0 { "a share above 0 and below 1" } else { "a share from 0 to below 1" };
    if value >= least && value < 1.0 { Ok(()) } else { refuse(path, wants, value.to_string()) }
}
