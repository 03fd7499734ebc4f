//! Losses that compare two tensors element by element: the sum, and in the same pass the gradient of the sum.

use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::lanes::{LANES, join};
use crate::map::{CHUNK, part};
use crate::partials;
use crate::vmath::{exp, ln_1p};

/// Squared error: returns the sum of `(output - target)^2` and writes `2 (output - target)`.
///
/// All slices have one length. The sum is kept in `f64`, as for all below.
///
/// # Panics
/// If lengths differ, as for all below.
pub fn mse(ctx: &Ctx, output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    pointwise(ctx, squared, output, target, gradient)
}

/// Absolute error: returns the sum of `|output - target|` and writes its sign, 0 where they are equal.
pub fn mae(ctx: &Ctx, output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    pointwise(ctx, absolute, output, target, gradient)
}

/// Huber's error (Huber 1964): half the square up to `delta`, from there on a line of slope `delta`.
///
/// Smooth L1 with `beta` is this with `delta = beta`, sum and gradient divided by `beta`.
pub fn huber(ctx: &Ctx, delta: f64, output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    let delta = delta as f32;
    pointwise(ctx, move |output, target| huber_at(delta, output, target), output, target, gradient)
}

/// Quantile error (Koenker & Bassett 1978): returns the sum of `q (t - x)` where the output `x` lies below the target `t` and of
/// `(1 - q) (x - t)` where it lies above, and writes its slope, 0 where they are equal. `levels` has the one `q`, or those of the
/// numbers in turn: `[B, n]` with one for each of a row.
pub fn quantile(ctx: &Ctx, levels: &[f64], output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
    if let [level] = *levels {
        return pointwise(ctx, move |x, t| quantile_at(slopes(level), x, t), output, target, gradient);
    }
    same_length(output, target, gradient);
    let width = levels.len().max(1);
    let rows = (CHUNK / width).max(1) * width;
    let [sum] = partials::sums_of_parts(&ctx.team, gradient, rows, |i, gradient| {
        let own = i * rows..i * rows + gradient.len();
        [quantiles(ctx.isa, levels, &output[own.clone()], &target[own], gradient)]
    });
    sum
}

/// Binary cross-entropy of logits `[B, K]`: returns the sum of `-w_k t ln(p) - (1 - t) ln(1 - p)` with `p = sigmoid(logit)`.
///
/// `positive_weights` has the `w` of each label, or none where positives count like negatives. Computed as
/// `(1 - t) x + (1 + (w - 1) t) (ln(1 + e^-|x|) + max(-x, 0))`, which cannot overflow; the gradient is
/// `(1 + (w - 1) t) p - w t`.
pub fn bce_with_logits(
    ctx: &Ctx,
    positive_weights: &[f32],
    logits: &[f32],
    target: &[f32],
    gradient: &mut [f32],
) -> f64 {
    if positive_weights.is_empty() {
        return pointwise(ctx, |logit, target| bce_at(1.0, logit, target), logits, target, gradient);
    }
    same_length(logits, target, gradient);
    let rows = (CHUNK / positive_weights.len()).max(1) * positive_weights.len();
    let [sum] = partials::sums_of_parts(&ctx.team, gradient, rows, |i, gradient| {
        let own = i * rows..i * rows + gradient.len();
        [weighted_bce(ctx.isa, positive_weights, &logits[own.clone()], &target[own], gradient)]
    });
    sum
}

#[inline(always)]
fn squared(output: f32, target: f32) -> (f32, f32) {
    let d = output - target;
    (d * d, 2.0 * d)
}

#[inline(always)]
fn absolute(output: f32, target: f32) -> (f32, f32) {
    let d = output - target;
    let sign = 1f32.copysign(d);
    (d.abs(), if d.abs() > 0.0 { sign } else { d }) // 0 and NaN are their own sign
}

#[inline(always)]
fn huber_at(delta: f32, output: f32, target: f32) -> (f32, f32) {
    let d = output - target;
    let size = d.abs();
    let line = delta * (size - 0.5 * delta);
    (if size > delta { line } else { 0.5 * d * d }, if size > delta { delta.copysign(d) } else { d })
}

/// Below and above the target.
#[inline(always)]
fn slopes(level: f64) -> [f32; 2] {
    [-level, 1.0 - level].map(|slope| slope as f32)
}

#[inline(always)]
fn quantile_at([below, above]: [f32; 2], output: f32, target: f32) -> (f32, f32) {
    let d = output - target;
    let slope = if d > 0.0 { above } else { below };
    (slope * d, if d.abs() > 0.0 { slope } else { d }) // 0 and NaN are their own slope
}

#[inline(always)]
fn bce_at(weight: f32, x: f32, t: f32) -> (f32, f32) {
    let e = exp(-x.abs());
    let both = (weight - 1.0).mul_add(t, 1.0);
    let tail = ln_1p(e) + if x < 0.0 { -x } else { 0.0 };
    let p = (if x < 0.0 { e } else { 1.0 }) / (1.0 + e);
    (both.mul_add(tail, (1.0 - t) * x), both.mul_add(p, -(weight * t)))
}

