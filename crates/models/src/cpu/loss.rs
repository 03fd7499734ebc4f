//! The loss, and the gradient of what the network yields: one pass over each output.

use baeum_core::{Batch, Loss, LossParts, NetworkError, Part, Tensor, TensorError};
use baeum_kernels::{CrossEntropy, Write, accumulate, cross_entropy, mse};

use super::CpuRunner;
use crate::checks;

impl CpuRunner {
    /// The loss of a part, summed; its gradients stand at the outputs afterwards.
    pub(super) fn losses(
        &mut self,
        batch: &Batch,
        loss: &Loss,
        part: Part,
    ) -> Result<LossParts, NetworkError> {
        let CpuRunner { graph, ctx, arena, train: Some(plan), targets: words, .. } = self else {
            return Ok(LossParts::default());
        };
        if plan.outputs.len() != batch.targets.len() {
            return Err(NetworkError::Targets { wanted: plan.outputs.len(), got: batch.targets.len() });
        }
        let mut parts = LossParts::default();
        for ((output, id), target) in plan.outputs.iter().zip(graph.outputs()).zip(&batch.targets) {
            let value = output.value.span(batch.rows);
            let len = value.len();
            let spare = plan.spare.span(batch.rows).start;
            let spare = spare..spare + len;
            let own = output.gradient.map(|place| place.span(batch.rows));
            let place = own.as_ref().filter(|_| output.write == Write::Set).unwrap_or(&spare);
            let ([value], [gradient]) = arena.views([&value], [place]);
            parts.add(match loss {
                Loss::CrossEntropy { weights, smoothing } => {
                    let classes = graph[*id].shape.last().unwrap_or(1);
                    let class_weights = checks::class_weights(weights, classes)?;
                    checks::classes(target, classes, part, words)?;
                    check_len(target, len / classes.max(1))?;
                    let loss = CrossEntropy { classes, smoothing: *smoothing, class_weights };
                    let (sum, weight) = cross_entropy(ctx, &loss, value, words, gradient);
                    LossParts { sum, weight }
                }
                Loss::Mse => {
                    let numbers = target.f32s()?;
                    check_len(target, len)?;
                    LossParts { sum: mse(ctx, value, numbers, gradient), weight: len as f64 }
                }
            });
            if let (Write::Add, Some(own)) = (output.write, &own) {
                let ([more], [gradient]) = arena.views([&spare], [own]);
                accumulate(ctx, more, gradient);
            }
        }
        Ok(parts)
    }
}

/// Refuses a target of another length than the output wants.
fn check_len(target: &Tensor, wanted: usize) -> Result<(), NetworkError> {
    match target.len() == wanted {
        true => Ok(()),
        false => {
            let (shape, got) = (target.shape().to_vec(), target.len());
            Err(TensorError::Elements { shape, wanted, got }.into())
        }
    }
}
