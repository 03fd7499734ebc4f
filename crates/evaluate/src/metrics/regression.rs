/// Sums of errors over some rows: all that R2, RMSE and MAE need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Errors {
    rows: usize,
    squared: f64,
    absolute: f64,
    /// Squared distance of the truths from their own mean; none if they are all equal, where rounding could leave a rest.
    variation: Option<f64>,
}

impl Errors {
    /// `pairs`: (truth, answer), finite. Gone through three times: for the mean, for whether truths differ, for the sums.
    pub(crate) fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Errors {
        let (rows, sum) = pairs.clone().fold((0, 0.0), |(n, sum), (truth, _)| (n + 1, sum + truth));
        let mean = sum / rows as f64;
        let first = pairs.clone().next().map(|(truth, _)| truth);
        let differ = pairs.clone().any(|(truth, _)| Some(truth) != first);
        let mut errors = Errors { rows, squared: 0.0, absolute: 0.0, variation: None };
        let mut variation = 0.0;
        for (truth, answer) in pairs {
            errors.squared += (truth - answer).powi(2);
            errors.absolute += (truth - answer).abs();
            variation += (truth - mean).powi(2);
        }
        errors.variation = differ.then_some(variation);
        errors
    }

    /// NaN where it is undefined: for fewer than two rows, and for rows that all have the same truth.
    pub(crate) fn r2(&self) -> f64 {
        self.variation.map_or(f64::NAN, |variation| 1.0 - self.squared / variation)
    }

    /// As [`Errors::r2`], but 1 or 0 where all truths are equal: what scikit-learn says by default. NaN for fewer than two rows.
    pub(crate) fn r2_of_report(&self) -> f64 {
        match (self.rows, self.variation) {
            (0 | 1, _) => f64::NAN,
            (_, Some(_)) => self.r2(),
            (_, None) if self.squared == 0.0 => 1.0,
            (_, None) => 0.0,
        }
    }

    pub(crate) fn rmse(&self) -> f64 {
        (self.squared / self.rows as f64).sqrt()
    }

    pub(crate) fn mae(&self) -> f64 {
        self.absolute / self.rows as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(truth: &[f64], answer: &[f64], expect: [f64; 3]) {
        let errors = Errors::of(truth.iter().copied().zip(answer.iter().copied()));
        for (got, wanted) in [errors.r2_of_report(), errors.rmse(), errors.mae()].into_iter().zip(expect) {
            // A few roundings of sums of a few numbers.
            assert!(
                (got - wanted).abs() <= 1e-14 * wanted.abs() || (got.is_nan() && wanted.is_nan()),
                "{got} {wanted}"
            );
        }
    }

    #[test]
    fn values_are_those_of_scikit_learn() {
        // r2_score, root_mean_squared_error and mean_absolute_error of scikit-learn 1.9.1.
        check(
            &[3.0, -0.5, 2.0, 7.0],
            &[2.5, 0.0, 2.0, 8.0],
            [0.948_608_137_044_967_9, 0.612_372_435_695_794_5, 0.5],
        );
        check(
            &[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0],
            &[1e9 + 1.5, 1e9 + 2.0, 1e9 + 3.0],
            [0.732_142_857_142_857_2, 0.645_497_224_367_902_8, 0.5],
        );
        check(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], [-3.0, 1.632_993_161_855_452, 1.333_333_333_333_333_3]);
    }

    #[test]
    fn equal_truths_are_scored_as_scikit_learn_does() {
        check(&[0.1; 10], &[0.1; 10], [1.0, 0.0, 0.0]);
        check(&[2.0, 2.0], &[2.0, 3.0], [0.0, 0.5f64.sqrt(), 0.5]);
        check(&[2.0], &[3.0], [f64::NAN, 1.0, 1.0]);
        assert!(Errors::of([(0.1, 0.2); 10].into_iter()).r2().is_nan());
    }
}
