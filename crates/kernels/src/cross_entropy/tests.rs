use super::*;
use crate::testing::{everywhere, normal};

const fn plain(classes: usize) -> CrossEntropy<'static> {
    CrossEntropy { classes, smoothing: 0.0, gamma: 0.0, class_weights: None }
}

/// The loss of a row by its formula, in `f64`.
fn reference(loss: &CrossEntropy<'_>, row: &[f64], target: usize) -> f64 {
    let weight = |c: usize| loss.class_weights.map_or(1.0, |weights| f64::from(weights[c]));
    let total = row.iter().map(|x| x.exp()).sum::<f64>().ln();
    let all: f64 = (0..row.len()).map(|c| weight(c) * (total - row[c])).sum();
    let nll = total - row[target];
    let own = (1.0 - (-nll).exp()).powf(loss.gamma) * nll;
    (1.0 - loss.smoothing) * weight(target) * own + loss.smoothing / row.len() as f64 * all
}

fn run(ctx: &Ctx, loss: &CrossEntropy<'_>, logits: &[f32], targets: &[u32]) -> (f64, f64, Vec<f32>) {
    let (mut gradient, mut in_place) = (vec![f32::NAN; logits.len()], logits.to_vec());
    let (sum, weight) = cross_entropy(ctx, loss, logits, targets, &mut gradient);
    let again = cross_entropy_in_place(ctx, loss, targets, &mut in_place);
    assert_eq!(format!("{:?}", (sum, weight)), format!("{again:?}"));
    assert_eq!(format!("{gradient:?}"), format!("{in_place:?}"));
    (sum, weight, gradient)
}

#[test]
fn sums_and_gradients_are_those_of_the_formula() {
    for (rows, classes) in [(0, 3), (1, 1), (4, 2), (7, 10), (3, 17), (2, 33), (3000, 10), (2, CHUNK + 1)] {
        let class_weights: Vec<f32> = normal(3, classes).iter().map(|w| w.abs()).collect();
        let logits: Vec<f32> = normal(1, rows * classes).iter().map(|x| 3.0 * x).collect();
        let targets: Vec<u32> =
            (0..rows).map(|r| if r % 5 == 4 { IGNORED } else { (r * 7 % classes) as u32 }).collect();
        for (smoothing, gamma, class_weights) in [
            (0.0, 0.0, None),
            (0.1, 0.0, None),
            (0.0, 2.0, None),
            (0.0, 0.5, Some(&class_weights[..])),
            (0.0, 0.0, Some(&class_weights)),
            (0.3, 0.0, Some(&class_weights)),
        ] {
            let loss = CrossEntropy { classes, smoothing, gamma, class_weights };
            let mut sums = (0.0, 0.0);
            let all = everywhere(|ctx| {
                let (sum, weight, mut gradient) = run(ctx, &loss, &logits, &targets);
                gradient.extend([sum as f32, (sum - f64::from(sum as f32)) as f32, weight as f32]);
                gradient
            });
            for (r, &target) in targets.iter().enumerate() {
                let gradient = &all[r * classes..][..classes];
                if target == IGNORED {
                    assert!(gradient.iter().all(|&g| g == 0.0));
                    continue;
                }
                let target = target as usize;
                let mut row: Vec<f64> = logits[r * classes..][..classes].iter().map(|&x| x.into()).collect();
                sums.0 += reference(&loss, &row, target);
                sums.1 += class_weights.map_or(1.0, |weights| f64::from(weights[target]));
                for c in (0..classes).step_by(1 + classes / 40).chain([target]) {
                    let mut at = |d| {
                        row[c] += d;
                        let value = reference(&loss, &row, target);
                        row[c] -= d;
                        value
                    };
                    // Differences over 1e-4 are off by 1e-8; weights reach 4, and so do gradients.
                    let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
                    assert!(
                        (f64::from(gradient[c]) - slope).abs() < 4e-6,
                        "{loss:?} {c}: {} {slope}",
                        gradient[c]
                    );
                }
            }
            let [high, low, weight] = [0, 1, 2].map(|i| f64::from(all[rows * classes + i]));
            assert!((high + low - sums.0).abs() <= 2e-6 * sums.0.max(1.0), "{loss:?} {high} {sums:?}");
            assert!((weight - sums.1).abs() <= 1e-6 * sums.1);
        }
    }
}

