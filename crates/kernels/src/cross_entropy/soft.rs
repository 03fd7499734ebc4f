//! Cross-entropy whose targets are distributions over the classes, as two examples mixed into one have them.

use super::{BLOCK, CrossEntropy, largest};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::lanes::sum;
use crate::map::CHUNK;
use crate::partials;
use crate::sums::Sums;
use crate::vmath::{exp, ln};

/// Cross-entropy with distributions: returns the sum over rows and the sum of their weights, and writes the gradient of the first.
///
/// `logits`, `targets` and `gradient`: `[B, K]`; a row of `targets` holds the probability `p_c` of each class.
///
/// A row gives the sum of `w_c ((1 - s) p_c + s / K) nll_c` with `nll_c = logsumexp(x) - x_c` and smoothing `s`, and its weight is the
/// sum of `w_c p_c`: where one class has it all this is [`super::cross_entropy`]. PyTorch has the same sum, but divides it by the rows.
///
/// # Panics
/// If a length is another or `gamma` is not 0, before anything is written.
pub fn cross_entropy_soft(
    ctx: &Ctx,
    loss: &CrossEntropy<'_>,
    logits: &[f32],
    targets: &[f32],
    gradient: &mut [f32],
) -> (f64, f64) {
    let classes = loss.classes;
    assert!(classes > 0, "cross-entropy wants a class");
    assert!(loss.gamma == 0.0, "a focal loss wants class indices");
    assert!(
        logits.len() == gradient.len() && targets.len() == logits.len(),
        "cross-entropy wants logits, targets and gradient of one length"
    );
    assert_eq!(logits.len() % classes, 0, "cross-entropy wants rows of {classes}");
    let weights = loss.class_weights.unwrap_or(&[]);
    let fits = loss.class_weights.is_none() || weights.len() == classes;
    assert!(fits, "cross-entropy wants {classes} weights");
    let shares = [1.0 - loss.smoothing, loss.smoothing / classes as f64].map(|share| share as f32);
    let rows = (CHUNK / classes).max(1) * classes;
    let [sum, weight] = partials::sums_of_parts(&ctx.team, gradient, rows, |i, part| {
        let first = i * rows;
        part.copy_from_slice(&logits[first..][..part.len()]);
        let blocks = part.chunks_mut(BLOCK * classes);
        let targets = targets[first..].chunks(BLOCK * classes);
        blocks.zip(targets).fold([0.0; 2], |[sum, weight], (block, targets)| {
            let [more, heavier] = block_loss(ctx.isa, block, classes, targets, shares, weights);
            [sum + more, weight + heavier]
        })
    });
    (sum, weight)
}

/// What is kept of a row until all rows of its block have their exponentials.
#[derive(Clone, Copy, Default)]
struct Row {
    /// The sum of `q_c`, what each class counts.
    all: f64,
    /// The sum of `q_c (x_c - largest)`.
    spread: f64,
}

rungs! {
    /// The losses of at most [`BLOCK`] rows of logits and the weights of their targets; the logits become the gradient.
    fn block_loss(
        block: &mut [f32],
        classes: usize,
        targets: &[f32],
        shares: [f32; 2],
        weights: &[f32],
    ) -> [f64; 2] {
        let (mut kept, mut weight) = ([Row::default(); BLOCK], 0.0);
        for ((row, targets), kept) in block.chunks_exact_mut(classes).zip(targets.chunks_exact(classes)).zip(&mut kept) {
            let largest = largest(row);
            for x in row.iter_mut() {
                *x -= largest;
            }
            let [all, spread, of_targets] = sums(row, targets, shares, weights);
            *kept = Row { all, spread };
            weight += of_targets;
        }
        for x in block.iter_mut() {
            *x = exp(*x);
        }
        let mut totals = [1.0; BLOCK];
        for (row, total) in block.chunks_exact(classes).zip(&mut totals) {
            *total = sum(row, row, |x, _| x);
        }
        let logs = totals.map(ln);
        let mut loss = 0.0;
        for (i, (row, targets)) in block.chunks_exact_mut(classes).zip(targets.chunks_exact(classes)).enumerate() {
            loss += kept[i].all * f64::from(logs[i]) - kept[i].spread;
            slopes(row, targets, kept[i].all as f32 / totals[i], shares, weights);
        }
        [loss, weight]
    }
}

/// What a class counts: its own probability, and its share of what is spread over all.
#[inline(always)]
fn count([own, spread]: [f32; 2], target: f32) -> f32 {
    own.mul_add(target, spread)
}

/// The sums of `q`, of `q` times the row, and of the targets' weights.
#[inline(always)]
fn sums(row: &[f32], targets: &[f32], shares: [f32; 2], weights: &[f32]) -> [f64; 3] {
    let mut sums = Sums::new();
    if weights.is_empty() {
        sums.add([row, targets], |[x, target]| {
            let q = count(shares, target);
            [q, q * x, target]
        });
    } else {
        sums.add([row, targets, weights], |[x, target, weight]| {
            let q = weight * count(shares, target);
            [q, q * x, weight * target]
        });
    }
    sums.totals()
}

/// Exponentials become the gradient: the softmax times the sum of `q`, less `q`.
#[inline(always)]
fn slopes(row: &mut [f32], targets: &[f32], scale: f32, shares: [f32; 2], weights: &[f32]) {
    let pairs = row.iter_mut().zip(targets);
    if weights.is_empty() {
        return pairs.for_each(|(x, target)| *x = x.mul_add(scale, -count(shares, *target)));
    }
    pairs.zip(weights).for_each(|((x, target), weight)| {
        *x = x.mul_add(scale, -(weight * count(shares, *target)));
    });
}
