//! Attention of one more place of a sequence, over keys and values that are kept from call to call.
//!
//! Keys lie as `[G, D, T]`, so that the scores of many places are the lanes of vectors, and values as `[G, T, D]`; `T` is a
//! multiple of 16. `G` heads of keys and values are shared by `H` of queries.

use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::lanes::{LANES, join};
use crate::vmath::exp2;
use std::f32::consts::LOG2_E;

/// Products below which several heads are one task.
const ALONE: usize = 1 << 16;

/// Places whose values are added up together.
const ROWS: usize = 4;

/// How many places there is room for where `time` are wanted, as [`keep_place`] and [`attention_next`] count them.
pub fn kept_places(time: usize) -> usize {
    time.next_multiple_of(LANES)
}

/// Keeps keys and values of place `at`.
///
/// `shape` is `[T, H, G, D]`: room, heads, heads of keys and values, size of a head. `qkv`: `[H + 2 * G, D]`. `keys`: `[G, D, T]`.
/// `values`: `[G, T, D]`.
///
/// # Panics
/// If a slice has another length, or there is no place `at`.
pub fn keep_place([t, h, g, d]: [usize; 4], at: usize, qkv: &[f32], keys: &mut [f32], values: &mut [f32]) {
    check([t, h, g, d], qkv.len(), keys.len(), values.len());
    assert!(at < t, "attention wants one of {t} places, got place {at}");
    let [key, value] = [h, h + g].map(|head| &qkv[head * d..][..g * d]);
    for (number, row) in key.iter().zip(keys.chunks_exact_mut(t)) {
        row[at] = *number;
    }
    for (numbers, head) in value.chunks_exact(d).zip(values.chunks_exact_mut(t * d)) {
        head[at * d..][..d].copy_from_slice(numbers);
    }
}

/// Attention of one query to the first `count` kept places: `softmax(scale * q.k^T).v`.
///
/// `shape`, `qkv`, `keys` and `values` are those of [`keep_place`]; of `qkv` the queries are read. `scores`: `[H, T]`, for work.
/// `out`: `[H, D]`. Where all scores are minus infinity the answer is NaN, as in [`attention`](super::attention).
///
/// # Panics
/// If a slice has another length, or `count` is zero or above `T`.
#[expect(clippy::too_many_arguments, reason = "sizes and slices of a kernel stand side by side")]
pub fn attention_next(
    ctx: &Ctx,
    [t, h, g, d]: [usize; 4],
    scale: f64,
    count: usize,
    qkv: &[f32],
    [keys, values]: [&[f32]; 2],
    scores: &mut [f32],
    out: &mut [f32],
) {
    check([t, h, g, d], qkv.len(), keys.len(), values.len());
    assert_eq!(
        [scores.len(), out.len()],
        [h * t, h * d],
        "attention wants room of [{h}, {t}] and [{h}, {d}]"
    );
    assert!((1..=t).contains(&count), "attention wants 1 to {t} places, got {count}");
    let scale = scale as f32 * LOG2_E;
    let together = (ALONE / (count * d)).clamp(1, h);
    ctx.team.parts2((scores, together * t), (out, together * d), |i, scores, out| {
        for (k, (scores, out)) in scores.chunks_exact_mut(t).zip(out.chunks_exact_mut(d)).enumerate() {
            let head = i * together + k;
            let shared = head / (h / g) * t * d;
            let (keys, values) = (&keys[shared..][..t * d], &values[shared..][..t * d]);
            one_head(ctx.isa, scale, count, &qkv[head * d..][..d], keys, values, scores, out);
        }
    });
}

fn check([t, h, g, d]: [usize; 4], qkv: usize, keys: usize, values: usize) {
    assert!(h.is_multiple_of(g) && g <= h, "attention wants {h} heads to share {g} of keys and values");
    assert_eq!(t % LANES, 0, "attention wants room for a multiple of {LANES} places, got {t}");
    assert_eq!(qkv, (h + 2 * g) * d, "attention wants qkv of shape [{h} + 2 * {g}, {d}]");
    assert_eq!(
        [keys, values],
        [g * t * d; 2],
        "attention wants keys of [{g}, {d}, {t}] and values of [{g}, {t}, {d}]"
    );
}

