//! Softmax and cross-entropy of rows of logits, value and gradient in one visit to a row.

mod soft;

use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::lanes::{LANES, sum};
use crate::map::CHUNK;
use crate::partials;
use crate::vmath::{exp, ln};

pub use soft::cross_entropy_soft;

/// The target of a row that does not count: no loss, no weight, gradient 0.
pub const IGNORED: u32 = u32::MAX;

/// Rows that are worked on together.
const BLOCK: usize = 16;

/// Cross-entropy between logits and class indices.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy<'a> {
    /// How many classes there are, `K`.
    pub classes: usize,
    /// How much of the target's probability is spread over all classes evenly; 0 for none (Szegedy et al. 2016).
    pub smoothing: f64,
    /// How much less a row counts the surer its class is; 0 for all alike (focal loss; Lin et al. 2017).
    pub gamma: f64,
    /// What a row counts by the class of its target, `[K]`; 1 if there are none.
    pub class_weights: Option<&'a [f32]>,
}

/// Cross-entropy: returns the sum over rows and the sum of their weights, and writes the gradient of the first.
///
/// `logits`: `[B, K]`; `targets`: `[B]`, each below `K` or [`IGNORED`]; `gradient`: `[B, K]`.
///
/// A row gives `w_t (1 - s) nll_t + s / K * sum of w_c nll_c` with `nll_c = logsumexp(x) - x_c`, target `t` and smoothing `s`, and its
/// weight is `w_t`. PyTorch's mean is the one sum by the other: NaN if all rows are ignored. With `gamma`, `nll_t` is taken times
/// `(1 - p_t)^gamma`, and nothing else is.
///
/// # Panics
/// If a length is another or a target is no class, before anything is written.
pub fn cross_entropy(
    ctx: &Ctx,
    loss: &CrossEntropy<'_>,
    logits: &[f32],
    targets: &[u32],
    gradient: &mut [f32],
) -> (f64, f64) {
    assert_eq!(logits.len(), gradient.len(), "cross-entropy wants logits and gradient of one length");
    let rows = |i: usize, part: &mut [f32]| part.copy_from_slice(&logits[i..][..part.len()]);
    over_rows(ctx, loss, targets, gradient, rows)
}

/// As [`cross_entropy`], where the gradient takes the place of the logits.
pub fn cross_entropy_in_place(
    ctx: &Ctx,
    loss: &CrossEntropy<'_>,
    targets: &[u32],
    logits: &mut [f32],
) -> (f64, f64) {
    over_rows(ctx, loss, targets, logits, |_, _| {})
}

/// Calls `load` with the place of each row and the row, which then holds its logits.
fn over_rows(
    ctx: &Ctx,
    loss: &CrossEntropy<'_>,
    targets: &[u32],
    gradient: &mut [f32],
    load: impl Fn(usize, &mut [f32]) + Sync,
) -> (f64, f64) {
    let classes = loss.classes;
    assert!(classes > 0, "cross-entropy wants a class");
    assert_eq!(gradient.len(), targets.len() * classes, "cross-entropy wants [{}, {classes}]", targets.len());
    assert!(
        targets.iter().all(|&target| target == IGNORED || (target as usize) < classes),
        "cross-entropy wants targets below {classes}"
    );
    let weights = loss.class_weights.unwrap_or(&[]);
    assert!(
        loss.class_weights.is_none() || weights.len() == classes,
        "cross-entropy wants {classes} weights"
    );
    let rows = (CHUNK / classes).max(1);
    let (smoothing, gamma) = (loss.smoothing, loss.gamma as f32);
    let [sum, weight] = partials::sums_of_parts(&ctx.team, gradient, rows * classes, |i, part| {
        let targets = &targets[i * rows..][..part.len() / classes];
        let mut total = [0.0; 2];
        let blocks = part.chunks_mut(BLOCK * classes).zip(targets.chunks(BLOCK));
        for (block, (rows_of_block, targets)) in blocks.enumerate() {
            load((i * rows + block * BLOCK) * classes, rows_of_block);
            let [loss, weight] =
                block_loss(ctx.isa, rows_of_block, classes, targets, (smoothing, gamma), weights);
            total = [total[0] + loss, total[1] + weight];
        }
        total
    });
    (sum, weight)
}

/// What is kept of a row until all rows of its block have their exponentials.
#[derive(Clone, Copy, Default)]
struct Row {
    /// The target's logit less the largest.
    of_target: f64,
    /// With smoothing: the sum of `w_c (x_c - largest)`.
    spread: f64,
}

