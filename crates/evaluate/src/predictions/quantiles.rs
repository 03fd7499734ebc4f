//! Quantiles of one number for each row.

use baeum_core::rearrange;

use crate::MetricName;
use crate::report::{QuantileScores, Quantiles};

/// The quantiles of a number, answered row by row in its own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantilePredictions {
    levels: Vec<f64>,
    rows: Vec<usize>,
    truth: Vec<f64>,
    answers: Vec<f64>,
    /// How many rows had quantiles that crossed.
    crossed: usize,
}

impl QuantilePredictions {
    /// No rows yet.
    pub(crate) fn new(levels: &[f64]) -> QuantilePredictions {
        QuantilePredictions {
            levels: levels.to_vec(),
            rows: vec![],
            truth: vec![],
            answers: vec![],
            crossed: 0,
        }
    }

    /// Adds what the network yields for a row, `[levels]`; sorted, it is the answer.
    pub(crate) fn push(&mut self, row: usize, truth: f64, answers: impl Iterator<Item = f64>) {
        self.rows.push(row);
        self.truth.push(truth);
        let first = self.answers.len();
        self.answers.extend(answers);
        let answers = &mut self.answers[first..];
        self.crossed += usize::from(!answers.is_sorted());
        rearrange(answers);
    }

    /// Which share of the truths is to lie below each, going up.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The rows, by their places in the source.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The true number of each row.
    pub fn truth(&self) -> &[f64] {
        &self.truth
    }

    /// What was answered for a level, by its place: one number for each row.
    pub fn answers(&self, place: usize) -> impl Iterator<Item = f64> {
        self.answers.iter().skip(place).step_by(self.levels.len().max(1)).copied()
    }

    /// What the baseline answers to the same rows, `[levels]`.
    pub(crate) fn always(&self, values: &[f64]) -> QuantilePredictions {
        let answers = values.repeat(self.rows.len());
        QuantilePredictions { answers, ..self.clone() }
    }

    /// Pinball loss and coverage error of some rows, each the mean over the levels.
    pub(crate) fn values(
        &self,
        places: impl Iterator<Item = usize> + Clone,
    ) -> [f64; MetricName::OF_QUANTILES.len()] {
        let each = (0..self.levels.len()).map(|level| self.level(level, places.clone()));
        let sums = each.fold([0.0; 2], |[loss, off], found| {
            [loss + found.pinball, off + (found.below - found.level).abs()]
        });
        sums.map(|sum| sum / self.levels.len() as f64)
    }

    /// How one level fares over some rows; its baseline is left at nothing.
    fn level(&self, place: usize, places: impl Iterator<Item = usize>) -> QuantileScores {
        let (level, width) = (self.levels[place], self.levels.len());
        let (mut loss, mut below, mut rows) = (0.0, 0.0, 0.0);
        for row in places {
            let missing = self.truth[row] - self.answers[row * width + place];
            loss += f64::max(level * missing, (level - 1.0) * missing);
            below += f64::from(u8::from(missing <= 0.0));
            rows += 1.0;
        }
        QuantileScores { level, pinball: loss / rows, below: below / rows, baseline_pinball: 0.0 }
    }

    /// How each level fares beside the baseline, and how many truths lie between the first and the last.
    pub(crate) fn scores(&self, always: &QuantilePredictions) -> Quantiles {
        let all = || 0..self.rows.len();
        let of = |place| {
            let baseline_pinball = always.level(place, all()).pinball;
            QuantileScores { baseline_pinball, ..self.level(place, all()) }
        };
        let each: Vec<QuantileScores> = (0..self.levels.len()).map(of).collect();
        let between = match &self.levels[..] {
            [first, .., last] => Some(last - first),
            [] | [_] => None,
        };
        let is_held = |(truth, row): (&f64, &[f64])| row.first() <= Some(truth) && Some(truth) <= row.last();
        let rows = self.truth.iter().zip(self.answers.chunks(self.levels.len().max(1)));
        let held = rows.filter(|row| is_held(*row)).count() as f64 / self.rows.len() as f64;
        let crossed = self.crossed as f64 / self.rows.len() as f64;
        Quantiles { each, wanted: between, held: between.map(|_| held), crossed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinball_loss_is_that_of_scikit_learn() {
        let mut found = QuantilePredictions::new(&[0.1, 0.5, 0.9]);
        for (row, truth, answers) in
            [(3, 1.0, [0.5, 1.5, 2.0]), (5, 2.0, [2.0, 2.5, 4.0]), (6, -1.0, [-3.0, -2.0, -1.5])]
        {
            found.push(row, truth, answers.into_iter());
        }
        // mean_pinball_loss of scikit-learn 1.9.1 with alpha 0.1, 0.5 and 0.9 over these columns.
        let wanted = [0.25 / 3.0, 1.0 / 3.0, 0.25];
        let scores = found.scores(&found.always(&[0.0, 0.0, 0.0]));
        for (found, wanted) in scores.each.iter().zip(wanted) {
            assert!((found.pinball - wanted).abs() < 1e-15, "{found:?}");
        }
        let below: Vec<f64> = scores.each.iter().map(|found| found.below).collect();
        assert_eq!(below, [1.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0], "equal counts as below");
        assert_eq!((scores.wanted.map(|x| (x * 10.0).round()), scores.held), (Some(8.0), Some(2.0 / 3.0)));
        let [loss, off] = found.values(0..3);
        assert!((loss - (1.25 / 3.0 + 0.25) / 3.0).abs() < 1e-15);
        let expect =
            ((1.0f64 / 3.0 - 0.1).abs() + (2.0f64 / 3.0 - 0.5).abs() + (2.0f64 / 3.0 - 0.9).abs()) / 3.0;
        assert!((off - expect).abs() < 1e-15);
        assert_eq!(found.values([1, 1].into_iter()), found.values([1].into_iter()));
    }

    /// To sort the answers of a row makes no row lose more over all levels (Chernozhukov, Fernandez-Val & Galichon 2010).
    #[test]
    fn quantiles_that_cross_change_places() {
        let of = |rows: &[[f64; 3]]| {
            let mut found = QuantilePredictions::new(&[0.1, 0.5, 0.9]);
            for (row, answers) in rows.iter().enumerate() {
                found.push(row, 1.0, answers.iter().copied());
            }
            found
        };
        let found = of(&[[2.0, 0.5, 1.5], [0.5, 1.5, 2.0], [2.0, 1.5, 0.5], [1.0, 1.0, 1.0]]);
        assert_eq!(found.answers(0).collect::<Vec<_>>(), [0.5, 0.5, 0.5, 1.0]);
        assert_eq!(found.answers(2).collect::<Vec<_>>(), [2.0, 2.0, 2.0, 1.0]);
        assert_eq!(found.scores(&found.always(&[0.0, 0.0, 0.0])).crossed, 0.5, "equal ones do not cross");
        let pinball = |level: f64, missing: f64| f64::max(level * missing, (level - 1.0) * missing);
        let crossed = (pinball(0.1, -1.0) + pinball(0.5, 0.5) + pinball(0.9, -0.5)) / 3.0;
        assert!(found.values(0..1)[0] < crossed, "{found:?}");
    }
}