rungs! {
    /// Scores in units of ln 2, then weights, then the mean of the values.
    fn one_head(scale: f32, count: usize, query: &[f32], keys: &[f32], values: &[f32], scores: &mut [f32], out: &mut [f32]) -> () {
        let t = scores.len();
        let seen = count.next_multiple_of(LANES);
        scores[..seen].fill(0.0);
        for (number, keys) in query.iter().zip(keys.chunks_exact(t)) {
            let number = number * scale;
            for (score, key) in scores[..seen].iter_mut().zip(&keys[..seen]) {
                *score = number.mul_add(*key, *score);
            }
        }
        scores[count..seen].fill(f32::NEG_INFINITY);
        let total = weigh(&mut scores[..seen]);
        out.fill(0.0);
        let (weights, rest) = scores[..count].as_chunks::<ROWS>();
        let (rows, last) = values[..count * out.len()].split_at(weights.len() * ROWS * out.len());
        for (weights, rows) in weights.iter().zip(rows.chunks_exact(ROWS * out.len())) {
            add_four(weights, rows, out);
        }
        for (weight, row) in rest.iter().zip(last.chunks_exact(out.len())) {
            for (sum, value) in out.iter_mut().zip(row) {
                *sum = weight.mul_add(*value, *sum);
            }
        }
        out.iter_mut().for_each(|sum| *sum /= total);
    }
}

/// Turns scores into weights `2^(score - largest)`, and gives their sum.
#[inline(always)]
fn weigh(scores: &mut [f32]) -> f32 {
    let mut most = [f32::NEG_INFINITY; LANES];
    for scores in scores.as_chunks::<LANES>().0 {
        for (most, score) in most.iter_mut().zip(scores) {
            *most = if *score > *most { *score } else { *most };
        }
    }
    let most = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut sums = [0.0; LANES];
    for scores in scores.as_chunks_mut::<LANES>().0 {
        for (sum, score) in sums.iter_mut().zip(scores) {
            *score = exp2(*score - most);
            *sum += *score;
        }
    }
    join(sums)
}

/// Four rows of values, each times its weight.
#[inline(always)]
fn add_four(weights: &[f32; ROWS], rows: &[f32], out: &mut [f32]) {
    let d = out.len();
    let [a, b, c, e] = [0, 1, 2, 3].map(|i| &rows[i * d..][..d]);
    for (i, sum) in out.iter_mut().enumerate() {
        let first = weights[1].mul_add(b[i], weights[0].mul_add(a[i], *sum));
        *sum = weights[3].mul_add(e[i], weights[2].mul_add(c[i], first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{AttentionMask, attention};
    use crate::testing::{assert_close, everywhere, normal, wide};

    /// What every place of a sequence sees, place by place.
    fn place_by_place(ctx: &Ctx, [t, h, g, d]: [usize; 4], qkv: &[f32]) -> Vec<f32> {
        let room = [kept_places(t), h, g, d];
        let len = kept_places(t) * g * d;
        let (mut keys, mut values, mut scores) =
            (vec![f32::NAN; len], vec![f32::NAN; len], vec![0.0; room[0] * h]);
        let mut all = vec![];
        for (at, qkv) in qkv.chunks_exact((h + 2 * g) * d).enumerate() {
            keep_place(room, at, qkv, &mut keys, &mut values);
            let mut out = vec![f32::NAN; h * d];
            attention_next(ctx, room, 0.3, at + 1, qkv, [&keys, &values], &mut scores, &mut out);
            all.extend(out);
        }
        all
    }

    #[test]
    fn it_is_what_the_last_place_of_a_causal_attention_sees() {
        for shape in [
            [1, 1, 1, 1],
            [5, 2, 2, 3],
            [17, 3, 3, 8],
            [64, 1, 1, 33],
            [300, 5, 5, 64],
            [40, 6, 2, 16],
            [33, 4, 1, 8],
        ] {
            let [t, h, g, d] = shape;
            let qkv = normal(3, t * (h + 2 * g) * d);
            let got = everywhere(|ctx| place_by_place(ctx, shape, &qkv));
            let (mut wanted, mut sums) = (vec![0.0; t * h * d], vec![0.0; t * h]);
            let mask = AttentionMask { causal: true, lengths: None };
            attention(&Ctx::new(1), [1, t, h, g, d], 0.3, mask, &qkv, &mut wanted, &mut sums);
            // Both are off by some units of 6e-8 for scores of some 10.
            assert_close(&got, &wide(&wanted), 4e-6, "out");
        }
    }

    #[test]
    fn what_is_no_number_is_seen() {
        let [t, h, g, d] = [4, 1, 1, 2];
        let mut qkv = normal(3, t * 3 * d);
        qkv[3 * d + 4] = f32::NAN; // a value of the second place
        let got = place_by_place(&Ctx::new(1), [t, h, g, d], &qkv);
        assert!(got[..2].iter().all(|x| x.is_finite()) && got[2].is_nan() && got[4].is_nan(), "{got:?}");
        assert!(got[3].is_finite(), "the other value of that place is a number: {got:?}");
    }
}
