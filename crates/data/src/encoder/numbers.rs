//! Steps from numbers to numbers. They stand in 32 bits, as every exported file has them, and each step is computed in
//! 64, so that a large mean takes no digits from a small distance.

use baeum_core::{Distribution, Transform};

use super::line::{Wrong, wrong};
use super::{normal, windows};

/// How many numbers come out of a step that gets `wide` of them; `before` is the step before it.
pub(super) fn check(step: &Transform, before: Option<&Transform>, wide: usize) -> Result<usize, Wrong> {
    match step {
        Transform::Scale { .. } | Transform::Log1p {} | Transform::IsMissing {} => Ok(wide),
        Transform::Impute { value } => divides(value.len(), wide),
        Transform::Standardise { centre, spread } => {
            divides(centre.len(), wide)?;
            match centre.len() == spread.len() && spread.iter().all(|spread| *spread > 0.0) {
                true => Ok(wide),
                false => wrong(
                    "a deviation above zero for each mean",
                    format!("{} means, {} deviations", centre.len(), spread.len()),
                ),
            }
        }
        Transform::Clip { low, high } => {
            [low, high]
                .into_iter()
                .filter(|bounds| !bounds.is_empty())
                .try_for_each(|bounds| divides(bounds.len(), wide).map(|_| ()))?;
            Ok(wide)
        }
        Transform::Quantile { quantiles, .. } => {
            divides(quantiles.len(), wide)?;
            match quantiles.iter().all(|quantiles| quantiles.len() > 1 && goes_up(quantiles)) {
                true => Ok(wide),
                false => wrong("at least two quantiles that go up", "others"),
            }
        }
        Transform::Bins { edges } if goes_up(edges) && wide == 1 => Ok(1),
        Transform::PiecewiseLinear { edges } if edges.len() > 1 && goes_up(edges) && wide == 1 => {
            Ok(edges.len() - 1)
        }
        Transform::Bins { .. } | Transform::PiecewiseLinear { .. } => {
            wrong("edges that go up, for one number", format!("{wide} numbers, or other edges"))
        }
        Transform::OneHot { size } => match before.and_then(Transform::places) {
            Some(places) if places == *size => Ok(*size),
            Some(_) | None => wrong("one number for each place and one more", size.to_string()),
        },
        Transform::NormaliseWindow { channels, .. } | Transform::StepsFirst { channels } => {
            divides(*channels, wide)
        }
        Transform::Difference { channels, lag } => {
            let steps = divides(*channels, wide)? / channels;
            match steps.checked_sub(*lag) {
                Some(left) if left > 0 => Ok(left * channels),
                Some(_) | None => wrong("more steps than `lag`", format!("{steps} and {lag}")),
            }
        }
        Transform::Denoise { .. }
        | Transform::Crop { .. }
        | Transform::Resize { .. }
        | Transform::Category { .. }
        | Transform::Hash { .. }
        | Transform::DateParts { .. }
        | Transform::NormaliseText { .. }
        | Transform::Tokenise { .. } => wrong("steps that fit the field", step.name()),
    }
}

fn goes_up(numbers: &[f64]) -> bool {
    numbers.iter().all(|number| number.is_finite()) && numbers.is_sorted()
}

/// Whether so many settings share so many numbers evenly.
fn divides(settings: usize, wide: usize) -> Result<usize, Wrong> {
    match settings > 0 && wide.is_multiple_of(settings) {
        true => Ok(wide),
        false => wrong("as many settings as divide its numbers", format!("{settings} for {wide} numbers")),
    }
}

