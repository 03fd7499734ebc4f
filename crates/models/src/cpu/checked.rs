//! A walk that looks at every number: where what is not finite comes from. The usual step has no part in it.

use baeum_core::{Batch, DType, Layer, Loss, Lost, LostWhat, NetworkError, Node, Part, Tensor, TensorError};
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
        first = first.or_else(|| self.lost_loss(batch.rows));
        if first.is_none() && !parts.mean().is_finite() {
            return self.too_large(batch, loss, part);
        }
        // Gradients of parameters are looked at step by step, so a part must not add to those of the part before it.
        let alone = Part { index: 0, ..part };
        self.backward(batch.rows, alone, &mut |run, node, step| {
            first = first.take().or_else(|| run.lost_backward(node, step));
        });
        Ok(first)
    }

    /// The first output whose gradient, just made, is not finite: the loss between it and its targets is none either.
    fn lost_loss(&self, rows: usize) -> Option<Lost> {
        let plan = self.train.as_ref()?;
        plan.outputs.iter().zip(self.graph.outputs()).find_map(|(output, id)| {
            let lost = rows_lost(self.arena.read(&output.gradient?.span(rows)), rows);
            let node = self.graph[*id].name.clone();
            (!lost.is_empty()).then_some(Lost { node, what: LostWhat::Loss, rows: lost })
        })
    }

    /// The rows whose loss alone is too large for a number, although its gradient is not. One after the other takes the place of
    /// the first, so that nothing that was computed can be used any more.
    fn too_large(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<Option<Lost>, NetworkError> {
        let node = self.graph.outputs().last().map(|id| self.graph[*id].name.clone()).unwrap_or_default();
        let mut rows = vec![];
        for row in 0..batch.rows {
            if let (CpuRunner { arena, train: Some(plan), .. }, true) = (&mut *self, row > 0) {
                for output in &plan.outputs {
                    let (all, first) = (output.value.span(batch.rows), output.value.span(1));
                    let own = all.start + row * first.len()..all.start + (row + 1) * first.len();
                    let numbers = arena.read(&own).to_vec();
                    arena.write(&first).copy_from_slice(&numbers);
                }
            }
            let targets = batch.targets.iter().map(|targets| one_row(targets, batch.rows, row));
            let alone = Batch { rows: 1, targets: targets.collect::<Result<_, _>>()?, ..Batch::default() };
            if !self.losses(&alone, loss, part)?.mean().is_finite() {
                rows.push(row);
            }
        }
        Ok(Some(Lost { node, what: LostWhat::Loss, rows }))
    }
}

/// A row of a batch's targets.
fn one_row(targets: &Tensor, rows: usize, row: usize) -> Result<Tensor, TensorError> {
    let width = targets.len() / rows.max(1);
    let sizes: Vec<usize> = std::iter::once(1).chain(targets.shape().iter().skip(1).copied()).collect();
    let own = row * width..(row + 1) * width;
    match targets.dtype() {
        DType::I64 => Tensor::new(sizes, targets.i64s()?[own].to_vec()),
        DType::F32 | DType::F64 | DType::U8 => Tensor::new(sizes, targets.f32s()?[own].to_vec()),
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
