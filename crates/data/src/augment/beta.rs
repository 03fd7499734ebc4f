//! The beta distribution, from two gammas.

use super::Dice;

/// A number between 0 and 1 of the distribution Beta(`a`, `b`); both are held between 1e-3 and 1e6.
///
/// Two gammas and their share of the sum. They are compared by their logarithms, since for small `a` and `b` both
/// would vanish.
pub(crate) fn beta(a: f32, b: f32, dice: &mut Dice) -> f32 {
    let held = |shape: f32| if shape > 1e-3 { shape.min(1e6) } else { 1e-3 };
    let [first, second] = [a, b].map(|shape| ln_gamma(f64::from(held(shape)), dice));
    (1.0 / (1.0 + (second - first).exp())) as f32
}

/// The logarithm of a number of the distribution Gamma(`shape`, 1).
///
/// A shape below 1 is drawn as one more, times a uniform number to the power of `1 / shape` (Marsaglia and Tsang
/// 2000, section 6).
fn ln_gamma(shape: f64, dice: &mut Dice) -> f64 {
    if shape >= 1.0 {
        return ln_large_gamma(shape, dice);
    }
    ln_large_gamma(shape + 1.0, dice) + positive(dice).ln() / shape
}

/// The method of Marsaglia and Tsang (2000), for a shape of 1 at least.
///
/// A try is taken more often than 95 times of 100; after 64 without success the centre stands in, so that it ends.
fn ln_large_gamma(shape: f64, dice: &mut Dice) -> f64 {
    let centre = shape - 1.0 / 3.0;
    let spread = 1.0 / (9.0 * centre).sqrt();
    let cube = (0..64).find_map(|_| {
        let normal = f64::from(dice.normal());
        let (cube, height) = ((1.0 + spread * normal).powi(3), positive(dice).ln());
        let taken = cube > 0.0 && height < normal * normal / 2.0 + centre * (1.0 - cube + cube.ln());
        taken.then_some(cube)
    });
    (centre * cube.unwrap_or(1.0)).ln()
}

/// A uniform number above 0.
fn positive(dice: &mut Dice) -> f64 {
    1.0 - f64::from(dice.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of many draws.
    fn moments(a: f32, b: f32) -> [f64; 2] {
        const DRAWS: usize = 100_000;
        let mut dice = Dice::new(5);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| f64::from(beta(a, b, &mut dice))).collect();
        let mean = drawn.iter().sum::<f64>() / DRAWS as f64;
        [mean, drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / DRAWS as f64]
    }

    #[test]
    fn mean_and_variance_are_those_of_the_distribution() {
        for (a, b) in [(0.1, 0.1), (0.2, 0.2), (0.4, 0.4), (1.0, 1.0), (2.0, 5.0), (0.5, 3.0), (40.0, 40.0)] {
            let [mean, variance] = moments(a, b);
            let (a, b) = (f64::from(a), f64::from(b));
            let expect = a * b / ((a + b).powi(2) * (a + b + 1.0));
            assert!((mean - a / (a + b)).abs() < 5.0 * (expect / 1e5).sqrt(), "{a} {b}: mean {mean}");
            assert!((variance / expect - 1.0).abs() < 0.03, "{a} {b}: variance {variance}, not {expect}");
        }
    }

    #[test]
    fn the_whole_curve_is_right_where_it_is_known() {
        let arcsine = |x: f64| x.sqrt().asin() * std::f64::consts::FRAC_2_PI;
        type Below = fn(f64) -> f64;
        let cases: [(f32, f32, Below); 4] =
            [(0.5, 0.5, arcsine), (1.0, 1.0, |x| x), (2.0, 1.0, |x| x * x), (0.2, 1.0, |x| x.powf(0.2))];
        for (a, b, below) in cases {
            let mut dice = Dice::new(6);
            let mut drawn: Vec<f64> = (0..100_000).map(|_| f64::from(beta(a, b, &mut dice))).collect();
            drawn.sort_by(f64::total_cmp);
            let apart = |(place, x): (usize, &f64)| (place as f64 / 1e5 - below(*x)).abs();
            let worst = drawn.iter().enumerate().map(apart).fold(0.0, f64::max);
            assert!(worst < 1.63 / 1e5_f64.sqrt(), "{a} {b}: {worst}"); // Kolmogorov and Smirnov at 1 %
        }
    }

    #[test]
    fn no_setting_leaves_the_unit_interval() {
        let mut dice = Dice::new(7);
        for a in [-1.0, 0.0, 1e-30, 1e-3, 1e6, f32::MAX, f32::INFINITY, f32::NAN] {
            for _ in 0..100 {
                let share = beta(a, a, &mut dice);
                assert!((0.0..=1.0).contains(&share), "{a}: {share}");
            }
        }
    }
}