/// Applies a step to the first `wide` numbers, and says how many there are then; [`check`] found room for them.
pub(super) fn apply(step: &Transform, all: &mut [f32], wide: usize) -> usize {
    let numbers = &mut all[..wide];
    match step {
        Transform::Scale { factor, offset } => each(numbers, |x| x * factor + offset),
        Transform::Standardise { centre, spread } => {
            for (place, run) in runs(numbers, centre.len()) {
                each(run, |x| (x - centre[place]) / spread[place]);
            }
        }
        Transform::Log1p {} => each(numbers, f64::ln_1p),
        Transform::Clip { low, high } => {
            // A missing number is neither below nor above.
            bound(numbers, low, |x, low| if x < low { low } else { x });
            bound(numbers, high, |x, high| if x > high { high } else { x });
        }
        Transform::Quantile { quantiles, output } => {
            for (place, run) in runs(numbers, quantiles.len()) {
                each(run, |x| quantile(x, &quantiles[place], *output));
            }
        }
        Transform::Impute { value } => {
            bound(numbers, value, |x, value| if x.is_nan() { value } else { x });
        }
        Transform::IsMissing {} => each(numbers, |x| f64::from(u8::from(x.is_nan()))),
        Transform::Bins { edges } => each(numbers, |x| bin(x, edges) as f64),
        Transform::PiecewiseLinear { edges } => return piecewise(edges, all),
        Transform::OneHot { size } => {
            let place = all[0] as usize;
            all[..*size].fill(0.0);
            all[place] = 1.0;
            return *size;
        }
        Transform::NormaliseWindow { channels, by } => windows::normalise(numbers, *channels, *by),
        Transform::Difference { channels, lag } => return windows::difference(numbers, *channels, *lag),
        Transform::StepsFirst { channels } => windows::steps_first(numbers, *channels),
        // These come first on a line, where they are the start.
        Transform::Denoise { .. }
        | Transform::Crop { .. }
        | Transform::Resize { .. }
        | Transform::Category { .. }
        | Transform::Hash { .. }
        | Transform::DateParts { .. }
        | Transform::NormaliseText { .. }
        | Transform::Tokenise { .. } => {}
    }
    wide
}

fn each(numbers: &mut [f32], change: impl Fn(f64) -> f64) {
    numbers.iter_mut().for_each(|x| *x = change(f64::from(*x)) as f32);
}

/// Equal runs of numbers, one for each of so many settings, with its place.
fn runs(numbers: &mut [f32], settings: usize) -> impl Iterator<Item = (usize, &mut [f32])> {
    let run = (numbers.len() / settings.max(1)).max(1);
    numbers.chunks_exact_mut(run).enumerate()
}

/// Changes each number by the setting of its run; without settings nothing happens.
fn bound(numbers: &mut [f32], settings: &[f64], change: impl Fn(f64, f64) -> f64) {
    if !settings.is_empty() {
        runs(numbers, settings.len()).for_each(|(place, run)| each(run, |x| change(x, settings[place])));
    }
}

/// The place of the bin of a number, from 1; 0 for a missing one.
fn bin(x: f64, edges: &[f64]) -> usize {
    if x.is_nan() { 0 } else { edges.partition_point(|edge| *edge <= x) + 1 }
}

/// How far a number has come in each bin; how many bins there are.
fn piecewise(edges: &[f64], all: &mut [f32]) -> usize {
    let (x, last) = (f64::from(all[0]), edges.len() - 2);
    for (place, (out, edge)) in all.iter_mut().zip(edges.windows(2)).enumerate() {
        let share = (x - edge[0]) / (edge[1] - edge[0]);
        let share = if place > 0 && share < 0.0 { 0.0 } else { share };
        *out = if place < last && share > 1.0 { 1.0 } else { share } as f32;
    }
    last + 1
}

