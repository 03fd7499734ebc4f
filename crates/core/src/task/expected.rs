use super::{MetricName, Task};

/// What is known of a target before any data are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected<'a> {
    /// Its field.
    pub name: &'a str,
    /// What its answers are like; none where the data will say it.
    pub task: Option<Task>,
    /// The levels of the quantiles that are told in the place of a number; none for others.
    pub levels: &'a [f64],
}

impl Expected<'_> {
    /// What its answers are judged by; none where that is not known yet.
    pub fn metrics(&self) -> Option<&'static [MetricName]> {
        if self.levels.is_empty() { self.task.map(MetricName::of) } else { Some(&MetricName::OF_QUANTILES) }
    }
}