rungs! {
    /// The losses of at most [`BLOCK`] rows of logits and the weights of their targets; the logits become the gradient.
    ///
    /// Exponentials and logarithms are taken of the whole block, so that short rows fill vectors too.
    fn block_loss(
        block: &mut [f32],
        classes: usize,
        targets: &[u32],
        shape: (f64, f32),
        weights: &[f32],
    ) -> [f64; 2] {
        let (smoothing, gamma) = shape;
        let mut kept = [Row::default(); BLOCK];
        for ((row, &target), kept) in block.chunks_exact_mut(classes).zip(targets).zip(&mut kept) {
            *kept = shift(row, target, smoothing, weights);
        }
        for x in block.iter_mut() {
            *x = exp(*x);
        }
        let mut totals = [1.0; BLOCK];
        for (row, total) in block.chunks_exact(classes).zip(&mut totals) {
            *total = sum(row, row, |x, _| x);
        }
        let logs = totals.map(ln);
        let share = smoothing / classes as f64;
        let all_weights = if weights.is_empty() { classes as f64 } else { f64::from(sum(weights, weights, |w, _| w)) };
        let mut result = [0.0; 2];
        for (i, (row, &target)) in block.chunks_exact_mut(classes).zip(targets).enumerate() {
            if target == IGNORED {
                row.fill(0.0);
                continue;
            }
            let weight = weights.get(target as usize).map_or(1.0, |&weight| f64::from(weight));
            let of_target = (1.0 - smoothing) * weight;
            let log = f64::from(logs[i]);
            let nll = log - kept[i].of_target;
            let [factor, slope] = focal(gamma, row[target as usize] / totals[i], nll as f32);
            let slope = of_target * slope;
            let scale = (slope + share * all_weights) as f32 / totals[i];
            for x in row.iter_mut() {
                *x *= scale;
            }
            row[target as usize] -= slope as f32;
            result[0] += of_target * factor * nll;
            if smoothing != 0.0 {
                take_shares(row, share as f32, weights);
                result[0] += share * (all_weights * log - kept[i].spread);
            }
            result[1] += weight;
        }
        result
    }
}

/// What the loss of a row is multiplied by, `(1 - p)^gamma`, and what its gradient is, `(1 - p)^gamma (1 + gamma p nll / (1 - p))`,
/// for the probability `p` of its class. The quotient goes to 1 as `p` does.
#[inline(always)]
fn focal(gamma: f32, p: f32, nll: f32) -> [f64; 2] {
    if gamma == 0.0 {
        return [1.0; 2];
    }
    let rest = (1.0 - p).max(f32::MIN_POSITIVE);
    let factor = exp(gamma * ln(rest));
    [factor, factor * (gamma * p * (nll / rest) + 1.0)].map(f64::from)
}

/// Takes the largest logit from all of a row, and says what is lost with it.
#[inline(always)]
fn shift(row: &mut [f32], target: u32, smoothing: f64, weights: &[f32]) -> Row {
    let largest = largest(row);
    let of_target = row.get(target as usize).map_or(0.0, |&x| f64::from(x) - f64::from(largest));
    for x in row.iter_mut() {
        *x -= largest;
    }
    let spread = match smoothing {
        0.0 => 0.0,
        _ if weights.is_empty() => f64::from(sum(row, row, |x, _| x)),
        _ => f64::from(sum(row, weights, |x, weight| weight * x)),
    };
    Row { of_target, spread }
}

/// The largest logit; NaN is passed over, for the sum of exponentials brings it back.
#[inline(always)]
fn largest(row: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for sixteen in whole {
        for i in 0..LANES {
            lanes[i] = larger(lanes[i], sixteen[i]);
        }
    }
    let mut most = f32::NEG_INFINITY;
    if !whole.is_empty() {
        most = lanes.into_iter().fold(most, larger); // 16 steps that a short row need not wait for
    }
    rest.iter().fold(most, |a, &b| larger(a, b))
}

/// Takes the share of every class from its gradient.
#[inline(always)]
fn take_shares(row: &mut [f32], share: f32, weights: &[f32]) {
    if weights.is_empty() {
        return row.iter_mut().for_each(|x| *x -= share);
    }
    for (x, weight) in row.iter_mut().zip(weights) {
        *x -= share * weight;
    }
}

#[cfg(test)]
mod tests;
