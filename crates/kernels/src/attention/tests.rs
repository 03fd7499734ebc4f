use super::*;
use crate::testing::{assert_close, differences, everywhere, inner, normal, wide};

/// Attention as the formula says, in `f64`.
fn plain([b, t, h, g, d]: [usize; 5], scale: f64, mask: AttentionMask<'_>, qkv: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; b * t * h * d];
    for (row, head) in (0..b).flat_map(|row| (0..h).map(move |head| (row, head))) {
        let len = mask.lengths.map_or(t, |lengths| lengths[row] as usize);
        let shared = head / (h / g);
        let vector = [head, h + shared, h + g + shared];
        let at =
            |time: usize, group: usize| &qkv[((row * t + time) * (h + 2 * g) + vector[group]) * d..][..d];
        for i in 0..len {
            let seen = if mask.causal { i + 1 } else { len };
            let score = |j| scale * at(i, 0).iter().zip(at(j, 1)).map(|(q, k)| q * k).sum::<f64>();
            let weights: Vec<f64> = (0..seen).map(|j| f64::exp(score(j))).collect();
            let total: f64 = weights.iter().sum();
            for e in 0..d {
                out[((row * t + i) * h + head) * d + e] =
                    (0..seen).map(|j| weights[j] / total * at(j, 2)[e]).sum();
            }
        }
    }
    out
}

struct Run {
    out: Vec<f32>,
    logsumexp: Vec<f32>,
    d_qkv: Vec<f32>,
}

fn run(ctx: &Ctx, shape: [usize; 5], scale: f64, mask: AttentionMask<'_>, qkv: &[f32], d_out: &[f32]) -> Run {
    let [b, t, h, _, d] = shape;
    let (mut out, mut logsumexp) = (vec![f32::NAN; b * t * h * d], vec![f32::NAN; b * h * t]);
    attention(ctx, shape, scale, mask, qkv, &mut out, &mut logsumexp);
    let mut d_qkv = vec![f32::NAN; qkv.len()];
    attention_backward(ctx, shape, scale, mask, qkv, &out, &logsumexp, d_out, &mut d_qkv, Write::Set);
    Run { out, logsumexp, d_qkv }
}

fn masks(b: usize, t: usize) -> Vec<AttentionMask<'static>> {
    let mut masks = vec![AttentionMask::default(), AttentionMask { causal: true, lengths: None }];
    let lengths: &[u32] = match t {
        300.. => &[257, 300],
        130.. => &[67, 130],
        _ => &[3, 0],
    };
    if b == 2 && t >= 3 {
        masks.extend([true, false].map(|causal| AttentionMask { causal, lengths: Some(lengths) }));
    }
    masks
}

#[test]
fn the_plain_formula_agrees() {
    let ctx = Ctx::new(2);
    for shape in [
        [0, 3, 1, 1, 2],
        [1, 0, 1, 1, 2],
        [1, 1, 1, 1, 1],
        [2, 5, 3, 3, 7],
        [1, 64, 1, 1, 16],
        [1, 65, 2, 2, 17],
        [2, 130, 1, 1, 33],
        [2, 300, 1, 1, 8],
        [2, 17, 4, 2, 5],
        [1, 70, 6, 1, 16],
    ] {
        let [b, t, h, g, d] = shape;
        for mask in masks(b, t) {
            let qkv = normal(1, b * t * (h + 2 * g) * d);
            let got = run(&ctx, shape, 0.3, mask, &qkv, &vec![0.0; b * t * h * d]);
            // Weights are off by as many units as scores are large, some 10, and each unit is 6e-8.
            assert_close(&got.out, &plain(shape, 0.3, mask, &wide(&qkv)), 2e-6, "out");
        }
    }
}

#[test]
fn gradients_agree_with_differences() {
    let ctx = Ctx::new(2);
    for shape in [[1, 1, 1, 1, 1], [2, 5, 2, 2, 3], [2, 17, 1, 1, 9], [2, 5, 4, 2, 3], [1, 6, 3, 1, 2]] {
        let [b, t, h, g, d] = shape;
        for mask in masks(b, t) {
            let (qkv, d_out) = (normal(1, b * t * (h + 2 * g) * d), normal(2, b * t * h * d));
            let got = run(&ctx, shape, 0.5, mask, &qkv, &d_out);
            let loss = |qkv: &[f64]| inner(&plain(shape, 0.5, mask, qkv), &d_out);
            // Two sums of `t` and `d` products, rounded to 6e-8 each, and weights as above.
            assert_close(&got.d_qkv, &differences(&wide(&qkv), loss), 1e-5, "d_qkv");
        }
    }
}

/// Over several blocks differences would take long: the gradient along one direction is enough.
#[test]
fn gradients_over_several_blocks_agree_with_a_difference() {
    let ctx = Ctx::new(2);
    for (shape @ [b, t, h, g, d], mask) in [[2, 150, 2, 2, 20], [2, 300, 1, 1, 8], [2, 150, 4, 2, 20]]
        .into_iter()
        .flat_map(|shape| masks(2, shape[1]).into_iter().map(move |mask| (shape, mask)))
    {
        let (qkv, d_out) = (normal(1, b * t * (h + 2 * g) * d), normal(2, b * t * h * d));
        let got = run(&ctx, shape, 0.2, mask, &qkv, &d_out);
        let vectors = [0..h, h..h + g, h + g..h + 2 * g];
        for group in vectors {
            let mut direction = wide(&normal(3, qkv.len()));
            direction.iter_mut().enumerate().for_each(|(i, x)| {
                if !group.contains(&(i / d % (h + 2 * g))) {
                    *x = 0.0;
                }
            });
            let loss = |step: &[f64]| {
                let moved: Vec<f64> =
                    qkv.iter().zip(&direction).map(|(&x, way)| f64::from(x) + step[0] * way).collect();
                inner(&plain(shape, 0.2, mask, &moved), &d_out)
            };
            let wanted = differences(&[0.0], loss)[0];
            let along = |(&g, way): (&f32, &f64)| f64::from(g) * way;
            let slope: f64 = got.d_qkv.iter().zip(&direction).map(along).sum();
            let size: f64 = got.d_qkv.iter().zip(&direction).map(along).map(f64::abs).sum();
            assert!((slope - wanted).abs() <= 1e-6 * size, "{group:?} {mask:?}: {slope} is not {wanted}");
        }
    }
}

