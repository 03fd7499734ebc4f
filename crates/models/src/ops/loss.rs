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
    let on_device = |weights: &[f32]| Tensor::new(weights, logits.device())?.to_dtype(logits.dtype());
    let weights = weights.map(on_device).transpose()?; // [K]
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

/// The squared error of each number. Both `[B, n]`; result `[B, n]`.
pub(crate) fn mse(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    (outputs - targets)?.sqr()
}
