//! From logits to probabilities, without overflow.

use crate::Real;
use crate::math::{exp, ln};
use crate::reduce::{max, sum_of};

/// Turns one row of logits into probabilities, in place: `exp(x) / sum(exp(x))`.
///
/// Computed as `exp(x - max)`, which cannot overflow. As in PyTorch a row that holds NaN or plus infinity, or
/// minus infinity alone, becomes NaN.
pub fn softmax<R: Real>(row: &mut [R]) {
    let Some(largest) = max(row) else { return };
    let largest: f64 = largest.into();
    let scale = 1.0 / sum_of(row, |x| exp(x - largest));
    for x in row {
        *x = R::from_f64(exp((*x).into() - largest) * scale);
    }
}

/// Turns logits into probabilities, each by itself, in place: `1 / (1 + exp(-x))`.
///
/// Computed from `exp(-|x|)`, which cannot overflow; NaN stays NaN.
pub fn sigmoid<R: Real>(logits: &mut [R]) {
    for logit in logits {
        let x: f64 = (*logit).into();
        let e = exp(-x.abs());
        *logit = R::from_f64((if x < 0.0 { e } else { 1.0 }) / (1.0 + e));
    }
}

/// `ln(1 + exp(x))`, as `max(x, 0) + ln(1 + exp(-|x|))`, which cannot overflow; NaN for NaN.
///
/// The binary cross-entropy of a logit is this less the logit times its target.
pub fn softplus(x: f64) -> f64 {
    if x.is_nan() { x } else { x.max(0.0) + ln(1.0 + exp(-x.abs())) }
}

/// `ln(sum(exp(x)))` of one row of logits; minus infinity for no logits.
///
/// Computed as `max + ln(sum(exp(x - max)))`. The cross-entropy of a row is this less the logit of its
/// target.
pub fn logsumexp<R: Real>(logits: &[R]) -> f64 {
    let largest = max(logits).map_or(f64::NEG_INFINITY, R::into);
    if !largest.is_finite() {
        return largest; // infinity less infinity would be NaN; NaN stays NaN
    }
    largest + ln(sum_of(logits, |x| exp(x - largest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probabilities<R: Real, const N: usize>(mut row: [R; N]) -> [R; N] {
        softmax(&mut row);
        row
    }

    #[test]
    fn sigmoids_do_not_overflow() {
        let mut row = [0.0f64, 3f64.ln(), -(3f64.ln()), 800.0, -800.0];
        sigmoid(&mut row);
        // Within 3 units: of the exponential, of the sum, of the quotient.
        let near = |found: f64, wanted: f64| (found - wanted).abs() <= 3.0 * f64::EPSILON;
        assert!(row.iter().zip([0.5, 0.75, 0.25, 1.0, 0.0]).all(|(x, wanted)| near(*x, wanted)), "{row:?}");
        let mut row = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        sigmoid(&mut row);
        assert!(row[0].is_nan() && row[1..] == [1.0, 0.0]);
        assert!(near(softplus(0.0), std::f64::consts::LN_2) && near(softplus(3f64.ln()), 4f64.ln()));
        assert_eq!([softplus(800.0), softplus(-800.0)], [800.0, 0.0]);
        assert!(softplus(f64::NAN).is_nan());
    }

    #[test]
    fn softmax_of_known_rows() {
        // exp of 0, ln 2 and ln 5 is 1, 2 and 5; 4 units of rounding in ln, exp, sum and quotient.
        let row = probabilities([0.0, std::f64::consts::LN_2, 5f64.ln()]);
        for (got, wanted) in row.into_iter().zip([0.125, 0.25, 0.625]) {
            assert!((got - wanted).abs() < 4.0 * f64::EPSILON, "{got}");
        }
        assert_eq!(probabilities([3.0f32; 4]), [0.25; 4]);
        assert_eq!(probabilities([-7.0f32]), [1.0]);
        assert_eq!(probabilities::<f32, 0>([]), []);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(probabilities([1e38f32, 1e38, -1e38]), [0.5, 0.5, 0.0]);
        assert_eq!(probabilities([-1e300, f64::NEG_INFINITY]), [1.0, 0.0]);
        assert_eq!(logsumexp(&[1000.0f32, 1000.0]), 1000.0 + std::f64::consts::LN_2);
        assert_eq!(logsumexp(&[-1e30f64, 0.0]), 0.0);
    }

    #[test]
    fn infinities_and_nan_are_those_of_pytorch() {
        for row in [[f32::NAN, 0.0], [0.0, f32::NAN], [f32::INFINITY, 0.0], [f32::NEG_INFINITY; 2]] {
            let probabilities = probabilities(row);
            assert!(probabilities[0].is_nan() || probabilities[1].is_nan(), "{row:?}");
        }
        assert_eq!(logsumexp(&[f32::NEG_INFINITY; 3]), f64::NEG_INFINITY);
        assert_eq!(logsumexp(&[f32::INFINITY, 1.0]), f64::INFINITY);
        assert_eq!(logsumexp::<f32>(&[]), f64::NEG_INFINITY);
        assert!(logsumexp(&[f64::NAN, 1.0]).is_nan());
    }

    #[test]
    fn the_row_sums_to_one_at_any_length() {
        for len in [1, 2, 15, 16, 17, 100_000] {
            let logits: Vec<f64> = (0..len).map(|i| f64::from((i as u32 * 37) % 101) / 10.0).collect();
            let mut probabilities = logits.clone();
            softmax(&mut probabilities);
            // Each probability is within a few units of its own size, and so is their sum.
            assert!((crate::sum(&probabilities) - 1.0).abs() < 16.0 * f64::EPSILON, "{len}");
            let plain = logits.iter().map(|x| x.exp()).sum::<f64>().ln();
            assert!((logsumexp(&logits) - plain).abs() < 1e-12, "{len}"); // n units of the plain sum
        }
    }
}