/// The loss of a row with a distribution by its formula, in `f64`.
fn soft_reference(loss: &CrossEntropy<'_>, row: &[f64], target: &[f32]) -> f64 {
    let weight = |c: usize| loss.class_weights.map_or(1.0, |weights| f64::from(weights[c]));
    let total = row.iter().map(|x| x.exp()).sum::<f64>().ln();
    let share = loss.smoothing / row.len() as f64;
    let q = |c: usize| weight(c) * ((1.0 - loss.smoothing) * f64::from(target[c]) + share);
    (0..row.len()).map(|c| q(c) * (total - row[c])).sum()
}

#[test]
fn distributions_give_the_sums_and_gradients_of_the_formula() {
    for (rows, classes) in [(0, 3), (1, 1), (4, 2), (7, 10), (3, 17), (2, 33), (2000, 10), (2, CHUNK + 1)] {
        let class_weights: Vec<f32> = normal(3, classes).iter().map(|w| w.abs()).collect();
        let logits: Vec<f32> = normal(1, rows * classes).iter().map(|x| 3.0 * x).collect();
        let mut targets = vec![0.0f32; rows * classes];
        for (r, target) in targets.chunks_exact_mut(classes).enumerate() {
            target[r * 7 % classes] += 0.3;
            target[r * 5 % classes] += 0.7;
        }
        for (smoothing, class_weights) in
            [(0.0, None), (0.1, None), (0.0, Some(&class_weights[..])), (0.3, Some(&class_weights))]
        {
            let loss = CrossEntropy { classes, smoothing, gamma: 0.0, class_weights };
            let all = everywhere(|ctx| {
                let mut gradient = vec![f32::NAN; logits.len()];
                let (sum, weight) = cross_entropy_soft(ctx, &loss, &logits, &targets, &mut gradient);
                gradient.extend([sum as f32, (sum - f64::from(sum as f32)) as f32, weight as f32]);
                gradient
            });
            let mut sums = (0.0, 0.0);
            for (r, target) in targets.chunks_exact(classes).enumerate() {
                let gradient = &all[r * classes..][..classes];
                let mut row: Vec<f64> = logits[r * classes..][..classes].iter().map(|&x| x.into()).collect();
                sums.0 += soft_reference(&loss, &row, target);
                let weight = |c: usize| class_weights.map_or(1.0, |weights| f64::from(weights[c]));
                sums.1 += (0..classes).map(|c| weight(c) * f64::from(target[c])).sum::<f64>();
                for c in (0..classes).step_by(1 + classes / 20).chain([r * 7 % classes, r * 5 % classes]) {
                    let mut at = |d| {
                        row[c] += d;
                        let value = soft_reference(&loss, &row, target);
                        row[c] -= d;
                        value
                    };
                    // As above.
                    let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
                    let found = f64::from(gradient[c]);
                    assert!((found - slope).abs() < 4e-6, "{loss:?} {c}: {found} {slope}");
                }
            }
            let [high, low, weight] = [0, 1, 2].map(|i| f64::from(all[rows * classes + i]));
            assert!((high + low - sums.0).abs() <= 2e-6 * sums.0.max(1.0), "{loss:?} {high} {sums:?}");
            assert!((weight - sums.1).abs() <= 1e-6 * sums.1);
        }
    }
}

