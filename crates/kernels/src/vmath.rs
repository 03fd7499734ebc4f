//! Functions of one `f32`, written so that the compiler computes several at a time: no branches, no tables, no calls.
//!
//! Polynomials have minimax coefficients (Remez exchange with 40 digits, rounded to `f32`); the bounds named here are held by
//! the tests. Everything is an addition, a product, a quotient, a fused product or a bit move, so every rung gives the same
//! bits. NaN stays NaN.

use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// What [`LN_2`] leaves out of ln 2.
const LN_2_REST: f32 = -1.904_654_2e-9;

/// 1.5 * 2^23: adding it rounds a small number to the nearest integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// As [`ROUND`]; the lowest bits are then those of the integer and the bias of an exponent.
const BIASED: f32 = ROUND + 127.0;

/// `x0 + x1 y + x2 y^2 + x3 y^3` for the coefficients given, the lowest first.
///
/// Neighbours are joined, then pairs, and in longer ones then fours (Estrin's scheme): such a tree waits less than a chain of
/// products. It is spelt out, for a loop would stay one where a crate is optimised in pieces, and a loop within keeps the
/// compiler from vectors.
#[inline(always)]
fn four(y: f32, [x0, x1, x2, x3]: [f32; 4]) -> f32 {
    two(y, [x2, x3]).mul_add(y * y, two(y, [x0, x1]))
}

/// As [`four`] with two coefficients.
#[inline(always)]
fn two(y: f32, [x0, x1]: [f32; 2]) -> f32 {
    x1.mul_add(y, x0)
}

/// As [`four`] with eight coefficients and what is beyond them, divided by `y^8`.
#[inline(always)]
fn eight(y: f32, [low, high]: [[f32; 4]; 2], beyond: f32) -> f32 {
    let power = (y * y) * (y * y);
    beyond.mul_add(power * power, four(y, high).mul_add(power, four(y, low)))
}

/// 2 to the power of an exponent within the normal range.
#[inline(always)]
fn power_of_two(exponent: i32) -> f32 {
    f32::from_bits((exponent.wrapping_add(127) as u32) << 23)
}

/// `k` and `e^r - 1` where `x = k ln 2 + r` and `|r| <= ln(2) / 2`.
#[inline(always)]
fn reduced(x: f32) -> (i32, f32) {
    let shifted = x.mul_add(LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = k.mul_add(-LN_2_REST, k.mul_add(-LN_2, x));
    let square = r * r;
    let q = four(r, [0.5, 0.166_665_38, 0.041_666_266, 0.008_367_247]);
    let q = 0.001_394_759_9_f32.mul_add(square * square, q);
    (shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32, square.mul_add(q, r))
}

/// e to the power `x`, within 1.5 units in the last place: infinity above 88.72, zero below -103.97, subnormals between.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (k, above_one) = reduced(x.clamp(-104.0, 89.0));
    // Two factors, because 2^k alone may lie outside the normal range at both ends.
    let half = k >> 1;
    (1.0 + above_one) * power_of_two(half) * power_of_two(k.wrapping_sub(half))
}

/// 2 to the power `x` for `x <= 127`, within 1.5 units in the last place: zero below -126.5, where others begin to be subnormal.
///
/// Two thirds of the work of [`exp`]: the weights of a softmax are at most 1.
#[inline(always)]
pub(crate) fn exp2(x: f32) -> f32 {
    let x = if x < -127.0 { -127.0 } else { x };
    // The exponent of the result then stands in the lowest bits, biased as it is stored; -127 makes it zero.
    let shifted = x + BIASED;
    let r = x - (shifted - BIASED);
    let p = r.mul_add(1.559_467_8e-4, 1.340_664_4e-3).mul_add(r, 9.617_693e-3).mul_add(r, 5.550_310_6e-2);
    let p = p.mul_add(r, 0.240_226_53).mul_add(r, LN_2).mul_add(r, 1.0);
    p * f32::from_bits(shifted.to_bits() << 23)
}

/// As [`exp`] and with its bits, for `x <= 0` alone, which takes fewer steps.
#[inline(always)]
pub(crate) fn exp_to_one(x: f32) -> f32 {
    let (k, above_one) = reduced(if x < -104.0 { -104.0 } else { x });
    // 2^(k + 64) is within the normal range for k from -150 to 0, and so the last product alone rounds.
    (1.0 + above_one) * power_of_two(k.wrapping_add(64)) * power_of_two(-64)
}

