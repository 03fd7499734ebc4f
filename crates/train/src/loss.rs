//! The loss of what a network yields, without a gradient: how validation rows are judged. Computed in `f64`.

use baeum_core::{Loss, LossParts, NetworkError, Tensor};
use baeum_kernels::{logsumexp, softplus};

use crate::TrainError;

/// What is lost over all rows by the parts of each output: the mean of all together, or where outputs have losses of their own, the sum
/// of their means as they count.
pub(crate) fn mean(loss: &Loss, lost: &[LossParts]) -> f64 {
    let mut total = LossParts::default();
    for (place, parts) in lost.iter().enumerate() {
        total.add_output(*parts, loss.of_output(place).1, 1);
    }
    total.mean()
}

/// The loss between every output of a network and its target.
pub(crate) fn measure(
    loss: &Loss,
    outputs: &[Tensor],
    targets: &[Tensor],
) -> Result<Vec<LossParts>, TrainError> {
    if outputs.len() != targets.len() {
        return Err(NetworkError::Targets { wanted: outputs.len(), got: targets.len() }.into());
    }
    let both = outputs.iter().zip(targets).enumerate();
    both.map(|(i, (output, target))| of_output(loss.of_output(i).0, i, output, target)).collect()
}

fn of_output(loss: &Loss, i: usize, output: &Tensor, target: &Tensor) -> Result<LossParts, TrainError> {
    match loss {
        Loss::CrossEntropy { weights, smoothing, gamma } => {
            cross_entropy(i, (weights, *smoothing, *gamma), output, target)
        }
        Loss::BinaryCrossEntropy { weights } => binary_cross_entropy(i, weights, output, target),
        Loss::Mse => pairwise(i, output, target, |x, t| (x - t) * (x - t)),
        Loss::Mae => pairwise(i, output, target, |x, t| (x - t).abs()),
        Loss::Huber { delta } => pairwise(i, output, target, |x, t| huber(*delta, (x - t).abs())),
        Loss::Quantile { levels } => {
            let mut levels = levels.iter().cycle();
            pairwise(i, output, target, |x, t| pinball(levels.next().copied().unwrap_or(f64::NAN), t - x))
        }
        Loss::Heads(heads) => Err(NetworkError::Heads { got: heads.len() }.into()),
    }
}

/// `nll_c = logsumexp(x) - x_c` stays finite where `softmax` underflows to zero; what a row of class `t` adds is said at
/// [`Loss::CrossEntropy`].
fn cross_entropy(
    output: usize,
    (weights, smoothing, gamma): (&[f32], f64, f64),
    logits: &Tensor,
    classes: &Tensor,
) -> Result<LossParts, TrainError> {
    let targets = classes.i64s().map_err(NetworkError::from)?; // [B] or [B, T]
    let width = match logits.shape() {
        [places @ .., width] if places == classes.shape() && *width > 0 => *width,
        _ => return Err(misfit(output, format!("[{}, classes]", targets.len()), logits)),
    };
    if !weights.is_empty() && weights.len() != width {
        return Err(NetworkError::ClassWeights { wanted: width, got: weights.len() }.into());
    }
    let weight = |class: usize| weights.get(class).map_or(1.0, |weight| f64::from(*weight));
    let mut parts = LossParts::default();
    for (row, (logits, &got)) in logits.to_f64s().chunks_exact(width).zip(targets).enumerate() {
        let class = usize::try_from(got).ok().filter(|class| *class < width);
        let class = class.ok_or(NetworkError::Class { row, classes: width, got })?;
        let normaliser = logsumexp(logits);
        let nll = |class: usize, logit: &f64| weight(class) * (normaliser - logit);
        let mut sum = logits.get(class).map_or(0.0, |logit| nll(class, logit));
        if gamma > 0.0 {
            let unsure = logits.get(class).map_or(0.0, |logit| -(logit - normaliser).exp_m1()); // 1 - p
            sum *= unsure.powf(gamma);
        }
        if smoothing > 0.0 {
            let all: f64 = logits.iter().enumerate().map(|(class, logit)| nll(class, logit)).sum();
            sum = (1.0 - smoothing) * sum + smoothing / width as f64 * all;
        }
        parts.add(LossParts { sum, weight: weight(class) });
    }
    Ok(parts)
}

/// What a row adds is said at [`Loss::BinaryCrossEntropy`]; `softplus` stays finite where `sigmoid` underflows to zero.
fn binary_cross_entropy(
    output: usize,
    weights: &[f32],
    logits: &Tensor,
    targets: &Tensor,
) -> Result<LossParts, TrainError> {
    let labels = logits.shape().last().copied().unwrap_or(1);
    if !weights.is_empty() && weights.len() != labels {
        return Err(NetworkError::ClassWeights { wanted: labels, got: weights.len() }.into());
    }
    let mut weights = weights.iter().cycle();
    pairwise(output, logits, targets, |x, t| {
        let more = weights.next().map_or(0.0, |weight| f64::from(*weight) - 1.0);
        softplus(x) - x * t + more * t * softplus(-x)
    })
}

