//! What a file of labels wants of the rest of the section.

use baeum_core::Task;

use super::SourcePlan;
use super::check::{Checked, refuse};
use crate::config::{DataConfig, MergeLabels};

/// Rows must have names to be labelled by.
pub(super) fn label_file(config: &DataConfig, source: &SourcePlan) -> Checked {
    let path = "data.label_file";
    match (&config.label_file, source) {
        (None, _) if config.merge_labels != MergeLabels::Last => {
            refuse("data.merge_labels", "`data.label_file` to have labels to merge", "none")
        }
        (None, _) => Ok(()),
        (Some(file), _) if file.is_empty() => refuse(path, "a name", "an empty one"),
        (Some(_), SourcePlan::Table { .. }) if config.ids.is_empty() => {
            refuse(path, "`data.ids` to name the column that tells rows apart", "none")
        }
        (Some(_), SourcePlan::Text { .. }) => {
            refuse(path, "rows that a person can label", "a plain `text`, which says itself what comes next")
        }
        (Some(_), SourcePlan::Table { .. }) if config.series.is_some() => {
            refuse(path, "rows that a person can label", "`data.series`, which says itself what comes next")
        }
        (Some(_), SourcePlan::Function { .. }) => {
            refuse(path, "rows that a person can label", "a `function`, which gives its own answers")
        }
        (
            Some(_),
            SourcePlan::Table { .. }
            | SourcePlan::Idx(_)
            | SourcePlan::Numpy(_)
            | SourcePlan::Folder(_)
            | SourcePlan::TextFolder(_),
        ) => Ok(()),
    }
}

/// Votes are counted for labels; two numbers are hardly ever the same.
pub(super) fn merged(config: &DataConfig, task: Option<Task>) -> Checked {
    match (task, config.merge_labels) {
        (Some(Task::Regress), how @ (MergeLabels::Majority | MergeLabels::DawidSkene)) => {
            refuse("data.merge_labels", "`last`, for the target is a number", format!("`{}`", how.name()))
        }
        (Some(Task::Regress | Task::Classify | Task::MultiLabel | Task::Generate) | None, _) => Ok(()),
    }
}
