//! The learning-rate finder: how the loss answers to a step size that grows from step to step.

use baeum_core::{Ahead, Dataset, Loss, Network, RateCurve, RatePoint, Rng};

use crate::class_weights::weighted_loss;
use crate::sampler::Sampling;
use crate::step::{gradients, parts, update};
use crate::{Signal, TrainError, TrainPlan};

/// The running mean forgets a tenth at each step: it is of about the last ten batches.
const KEPT: f64 = 0.9;

/// The search is over where the running mean is so many times its lowest value, as in fastai.
const TOO_FAR: f64 = 4.0;

/// Which step sizes are tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRange {
    least: f64,
    most: f64,
    steps: usize,
}

/// Why step sizes cannot be tried.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the {what} of a search for a learning rate must be {rule}, got {got}")]
pub struct RateRangeError {
    what: &'static str,
    rule: String,
    got: String,
}

/// From a step size that changes nothing to one that breaks most networks, in a hundred steps.
impl Default for RateRange {
    fn default() -> RateRange {
        RateRange { least: 1e-7, most: 10.0, steps: 100 }
    }
}

impl RateRange {
    /// So many step sizes, each the same number of times the one before.
    ///
    /// # Errors
    /// [`RateRangeError`] unless they grow from a number above zero, in ten steps or more.
    pub fn new(least: f64, most: f64, steps: usize) -> Result<RateRange, RateRangeError> {
        let refuse = |what, rule: &str, got: String| Err(RateRangeError { what, rule: rule.to_owned(), got });
        if !(least > 0.0 && least.is_finite()) {
            return refuse("least rate", "a finite number above zero", format!("{least:?}"));
        }
        if !(most > least && most.is_finite()) {
            return refuse("largest rate", &format!("a finite number above {least:?}"), format!("{most:?}"));
        }
        let fewest = RateCurve::FEWEST;
        if steps < fewest {
            return refuse("steps", &format!("{fewest} or more"), steps.to_string());
        }
        Ok(RateRange { least, most, steps })
    }

    /// The smallest step size.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// The largest step size.
    pub fn most(&self) -> f64 {
        self.most
    }

    /// How many steps are tried.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The step size of a step, counted from zero.
    fn at(&self, step: usize) -> f64 {
        self.least * (self.most / self.least).powf(step as f64 / (self.steps - 1) as f64)
    }
}

/// Trains `net` from its present weights with a step size that grows at each step, until it was the largest or the loss is
/// lost (the range test of Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3; here the step size
/// grows by equal factors, and the loss of the training batches is looked at). All but the step size is that of the plan.
///
/// Batches are those that training would see. `net` has learned from them afterwards, and is of no further use.
///
/// # Errors
/// [`TrainError`] as [`crate::fit`], but for a loss that is no number: it ends the search.
pub fn find_rate(
    plan: &TrainPlan,
    range: &RateRange,
    seed: u64,
    net: &mut dyn Network,
    data: &Dataset,
    watch: &mut dyn FnMut(&RatePoint) -> Signal,
) -> Result<RateCurve, TrainError> {
    let (loss, sampling) = (weighted_loss(plan, data)?, Sampling::new(plan, data)?);
    let rows = sampling.rows(data);
    let rows = rows.min(plan.steps_per_epoch(rows)? * plan.batch_size());
    let rng = Rng::new(seed);
    let mut curve = RateCurve { points: vec![], is_cut: false, said: plan.said().learning_rate };
    for epoch in 0.. {
        let order = sampling.order(data, &rng, epoch, rows);
        let wanted = parts(order.clone(), plan.batch_size(), plan.part_rows(), 0);
        let mut batches = Ahead::new(&data.source, Some(epoch), wanted);
        for rows in order.chunks(plan.batch_size()) {
            let rate = range.at(curve.points.len());
            let Some(found) = step(plan, net, &mut batches, &loss, (rows, rate))? else {
                curve.is_cut = true;
                return Ok(curve);
            };
            let point = add(&mut curve.points, rate, found);
            let is_over = watch(&point).is_stop() || curve.points.len() == range.steps;
            curve.is_cut = curve.lowest().is_some_and(|lowest| point.mean > TOO_FAR * lowest.mean);
            if is_over || curve.is_cut {
                return Ok(curve);
            }
        }
    }
    Ok(curve)
}

