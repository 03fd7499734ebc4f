//! What several targets want of the rest of the section, and labels of which a row may have several.

use baeum_core::Task;

use super::check::{Checked, refuse, refuse_empty};
use super::{Lists, SourcePlan};
use crate::config::DataConfig;

/// What the answers of several columns are called that each say yes or no.
const LABELS: &str = "labels";

/// What the answers of several columns of numbers are called.
const NUMBERS: &str = "numbers";

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
        (SourcePlan::Table { .. }, task @ (Some(Task::Classify) | None)) => {
            let wants = "`multi_label` where several columns say yes or no, or `regress` where they hold numbers; one \
                         column alone is classified";
            refuse("data.task", wants, task.map_or("nothing".to_owned(), |task| format!("`{}`", task.name())))
        }
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

/// The column whose cells may be lists of texts, where a row may have several labels.
pub(super) fn lists(config: &DataConfig) -> Option<Lists> {
    let [column] = config.target.as_ref()?.columns() else { return None };
    let of_labels = || Lists { column: column.clone(), separator: separator(config).to_owned() };
    (config.task == Some(Task::MultiLabel)).then(of_labels)
}

/// What stands between two labels of a cell.
pub(super) fn separator(config: &DataConfig) -> &str {
    config.separator.as_deref().unwrap_or(SEPARATOR)
}

/// The settings of labels of which a row may have several.
pub(super) fn multi_label(config: &DataConfig, task: Option<Task>, columns: &[String]) -> Checked {
    if task != Some(Task::MultiLabel) {
        let wants = "`data.task = \"multi_label\"`, where a row may have several labels";
        return match (&config.separator, config.thresholds.is_empty()) {
            (Some(_), _) => refuse("data.separator", wants, "another task"),
            (None, false) => refuse("data.thresholds", wants, "another task"),
            (None, true) => Ok(()),
        };
    }
    let separator = separator(config);
    if separator.is_empty() {
        return refuse("data.separator", "what stands between two labels, such as `;`", "nothing");
    }
    if columns.len() > 1 && !config.labels.is_empty() {
        return refuse("data.labels", "to be left out, for the columns name the labels", "names");
    }
    if let (true, Some(column)) = (columns.len() > 1, columns.iter().find(|name| name.contains(separator))) {
        let wants = "what stands in no name of a column, for it separates them in records";
        return refuse("data.separator", wants, format!("`{separator}`, which stands in `{column}`"));
    }
    match config.thresholds.iter().find(|(_, threshold)| !(**threshold > 0.0 && **threshold < 1.0)) {
        None => Ok(()),
        Some((label, threshold)) => {
            let path = format!("data.thresholds.{label}");
            refuse(path, "a probability above 0 and below 1", threshold.to_string())
        }
    }
}