/// The loss of each number beside its target, added up.
fn pairwise(
    output: usize,
    numbers: &Tensor,
    targets: &Tensor,
    mut of: impl FnMut(f64, f64) -> f64,
) -> Result<LossParts, TrainError> {
    if numbers.shape() != targets.shape() {
        return Err(misfit(output, format!("{:?}", targets.shape()), numbers));
    }
    let sum = numbers.to_f64s().into_iter().zip(targets.to_f64s()).map(|(x, t)| of(x, t)).sum();
    Ok(LossParts { sum, weight: targets.len() as f64 })
}

/// Of what is missing to the target.
fn pinball(level: f64, missing: f64) -> f64 {
    if missing > 0.0 { level * missing } else { (level - 1.0) * missing }
}

/// Of an absolute error.
fn huber(delta: f64, error: f64) -> f64 {
    if error > delta { delta * (error - 0.5 * delta) } else { 0.5 * error * error }
}

fn misfit(output: usize, wanted: String, got: &Tensor) -> TrainError {
    TrainError::Output { output, wanted: format!("shape {wanted}"), got: got.shape().to_vec() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::HeadLoss;

    use super::*;

    /// What one output loses.
    fn one(loss: &Loss, output: Tensor, target: Tensor) -> LossParts {
        measure(loss, &[output], &[target]).unwrap()[0]
    }

    fn logits(rows: usize, numbers: &[f32]) -> Tensor {
        Tensor::new([rows, numbers.len() / rows], numbers.to_vec()).unwrap()
    }

    #[test]
    fn cross_entropy_of_known_rows() {
        let logits = logits(2, &[0.0, 0.0, 0.0, 1000.0, 0.0, 0.0]);
        let parts = one(&Loss::CROSS_ENTROPY, logits, Tensor::vector(vec![2i64, 1]));
        assert_eq!(parts.weight, 2.0);
        // ln 3 for three equal logits and 1000 for a certain mistake; one rounding at the size of 1000.
        assert!((parts.sum - (3f64.ln() + 1000.0)).abs() <= 1000.0 * f64::EPSILON, "{}", parts.sum);
    }

    #[test]
    fn weights_and_smoothing_are_those_of_the_formula() {
        let outputs = [logits(2, &[0.0, 0.0, 2f32.ln(), 0.0])]; // nll: ln 2, ln 2; ln 1.5, ln 3
        let loss = |smoothing| Loss::CrossEntropy { weights: vec![0.5, 4.0], smoothing, gamma: 0.0 };
        let of = |loss: &Loss| measure(loss, &outputs, &[Tensor::vector(vec![0i64, 1])]).unwrap()[0];
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-7, "{found} {wanted}");
        let plain = [0.5 * 2f64.ln(), 4.0 * 3f64.ln()];
        near(of(&loss(0.0)).sum, plain[0] + plain[1]);
        let all = [4.5 * 2f64.ln(), 0.5 * 1.5f64.ln() + 4.0 * 3f64.ln()];
        near(of(&loss(0.2)).sum, 0.8 * (plain[0] + plain[1]) + 0.1 * (all[0] + all[1]));
        assert_eq!(of(&loss(0.2)).weight, 4.5);
        let other = Loss::CrossEntropy { weights: vec![1.0; 3], smoothing: 0.0, gamma: 0.0 };
        let error = measure(&other, &outputs, &[Tensor::vector(vec![0i64, 1])]).unwrap_err();
        assert_eq!(error.to_string(), "the loss wants one weight for each of 2 classes, got 3");
    }

    #[test]
    fn squared_error_counts_numbers() {
        let target = Tensor::new([2, 1], vec![1.0f32, 2.0]).unwrap();
        let parts = one(&Loss::Mse, logits(2, &[3.0, 2.5]), target);
        assert_eq!((parts.sum, parts.weight), (4.25, 2.0));
    }

    #[test]
    fn errors_of_other_shapes() {
        let target = Tensor::new([2, 1], vec![1.0f32, 2.0]).unwrap(); // two too large, a half too small
        let of = |loss| one(&loss, logits(2, &[3.0, 1.5]), target.clone());
        assert_eq!(of(Loss::Mae), LossParts { sum: 2.5, weight: 2.0 });
        assert_eq!(of(Loss::Huber { delta: 1.0 }), LossParts { sum: 1.5 + 0.125, weight: 2.0 });
        assert_eq!(of(Loss::Quantile { levels: vec![0.75] }), LossParts { sum: 0.5 + 0.375, weight: 2.0 });
    }

    #[test]
    fn a_focal_loss_counts_the_sure_less() {
        let outputs = [logits(2, &[0.0, 3f32.ln(), 0.0, 3f32.ln()])]; // p of the second: 3/4
        let loss = Loss::CrossEntropy { weights: vec![1.0, 2.0], smoothing: 0.0, gamma: 2.0 };
        let parts = measure(&loss, &outputs, &[Tensor::vector(vec![0i64, 1])]).unwrap()[0];
        let wanted = 0.75 * 0.75 * 4f64.ln() + 2.0 * 0.25 * 0.25 * (4.0 / 3.0f64).ln();
        assert!((parts.sum - wanted).abs() < 1e-7 && parts.weight == 3.0, "{parts:?} {wanted}");
    }

    #[test]
    fn binary_cross_entropy_of_known_logits() {
        let target = Tensor::new([2, 2], vec![1.0f32, 0.0, 0.0, 0.5]).unwrap();
        let logits = logits(2, &[0.0, 3f32.ln(), 1000.0, 0.0]);
        let parts = one(&Loss::BINARY_CROSS_ENTROPY, logits, target);
        // ln 2, ln 4, a certain mistake, ln 2 again; the logit has the precision of `f32`.
        assert!((parts.sum - (2.0 * 2f64.ln() + 4f64.ln() + 1000.0)).abs() < 1e-7, "{}", parts.sum);
        assert_eq!(parts.weight, 4.0);
    }

    #[test]
    fn a_label_that_fits_counts_its_weight() {
        let target = Tensor::new([2, 2], vec![1.0f32, 0.0, 0.0, 0.5]).unwrap();
        let of = |weights: &[f32]| {
            let loss = Loss::BinaryCrossEntropy { weights: weights.to_vec() };
            measure(&loss, &[logits(2, &[0.0; 4])], std::slice::from_ref(&target))
        };
        let parts = of(&[3.0, 5.0]).unwrap()[0];
        assert!((parts.sum - (3.0 + 1.0 + 1.0 + 3.0) * 2f64.ln()).abs() < 1e-12, "{parts:?}");
        assert_eq!(parts.weight, 4.0); // as PyTorch averages
        let error = of(&[1.0; 3]).unwrap_err();
        assert_eq!(error.to_string(), "the loss wants one weight for each of 2 classes, got 3");
    }

    #[test]
    fn outputs_that_do_not_fit_are_refused() {
        let check = |loss, output: Tensor, target: Tensor, expect: &str| {
            assert_eq!(measure(&loss, &[output], &[target]).unwrap_err().to_string(), expect);
        };
        let classes = || Tensor::vector(vec![0i64, 3]);
        let text = "output 0 of the network wants shape [2, classes], got shape [3, 1]";
        check(Loss::CROSS_ENTROPY, logits(3, &[0.0; 3]), classes(), text);
        check(
            Loss::CROSS_ENTROPY,
            logits(2, &[0.0; 6]),
            classes(),
            "row 1 of the batch wants a class below 3, got 3",
        );
        let text = "output 0 of the network wants shape [2, 1], got shape [2, 2]";
        check(Loss::Mse, logits(2, &[0.0; 4]), logits(2, &[0.0; 2]), text);
        check(
            Loss::CROSS_ENTROPY,
            logits(2, &[0.0; 4]),
            logits(2, &[0.0; 2]),
            "the network wants tensors that fit",
        );
        let error = measure(&Loss::Mse, &[], &[classes()]).unwrap_err();
        assert_eq!(error.to_string(), "the network wants 0 targets, got 1");
    }

    #[test]
    fn a_lost_logit_makes_the_loss_nan() {
        let parts = one(&Loss::CROSS_ENTROPY, logits(1, &[f32::NAN, 0.0]), Tensor::vector(vec![1i64]));
        assert!(mean(&Loss::CROSS_ENTROPY, &[parts]).is_nan());
    }

    #[test]
    fn the_mean_is_that_of_all_rows_however_they_came() {
        let heads = Loss::Heads(vec![
            HeadLoss {
                loss: Loss::CrossEntropy { weights: vec![1.0, 9.0], smoothing: 0.0, gamma: 0.0 },
                weight: 0.5,
            },
            HeadLoss { loss: Loss::Mae, weight: 2.0 },
        ]);
        let lost = [LossParts { sum: 30.0, weight: 20.0 }, LossParts { sum: 3.0, weight: 6.0 }];
        assert_eq!(mean(&heads, &lost), 0.5 * 1.5 + 2.0 * 0.5);
        assert_eq!(mean(&Loss::Mse, &lost), 33.0 / 26.0, "one loss of all outputs has one mean");
    }
}
