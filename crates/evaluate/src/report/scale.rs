//! From numbers to places on an axis, and the round numbers that stand along it.

use super::text::{fixed, scientific};

/// One axis: which number stands where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    spacing: Spacing,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    /// Equal steps, this far apart.
    Linear { step: f64 },
    /// Equal factors; `low` and `high` are exponents of ten.
    Log,
}

/// About as many steps as an axis is divided into.
const STEPS: f64 = 5.0;

/// Numbers beyond are drawn here, so that differences stay finite.
const FAR: f64 = 1e300;

impl Scale {
    /// An axis from place `from` to place `to` that holds all finite `values`, its ends on round numbers.
    pub(super) fn linear(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Scale {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        let apart = high - low > f64::EPSILON * low.abs().max(high.abs()).max(1e-280);
        let (low, high) = if apart { (low, high) } else { (low - margin(low), high + margin(high)) };
        let step = round_step((high - low) / STEPS);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Scale { spacing: Spacing::Linear { step }, low, high, from, to }
    }

    /// An axis whose ends are exactly these numbers, with ticks at least `least_step` apart.
    pub(super) fn spanning(low: f64, high: f64, least_step: f64, from: f64, to: f64) -> Scale {
        if low >= high || !(high - low).is_finite() {
            return Scale::linear([low, high].into_iter(), from, to);
        }
        // Finer than above, because up to two steps are lost at the ends.
        let step = round_step((high - low) / (STEPS + 3.0)).max(least_step);
        Scale { spacing: Spacing::Linear { step }, low, high, from, to }
    }

    /// As [`Scale::linear`], but equal factors are equally far apart if the values are all above zero and differ by more
    /// than a factor of 50.
    pub(super) fn fitting(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Scale {
        match extent(values.clone()) {
            Some((low, high)) if low > 0.0 && high / low > 50.0 => {
                Scale { spacing: Spacing::Log, low: low.log10().floor(), high: high.log10().ceil(), from, to }
            }
            Some(_) | None => Scale::linear(values, from, to),
        }
    }

    /// Whether equal factors are equally far apart.
    pub(super) fn is_log(&self) -> bool {
        self.spacing == Spacing::Log
    }

    /// Where the axis starts and ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// The numbers at its two ends.
    pub(super) fn domain(&self) -> (f64, f64) {
        match self.spacing {
            Spacing::Linear { .. } => (self.low, self.high),
            Spacing::Log => (10f64.powf(self.low), 10f64.powf(self.high)),
        }
    }

    /// The place of a number; none for one that is not finite or has no logarithm.
    pub(super) fn at(&self, x: f64) -> Option<f64> {
        let x = match self.spacing {
            Spacing::Linear { .. } => x.clamp(-FAR, FAR),
            Spacing::Log => x.log10(),
        };
        let place = self.from + (x - self.low) / (self.high - self.low) * (self.to - self.from);
        place.is_finite().then_some(place)
    }

    /// The round numbers along the axis with their places and how they are written.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let numbers: Vec<f64> = match self.spacing {
            Spacing::Linear { step } => {
                // Ends that are ticks stay ticks, whatever dividing them has cost.
                let first = (self.low / step - 1e-6).ceil();
                let n = ((self.high / step + 1e-6).floor() - first).clamp(0.0, 4.0 * STEPS) as u32;
                (0..=n).map(|i| (first + f64::from(i)) * step).collect()
            }
            Spacing::Log => {
                let stride = ((self.high - self.low) / STEPS).ceil().max(1.0) as usize;
                (self.low as i32..=self.high as i32)
                    .step_by(stride)
                    .map(|exponent| 10f64.powi(exponent))
                    .collect()
            }
        };
        let place = |x: f64| Some((self.at(x)?, self.label(x)));
        numbers.into_iter().filter_map(place).collect()
    }

    /// A tick's number with just the digits that tell it from its neighbours.
    fn label(&self, x: f64) -> String {
        let Spacing::Linear { step } = self.spacing else {
            return if x < 0.001 { scientific(x, 0) } else { fixed(x, 3) };
        };
        let largest = self.low.abs().max(self.high.abs());
        if x.abs() < step / 2.0 {
            "0".to_owned()
        } else if step >= 1e-4 && largest < 1e9 {
            fixed(x, (-step.log10().floor()).max(0.0) as usize)
        } else {
            scientific(x, (x.abs() / step).log10().ceil().clamp(0.0, 17.0) as usize)
        }
    }
}