/// The hyperbolic tangent, within 3 units in the last place.
///
/// With `m = e^(2|x|) - 1`, which keeps its digits near zero, it is `m / (m + 2)`. It rounds to 1 from 9.02 on.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let (k, above_one) = reduced((2.0 * x.abs()).clamp(0.0, 20.0));
    let scale = power_of_two(k);
    let m = scale.mul_add(above_one, scale - 1.0);
    (m / (m + 2.0)).copysign(x)
}

/// `1 / (1 + e^-x)`, within 4 units in the last place.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp_to_one(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// `e^(z*z) * erfc(z)` for `z >= 0`, within 2 units in the last place up to 10.5.
///
/// A polynomial in `t = 1 / (1 + 0.35 z)`, times `t`: the form of Hastings (1955), with more terms.
#[inline(always)]
fn scaled_erfc(z: f32) -> f32 {
    let t = 1.0 / z.mul_add(0.35, 1.0);
    let low = [0.197_480_32, 0.197_201_83, 0.187_402_31, 0.153_408_07];
    let high = [0.139_897_56, 0.098_006_31, -0.040_432_397, 0.190_685_88];
    t * eight(t, [low, high], two(t, [-0.162_731_86, 0.039_081_983]))
}

/// The normal distribution below `x`, and `e^(-x*x/2)`, which both come from one exponential.
///
/// It is `(1 + erf(x / sqrt(2))) / 2`, but keeps its digits where that is close to zero.
#[inline(always)]
pub(crate) fn normal_below(x: f32) -> (f32, f32) {
    let e = exp_to_one(x * x * -0.5);
    let tail = 0.5 * e * scaled_erfc(x.abs() * FRAC_1_SQRT_2);
    (if x < 0.0 { tail } else { 1.0 - tail }, e)
}

/// The natural logarithm, within 2 units in the last place: minus infinity for zero, NaN below zero.
///
/// `x = 2^k * (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2), and `ln(1 + f) = f - f^2 / 2 + f^3 p(f)`.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x }; // 2^23
    let bits = scaled.to_bits();
    // The carry enters the exponent where the mantissa would pass sqrt(2).
    let shifted = bits.wrapping_add(0x3f80_0000 - FRAC_1_SQRT_2.to_bits());
    let exponent = (shifted >> 23) as i32 - 127;
    let f = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23)) - 1.0;
    let k = exponent as f32 - if subnormal { 23.0 } else { 0.0 };
    let low = [0.333_333_1, -0.249_999_87, 0.200_022_27, -0.166_692_53];
    let high = [0.142_186_66, -0.123_843_37, 0.118_729_17, -0.117_898_48];
    let p = eight(f, [low, high], 0.069_155_395);
    let square = f * f;
    let low = k.mul_add(LN_2_REST, (square * f).mul_add(p, -0.5 * square));
    let finite = k.mul_add(LN_2, f + low);
    let at_end = if x == 0.0 { f32::NEG_INFINITY } else { x };
    let negative = if x < 0.0 { f32::NAN } else { at_end };
    if x > 0.0 && x < f32::INFINITY { finite } else { negative }
}

