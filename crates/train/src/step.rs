//! What the loop asks of a network, between two updates.

use baeum_core::{
    Ahead, Batch, Dataset, Loss, LossParts, Network, NetworkError, Part, State, Tensor, Update,
};
use baeum_kernels::sum_of_squares;

use crate::loss::{mean, measure};
use crate::sampler::Sampling;
use crate::{TrainError, TrainPlan};

/// The rows of each part of each batch, some batches left out: what [`gradients`] will ask for.
pub(crate) fn parts(
    order: Vec<usize>,
    batch_rows: usize,
    part_rows: usize,
    skipped: usize,
) -> impl Iterator<Item = Vec<usize>> + Send + 'static {
    let batches = (skipped.saturating_mul(batch_rows).min(order.len())..order.len()).step_by(batch_rows);
    batches.flat_map(move |first| {
        let batch = order[first..order.len().min(first + batch_rows)].chunks(part_rows);
        batch.map(<[usize]>::to_vec).collect::<Vec<_>>()
    })
}

/// How many rows the smallest part of a batch has, of those that go through the network at once.
///
/// # Errors
/// [`TrainError`] as training itself.
pub fn fewest_at_once(plan: &TrainPlan, data: &Dataset) -> Result<usize, TrainError> {
    let (batch_rows, part_rows) = (plan.batch_size(), plan.part_rows());
    let rows = Sampling::new(plan, data)?.rows(data);
    let rows = rows.min(plan.steps_per_epoch(rows)?.saturating_mul(batch_rows));
    let last_part = |rows: usize| if rows.is_multiple_of(part_rows) { part_rows } else { rows % part_rows };
    let batches = [batch_rows.min(rows), rows % batch_rows].into_iter().filter(|rows| *rows > 0);
    Ok(batches.map(last_part).min().unwrap_or(rows))
}

/// The gradients of one batch, part by part; the network keeps them.
///
/// One part after the other is made and let go again, but where they must know of each other all of them are made first.
pub(crate) fn gradients(
    plan: &TrainPlan,
    net: &mut dyn Network,
    batches: &mut Ahead,
    loss: &Loss,
    rows: &[usize],
) -> Result<LossParts, TrainError> {
    let parts = rows.chunks(plan.part_rows());
    let (count, mut total) = (parts.len(), LossParts::default());
    if count > 1 && loss.knows_all_parts() {
        let all = parts.map(|rows| batches.take(rows)).collect::<Result<Vec<Batch>, _>>()?;
        return Ok(of_parts(net, &all, loss)?);
    }
    for (index, rows) in parts.enumerate() {
        let part = Part { index, count, first_row: index * plan.part_rows() };
        total.add(net.loss_and_grad(&batches.take(rows)?, loss, part)?);
    }
    Ok(total)
}

/// The gradients of a batch whose parts are all at hand.
pub(crate) fn of_parts(
    net: &mut dyn Network,
    batches: &[Batch],
    loss: &Loss,
) -> Result<LossParts, NetworkError> {
    let mut total = LossParts::default();
    for ((batch, loss), part) in batches.iter().zip(loss.in_parts(batches)).zip(places(batches)) {
        total.add(net.loss_and_grad(batch, &loss, part)?);
    }
    Ok(total)
}

/// Where each of the parts of a batch stands.
pub(crate) fn places(batches: &[Batch]) -> Vec<Part> {
    let mut first_row = 0;
    let place = |(index, batch): (usize, &Batch)| {
        let part = Part { index, count: batches.len(), first_row };
        first_row += batch.rows;
        part
    };
    batches.iter().enumerate().map(place).collect()
}

/// Clips, then takes one optimizer step; gives the length of the gradient. A loss that is not finite moves nothing, and
/// its gradient has no length.
pub(crate) fn update(net: &mut dyn Network, update: &Update, loss: f64) -> Result<f64, NetworkError> {
    if loss.is_finite() { Ok(net.update(update)?.gradient_norm) } else { Ok(f64::NAN) }
}

/// What is found with averaged weights, if there are such; the network goes on from `state`.
pub(crate) fn judged<T>(
    plan: &TrainPlan,
    net: &mut dyn Network,
    state: &State,
    find: impl FnOnce(&mut dyn Network) -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    if !plan.averages() {
        return find(net);
    }
    net.load(&State { weights: state.averaged(), ..state.clone() })?;
    let found = find(net)?;
    net.load(state)?;
    Ok(found)
}

/// The mean loss over the validation rows; none if there are no such rows.
pub(crate) fn valid_loss(
    plan: &TrainPlan,
    net: &mut dyn Network,
    data: &Dataset,
    loss: &Loss,
) -> Result<Option<f64>, TrainError> {
    let mut total: Vec<LossParts> = vec![];
    let (rows, part_rows) = (data.splits.valid.rows(), plan.part_rows());
    let mut batches = Ahead::new(&data.source, None, parts(rows.to_vec(), part_rows, part_rows, 0));
    for rows in rows.chunks(part_rows) {
        let batch = batches.take(rows)?;
        let lost = measure(loss, net.predict(&batch)?, &batch.targets)?;
        total.resize(lost.len(), LossParts::default());
        total.iter_mut().zip(lost).for_each(|(total, lost)| total.add(lost));
    }
    Ok(if rows.is_empty() { None } else { Some(mean(loss, &total)) })
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Task;

    use super::*;
    use crate::TrainConfig;
    use crate::testing::dataset;

    #[test]
    fn the_smallest_part_is_known_before_it_comes() {
        let fewest = |batch_size, micro_batch, drop_last| {
            let said = TrainConfig { batch_size, micro_batch, drop_last, ..TrainConfig::default() };
            fewest_at_once(&said.check().unwrap(), &dataset(Task::Classify, 105, 0)).unwrap()
        };
        assert_eq!(fewest(104, None, false), 1);
        assert_eq!(fewest(104, None, true), 104);
        assert_eq!(fewest(35, None, false), 35);
        assert_eq!(fewest(16, Some(3), true), 1, "of each batch of 16 one row is left");
        assert_eq!(fewest(20, Some(5), false), 5);
        assert_eq!(fewest(50, Some(10), false), 5, "of the last batch");
    }

    #[test]
    fn parts_are_those_that_the_loop_asks_for() {
        let order: Vec<usize> = (0..20).rev().collect();
        for (batch_rows, part_rows, skipped) in [(8, 8, 0), (8, 3, 0), (8, 3, 2), (7, 100, 1), (4, 4, 9)] {
            let batches = order.chunks(batch_rows).skip(skipped);
            let asked: Vec<&[usize]> = batches.flat_map(|rows| rows.chunks(part_rows)).collect();
            let made: Vec<Vec<usize>> = parts(order.clone(), batch_rows, part_rows, skipped).collect();
            assert_eq!(made, asked, "{batch_rows} {part_rows} {skipped}");
        }
    }
}
