//! The loss, and the gradient of what the network yields: one pass over each output.

use baeum_core::{Batch, DType, Loss, LossParts, NetworkError, Part, Tensor};
use baeum_kernels::{
    CrossEntropy, Ctx, Write, accumulate, bce_with_logits, cross_entropy, cross_entropy_soft, huber, mae,
    mse, quantile, scale,
};

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
        let judged = plan.outputs.iter().zip(graph.judged()).zip(&batch.targets);
        for (place, ((output, (id, answers)), target)) in judged.enumerate() {
            let (loss, counts) = loss.of_output(place);
            let target = &*checks::for_each_answer(target, answers)?;
            let value = output.value.span(batch.rows);
            let len = value.len();
            let spare = plan.spare.span(batch.rows).start;
            let spare = spare..spare + len;
            let own = output.gradient.map(|place| place.span(batch.rows));
            let at = own.as_ref().filter(|_| output.write == Write::Set).unwrap_or(&spare);
            let ([value], [gradient]) = arena.views([&value], [at]);
            let lost = match loss {
                Loss::CrossEntropy { weights, smoothing, gamma } => {
                    let classes = graph[id].shape.last().unwrap_or(1);
                    let class_weights = checks::class_weights(weights, classes)?;
                    let (smoothing, gamma) = (*smoothing, *gamma);
                    let loss = CrossEntropy { classes, smoothing, gamma, class_weights };
                    against_classes(ctx, &loss, (value, &mut *gradient), (target, answers), part, words)?
                }
                Loss::BinaryCrossEntropy { weights } => {
                    let labels = graph[id].shape.last().unwrap_or(1);
                    let weights = checks::class_weights(weights, labels)?.unwrap_or_default();
                    against(target, len, |t| bce_with_logits(ctx, weights, value, t, gradient))?
                }
                Loss::Mse => against(target, len, |t| mse(ctx, value, t, gradient))?,
                Loss::Mae => against(target, len, |t| mae(ctx, value, t, gradient))?,
                Loss::Huber { delta } => against(target, len, |t| huber(ctx, *delta, value, t, gradient))?,
                Loss::Quantile { levels } => {
                    against(target, len, |t| quantile(ctx, levels, value, t, gradient))?
                }
                Loss::Heads(heads) => return Err(NetworkError::Heads { got: heads.len() }),
            };
            let factor = parts.add_output(lost, counts, batch.rows);
            if factor != 1.0 {
                scale(ctx, factor, gradient);
            }
            if let (Write::Add, Some(own)) = (output.write, &own) {
                let ([more], [gradient]) = arena.views([&spare], [own]);
                accumulate(ctx, more, gradient);
            }
        }
        Ok(parts)
    }
}

/// The loss of each number beside its target, of which there are `len`.
fn against(target: &Tensor, len: usize, sum: impl FnOnce(&[f32]) -> f64) -> Result<LossParts, NetworkError> {
    let numbers = target.f32s()?;
    checks::elements(target, len)?;
    Ok(LossParts { sum: sum(numbers), weight: len as f64 })
}

/// The cross-entropy against class indices, which go through `words`, or against the probabilities of all classes.
fn against_classes(
    ctx: &Ctx,
    loss: &CrossEntropy<'_>,
    (logits, gradient): (&[f32], &mut [f32]),
    (target, answers): (&Tensor, usize),
    part: Part,
    words: &mut Vec<u32>,
) -> Result<LossParts, NetworkError> {
    let (sum, weight) = match target.dtype() {
        DType::F32 => {
            checks::elements(target, logits.len())?;
            checks::soft(loss.gamma)?;
            cross_entropy_soft(ctx, loss, logits, target.f32s()?, gradient)
        }
        DType::I64 | DType::F64 | DType::U8 => {
            checks::classes(target, loss.classes, part, answers, words)?;
            checks::elements(target, logits.len() / (loss.classes * answers).max(1))?;
            cross_entropy(ctx, loss, logits, words, gradient)
        }
    };
    Ok(LossParts { sum, weight })
}
