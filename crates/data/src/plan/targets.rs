//! What several targets want of the rest of the section, and labels of which a row may have several.

use std::collections::BTreeMap;

use baeum_core::Task;

use super::check::{Checked, refuse, refuse_empty};
use super::{DataPlan, Lists, SourcePlan, heads};
use crate::config::{DataConfig, HeadTarget, TargetConfig};

/// What the answers of several columns are called that each say yes or no.
const LABELS: &str = "labels";

/// What the answers of several columns of numbers are called.
const NUMBERS: &str = "numbers";

/// The tasks that several columns have together.
pub(super) const OF_SEVERAL: &str = "`multi_label` where several columns say yes or no, or `regress` where they hold numbers; one column alone is classified";

/// What stands between two labels of a cell, unless the recipe says it.
const SEPARATOR: &str = ";";

/// What the answers of these columns are called together.
pub(super) fn several(config: &DataConfig, source: &SourcePlan, columns: &[String]) -> Checked<String> {
    let path = "data.target";
    for (place, column) in columns.iter().enumerate() {
        refuse_empty(&format!("{path}[{place}]"), column)?;
        if columns[..place].contains(column) {
            return refuse(format!("{path}[{place}]"), "each column once", format!("`{column}` again"));
        }
    }
    let got = format!("{} of them", columns.len());
    match (source, config.task) {
        _ if columns.is_empty() => refuse(path, "a column", "an empty list"),
        (SourcePlan::Table { .. }, _) if config.series.is_some() => {
            refuse(path, "one column of a series, or a pattern that several fit, such as `*`", got)
        }
        (SourcePlan::Table { .. }, Some(Task::MultiLabel)) => Ok(LABELS.to_owned()),
        (SourcePlan::Table { .. }, Some(Task::Regress)) => Ok(NUMBERS.to_owned()),
        (SourcePlan::Table { .. }, Some(Task::Generate)) => {
            refuse("data.task", "`data.source.text` for `generate`", "another source")
        }
        (SourcePlan::Table { .. }, task @ (Some(Task::Classify) | None)) => refuse(
            "data.task",
            OF_SEVERAL,
            task.map_or("nothing".to_owned(), |task| format!("`{}`", task.name())),
        ),
        (
            SourcePlan::Idx(_)
            | SourcePlan::Numpy(_)
            | SourcePlan::Folder(_)
            | SourcePlan::Text { .. }
            | SourcePlan::TextFolder(_)
            | SourcePlan::Function { .. },
            _,
        ) => refuse(path, "one target, for the source is no table of several columns", got),
    }
}

/// The settings of labels of which a row may have several, as `at` says them of a target.
pub(super) fn multi_label(
    at: &str,
    task: Option<Task>,
    separator: Option<&str>,
    thresholds: &BTreeMap<String, f64>,
) -> Checked {
    if task != Some(Task::MultiLabel) {
        let wants = format!("`{at}.task = \"multi_label\"`, where a row may have several labels");
        return match (separator, thresholds.is_empty()) {
            (Some(_), _) => refuse(format!("{at}.separator"), wants, "another task"),
            (None, false) => refuse(format!("{at}.thresholds"), wants, "another task"),
            (None, true) => Ok(()),
        };
    }
    if separator.is_some_and(str::is_empty) {
        let wants = "what stands between two labels, such as `;`";
        return refuse(format!("{at}.separator"), wants, "nothing");
    }
    match thresholds.iter().find(|(_, threshold)| !(**threshold > 0.0 && **threshold < 1.0)) {
        None => Ok(()),
        Some((label, threshold)) => {
            let path = format!("{at}.thresholds.{label}");
            refuse(path, "a probability above 0 and below 1", threshold.to_string())
        }
    }
}

/// What columns want that each say whether a label fits.
pub(super) fn columns_of_labels(
    at: &str,
    task: Option<Task>,
    columns: &[String],
    separator: Option<&str>,
) -> Checked {
    if task != Some(Task::MultiLabel) || columns.len() < 2 {
        return Ok(());
    }
    let separator = separator.unwrap_or(SEPARATOR);
    match columns.iter().find(|name| name.contains(separator)) {
        None => Ok(()),
        Some(column) => {
            let wants = "what stands in no name of a column, for it separates them in records";
            refuse(format!("{at}.separator"), wants, format!("`{separator}`, which stands in `{column}`"))
        }
    }
}

/// The same of a single target, whose labels have names of their own nowhere else.
pub(super) fn columns_of_one(config: &DataConfig, task: Option<Task>) -> Checked {
    let columns = config.target.as_ref().map_or(&[][..], TargetConfig::columns);
    if task == Some(Task::MultiLabel) && columns.len() > 1 && !config.labels.is_empty() {
        return refuse("data.labels", "to be left out, for the columns name the labels", "names");
    }
    columns_of_labels("data", task, columns, config.separator.as_deref())
}

impl DataPlan {
    /// The columns whose cells list labels.
    pub(crate) fn lists(&self) -> Vec<Lists> {
        let of = |column: &String| Lists {
            column: column.clone(),
            separator: self.separator_of(column).to_owned(),
        };
        if !self.config.targets.is_empty() {
            let lists = |head: &&HeadTarget| head.task == Some(Task::MultiLabel) && head.columns.is_empty();
            let heads = self.config.targets.iter().filter(lists);
            return heads.map(|head| of(&head.column)).collect();
        }
        match &self.columns[..] {
            [column] if self.may_fit_nothing() => vec![of(column)],
            _ => vec![],
        }
    }

    /// Whether the answers of a target are the names of those of its columns that say yes.
    pub(crate) fn names_its_columns(&self, target: &str) -> bool {
        let task = self.head(target).map_or(self.task, |head| head.task);
        task == Some(Task::MultiLabel) && self.columns_of(target).len() > 1
    }

    /// The columns that each say whether a label fits, of all targets.
    pub(crate) fn flags(&self) -> Vec<&String> {
        let targets = self.targets().into_iter().map(|target| target.name);
        targets.filter(|name| self.names_its_columns(name)).flat_map(|name| self.columns_of(name)).collect()
    }

    /// What stands between two labels of a row, where it may have several.
    pub fn separator(&self) -> &str {
        self.separator_of(&self.target)
    }

    /// The same of one of several targets.
    pub(crate) fn separator_of(&self, target: &str) -> &str {
        let said = self.head(target).map_or(&self.config.separator, |head| &head.separator);
        said.as_deref().unwrap_or(SEPARATOR)
    }

    /// How probable each label of a target has to be to answer, and where the recipe says it.
    pub(crate) fn thresholds(&self, target: &str) -> (&BTreeMap<String, f64>, String) {
        let said = self.head(target).map_or(&self.config.thresholds, |head| &head.thresholds);
        (said, format!("{}.thresholds", self.path_of_head(target)))
    }

    /// Where the recipe says what belongs to a target.
    pub(crate) fn path_of_head(&self, target: &str) -> String {
        let place = self.config.targets.iter().position(|head| head.name() == target);
        place.map_or("data".to_owned(), |place| format!("{}[{place}]", heads::PATH))
    }
}
