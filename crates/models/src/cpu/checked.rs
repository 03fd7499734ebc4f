//! A walk that looks at every number: where what is not finite comes from. The usual step has no part in it.

use baeum_core::{Batch, Layer, Loss, LossParts, Lost, LostWhat, NetworkError, Node, Part};
use baeum_kernels::{Span, sum_of_squares};

use super::plan::{Place, Step};
use super::{CpuRunner, Run};
use crate::network::Pass;

impl CpuRunner {
    /// The steps of [`baeum_core::Network::loss_and_grad`], with eyes open. The gradients it leaves are of no use.
    pub(super) fn look(
        &mut self,
        batch: &Batch,
        loss: &Loss,
        part: Part,
    ) -> Result<Option<Lost>, NetworkError> {
        self.state.begin();
        let mut first = None;
        let pass = Pass::Train { step: self.step, part };
        self.forward(batch, pass, &mut |run, node, step| {
            first = first.take().or_else(|| run.lost_forward(node, step));
        })?;
        let parts = self.losses(batch, loss, part)?;
        first = first.or_else(|| self.lost_loss(batch.rows, parts));
        // Gradients of parameters are looked at step by step, so a part must not add to those of the part before it.
        let alone = Part { index: 0, ..part };
        self.backward(batch.rows, alone, &mut |run, node, step| {
            first = first.take().or_else(|| run.lost_backward(node, step));
        });
        Ok(first)
    }

    /// The first output whose gradient, just made, is not finite: the loss between it and its targets is none either. A loss that
    /// is too large although its gradient is not tells no rows, and the output only if there is one.
    fn lost_loss(&self, rows: usize, parts: LossParts) -> Option<Lost> {
        let plan = self.train.as_ref()?;
        let by_gradient = plan.outputs.iter().zip(self.graph.outputs()).find_map(|(output, id)| {
            let lost = rows_lost(self.arena.read(&output.gradient?.span(rows)), rows);
            let node = self.graph[*id].name.clone();
            (!lost.is_empty()).then_some(Lost { node, what: LostWhat::Loss, rows: lost })
        });
        by_gradient.or_else(|| {
            let [id] = self.graph.outputs() else { return None };
            let node = self.graph[*id].name.clone();
            (!parts.mean().is_finite()).then_some(Lost { node, what: LostWhat::Loss, rows: vec![] })
        })
    }
}

impl Run<'_> {
    /// What of a step that was made forward is not finite.
    fn lost_forward(&self, node: &Node, step: &Step) -> Option<Lost> {
        let named = |what, rows| Lost { node: node.name.clone(), what, rows };
        let is_lost = |flat: &[f32], spans: &[Span]| spans.iter().any(|span| !is_finite(&flat[span.clone()]));
        if is_lost(&self.state.learned, &step.learned) || is_lost(&self.state.running, &step.running) {
            return Some(named(LostWhat::Parameter, vec![]));
        }
        let is_input = matches!(node.layer, Layer::Input { .. });
        let what = if is_input { LostWhat::Input } else { LostWhat::Value };
        let rows = self.rows_lost(step.yields);
        (!rows.is_empty()).then(|| named(what, rows))
    }

    /// What of the gradients that a step has just passed on is not finite.
    fn lost_backward(&self, node: &Node, step: &Step) -> Option<Lost> {
        step.gradient?;
        let named = |rows| Lost { node: node.name.clone(), what: LostWhat::Gradient, rows };
        let passed = step.gradients.iter().flatten().map(|(place, _)| self.rows_lost(*place));
        let passed = passed.chain(step.gradient.filter(|_| step.in_place).map(|place| self.rows_lost(place)));
        if let Some(rows) = passed.into_iter().find(|rows| !rows.is_empty()) {
            return Some(named(rows));
        }
        let learned = step.learned.iter().any(|span| !is_finite(&self.state.gradient[span.clone()]));
        learned.then(|| named(vec![]))
    }

    fn rows_lost(&self, place: Place) -> Vec<usize> {
        rows_lost(self.arena.read(&place.span(self.rows)), self.rows)
    }
}

/// The rows with a number that is not finite.
fn rows_lost(numbers: &[f32], rows: usize) -> Vec<usize> {
    let item = (numbers.len() / rows.max(1)).max(1);
    let lost = numbers.chunks(item).enumerate().filter(|(_, numbers)| !is_finite(numbers));
    lost.map(|(row, _)| row).collect()
}

/// The sum of squares of `f32` numbers cannot overflow `f64`, so it is finite exactly if all of them are.
fn is_finite(numbers: &[f32]) -> bool {
    sum_of_squares(numbers).is_finite()
}