/// `ln(1 + u)` for `u` from 0 to 1, within 3 units in the last place.
#[inline(always)]
pub(crate) fn ln_1p(u: f32) -> f32 {
    let w = 1.0 + u;
    // What rounding took from `w`, times the slope there.
    ln(w) + (u - (w - 1.0)) / w
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::rungs;
    use crate::testing::{everywhere, normal};

    /// The largest error in units in the last place of the wanted value, over every `stride`-th float of a range of bits.
    fn worst(got: fn(f32) -> f32, wanted: fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let mut worst = 0.0;
        for bits in (from.to_bits()..=to.to_bits()).step_by(509) {
            let x = f32::from_bits(bits);
            let exact = wanted(f64::from(x));
            let size = (exact.abs() as f32).max(f32::MIN_POSITIVE);
            let unit = f64::from(f32::from_bits(size.to_bits() & 0x7f80_0000)) * f64::from(f32::EPSILON);
            let error = (f64::from(got(x)) - exact).abs() / unit;
            assert!(!error.is_nan(), "{x}");
            worst = error.max(worst);
        }
        worst
    }

    /// erf by the series whose terms are all of one sign: `2 / sqrt(pi) * e^(-x*x) * sum of 2^n x^(2n+1) / (2n+1)!!`.
    fn erf_series(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn exponentials_are_within_their_bounds() {
        let tiny = f32::from_bits(1);
        assert!(worst(exp, f64::exp, tiny, 88.72) <= 1.5);
        assert!(worst(exp, f64::exp, -tiny, -104.0) <= 1.5);
        assert!(worst(exp2, f64::exp2, tiny, 127.0) <= 1.5);
        assert!(worst(exp2, f64::exp2, -tiny, -126.0) <= 1.5);
        for sign in [1.0, -1.0] {
            assert!(worst(tanh, f64::tanh, sign * tiny, sign * 20.0) <= 3.0);
            assert!(worst(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), sign * tiny, sign * 104.0) <= 4.0);
        }
    }

    #[test]
    fn the_exponential_below_one_has_the_same_bits() {
        for bits in (0..=(-120f32).to_bits() & 0x7fff_ffff).step_by(301) {
            let x = -f32::from_bits(bits);
            assert_eq!(exp_to_one(x).to_bits(), exp(x).to_bits(), "{x}");
        }
        assert_eq!([exp_to_one(f32::NEG_INFINITY), exp_to_one(-0.0)], [0.0, 1.0]);
        assert!(exp_to_one(f32::NAN).is_nan());
    }

    #[test]
    fn logarithms_are_within_their_bounds() {
        assert!(worst(ln, f64::ln, f32::from_bits(1), f32::MAX) <= 2.0);
        assert!(worst(ln_1p, f64::ln_1p, f32::from_bits(1), 1.0) <= 3.0);
    }

    #[test]
    fn the_normal_distribution_is_within_its_bound() {
        for i in 0..=200_000 {
            let x = i as f32 / 20_000.0 - 5.0;
            let below = 0.5 * (1.0 + erf_series(f64::from(x) * std::f64::consts::FRAC_1_SQRT_2));
            assert!((f64::from(normal_below(x).0) - below).abs() <= 2e-7, "{x}");
        }
        // With 40 digits: what `1 + erf` cannot give.
        assert!((normal_below(-8.0).0 / 6.220_960_6e-16 - 1.0).abs() < 1e-5);
    }

    #[test]
    fn ends_and_nan() {
        let inf = f32::INFINITY;
        assert_eq!([exp(inf), exp(89.0), exp(-inf), exp(-104.0), exp(0.0)], [inf, inf, 0.0, 0.0, 1.0]);
        assert_eq!([exp2(0.0), exp2(127.0), exp2(-127.0), exp2(-inf)], [1.0, 2f32.powi(127), 0.0, 0.0]);
        assert_eq!([tanh(inf), tanh(-inf), tanh(0.0), tanh(-30.0)], [1.0, -1.0, 0.0, -1.0]);
        assert!(tanh(-0.0).is_sign_negative());
        assert_eq!([sigmoid(inf), sigmoid(-inf), sigmoid(0.0)], [1.0, 0.0, 0.5]);
        assert_eq!([normal_below(inf), normal_below(-inf)], [(1.0, 0.0), (0.0, 0.0)]);
        assert_eq!([ln(0.0), ln(-0.0), ln(1.0), ln(inf)], [-inf, -inf, 0.0, inf]);
        assert!(ln(-1.0).is_nan() && ln(-inf).is_nan());
        for function in [exp, exp2, tanh, sigmoid, ln, ln_1p] {
            assert!(function(f32::NAN).is_nan());
        }
        assert!(normal_below(f32::NAN).0.is_nan());
    }

    rungs! {
        fn all(x: &[f32], y: &mut [f32]) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = exp(x) + exp2(x) + tanh(x) + sigmoid(x) + normal_below(x).0 + ln(x.abs()) + ln_1p(x.abs());
            }
        }
    }

    #[test]
    fn every_rung_gives_the_same_bits() {
        let x = normal(1, 100_003);
        everywhere(|ctx| {
            let mut y = vec![0.0; x.len()];
            all(ctx.isa, &x, &mut y);
            y
        });
    }
}
