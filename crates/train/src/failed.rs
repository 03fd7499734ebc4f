//! A step that was not taken: where it went wrong, and all that it takes to try it again.
mod files;

use std::fmt;

use baeum_core::{Batch, Dataset, Expected, Loss, Lost, Network, Role, State, Task, Update, Value};
use serde::{Deserialize, Serialize};

pub use files::FailedStepError;

use crate::checkpoint::Exact;
use crate::heads::told;
use crate::step::{of_parts, places, update};
use crate::{TrainError, TrainPlan};

/// An update that was not taken, because its loss or its gradient is no number or the gradient is too long, with all that
/// decides it.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedStep {
    /// The epoch, counted from zero.
    pub epoch: u32,
    /// The update, counted from one.
    pub step: u64,
    /// The rows of its batch, by their places in the source.
    pub rows: Vec<usize>,
    /// What `data.ids` calls them, each in its turn; empty where rows have no such names.
    pub ids: Vec<String>,
    /// Its step size.
    pub learning_rate: f64,
    /// What is learned.
    pub task: Task,
    /// The targets, where several are learned, or quantiles of one.
    pub heads: Vec<FailedHead>,
    /// What is minimised, with the weights of the classes.
    pub loss: Loss,
    /// The batch as the network saw it, augmented and mixed, in the parts that went through the network at once.
    pub batches: Vec<Batch>,
    /// The network before the step.
    pub state: State,
    /// What was wrong.
    pub finding: Finding,
}

/// One of the targets of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedHead {
    /// Its field.
    pub name: String,
    /// What its answers are like.
    pub task: Task,
    /// The levels of its quantiles, if those are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<f64>,
}

impl FailedHead {
    fn expected(&self) -> Expected<'_> {
        Expected { name: &self.name, task: Some(self.task), levels: &self.levels }
    }
}

/// What is wrong with a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    loss: Exact,
    gradient_norm: Exact,
    limit: Option<Exact>,
    /// The first thing in the network that is not finite, its rows counted in the batch; none if all are, or if the network
    /// cannot tell.
    pub first: Option<Lost>,
}

impl Finding {
    /// Mean loss of the batch.
    pub fn loss(&self) -> f64 {
        self.loss.0
    }

    /// Length of the gradient; NaN if the loss alone tells.
    pub fn gradient_norm(&self) -> f64 {
        self.gradient_norm.0
    }
}