/// The smallest and largest finite value.
pub(super) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|x| x.is_finite()).map(|x| x.clamp(-FAR, FAR));
    finite.fold(None, |extent, x| match extent {
        None => Some((x, x)),
        Some((low, high)) => Some((f64::min(low, x), f64::max(high, x))),
    })
}

/// How much room an axis gives to a value that is alone.
fn margin(x: f64) -> f64 {
    if x.abs() < 1e-280 { 1.0 } else { x.abs() * 0.1 }
}

/// The next of .. 0.1, 0.2, 0.5, 1, 2, 5, 10 .. that is not smaller (Heckbert 1990, "Nice numbers for graph labels").
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factors = [1.0, 2.0, 5.0];
    factors
        .into_iter()
        .map(|factor| factor * power)
        .find(|round| *round >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[f64], expect: &[&str]) {
        let scale = Scale::fitting(values.iter().copied(), 0.0, 100.0);
        let ticks = scale.ticks();
        let labels: Vec<&str> = ticks.iter().map(|(_, label)| &label[..]).collect();
        assert_eq!(labels, expect);
        assert!(ticks.iter().all(|(place, _)| (-1e-9..100.0 + 1e-9).contains(place)), "{ticks:?}");
        for x in values.iter().filter(|x| x.is_finite()) {
            assert!((-1e-9..100.0 + 1e-9).contains(&scale.at(*x).unwrap_or(f64::NAN)), "{x}");
        }
    }

    #[test]
    fn ticks_are_round() {
        check(&[0.03, 0.97], &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        check(&[-3.0, 12.0], &["-5", "0", "5", "10", "15"]);
        check(
            &[1_000_000.0, 1_000_010.0],
            &["1,000,000", "1,000,002", "1,000,004", "1,000,006", "1,000,008", "1,000,010"],
        );
        check(&[0.0, 2.5e-7], &["0", "5×10⁻⁸", "10⁻⁷", "1.5×10⁻⁷", "2×10⁻⁷", "2.5×10⁻⁷"]);
    }

    #[test]
    fn wide_positive_values_are_spaced_by_factors() {
        check(&[0.002, 0.5], &["0.001", "0.01", "0.1", "1"]);
        check(&[1e-12, 1.0], &["10⁻¹²", "10⁻⁹", "10⁻⁶", "0.001", "1"]);
    }

    #[test]
    fn ends_may_be_exact() {
        let ticks = |low, high| {
            let ticks = Scale::spanning(low, high, 1.0, 0.0, 100.0).ticks();
            ticks
                .into_iter()
                .map(|(place, label)| format!("{label}@{place:.1}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(ticks(1.0, 12.0), "2@9.1 4@27.3 6@45.5 8@63.6 10@81.8 12@100.0");
        assert_eq!(ticks(1.0, 30.0), "5@13.8 10@31.0 15@48.3 20@65.5 25@82.8 30@100.0");
        assert_eq!(ticks(1.0, 3.0), "1@0.0 2@50.0 3@100.0");
        assert_eq!(ticks(1.0, 1.0), "0.9@0.0 0.95@25.0 1@50.0 1.05@75.0 1.1@100.0");
    }

    #[test]
    fn odd_values_do_no_harm() {
        check(&[], &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        check(&[f64::NAN, f64::INFINITY], &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        check(&[5.0], &["4.4", "4.6", "4.8", "5", "5.2", "5.4", "5.6"]);
        check(&[0.0, 0.0], &["-1", "-0.5", "0", "0.5", "1"]);
        check(&[0.0, 5e-324], &["-1", "-0.5", "0", "0.5", "1"]);
        assert!(Scale::linear([f64::MIN, f64::MAX].into_iter(), 0.0, 1.0).at(0.0).is_some());
        assert_eq!(Scale::linear([0.0, 1.0].into_iter(), 0.0, 1.0).at(f64::NAN), None);
        assert_eq!(Scale::fitting([1e-5, 1.0].into_iter(), 0.0, 1.0).at(0.0), None);
    }
}
