//! Quantiles that are told in the place of a number.

use baeum_core::Task;

use super::check::{Checked, refuse};
use super::{DataPlan, heads};
use crate::config::DataConfig;

/// More levels than this say nothing new.
const MOST: usize = 100;

/// What can be refused before any data are read; `task`: that of a single target.
pub(super) fn check(config: &DataConfig, task: Option<Task>) -> Checked {
    levels("data.quantiles", &config.quantiles)?;
    let is_several = config.target.as_ref().is_some_and(|target| target.columns().len() > 1);
    match task {
        _ if config.quantiles.is_empty() => {}
        Some(Task::Classify | Task::MultiLabel | Task::Generate) => {
            return refuse("data.quantiles", "a number to be learned", "another task");
        }
        _ if config.series.is_some() || is_several => {
            return refuse("data.quantiles", "one number to be learned", "several");
        }
        Some(Task::Regress) | None => {}
    }
    for (place, head) in config.targets.iter().enumerate() {
        let path = format!("{}[{place}].quantiles", heads::PATH);
        levels(&path, &head.quantiles)?;
        match head.task {
            _ if head.quantiles.is_empty() => {}
            Some(Task::Classify) => return refuse(path, "a number to be learned", "classes"),
            _ if !head.columns.is_empty() => return refuse(path, "one number to be learned", "several"),
            Some(Task::MultiLabel | Task::Regress | Task::Generate) | None => {}
        }
    }
    Ok(())
}

fn levels(path: &str, levels: &[f64]) -> Checked {
    if levels.len() > MOST {
        return refuse(path, format!("at most {MOST} levels"), levels.len().to_string());
    }
    for (place, &level) in levels.iter().enumerate() {
        let path = format!("{path}[{place}]");
        if !(level > 0.0 && level < 1.0) {
            return refuse(path, "a share above 0 and below 1", level.to_string());
        }
        if let Some(before) =
            place.checked_sub(1).map(|before| levels[before]).filter(|before| *before >= level)
        {
            return refuse(path, format!("more than the level before it, {before}"), level.to_string());
        }
    }
    Ok(())
}

impl DataPlan {
    /// The levels of the quantiles that are told of a target; none where it is told itself.
    pub(crate) fn quantiles(&self, target: &str) -> &[f64] {
        self.head(target).map_or(&self.config.quantiles, |head| &head.quantiles)
    }
}
