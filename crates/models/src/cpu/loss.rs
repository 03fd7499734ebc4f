//! The loss, and the gradient of what the network yields: one pass over each output.

use baeum_core::{Batch, Loss, LossParts, NetworkError, Part, Tensor, TensorError};
use baeum_kernels::{CrossEntropy, Write, accumulate, cross_entropy, mse};

use super::CpuRunner;

impl CpuRunner {
    /// The loss of a part, summed; its gradients stand at the outputs afterwards.
    pub(super) fn losses(
        &mut self,
        batch: &Batch,
        loss: Loss,
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
                Loss::CrossEntropy => {
                    let classes = graph[*id].shape.last().unwrap_or(1);
                    check_classes(target, len / classes.max(1), classes, part, words)?;
                    let loss = CrossEntropy { classes, smoothing: 0.0, class_weights: None };
                    let (sum, weight) = cross_entropy(ctx, &loss, value, words, gradient);
                    LossParts { sum, weight }
                }
                Loss::Mse => {
                    check_numbers(target, len)?;
                    LossParts { sum: mse(ctx, value, target.f32s()?, gradient), weight: len as f64 }
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

/// Class indices, each known to be below `classes`, as words.
fn check_classes(
    target: &Tensor,
    rows: usize,
    classes: usize,
    part: Part,
    words: &mut Vec<u32>,
) -> Result<(), NetworkError> {
    let indices = target.i64s()?;
    check_len(target, rows)?;
    words.clear();
    for (row, &got) in indices.iter().enumerate() {
        match u32::try_from(got) {
            Ok(index) if (index as usize) < classes => words.push(index),
            Ok(_) | Err(_) => return Err(NetworkError::Class { row: part.first_row + row, classes, got }),
        }
    }
    Ok(())
}

fn check_numbers(target: &Tensor, len: usize) -> Result<(), NetworkError> {
    target.f32s()?;
    check_len(target, len)
}

fn check_len(target: &Tensor, wanted: usize) -> Result<(), NetworkError> {
    match target.len() == wanted {
        true => Ok(()),
        false => {
            let (shape, got) = (target.shape().to_vec(), target.len());
            Err(TensorError::Elements { shape, wanted, got }.into())
        }
    }
}
