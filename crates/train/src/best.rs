//! What the best epoch is chosen by, where that is not the loss.

use baeum_core::{Dataset, MetricName, Network, Scored, Task};

use crate::plan::require;
use crate::{Outside, TrainError, TrainPlan};

/// Scores the validation rows by these metrics, in their order.
pub type Judge<'a> = dyn FnMut(&mut dyn Network, &Dataset, &[MetricName]) -> Result<Vec<Scored>, Reason> + 'a;

/// Why rows could not be scored.
type Reason = Box<dyn std::error::Error + Send + Sync>;

/// Each metric stands once.
pub(crate) fn check(metrics: &[MetricName]) -> Result<(), TrainError> {
    let twice = metrics.iter().enumerate().find(|(place, metric)| metrics[..*place].contains(metric));
    let got = twice.map(|(_, metric)| format!("`{metric}` twice")).unwrap_or_default();
    require(twice.is_none(), "best", "a list of different metrics", got)
}

/// Refuses metrics that answers of this task are not judged by.
pub(crate) fn refuse_for(metrics: &[MetricName], task: Task) -> Result<(), TrainError> {
    let known = MetricName::of(task);
    let rule = format!("among {}, because the task is `{}`", names(known), task.name());
    let stranger = metrics.iter().find(|metric| !known.contains(metric));
    let got = stranger.map(|metric| format!("`{metric}`")).unwrap_or_default();
    require(stranger.is_none(), "best", rule, got)
}

/// The metrics that choose among the epochs of these data, the most important one first; none where the loss does.
///
/// # Errors
/// [`TrainError::Setting`] if they do not fit the task, or there are no validation rows.
pub(crate) fn metrics<'a>(plan: &'a TrainPlan, data: &Dataset) -> Result<&'a [MetricName], TrainError> {
    let metrics = plan.best(data.task)?;
    let rule = "left out where the valid split has no rows, unless `data.split` gives it some";
    let holds = metrics.is_empty() || !data.splits.valid.rows().is_empty();
    require(holds, "best", rule, names(metrics))?;
    Ok(metrics)
}

/// As a recipe has them.
pub(crate) fn names(metrics: &[MetricName]) -> String {
    let names: Vec<String> = metrics.iter().map(|metric| format!("`{metric}`")).collect();
    names.join(", ")
}

/// What the network scores by them.
pub(crate) fn scored(
    outside: &mut Outside<'_>,
    net: &mut dyn Network,
    data: &Dataset,
    metrics: &[MetricName],
) -> Result<Vec<Scored>, TrainError> {
    if metrics.is_empty() {
        return Ok(vec![]);
    }
    let scored = (outside.judge)(net, data, metrics).map_err(TrainError::Judge)?;
    let got: Vec<MetricName> = scored.iter().map(|scored| scored.metric).collect();
    match got == metrics {
        true => Ok(scored),
        false => Err(TrainError::Judged { wanted: names(metrics), got: names(&got) }),
    }
}
