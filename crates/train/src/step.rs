//! What the loop asks of a network, between two updates.

use baeum_core::{Dataset, Loss, LossParts, Network, NetworkError, Part, State, Tensor, Update};
use baeum_kernels::sum_of_squares;

use crate::loss::measure;
use crate::{TrainError, TrainPlan};

/// The gradients of one batch, part by part; the network keeps them.
pub(crate) fn gradients(
    plan: &TrainPlan,
    net: &mut dyn Network,
    data: &Dataset,
    loss: &Loss,
    rows: &[usize],
    epoch: u32,
) -> Result<LossParts, TrainError> {
    let parts = rows.chunks(plan.part_rows());
    let (count, mut total) = (parts.len(), LossParts::default());
    for (index, rows) in parts.enumerate() {
        let part = Part { index, count, first_row: index * plan.part_rows() };
        total.add(net.loss_and_grad(&data.source.training_batch(rows, epoch)?, loss, part)?);
    }
    Ok(total)
}

/// Clips, then takes one optimizer step; gives the length of the gradient. A loss that is not finite moves nothing, and
/// its gradient has no length.
pub(crate) fn update(net: &mut dyn Network, update: &Update, loss: f64) -> Result<f64, NetworkError> {
    if loss.is_finite() { Ok(net.update(update)?.gradient_norm) } else { Ok(f64::NAN) }
}

/// The mean loss over the validation rows; none if there are no such rows.
pub(crate) fn valid_loss(
    plan: &TrainPlan,
    net: &mut dyn Network,
    data: &Dataset,
    loss: &Loss,
) -> Result<Option<f64>, TrainError> {
    let mut total = LossParts::default();
    for rows in data.splits.valid.rows().chunks(plan.part_rows()) {
        let batch = data.source.batch(rows)?;
        total.add(measure(loss, net.predict(&batch)?, &batch.targets)?);
    }
    Ok(if data.splits.valid.rows().is_empty() { None } else { Some(total.mean()) })
}

/// All that the network must keep, if every number of it is finite.
pub(crate) fn finite_state(net: &dyn Network, epoch: u32, step: u64) -> Result<State, TrainError> {
    let state = net.state()?;
    let lost = |(name, tensor): (&String, &Tensor)| (!is_finite(tensor)).then(|| name.clone());
    match state.weights.iter().chain(&state.moments).find_map(lost) {
        None => Ok(state),
        Some(tensor) => Err(TrainError::NotFinite { epoch, step, tensor }),
    }
}

/// The sum of squares of `f32` numbers cannot overflow `f64`, so it is finite exactly if all of them are.
fn is_finite(tensor: &Tensor) -> bool {
    match tensor.f32s() {
        Ok(numbers) => sum_of_squares(numbers).is_finite(),
        Err(_) => tensor.to_f64s().iter().all(|x| x.is_finite()),
    }
}
