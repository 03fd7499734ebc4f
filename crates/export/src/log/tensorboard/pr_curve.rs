use super::summary;
use super::tensor::{FLOAT, Plugin, TENSOR, dense, value};
use crate::wire::protobuf::Message;

/// How many thresholds lie evenly from 0 to 1, as TensorBoard has them unless it is said.
const THRESHOLDS: usize = 201;

/// A precision-recall curve, as `tensorboard.plugins.pr_curve` has it: which answers a label would be among at each threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrCurve {
    /// How many rows that have the label are between a threshold and the next.
    fitting: [u64; THRESHOLDS],
    /// How many that do not have it.
    others: [u64; THRESHOLDS],
}

impl Default for PrCurve {
    fn default() -> PrCurve {
        PrCurve { fitting: [0; THRESHOLDS], others: [0; THRESHOLDS] }
    }
}

impl PrCurve {
    /// One more row: how probable the label is, and whether it fits. What is no number counts as 0.
    pub fn add(&mut self, probability: f32, fits: bool) {
        let place = (probability.clamp(0.0, 1.0) * (THRESHOLDS - 1) as f32) as usize;
        let side = if fits { &mut self.fitting } else { &mut self.others };
        side[place.min(THRESHOLDS - 1)] += 1;
    }

    /// The record of the curve.
    pub fn record(&self, wall_time: f64, step: u64, tag: &str) -> Vec<u8> {
        let rows: Vec<u8> = self.rows().iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = dense(FLOAT, &[6, THRESHOLDS], rows);
        let content = Message::default().int(field::THRESHOLDS, THRESHOLDS as i64);
        summary(
            wall_time,
            step,
            &[value(tag, Plugin { name: "pr_curves", class: TENSOR }, &content, &tensor)],
        )
    }

    /// True and false positives, true and false negatives, precision and recall, at each threshold.
    fn rows(&self) -> [[f32; THRESHOLDS]; 6] {
        let mut rows = [[0.0; THRESHOLDS]; 6];
        let all = [&self.fitting, &self.others].map(|side| side.iter().sum::<u64>());
        let mut above = [0, 0];
        for place in (0..THRESHOLDS).rev() {
            above = [above[0] + self.fitting[place], above[1] + self.others[place]];
            let [fitting, others] = above;
            let share = |of: u64| fitting as f64 / (of as f64).max(LEAST);
            let column = [fitting, others, all[1] - others, all[0] - fitting].map(|count| count as f64);
            let column = column.into_iter().chain([share(fitting + others), share(all[0])]);
            rows.iter_mut().zip(column).for_each(|(row, x)| row[place] = x as f32);
        }
        rows
    }
}

/// What TensorBoard divides by where there is nothing.
const LEAST: f64 = 1e-7;

/// Field numbers of the plugin's `plugin_data.proto`.
mod field {
    pub(super) const THRESHOLDS: u32 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands at a threshold, counted in 200th.
    #[track_caller]
    fn check(rows: &[(f32, bool)], place: usize, expect: [f32; 6]) {
        let mut curve = PrCurve::default();
        rows.iter().for_each(|(probability, fits)| curve.add(*probability, *fits));
        assert_eq!(curve.rows().map(|row| row[place]), expect);
    }

    #[test]
    fn a_label_is_among_the_answers_from_its_probability_on() {
        let rows = [(0.9, true), (0.6, false), (0.5, true), (0.1, false)];
        check(&rows, 0, [2.0, 2.0, 0.0, 0.0, 0.5, 1.0]);
        check(&rows, 100, [2.0, 1.0, 1.0, 0.0, 2.0 / 3.0, 1.0]);
        check(&rows, 101, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
        check(&rows, 200, [0.0, 0.0, 2.0, 2.0, 0.0, 0.0]);
        check(&[(1.0, true)], 200, [1.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn what_is_no_probability_is_put_where_it_is_nearest() {
        check(&[(f32::NAN, true), (7.0, false), (-1.0, true)], 1, [0.0, 1.0, 0.0, 2.0, 0.0, 0.0]);
        check(&[], 0, [0.0; 6]);
    }
}
