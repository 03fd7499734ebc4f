//! The loss of what a network yields, without a gradient: how validation rows are judged. Computed in `f64`.

use baeum_core::{Loss, LossParts, NetworkError, Tensor};
use baeum_kernels::logsumexp;

use crate::TrainError;

/// The loss between every output of a network and its target, added up.
pub(crate) fn measure(loss: Loss, outputs: &[Tensor], targets: &[Tensor]) -> Result<LossParts, TrainError> {
    if outputs.len() != targets.len() {
        return Err(NetworkError::Targets { wanted: outputs.len(), got: targets.len() }.into());
    }
    let mut total = LossParts::default();
    for (i, (output, target)) in outputs.iter().zip(targets).enumerate() {
        total.add(match loss {
            Loss::CrossEntropy => cross_entropy(i, output, target)?,
            Loss::Mse => squared_error(i, output, target)?,
        });
    }
    Ok(total)
}

/// `logsumexp(x) - x[class]` of each row, which stays finite where `softmax` underflows to zero.
fn cross_entropy(output: usize, logits: &Tensor, classes: &Tensor) -> Result<LossParts, TrainError> {
    let targets = classes.i64s().map_err(NetworkError::from)?; // [B] or [B, T]
    let width = match logits.shape() {
        [places @ .., width] if places == classes.shape() && *width > 0 => *width,
        _ => return Err(misfit(output, format!("[{}, classes]", targets.len()), logits)),
    };
    let mut sum = 0.0;
    for (row, (logits, &class)) in logits.to_f64s().chunks_exact(width).zip(targets).enumerate() {
        let logit = usize::try_from(class).ok().and_then(|class| logits.get(class));
        sum += logsumexp(logits) - logit.ok_or(NetworkError::Class { row, classes: width, got: class })?;
    }
    Ok(LossParts { sum, weight: targets.len() as f64 })
}

/// `(x - t)^2` of each number.
fn squared_error(output: usize, numbers: &Tensor, targets: &Tensor) -> Result<LossParts, TrainError> {
    if numbers.shape() != targets.shape() {
        return Err(misfit(output, format!("{:?}", targets.shape()), numbers));
    }
    let sum = numbers.to_f64s().iter().zip(targets.to_f64s()).map(|(x, t)| (x - t) * (x - t)).sum();
    Ok(LossParts { sum, weight: targets.len() as f64 })
}

fn misfit(output: usize, wanted: String, got: &Tensor) -> TrainError {
    TrainError::Output { output, wanted: format!("shape {wanted}"), got: got.shape().to_vec() }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn logits(rows: usize, numbers: &[f32]) -> Tensor {
        Tensor::new([rows, numbers.len() / rows], numbers.to_vec()).unwrap()
    }

    #[test]
    fn cross_entropy_of_known_rows() {
        let logits = logits(2, &[0.0, 0.0, 0.0, 1000.0, 0.0, 0.0]);
        let parts = measure(Loss::CrossEntropy, &[logits], &[Tensor::vector(vec![2i64, 1])]).unwrap();
        assert_eq!(parts.weight, 2.0);
        // ln 3 for three equal logits and 1000 for a certain mistake; one rounding at the size of 1000.
        assert!((parts.sum - (3f64.ln() + 1000.0)).abs() <= 1000.0 * f64::EPSILON, "{}", parts.sum);
    }

    #[test]
    fn squared_error_counts_numbers() {
        let target = Tensor::new([2, 1], vec![1.0f32, 2.0]).unwrap();
        let parts = measure(Loss::Mse, &[logits(2, &[3.0, 2.5])], &[target]).unwrap();
        assert_eq!((parts.sum, parts.weight), (4.25, 2.0));
    }

    #[test]
    fn outputs_that_do_not_fit_are_refused() {
        let check = |loss, output: Tensor, target: Tensor, expect: &str| {
            assert_eq!(measure(loss, &[output], &[target]).unwrap_err().to_string(), expect);
        };
        let classes = || Tensor::vector(vec![0i64, 3]);
        let text = "output 0 of the network wants shape [2, classes], got shape [3, 1]";
        check(Loss::CrossEntropy, logits(3, &[0.0; 3]), classes(), text);
        check(
            Loss::CrossEntropy,
            logits(2, &[0.0; 6]),
            classes(),
            "row 1 of the batch wants a class below 3, got 3",
        );
        let text = "output 0 of the network wants shape [2, 1], got shape [2, 2]";
        check(Loss::Mse, logits(2, &[0.0; 4]), logits(2, &[0.0; 2]), text);
        check(
            Loss::CrossEntropy,
            logits(2, &[0.0; 4]),
            logits(2, &[0.0; 2]),
            "the network wants tensors that fit",
        );
        let error = measure(Loss::Mse, &[], &[classes()]).unwrap_err();
        assert_eq!(error.to_string(), "the network wants 0 targets, got 1");
    }

    #[test]
    fn a_lost_logit_makes_the_loss_nan() {
        let parts =
            measure(Loss::CrossEntropy, &[logits(1, &[f32::NAN, 0.0])], &[Tensor::vector(vec![1i64])]);
        assert!(parts.unwrap().mean().is_nan());
    }
}