/// The loss of one batch, before a step of this size; none where it was no number, or the step was not taken.
fn step(
    plan: &TrainPlan,
    net: &mut dyn Network,
    batches: &mut Ahead,
    loss: &Loss,
    (rows, rate): (&[usize], f64),
) -> Result<Option<f64>, TrainError> {
    let found = gradients(plan, net, batches, loss, rows)?.mean();
    let said = plan.update(rate);
    let length = update(net, &said, found)?;
    Ok(said.takes(length).then_some(found))
}

fn add(points: &mut Vec<RatePoint>, rate: f64, loss: f64) -> RatePoint {
    let seen = points.len() as i32;
    let before = points.last().map_or(0.0, |point| point.mean * (1.0 - KEPT.powi(seen)));
    let mean = (KEPT * before + (1.0 - KEPT) * loss) / (1.0 - KEPT.powi(seen + 1));
    let point = RatePoint { rate, loss, mean };
    points.push(point);
    point
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Task;

    use super::*;
    use crate::TrainConfig;
    use crate::testing::{Scripted, dataset};

    /// Searches from 1e-3 to 1 in as many steps as there are losses, over three rows one by one.
    fn found(losses: &[f64]) -> RateCurve {
        let steps: Vec<(f64, f64)> = losses.iter().map(|loss| (*loss, 1.0)).collect();
        let (mut net, data) = (Scripted::new(&steps, &[]), dataset(Task::Regress, 3, 0));
        let plan = TrainConfig { batch_size: 1, ..TrainConfig::default() }.check().unwrap();
        let range = RateRange::new(1e-3, 1.0, losses.len()).unwrap();
        find_rate(&plan, &range, 7, &mut net, &data, &mut |_| Signal::Go).unwrap()
    }

    #[test]
    fn the_step_size_grows_by_equal_factors_to_its_end() {
        let curve = found(&[1.0; 31]);
        assert!((curve.points[0].rate, curve.points[30].rate) == (1e-3, 1.0) && !curve.is_cut);
        for pair in curve.points.windows(2) {
            assert!((pair[1].rate / pair[0].rate - 10f64.powf(0.1)).abs() < 1e-12); // a few roundings
            assert!((pair[1].mean - 1.0).abs() < 1e-12, "the mean of equal losses is that loss");
        }
        assert_eq!(curve.suggested(), None, "it never fell");
        let noise: Vec<f64> = (0..31).map(|i| 1.0 + 0.05 * f64::from(i % 2)).collect();
        assert_eq!(found(&noise).suggested(), None, "noise is no fall");
    }

    #[test]
    fn a_tenth_of_the_rate_of_the_lowest_mean_is_suggested() {
        let mut losses = vec![1.0; 31];
        losses[5..].iter_mut().enumerate().for_each(|(i, loss)| *loss = 0.9f64.powi(i as i32));
        losses[20..].fill(2.0);
        let curve = found(&losses);
        let lowest = curve.lowest().unwrap();
        assert_eq!(lowest.rate, curve.points[19].rate);
        assert_eq!(curve.suggested(), Some(lowest.rate / 10.0));
    }

    #[test]
    fn the_search_ends_where_the_loss_is_lost() {
        let mut losses = [1.0; 12];
        losses[7..].fill(100.0);
        let curve = found(&losses);
        assert_eq!((curve.points.len(), curve.is_cut), (8, true), "the eighth is still told");
        losses[7] = f64::NAN;
        let curve = found(&losses);
        assert_eq!((curve.points.len(), curve.is_cut), (7, true));
    }

    #[test]
    fn rates_that_cannot_be_are_refused() {
        let check = |(least, most, steps), expect: &str| {
            let error = RateRange::new(least, most, steps).unwrap_err();
            let text = format!("the {expect}").replace(" must", " of a search for a learning rate must");
            assert_eq!(error.to_string(), text);
        };
        check((0.0, 1.0, 100), "least rate must be a finite number above zero, got 0.0");
        check((f64::NAN, 1.0, 100), "least rate must be a finite number above zero, got NaN");
        check((0.1, 0.1, 100), "largest rate must be a finite number above 0.1, got 0.1");
        check((0.1, f64::INFINITY, 100), "largest rate must be a finite number above 0.1, got inf");
        check((0.1, 1.0, 9), "steps must be 10 or more, got 9");
    }
}