fn same_length(output: &[f32], target: &[f32], gradient: &[f32]) {
    assert_eq!(output.len(), target.len(), "a loss wants outputs and targets of one length");
    assert_eq!(output.len(), gradient.len(), "a loss wants outputs and gradients of one length");
}

fn pointwise(
    ctx: &Ctx,
    at: impl Fn(f32, f32) -> (f32, f32) + Copy + Sync,
    output: &[f32],
    target: &[f32],
    gradient: &mut [f32],
) -> f64 {
    same_length(output, target, gradient);
    let [sum] = partials::sums_of_parts(&ctx.team, gradient, CHUNK, |i, gradient| {
        let len = gradient.len();
        [chunk(ctx.isa, at, part(output, i, len), part(target, i, len), gradient)]
    });
    sum
}

rungs! {
    fn chunk(at: impl Fn(f32, f32) -> (f32, f32), output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
        let mut lanes = [0.0; LANES];
        let (outputs, output_rest) = output.as_chunks::<LANES>();
        let (targets, target_rest) = target.as_chunks::<LANES>();
        let (gradients, gradient_rest) = gradient.as_chunks_mut::<LANES>();
        for ((output, target), gradient) in outputs.iter().zip(targets).zip(gradients) {
            let mut losses = [0.0; LANES];
            for i in 0..LANES {
                (losses[i], gradient[i]) = at(output[i], target[i]);
            }
            for i in 0..LANES {
                lanes[i] += f64::from(losses[i]);
            }
        }
        for (i, gradient) in gradient_rest.iter_mut().enumerate() {
            let (loss, slope) = at(output_rest[i], target_rest[i]);
            *gradient = slope;
            lanes[i] += f64::from(loss);
        }
        join(lanes)
    }

    /// From the first number of a row on.
    fn quantiles(levels: &[f64], output: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
        let mut sum = 0.0;
        let numbers = output.iter().zip(target).zip(gradient);
        for (((x, t), gradient), level) in numbers.zip(levels.iter().cycle()) {
            let (loss, slope) = quantile_at(slopes(*level), *x, *t);
            *gradient = slope;
            sum += f64::from(loss);
        }
        sum
    }

    /// Whole rows, each as long as `weights`.
    fn weighted_bce(weights: &[f32], logits: &[f32], target: &[f32], gradient: &mut [f32]) -> f64 {
        let mut sum = 0.0;
        let rows = logits.chunks_exact(weights.len()).zip(target.chunks_exact(weights.len()));
        for ((logits, target), gradient) in rows.zip(gradient.chunks_exact_mut(weights.len())) {
            for (k, &weight) in weights.iter().enumerate() {
                let (loss, slope) = bce_at(weight, logits[k], target[k]);
                gradient[k] = slope;
                sum += f64::from(loss);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{everywhere, normal};

    type Formula = fn(f64, f64) -> f64;
    type Kernel = fn(&Ctx, &[f32], &[f32], &mut [f32]) -> f64;

    /// Each loss with its formula in `f64`.
    const LOSSES: [(&str, Kernel, Formula); 6] = [
        ("mse", mse, |o, t| (o - t).powi(2)),
        ("mae", mae, |o, t| (o - t).abs()),
        (
            "huber",
            |ctx, o, t, g| huber(ctx, 0.7, o, t, g),
            |o, t| {
                let d = (o - t).abs();
                if d <= 0.7 { d * d / 2.0 } else { 0.7 * (d - 0.35) }
            },
        ),
        (
            "quantile",
            |ctx, o, t, g| quantile(ctx, &[0.9], o, t, g),
            |o, t| if o < t { 0.9 * (t - o) } else { 0.1 * (o - t) },
        ),
        ("bce", |ctx, o, t, g| bce_with_logits(ctx, &[], o, t, g), |x, t| binary(1.0, x, t)),
        ("weighted bce", |ctx, o, t, g| bce_with_logits(ctx, &[3.0], o, t, g), |x, t| binary(3.0, x, t)),
    ];

    fn binary(weight: f64, x: f64, t: f64) -> f64 {
        let p = 1.0 / (1.0 + (-x).exp());
        -weight * t * p.ln() - (1.0 - t) * (1.0 - p).ln()
    }

    #[test]
    fn sums_and_gradients_are_those_of_the_formulas() {
        for (name, kernel, formula) in LOSSES {
            for len in [0, 1, 15, 17, 33, 3 * CHUNK + 5] {
                let (output, target) = (normal(1, len), normal(2, len));
                let target: Vec<f32> = target.iter().map(|t| t.abs().min(1.0)).collect();
                let all = everywhere(|ctx| {
                    let mut gradient = vec![f32::NAN; len];
                    let sum = kernel(ctx, &output, &target, &mut gradient);
                    gradient.extend([sum as f32, (sum - f64::from(sum as f32)) as f32]);
                    gradient
                });
                let mut wanted = 0.0;
                for i in 0..len {
                    let (o, t) = (f64::from(output[i]), f64::from(target[i]));
                    wanted += formula(o, t);
                    // Differences over 1e-5 are off by 1e-10 but at a kink; the rest are units of `f32` at numbers below 10.
                    let slope = (formula(o + 1e-5, t) - formula(o - 1e-5, t)) / 2e-5;
                    let near_kink = (o - t).abs() < 2e-5 || ((o - t).abs() - 0.7).abs() < 2e-5;
                    assert!((f64::from(all[i]) - slope).abs() < 4e-6 || near_kink, "{name} {o} {t}");
                }
                let sum = f64::from(all[len]) + f64::from(all[len + 1]);
                assert!((sum - wanted).abs() <= 1e-6 * wanted, "{name} {len}: {sum} {wanted}");
            }
        }
    }

    #[test]
    fn edges_are_those_of_pytorch() {
        let ctx = Ctx::new(1);
        let mut gradient = [0.0; 3];
        for (name, kernel, _) in LOSSES {
            let sum = kernel(&ctx, &[f32::NAN, 1.0, 0.5], &[0.0, f32::NAN, 0.5], &mut gradient);
            assert!(sum.is_nan() && gradient[0].is_nan() && gradient[1].is_nan(), "{name}");
        }
        mae(&ctx, &[1.0, f32::NEG_INFINITY, 3.0], &[1.0, 3.0, 2.0], &mut gradient);
        assert_eq!(gradient, [0.0, -1.0, 1.0]);
        assert_eq!(quantile(&ctx, &[0.75], &[1.0, -1.0, 0.0], &[0.0; 3], &mut gradient), 0.25 + 0.75);
        assert_eq!(gradient, [0.25, -0.75, 0.0]);
        assert_eq!(huber(&ctx, 1.0, &[1.0, -3.0, 0.0], &[0.0; 3], &mut gradient), 0.5 + 2.5);
        assert_eq!(gradient, [1.0, -1.0, 0.0]);
        assert_eq!(
            bce_with_logits(&ctx, &[], &[200.0, -200.0, 300.0], &[1.0, 0.0, 0.0], &mut gradient),
            300.0
        );
        assert_eq!(gradient, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn each_number_of_a_row_has_its_own_level() {
        let levels = [0.1, 0.5, 0.9];
        for rows in [0, 1, 5, CHUNK + 7] {
            let (output, target) = (normal(1, 3 * rows), normal(2, 3 * rows));
            let all = everywhere(|ctx| {
                let mut gradient = vec![f32::NAN; 3 * rows];
                let sum = quantile(ctx, &levels, &output, &target, &mut gradient);
                gradient.extend([sum as f32, (sum - f64::from(sum as f32)) as f32]);
                gradient
            });
            let mut wanted = 0.0;
            for (i, (&x, &t)) in output.iter().zip(&target).enumerate() {
                let (level, d) = (levels[i % 3], f64::from(t) - f64::from(x));
                wanted += f64::max(level * d, (level - 1.0) * d);
                let slope = if d > 0.0 { -level } else { 1.0 - level };
                assert!((f64::from(all[i]) - slope).abs() < 1e-7, "{i}");
            }
            let sum = f64::from(all[3 * rows]) + f64::from(all[3 * rows + 1]);
            assert!((sum - wanted).abs() <= 1e-6 * wanted, "{rows}: {sum} {wanted}");
        }
    }

    #[test]
    fn each_label_has_its_own_weight() {
        let weights = [0.25, 1.0, 7.5];
        for rows in [0, 1, 5, CHUNK + 7] {
            let (logits, target) = (normal(1, 3 * rows), normal(2, 3 * rows));
            let target: Vec<f32> = target.iter().map(|t| t.abs().min(1.0)).collect();
            let all = everywhere(|ctx| {
                let mut gradient = vec![f32::NAN; 3 * rows];
                let sum = bce_with_logits(ctx, &weights, &logits, &target, &mut gradient);
                gradient.extend([sum as f32, (sum - f64::from(sum as f32)) as f32]);
                gradient
            });
            let mut wanted = 0.0;
            for (i, (&x, &t)) in logits.iter().zip(&target).enumerate() {
                let (weight, x, t) = (f64::from(weights[i % 3]), f64::from(x), f64::from(t));
                wanted += binary(weight, x, t);
                let slope = (binary(weight, x + 1e-5, t) - binary(weight, x - 1e-5, t)) / 2e-5;
                assert!((f64::from(all[i]) - slope).abs() < 2e-6 * weight.max(1.0), "{i}");
            }
            let sum = f64::from(all[3 * rows]) + f64::from(all[3 * rows + 1]);
            assert!((sum - wanted).abs() <= 1e-6 * wanted, "{rows}: {sum} {wanted}");
        }
    }
}