#[test]
fn a_distribution_with_all_on_one_class_is_that_class() {
    let (rows, classes, ctx) = (50, 7, Ctx::new(2));
    let logits: Vec<f32> = normal(1, rows * classes).iter().map(|x| 3.0 * x).collect();
    let places: Vec<u32> = (0..rows as u32).map(|r| r * 5 % 7).collect();
    let mut targets = vec![0.0f32; rows * classes];
    targets.chunks_exact_mut(classes).zip(&places).for_each(|(row, place)| row[*place as usize] = 1.0);
    let weights: Vec<f32> = normal(3, classes).iter().map(|w| w.abs()).collect();
    for smoothing in [0.0, 0.1] {
        let loss = CrossEntropy { classes, smoothing, gamma: 0.0, class_weights: Some(&weights) };
        let (sum, weight, wanted) = run(&ctx, &loss, &logits, &places);
        let mut gradient = vec![f32::NAN; logits.len()];
        let found = cross_entropy_soft(&ctx, &loss, &logits, &targets, &mut gradient);
        assert!((found.0 - sum).abs() < 1e-6 * sum && (found.1 - weight).abs() < 1e-6 * weight);
        assert!(gradient.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 2e-6), "{gradient:?} {wanted:?}");
    }
}

#[test]
fn what_is_lost_in_a_row_makes_a_distribution_nan() {
    for row in [[f32::NAN, 0.0], [0.0, f32::NAN], [f32::INFINITY, 0.0], [f32::NEG_INFINITY, 0.0]] {
        let mut gradient = [0.0; 2];
        // PyTorch too multiplies a probability of 0 by a logit of -inf.
        let (sum, _) = cross_entropy_soft(&Ctx::new(1), &plain(2), &row, &[0.0, 1.0], &mut gradient);
        assert!(sum.is_nan(), "{row:?} {sum}");
    }
}

#[test]
#[should_panic(expected = "cross-entropy wants logits, targets and gradient of one length")]
fn distributions_are_as_many_as_rows() {
    cross_entropy_soft(&Ctx::new(1), &plain(2), &[0.0; 4], &[0.0; 2], &mut [0.0; 4]);
}

#[test]
fn edges_are_those_of_pytorch() {
    let ctx = Ctx::new(1);
    let inf = f32::INFINITY;
    let (sum, weight, gradient) = run(&ctx, &plain(2), &[1000.0, 0.0, -inf, 0.0], &[0, 1]);
    assert_eq!((sum, weight, gradient), (0.0, 2.0, vec![0.0; 4]));
    assert_eq!(run(&ctx, &plain(2), &[-inf, 5.0], &[0]), (f64::INFINITY, 1.0, vec![-1.0, 1.0]));
    assert_eq!(run(&ctx, &plain(2), &[3.0, f32::NAN], &[IGNORED]), (0.0, 0.0, vec![0.0; 2]));
    for row in [[f32::NAN, 0.0], [0.0, f32::NAN], [inf, 0.0], [-inf, -inf], [f32::NAN; 2]] {
        let (sum, _, gradient) = run(&ctx, &plain(2), &row, &[0]);
        assert!(sum.is_nan() && gradient.iter().all(|g| g.is_nan()), "{row:?} {sum} {gradient:?}");
    }
}

#[test]
#[should_panic(expected = "cross-entropy wants targets below 2")]
fn targets_are_classes() {
    cross_entropy(&Ctx::new(1), &plain(2), &[0.0; 4], &[0, 2], &mut [0.0; 4]);
}

/// A row that is quite sure of its class adds nothing, and pulls nowhere.
#[test]
fn a_focal_loss_has_no_poles() {
    for gamma in [0.25, 1.0, 2.0, 5.0] {
        let loss = CrossEntropy { gamma, ..plain(2) };
        let (sum, weight, gradient) = run(&Ctx::new(1), &loss, &[200.0, 0.0, 30.0, 0.0], &[0, 0]);
        assert!(sum.abs() < 1e-9 && gradient.iter().all(|g| g.abs() < 1e-9), "{gamma}: {sum} {gradient:?}");
        assert_eq!(weight, 2.0);
        // And one that is quite wrong counts as much as it does without.
        let (sum, _, gradient) = run(&Ctx::new(1), &loss, &[-200.0, 0.0], &[0]);
        assert_eq!((sum, gradient), (200.0, vec![-1.0, 1.0]), "{gamma}");
        let (sum, _, gradient) = run(&Ctx::new(1), &loss, &[f32::NAN, 0.0], &[0]);
        assert!(sum.is_nan() && gradient[0].is_nan(), "{gamma}");
    }
}