#[test]
fn bits_depend_on_no_rung_and_no_thread() {
    for (shape, causal) in [
        ([3, 70, 2, 2, 20], true),
        ([2, 130, 1, 1, 16], false),
        ([40, 3, 2, 2, 4], true),
        ([1, 300, 2, 2, 8], false),
        ([1, 300, 1, 1, 36], true),
        ([3, 70, 6, 2, 20], true),
    ] {
        let [b, t, h, g, d] = shape;
        let mask = AttentionMask { causal, lengths: None };
        let (qkv, d_out) = (normal(1, b * t * (h + 2 * g) * d), normal(2, b * t * h * d));
        everywhere(|ctx| {
            let run = run(ctx, shape, 0.2, mask, &qkv, &d_out);
            [run.out, run.logsumexp, run.d_qkv].concat()
        });
    }
}

#[test]
fn what_lies_beyond_a_length_is_not_seen() {
    let ctx = Ctx::new(1);
    let shape @ [b, t, h, g, d] = [2, 70, 1, 1, 4];
    let mask = AttentionMask { causal: false, lengths: Some(&[66, 0]) };
    let (mut qkv, mut d_out) = (normal(1, b * t * (h + 2 * g) * d), normal(2, b * t * h * d));
    let wanted = run(&ctx, shape, 0.5, mask, &qkv, &d_out);
    qkv[66 * 3 * d..].fill(f32::NAN);
    d_out[66 * d..].fill(f32::NAN);
    let got = run(&ctx, shape, 0.5, mask, &qkv, &d_out);
    assert_eq!((&got.out, &got.d_qkv), (&wanted.out, &wanted.d_qkv));
    assert!(got.out[66 * d..].iter().chain(&got.d_qkv[66 * 3 * d..]).all(|&x| x == 0.0));
}

#[test]
fn a_gradient_can_be_added() {
    let ctx = Ctx::new(1);
    let shape = [1, 5, 1, 1, 2];
    let mask = AttentionMask { causal: true, lengths: Some(&[4]) };
    let (qkv, d_out) = (normal(1, 30), normal(2, 10));
    let once = run(&ctx, shape, 0.5, mask, &qkv, &d_out);
    let mut twice = once.d_qkv.clone();
    attention_backward(
        &ctx,
        shape,
        0.5,
        mask,
        &qkv,
        &once.out,
        &once.logsumexp,
        &d_out,
        &mut twice,
        Write::Add,
    );
    assert!(twice.iter().zip(&once.d_qkv).all(|(twice, once)| *twice == 2.0 * once));
}

#[test]
fn infinities_and_nan_are_those_of_pytorch() {
    let ctx = Ctx::new(1);
    let attend = |qkv: &[f32], t: usize| {
        run(&ctx, [1, t, 1, 1, 1], 1.0, AttentionMask::default(), qkv, &vec![1.0; t]).out
    };
    // Scores of 1e4 do not overflow; the largest takes all.
    assert_eq!(attend(&[100.0, 100.0, 3.0, 100.0, 0.0, 5.0], 2), [3.0, 3.0]);
    // All keys but the last, a whole block among them, score minus infinity.
    let mut qkv = [1.0, f32::NEG_INFINITY, 7.0].repeat(KEYS + 1);
    qkv[KEYS * 3..].copy_from_slice(&[1.0, 0.0, 2.0]);
    assert!(attend(&qkv, KEYS + 1).iter().all(|&x| x == 2.0));
    // Nothing but minus infinity, and plus infinity, and NaN.
    for score in [f32::NEG_INFINITY, f32::INFINITY, f32::NAN] {
        assert!(attend(&[1.0, score, 7.0], 1)[0].is_nan(), "{score}");
    }
}

#[test]
fn nan_reaches_what_depends_on_it_and_nothing_else() {
    let ctx = Ctx::new(1);
    let shape @ [_, t, .., d] = [1, 40, 1, 1, 8];
    let (qkv, d_out) = (normal(1, t * 3 * d), normal(2, t * d));
    let spoilt = |place: usize| {
        let mut qkv = qkv.clone();
        qkv[place] = f32::NAN;
        run(&ctx, shape, 0.5, AttentionMask::default(), &qkv, &d_out)
    };
    let nan = |numbers: &[f32]| numbers.iter().filter(|x| x.is_nan()).count();
    // A query spoils its own row, and the gradients of every key and value.
    let run = spoilt(20 * 3 * d);
    assert_eq!([nan(&run.out), nan(&run.logsumexp), nan(&run.d_qkv)], [d, 1, (2 * t + 1) * d]);
    // A key spoils every row; a value one number of each.
    assert_eq!(nan(&spoilt((20 * 3 + 1) * d).out), t * d);
    let run = spoilt((20 * 3 + 2) * d);
    assert_eq!([nan(&run.out), nan(&run.logsumexp), nan(&run.d_qkv)], [t, 0, 2 * t * d]);
}
