//! How far a metric would move if other test rows had been drawn: the percentile bootstrap (Efron & Tibshirani 1993,
//! chapter 13); windows of a series are drawn in blocks of neighbours (Künsch 1989), in a circle.

use baeum_core::{Counter, Rng};

use crate::config::{EvaluatePlan, fewest_resamples};
use crate::predictions::Predictions;

/// The interval of one metric.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Interval {
    /// Its two ends; none without resamples, or if too few of them define the metric.
    pub(crate) ends: Option<(f64, f64)>,
    /// How many resamples do not define the metric and are left out.
    pub(crate) undefined: usize,
}

/// The interval of each metric, in the order of [`Predictions::metrics`].
///
/// Draw `i` of resample `r` is a function of the seed, `r` and `i` alone.
pub(crate) fn intervals(predictions: &Predictions, plan: &EvaluatePlan, rng: &Rng) -> Vec<Interval> {
    let stream = rng.stream("bootstrap", "");
    let rows = predictions.rows().len();
    let (block, sampled) = (predictions.block(), predictions.sampled());
    let mut sample = vec![0; rows];
    let mut values = vec![vec![]; predictions.metrics().len()];
    for resample in 0..plan.bootstrap() as u64 {
        for (i, places) in sample.chunks_mut(block).enumerate() {
            // A list of 2^32 rows does not fit into memory, so the bound loses nothing.
            let first = stream.below(rows as u32, Counter::step(resample).at(i as u64)) as usize;
            places.iter_mut().enumerate().for_each(|(i, place)| *place = ((first + i) % rows) as u32);
        }
        for (values, value) in values.iter_mut().zip(sampled.values(&sample)) {
            values.push(value);
        }
    }
    values.into_iter().map(|values| interval(values, plan.level())).collect()
}

/// The middle `level` of some values, those that are not finite left out.
fn interval(values: Vec<f64>, level: f64) -> Interval {
    let drawn = values.len();
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let outside = (1.0 - level) / 2.0;
    let ends = (values.len() >= fewest_resamples(level))
        .then(|| (percentile(&values, outside), percentile(&values, 1.0 - outside)));
    Interval { ends, undefined: drawn - values.len() }
}

/// The value below which `share` of the sorted values lie, linear between neighbours as NumPy's `percentile`.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::EvaluateConfig;
    use crate::predictions::{LabelPredictions, NumberPredictions};

    fn plan(bootstrap: usize, level: f64) -> EvaluatePlan {
        let config = EvaluateConfig { bootstrap, level, ..EvaluateConfig::default() };
        config.check().unwrap()
    }

    /// Those of labels, and of numbers.
    fn intervals(predictions: &Predictions, plan: &EvaluatePlan, rng: &Rng) -> [Interval; 3] {
        super::intervals(predictions, plan, rng).try_into().unwrap()
    }

    /// Two labels, of which `right` of `rows` are told.
    fn coins(rows: usize, is_right: impl Fn(usize) -> bool) -> Predictions {
        let mut labels = LabelPredictions::new(2);
        for row in 0..rows {
            labels.push(
                row,
                row % 2,
                if is_right(row) == (row % 2 == 0) { &[1.0, 0.0] } else { &[0.0, 1.0] },
            );
        }
        Predictions::Labels(labels)
    }

    #[test]
    fn percentiles_are_those_of_numpy() {
        let sorted = [0.3, 1.5, 2.5, 9.0, 10.25];
        for (share, expect) in [(0.0, 0.3), (0.025, 0.42), (0.5, 2.5), (0.975, 10.125), (1.0, 10.25)] {
            assert!((percentile(&sorted, share) - expect).abs() < 1e-14, "{share}"); // a few roundings of numbers near 10
        }
        assert_eq!(percentile(&[7.0], 0.975), 7.0);
    }

    #[test]
    fn the_seed_alone_decides() {
        let predictions = coins(100, |row| row < 80);
        let ends = |seed| intervals(&predictions, &plan(200, 0.95), &Rng::new(seed));
        assert_eq!(ends(7), ends(7));
        assert_ne!(ends(7), ends(8));
    }

    #[test]
    fn the_interval_of_a_share_is_as_wide_as_theory_says() {
        let accuracy = intervals(&coins(400, |row| row < 320), &plan(4000, 0.95), &Rng::new(7))[0];
        let Some((low, high)) = accuracy.ends else { return assert_eq!(accuracy.undefined, 0) };
        // 0.8 +- 1.96 * sqrt(0.8 * 0.2 / 400) = 0.8 +- 0.0392; a percentile of 4000 draws is off by about 0.001.
        assert!((low - 0.7608).abs() < 0.005 && (high - 0.8392).abs() < 0.005, "{low} {high}");
    }

    #[test]
    fn nine_of_ten_intervals_hold_the_truth() {
        let coin = Rng::new(1).stream("coins", "");
        let holds = (0..200).filter(|&study| {
            let is_right = |row: usize| coin.uniform(Counter::step(study).at(row as u64)) < 0.7;
            let accuracy = intervals(&coins(100, is_right), &plan(100, 0.9), &Rng::new(study))[0];
            accuracy.ends.is_some_and(|(low, high)| low <= 0.7 && 0.7 <= high)
        });
        // 180 of 200 expected, standard deviation 4.2; the percentile method holds a little less than it promises.
        let holds = holds.count();
        assert!((160..=195).contains(&holds), "{holds}");
    }

    #[test]
    fn resamples_that_say_nothing_are_left_out_and_counted() {
        let mut numbers = NumberPredictions::default();
        numbers.push(0, 1.0, 1.25);
        numbers.push(1, 2.0, 2.0);
        let predictions = Predictions::Numbers(numbers);
        let all = intervals(&predictions, &plan(1000, 0.95), &Rng::new(7));
        let (r2, rmse, mae) = (all[0], all[1], all[2]);
        // Both draws are the same row in half of the resamples; five standard deviations are 79.
        assert!((421..=579).contains(&r2.undefined), "{}", r2.undefined);
        assert_eq!(r2.ends, Some((0.875, 0.875)));
        assert_eq!((rmse.undefined, mae.undefined), (0, 0));
        assert_eq!(mae.ends, Some((0.0, 0.25)));
        let r2 = intervals(&predictions, &plan(40, 0.95), &Rng::new(7))[0];
        assert_eq!(r2.ends, None);
    }

    #[test]
    fn no_resamples_give_no_interval() {
        assert_eq!(intervals(&coins(10, |_| true), &plan(0, 0.95), &Rng::new(7)), [Interval::default(); 3]);
    }
}
