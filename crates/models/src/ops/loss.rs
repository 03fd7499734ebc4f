use candle_core::{Result, Tensor};

/// Cross-entropy of each row, in nats. `logits`: `[B, K]`; `targets`: `[B]`, each below K; `weights`: `[K]`, all 1 if
/// there are none; result `[B]`.
///
/// `w_t (1 - s) nll_t + s / K * sum of w_c nll_c` with `nll_c = logsumexp(x) - x_c`, computed on `x - max(x)`. The maximum
/// is taken as a constant: it cancels out of the value, so its gradient is none, and candle's would be wrong for two
/// equal maxima.
pub(crate) fn cross_entropy(
    logits: &Tensor,
    targets: &[u32],
    weights: Option<&[f32]>,
    smoothing: f64,
) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let normaliser = shifted.exp()?.sum(1)?.log()?; // [B]
    let places = Tensor::new(targets, logits.device())?; // [B]
    let mut losses = (&normaliser - shifted.gather(&places.unsqueeze(1)?, 1)?.squeeze(1)?)?;
    let weights = weights.map(|weights| numbers_like(weights, logits)).transpose()?; // [K]
    if let Some(weights) = &weights {
        losses = (losses * weights.index_select(&places, 0)?)?;
    }
    if smoothing == 0.0 {
        return Ok(losses);
    }
    let all = normaliser.unsqueeze(1)?.broadcast_sub(&shifted)?; // [B, K]
    let all = match &weights {
        Some(weights) => all.broadcast_mul(weights)?,
        None => all,
    };
    (losses * (1.0 - smoothing))? + (all.sum(1)? * (smoothing / logits.dim(1)? as f64))?
}

/// The same against the probabilities of all classes, `targets` of `[B, K]`: the sum of `w_c ((1 - s) p_c + s / K) nll_c`
/// of each row.
pub(crate) fn soft_cross_entropy(
    logits: &Tensor,
    targets: &[f32],
    weights: Option<&[f32]>,
    smoothing: f64,
) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let all = shifted.exp()?.sum_keepdim(1)?.log()?.broadcast_sub(&shifted)?; // [B, K]
    let targets = numbers_like(targets, logits)?.reshape(logits.shape())?;
    let counts = targets.affine(1.0 - smoothing, smoothing / logits.dim(1)? as f64)?;
    let counts = match weights {
        Some(weights) => counts.broadcast_mul(&numbers_like(weights, logits)?)?,
        None => counts,
    };
    (all * counts)?.sum(1)
}

fn numbers_like(numbers: &[f32], other: &Tensor) -> Result<Tensor> {
    Tensor::new(numbers, other.device())?.to_dtype(other.dtype())
}

/// The binary cross-entropy of each logit against how much its label fits: `ln(1 + e^x) - t x`, shifted so that it cannot
/// overflow. Both `[B, K]`; result `[B, K]`.
pub(crate) fn binary_cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let largest = logits.relu()?.detach(); // of the logit and of 0, its rival
    let both = (largest.neg()?.exp()? + (logits - &largest)?.exp()?)?.log()?;
    (largest + both)? - (logits * targets)?
}

/// The squared error of each number. Both `[B, n]`; result `[B, n]`.
pub(crate) fn mse(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    (outputs - targets)?.sqr()
}