/// The share of training rows below a number, as that share or as a number of the normal distribution.
///
/// Where several quantiles are the same number, it stands in the middle of their shares: scikit-learn's
/// `QuantileTransformer`.
fn quantile(x: f64, quantiles: &[f64], output: Distribution) -> f64 {
    if x.is_nan() {
        return x;
    }
    let last = quantiles.len() - 1;
    let below = quantiles.partition_point(|quantile| *quantile < x);
    let up_to = quantiles.partition_point(|quantile| *quantile <= x);
    let place = match (quantiles.first(), quantiles.last()) {
        (Some(first), _) if x <= *first => 0.0,
        (_, Some(most)) if x >= *most => last as f64,
        _ if below < up_to => f64::midpoint(below as f64, (up_to - 1) as f64),
        _ => {
            let (low, high) = (quantiles[up_to - 1], quantiles[up_to]);
            (up_to - 1) as f64 + (x - low) / (high - low)
        }
    };
    match output {
        Distribution::Uniform => place / last as f64,
        Distribution::Normal => normal::quantile(place / last as f64, (last as f64 - place) / last as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(step: &Transform, numbers: &[f32], room: usize) -> Vec<f32> {
        let mut all = vec![0.0; room];
        all[..numbers.len()].copy_from_slice(numbers);
        let wide = apply(step, &mut all, numbers.len());
        all.truncate(wide);
        all
    }

    #[test]
    fn a_large_mean_takes_no_digits_from_a_small_distance() {
        let step = Transform::Standardise { centre: vec![16_777_215.3], spread: vec![0.5] };
        assert!((applied(&step, &[16_777_216.0], 1)[0] - 1.4).abs() < 1e-6);
    }

    #[test]
    fn bounds_hold_numbers_and_leave_what_is_missing() {
        let step = Transform::Clip { low: vec![0.0], high: vec![1.0, 2.0] };
        let clipped = applied(&step, &[-1.0, 5.0], 2);
        assert_eq!(clipped, [0.0, 2.0]);
        assert!(applied(&Transform::Clip { low: vec![], high: vec![1.0] }, &[f32::NAN], 1)[0].is_nan());
        assert_eq!(applied(&Transform::Clip { low: vec![], high: vec![1.0] }, &[-7.0], 1), [-7.0]);
    }

    #[test]
    fn numbers_fall_into_bins() {
        let step = Transform::Bins { edges: vec![1.0, 2.0] };
        let bins = [f32::NAN, 0.5, 1.0, 1.5, 2.0, 99.0].map(|x| applied(&step, &[x], 1)[0]);
        assert_eq!(bins, [0.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
        assert_eq!(applied(&Transform::OneHot { size: 4 }, &[2.0], 4), [0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_number_says_how_far_it_has_come() {
        let step = Transform::PiecewiseLinear { edges: vec![0.0, 1.0, 3.0, 4.0] };
        let check = |x: f32, expect: [f32; 3]| assert_eq!(applied(&step, &[x], 3), expect, "{x}");
        check(-1.0, [-1.0, 0.0, 0.0]);
        check(0.5, [0.5, 0.0, 0.0]);
        check(2.0, [1.0, 0.5, 0.0]);
        check(6.0, [1.0, 1.0, 3.0]);
    }

    #[test]
    fn a_number_that_repeats_stands_in_the_middle_of_its_shares() {
        let step = Transform::Quantile {
            quantiles: vec![vec![0.0, 1.0, 1.0, 1.0, 3.0]],
            output: Distribution::Uniform,
        };
        let shares = [-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 9.0].map(|x| applied(&step, &[x], 1)[0]);
        assert_eq!(shares, [0.0, 0.0, 0.125, 0.5, 0.875, 1.0, 1.0]);
        assert!(applied(&step, &[f32::NAN], 1)[0].is_nan());
    }

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        let refuse = |step: Transform, wide: usize, wants: &str| {
            let wrong = check(&step, None, wide).err();
            assert_eq!(wrong.map(|wrong| wrong.wants), Some(wants), "{step:?}");
        };
        refuse(Transform::Bins { edges: vec![2.0, 1.0] }, 1, "edges that go up, for one number");
        refuse(Transform::PiecewiseLinear { edges: vec![1.0] }, 1, "edges that go up, for one number");
        refuse(
            Transform::Clip { low: vec![1.0, 2.0], high: vec![] },
            3,
            "as many settings as divide its numbers",
        );
        let flat = Transform::Quantile { quantiles: vec![vec![1.0]], output: Distribution::Normal };
        refuse(flat, 1, "at least two quantiles that go up");
        refuse(Transform::OneHot { size: 3 }, 1, "one number for each place and one more");
    }
}
