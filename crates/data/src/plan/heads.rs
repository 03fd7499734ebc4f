//! Several targets, each with a head of its own.

use baeum_core::{Expected, Task};

use super::check::{Checked, refuse, refuse_empty};
use super::{DataPlan, SourcePlan, targets};
use crate::config::{CleanConfig, DataConfig, HeadTarget};

pub(super) const PATH: &str = "data.targets";

/// Refuses what cannot stand beside several targets; the first of them is what rows are divided by.
pub(super) fn first<'a>(config: &'a DataConfig, source: &SourcePlan) -> Checked<&'a HeadTarget> {
    refuse_beside(config)?;
    let SourcePlan::Table { .. } = source else {
        return refuse(PATH, "a table of several columns: `csv`, `jsonl` or `parquet`", "another source");
    };
    for (place, head) in config.targets.iter().enumerate() {
        let path = format!("{PATH}[{place}]");
        refuse_empty(&format!("{path}.column"), &head.column)?;
        if config.targets[..place].iter().any(|other| other.column == head.column) {
            return refuse(path + ".column", "each column once", format!("`{}` again", head.column));
        }
        match (head.task, &head.unit) {
            (Some(Task::Generate), _) => {
                return refuse(path + ".task", "`classify`, `regress` or `multi_label`", "`generate`");
            }
            (Some(Task::Classify | Task::MultiLabel), Some(_)) => {
                return refuse(path + ".unit", "a number to be learned", "classes");
            }
            (Some(Task::Classify | Task::MultiLabel | Task::Regress) | None, _) => {}
        }
        targets::multi_label(&path, head.task, head.separator.as_deref(), &head.thresholds)?;
    }
    match &config.targets[..] {
        [first, _, ..] => Ok(first),
        _ => refuse(PATH, "two targets or more; `data.target` names one", "one"),
    }
}

/// What is said of one target alone.
fn refuse_beside(config: &DataConfig) -> Checked {
    let beside = [
        ("target", config.target.is_some()),
        ("task", config.task.is_some()),
        ("unit", config.unit.is_some()),
        ("quantiles", !config.quantiles.is_empty()),
        ("labels", !config.labels.is_empty()),
        ("clean_labels", config.clean_labels != CleanConfig::default()),
        ("separator", config.separator.is_some()),
        ("thresholds", !config.thresholds.is_empty()),
        ("label_file", config.label_file.is_some()),
        ("series", config.series.is_some()),
    ];
    match beside.iter().find(|(_, is_said)| *is_said) {
        None => Ok(()),
        Some((name, _)) => {
            let wants = "to be left out beside `data.targets`, for it is about one target";
            refuse(format!("data.{name}"), wants, "it")
        }
    }
}

impl DataConfig {
    /// The columns that are learned, as far as the recipe names them.
    pub(crate) fn told(&self) -> impl Iterator<Item = &String> {
        let one = self.target.iter().flat_map(|target| target.columns());
        one.chain(self.targets.iter().map(|head| &head.column))
    }
}

impl DataPlan {
    /// The targets in the order of their heads, as far as the recipe alone tells of them.
    pub fn targets(&self) -> Vec<Expected<'_>> {
        let told = |name, task| Expected { name, task, levels: self.quantiles(name) };
        match &self.config.targets[..] {
            [] => vec![told(&self.target, self.task)],
            heads => heads.iter().map(|head| told(&head.column, head.task)).collect(),
        }
    }

    /// What is said of a column that is one of several targets.
    pub(crate) fn head(&self, column: &str) -> Option<&HeadTarget> {
        self.config.targets.iter().find(|head| head.column == column)
    }

    /// What the numbers of a target count.
    pub(crate) fn unit(&self, target: &str) -> Option<String> {
        self.head(target).map_or(&self.config.unit, |head| &head.unit).clone()
    }

    /// Where the recipe names a column that is learned.
    pub(crate) fn path_of_target(&self, place: usize) -> String {
        match (&self.config.targets[..], &self.columns[..]) {
            ([_, ..], _) => format!("{PATH}[{place}].column"),
            ([], [_]) => "data.target".to_owned(),
            ([], _) => format!("data.target[{place}]"),
        }
    }
}
