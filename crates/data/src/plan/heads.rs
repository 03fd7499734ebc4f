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
        columns(&path, head)?;
        refuse_again(&path, head, &config.targets[..place])?;
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
        targets::columns_of_labels(&path, head.task, &head.columns, head.separator.as_deref())?;
    }
    match &config.targets[..] {
        [first, _, ..] => Ok(first),
        _ => refuse(PATH, "two targets or more; `data.target` names one", "one"),
    }
}

/// One column, or several that have a name together.
fn columns(path: &str, head: &HeadTarget) -> Checked {
    let several = match (&head.columns[..], &head.name) {
        ([], None) if head.column.is_empty() => {
            return refuse(format!("{path}.column"), "a name, or `columns` for several", "none");
        }
        ([], None) => return Ok(()),
        ([], Some(name)) => {
            let wants = "to be left out beside `column`, which its head is called by";
            return refuse(format!("{path}.name"), wants, format!("`{name}`"));
        }
        (several, _) => several,
    };
    if !head.column.is_empty() {
        let wants = "to be left out beside `columns`";
        return refuse(format!("{path}.column"), wants, format!("`{}`", head.column));
    }
    if let [one] = several {
        let wants = "two columns or more; `column` names one";
        return refuse(format!("{path}.columns"), wants, format!("`{one}` alone"));
    }
    for (place, column) in several.iter().enumerate() {
        refuse_empty(&format!("{path}.columns[{place}]"), column)?;
    }
    match (head.name.as_deref(), head.task) {
        (None | Some(""), _) => {
            refuse(format!("{path}.name"), "what the answers of several columns are called together", "none")
        }
        (Some(_), Some(Task::MultiLabel | Task::Regress)) => Ok(()),
        (Some(_), task @ (Some(Task::Classify | Task::Generate) | None)) => {
            let got = task.map_or("nothing".to_owned(), |task| format!("`{}`", task.name()));
            refuse(format!("{path}.task"), targets::OF_SEVERAL, got)
        }
    }
}

/// Refuses a column that is learned twice, and a name that two heads would have.
fn refuse_again(path: &str, head: &HeadTarget, before: &[HeadTarget]) -> Checked {
    for (place, column) in head.columns().iter().enumerate() {
        let known = before.iter().flat_map(HeadTarget::columns).chain(&head.columns()[..place]);
        if known.into_iter().any(|other| other == column) {
            let at =
                if head.columns.is_empty() { ".column".to_owned() } else { format!(".columns[{place}]") };
            return refuse(format!("{path}{at}"), "each column once", format!("`{column}` again"));
        }
    }
    match before.iter().any(|other| other.name() == head.name()) {
        true => refuse(format!("{path}.name"), "a name that no other head has", format!("`{}`", head.name())),
        false => Ok(()),
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
        one.chain(self.targets.iter().flat_map(HeadTarget::columns))
    }
}

impl DataPlan {
    /// The targets in the order of their heads, as far as the recipe alone tells of them.
    pub fn targets(&self) -> Vec<Expected<'_>> {
        let told = |name, task| Expected { name, task, levels: self.quantiles(name) };
        match &self.config.targets[..] {
            [] => vec![told(&self.target, self.task)],
            heads => heads.iter().map(|head| told(head.name(), head.task)).collect(),
        }
    }

    /// What is said of one of several targets, by its name.
    pub(crate) fn head(&self, target: &str) -> Option<&HeadTarget> {
        self.config.targets.iter().find(|head| head.name() == target)
    }

    /// What is said of the one of several targets that a column belongs to.
    pub(crate) fn head_of(&self, column: &str) -> Option<&HeadTarget> {
        self.config.targets.iter().find(|head| head.columns().iter().any(|own| own == column))
    }

    /// The columns that a target is read from, where the recipe names them.
    pub(crate) fn columns_of(&self, target: &str) -> &[String] {
        self.head(target).map_or(&self.columns, HeadTarget::columns)
    }

    /// What the numbers of a target count.
    pub(crate) fn unit(&self, target: &str) -> Option<String> {
        self.head(target).map_or(&self.config.unit, |head| &head.unit).clone()
    }

    /// Where the recipe names a column that is learned.
    pub(crate) fn path_of_target(&self, place: usize) -> String {
        match (&self.config.targets[..], &self.columns[..]) {
            (heads @ [_, ..], _) => path_of_column(heads, place),
            ([], [_]) => "data.target".to_owned(),
            ([], _) => format!("data.target[{place}]"),
        }
    }
}

/// Where the recipe names the column at this place among those of all heads.
fn path_of_column(heads: &[HeadTarget], column: usize) -> String {
    let mut first = 0;
    for (place, head) in heads.iter().enumerate() {
        let len = head.columns().len();
        match (column < first + len, head.columns.is_empty()) {
            (true, true) => return format!("{PATH}[{place}].column"),
            (true, false) => return format!("{PATH}[{place}].columns[{}]", column - first),
            (false, _) => first += len,
        }
    }
    PATH.to_owned()
}
