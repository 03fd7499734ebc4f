//! Logarithm, exponential, sine and cosine of our own, so that no result depends on the system's `libm`.
//!
//! Only additions, multiplications, divisions and bit moves are used; IEEE 754 rounds each of them in one
//! way, hence every machine gives the same bits. All are within 2 units in the last place (the tests hold
//! that).

/// ln 2 in two parts: the first has 21 zero bits at its end, so that a small integer times it is exact.
const LN_2: [f64; 2] = [0.6931471803691238, 1.9082149292705877e-10];

/// The natural logarithm of a positive, normal number.
///
/// `x = 2^e * m` with `m` between sqrt(1/2) and sqrt(2), and `ln m = 2 atanh(s)` with `s = (m - 1) / (m +
/// 1)`, by its series up to `s^21`: the first term left out is below 1e-18 of the result.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "ln wants a positive, normal number");
    // Adding the distance from sqrt(1/2) to 1 puts the carry into the exponent exactly where `m` would pass
    // sqrt(2).
    let shifted = x.to_bits().wrapping_add(1f64.to_bits() - std::f64::consts::FRAC_1_SQRT_2.to_bits());
    let exponent = (shifted >> 52) as i64 - 1023;
    let m = f64::from_bits(x.to_bits().wrapping_sub((exponent as u64) << 52));
    let s = (m - 1.0) / (m + 1.0);
    let series = (1..=10).rev().fold(0.0, |sum, k| (sum + 1.0 / f64::from(2 * k + 1)) * (s * s));
    let exponent = exponent as f64;
    exponent * LN_2[0] + (2.0 * s + (2.0 * s * series + exponent * LN_2[1]))
}

/// 1.5 * 2^52: adding it and taking it away rounds a small number to the nearest integer.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// e to the power `x`: infinity above 709.78, zero below -745.13, NaN for NaN.
///
/// `x = k ln 2 + r` with `|r| <= ln(2) / 2`, and `e^r` by its series up to `r^13`: the first term left out is
/// below 1e-17.
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-746.0, 710.0);
    let k = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    let series = (2..=13).rev().fold(0.0, |sum, n| (sum + INVERSE_FACTORIAL[n]) * r);
    let half = k as i64 / 2;
    // Two factors, because 2^k alone may lie outside the normal range at both ends.
    (1.0 + (r + r * series)) * power_of_two(half) * power_of_two(k as i64 - half)
}

/// Sine and cosine of `turns / 2^32` of a full circle.
///
/// The angle is an integer, so taking away the nearest quarter is exact; what is left is at most an eighth of
/// a circle, where the series up to the 17th power leaves less than 1e-18.
pub(crate) fn sin_cos(turns: u32) -> (f64, f64) {
    let quarter = turns.wrapping_add(1 << 29) >> 30;
    let angle =
        f64::from(turns.wrapping_sub(quarter << 30) as i32) * (std::f64::consts::TAU / 4_294_967_296.0);
    let square = -(angle * angle);
    let odd = (1..=8).rev().fold(0.0, |sum, k| (sum + INVERSE_FACTORIAL[2 * k + 1]) * square);
    let even = (1..=8).rev().fold(0.0, |sum, k| (sum + INVERSE_FACTORIAL[2 * k]) * square);
    let (sin, cos) = (angle + angle * odd, 1.0 + even);
    match quarter {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// 1 / n! for n up to 17.
const INVERSE_FACTORIAL: [f64; 18] = {
    let mut table = [1.0; 18];
    let mut factorial = 1.0; // 17! is below 2^53, so every factorial here is exact
    let mut n = 1;
    while n < 18 {
        factorial *= n as f64;
        table[n] = 1.0 / factorial;
        n += 1;
    }
    table
};

/// 2 to the power of an exponent within the normal range.
fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two units in the last place of a number between 1/2 and 1, relative to it.
    const TWO_ULPS: f64 = 2.0 * f64::EPSILON;

    #[track_caller]
    fn close(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= TWO_ULPS * wanted.abs(), "{got:e} is not {wanted:e}");
    }

    // The wanted values of this file were computed with 40 digits.
    #[test]
    fn ln_at_known_points() {
        close(ln(1e-300), -690.775_527_898_213_7);
        close(ln(2.328_306_436_538_696_3e-10), -22.180_709_777_918_25);
        close(ln(0.1), -2.302_585_092_994_045_6);
        close(ln(0.5), -std::f64::consts::LN_2);
        close(ln(0.707), -0.346_724_613_085_564_3);
        close(ln(0.999_999_9), -1.000_000_049_473_647_4e-7);
        close(ln(1.000_000_1), 9.999_999_505_838_704e-8);
        close(ln(1.5), 0.405_465_108_108_164_4);
        close(ln(123_456.789), 11.723_646_487_185_881);
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn exp_at_known_points() {
        close(exp(-100.5), 2.256_340_135_917_036e-44);
        close(exp(-1.0), 0.367_879_441_171_442_3);
        close(exp(-1e-9), 0.999_999_999);
        close(exp(0.3), 1.349_858_807_576_003);
        close(exp(1.0), std::f64::consts::E);
        close(exp(50.25), 6.657_293_676_747_253e21);
        close(exp(709.5), 1.354_986_319_314_632_8e308);
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn exp_at_its_ends() {
        assert_eq!(exp(f64::INFINITY), f64::INFINITY);
        assert_eq!(exp(709.8), f64::INFINITY);
        assert_eq!(exp(-740.0), 4.2e-322); // subnormal: the grid is 5e-324
        assert_eq!(exp(-745.2), 0.0);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn sine_and_cosine_at_known_points() {
        for (turns, sin, cos) in [
            (0x0000_0001, 1.462_918_079_267_159_7e-9, 1.0),
            (0x1000_0000, 0.382_683_432_365_089_8, 0.923_879_532_511_286_7),
            (0x2000_0000, std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::FRAC_1_SQRT_2),
            (0x2000_0001, 0.707_106_782_220_986_8, 0.707_106_780_152_108_2),
            (0x89ab_cdef, -0.235_142_111_579_577_86, -0.971_961_000_947_001_7),
            (0xffff_ffff, -1.462_918_079_267_159_7e-9, 1.0),
        ] {
            let (got_sin, got_cos) = sin_cos(turns);
            close(got_sin, sin);
            close(got_cos, cos);
        }
        for (turns, exact) in
            [(0, (0.0, 1.0)), (1 << 30, (1.0, 0.0)), (1 << 31, (0.0, -1.0)), (3 << 30, (-1.0, 0.0))]
        {
            assert_eq!(sin_cos(turns), exact, "{turns:#x}");
        }
    }

    #[test]
    fn the_systems_library_agrees_everywhere() {
        for i in 0..200_000u32 {
            let turns = i.wrapping_mul(2_654_435_769);
            let x = f64::from(turns) / 4_294_967_296.0;
            let (sin, cos) = sin_cos(turns);
            // The library rounds the angle itself, so only an absolute bound holds: an angle below tau, half
            // a unit off.
            let (wanted_sin, wanted_cos) = (std::f64::consts::TAU * x).sin_cos();
            assert!((sin - wanted_sin).abs() < 1e-15 && (cos - wanted_cos).abs() < 1e-15, "{turns:#x}");
            if turns > 0 {
                close(ln(x), x.ln());
            }
            close(exp(1400.0 * x - 700.0), (1400.0 * x - 700.0).exp());
        }
    }
}
