//! What the best epoch is chosen by, where that is not the loss.

use baeum_core::{Dataset, Expected, HeadMetric, Network, Scored};

use crate::heads::{list, told};
use crate::plan::require;
use crate::{Outside, TrainError, TrainPlan};

/// Scores the validation rows by these metrics, in their order.
pub type Judge<'a> = dyn FnMut(&mut dyn Network, &Dataset, &[HeadMetric]) -> Result<Vec<Scored>, Reason> + 'a;

/// Why rows could not be scored.
type Reason = Box<dyn std::error::Error + Send + Sync>;

/// Each metric stands once.
pub(crate) fn check(metrics: &[HeadMetric]) -> Result<(), TrainError> {
    let twice = metrics.iter().enumerate().find(|(place, metric)| metrics[..*place].contains(metric));
    let got = twice.map(|(_, metric)| format!("`{metric}` twice")).unwrap_or_default();
    require(twice.is_none(), "best", "a list of different metrics", got)
}

/// Refuses metrics that the answers are not judged by; where there are several targets, each stands behind one of them.
pub(crate) fn refuse_for(metrics: &[HeadMetric], targets: &[Expected<'_>]) -> Result<(), TrainError> {
    metrics.iter().try_for_each(|metric| refuse_one(metric, targets))
}

fn refuse_one(metric: &HeadMetric, targets: &[Expected<'_>]) -> Result<(), TrainError> {
    let got = format!("`{metric}`");
    let found = match (targets, &metric.head) {
        ([only], None) => Some(only),
        (several, head) => {
            several.iter().find(|told| several.len() > 1 && Some(told.name) == head.as_deref())
        }
    };
    let Some(target) = found else {
        let rule = match targets {
            [_] => format!("a metric alone, such as `{}`, for there is one target", metric.metric),
            several => format!("a target, a point and a metric; there are {}", list(several)),
        };
        return require(false, "best", rule, got);
    };
    let Some(known) = target.metrics() else { return Ok(()) };
    let why = match (target.levels, target.task) {
        ([], Some(task)) => format!("the task is `{}`", task.name()),
        (_, _) => "quantiles are told".to_owned(),
    };
    let rule = format!("among {}, because {why}", names(known));
    require(known.contains(&metric.metric), "best", rule, got)
}

/// The metrics that choose among the epochs of these data, the most important one first; none where the loss does.
///
/// # Errors
/// [`TrainError::Setting`] if they do not fit the task, or there are no validation rows.
pub(crate) fn metrics<'a>(plan: &'a TrainPlan, data: &Dataset) -> Result<&'a [HeadMetric], TrainError> {
    let metrics = plan.best(&told(data))?;
    let rule = "left out where the valid split has no rows, unless `data.split` gives it some";
    let holds = metrics.is_empty() || !data.splits.valid.rows().is_empty();
    require(holds, "best", rule, names(metrics))?;
    Ok(metrics)
}

/// As a recipe has them.
pub(crate) fn names<M: std::fmt::Display>(metrics: &[M]) -> String {
    let names: Vec<String> = metrics.iter().map(|metric| format!("`{metric}`")).collect();
    names.join(", ")
}

/// What the network scores by them.
pub(crate) fn scored(
    outside: &mut Outside<'_>,
    net: &mut dyn Network,
    data: &Dataset,
    metrics: &[HeadMetric],
) -> Result<Vec<Scored>, TrainError> {
    if metrics.is_empty() {
        return Ok(vec![]);
    }
    let scored = (outside.judge)(net, data, metrics).map_err(TrainError::Judge)?;
    let got: Vec<HeadMetric> = scored.iter().map(|scored| scored.metric.clone()).collect();
    match got == metrics {
        true => Ok(scored),
        false => Err(TrainError::Judged { wanted: names(metrics), got: names(&got) }),
    }
}