/// Of two that are no numbers one is as good as the other.
impl PartialEq for Finding {
    fn eq(&self, other: &Finding) -> bool {
        let same = |a: &Exact, b: &Exact| a.0 == b.0 || (a.0.is_nan() && b.0.is_nan());
        let limits = match (&self.limit, &other.limit) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        let numbers = same(&self.loss, &other.loss) && same(&self.gradient_norm, &other.gradient_norm);
        numbers && limits && self.first == other.first
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (loss, norm) = (self.loss(), self.gradient_norm());
        if !loss.is_finite() {
            return write!(f, "the loss is {loss}");
        }
        write!(f, "the gradient's length is {norm}")?;
        match &self.limit {
            Some(limit) if norm.is_finite() => {
                write!(f, ", above `train.gradient_limit`, which is {}", limit.0)
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// How many rows are named; a batch may have thousands.
const SHOWN: usize = 8;

/// Where a step stands.
pub(crate) struct Place<'a> {
    pub(crate) epoch: u32,
    pub(crate) step: u64,
    pub(crate) rows: &'a [usize],
    pub(crate) learning_rate: f64,
}

impl FailedStep {
    /// The step again, with open eyes. The network is as it was before it.
    pub(crate) fn examined(
        plan: &TrainPlan,
        net: &mut dyn Network,
        data: &Dataset,
        loss: &Loss,
        at: Place<'_>,
    ) -> Result<FailedStep, TrainError> {
        let Place { epoch, step, rows, learning_rate } = at;
        let parts = rows.chunks(plan.part_rows()).map(|rows| data.source.training_batch(rows, epoch));
        let batches = parts.collect::<Result<Vec<Batch>, _>>()?;
        let state = net.state()?;
        let finding = examine(net, &batches, loss, &plan.update(learning_rate))?;
        let (rows, ids, task, loss) = (rows.to_vec(), ids(data, rows), data.task, loss.clone());
        let heads = heads(data);
        Ok(FailedStep { epoch, step, rows, ids, learning_rate, task, heads, loss, batches, state, finding })
    }

    /// Runs the very step on `net`, a network of the same graph, and says what is wrong with it now.
    ///
    /// # Errors
    /// [`TrainError::Network`] if it is the step of another network.
    pub fn again(&self, plan: &TrainPlan, net: &mut dyn Network) -> Result<Finding, TrainError> {
        net.load(&self.state)?;
        examine(net, &self.batches, &self.loss, &plan.update(self.learning_rate))
    }

    /// What people call the rows in which it shows: those of the first thing that is not finite, or all of the batch.
    fn called(&self) -> Vec<String> {
        let all = || (0..self.rows.len()).collect();
        let first = self.finding.first.as_ref().filter(|first| !first.rows.is_empty());
        let places: Vec<usize> = first.map_or_else(all, |first| first.rows.clone());
        let called = |place: &usize| match (self.ids.get(*place), self.rows.get(*place)) {
            (Some(id), _) => Some(format!("`{}`", id.escape_debug())),
            (None, row) => row.map(usize::to_string),
        };
        places.iter().filter_map(called).collect()
    }
}

/// What is wrong, where it comes from if that is known, and in which rows it shows.
impl fmt::Display for FailedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.finding)?;
        if let Some(first) = &self.finding.first {
            write!(f, ", where {first}")?;
        }
        let called = self.called();
        let (shown, more) = called.split_at(called.len().min(SHOWN));
        write!(f, ", over rows {}", shown.join(", "))?;
        if more.is_empty() { Ok(()) } else { write!(f, " and {} more", more.len()) }
    }
}

/// First looks for what is not finite, part by part, then runs the step as training does.
fn examine(
    net: &mut dyn Network,
    batches: &[Batch],
    loss: &Loss,
    said: &Update,
) -> Result<Finding, TrainError> {
    let mut first: Option<Lost> = None;
    for (batch, part) in batches.iter().zip(places(batches)) {
        let Some(lost) = net.first_lost(batch, loss, part)? else { continue };
        let in_batch: Vec<usize> = lost.rows.iter().map(|row| part.first_row + row).collect();
        match &mut first {
            // Later parts add what is lost in the same place.
            Some(first) if first.node == lost.node && first.what == lost.what => first.rows.extend(in_batch),
            Some(_) => {}
            None => first = Some(Lost { rows: in_batch, ..lost }),
        }
    }
    let total = of_parts(net, batches, loss)?;
    let gradient_norm = Exact(update(net, said, total.mean())?);
    Ok(Finding { loss: Exact(total.mean()), gradient_norm, limit: said.limit.map(Exact), first })
}

/// The targets, if the task alone does not say what is minimised.
fn heads(data: &Dataset) -> Vec<FailedHead> {
    let told = told(data);
    let is_plain = matches!(told[..], [Expected { levels: [], .. }]);
    let head = |told: Expected<'_>| FailedHead {
        name: told.name.to_owned(),
        task: told.task.unwrap_or(data.task),
        levels: told.levels.to_vec(),
    };
    if is_plain { vec![] } else { told.into_iter().map(head).collect() }
}

/// What the first column of `data.ids` says of rows; nothing if it says nothing of one of them.
fn ids(data: &Dataset, rows: &[usize]) -> Vec<String> {
    let Some(field) = data.schema.with_role(Role::Id).next() else { return vec![] };
    let id = |row: &usize| match data.source.record(*row).ok()?.get(&field.name)? {
        Value::Text(text) => Some(text.clone()),
        Value::Number(x) => Some(x.to_string()),
        Value::Missing | Value::Numbers(_) | Value::Image(_) => None,
    };
    rows.iter().map(id).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests;
