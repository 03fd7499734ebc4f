use candle_core::{Result, Tensor};

/// Cross-entropy of each row, in nats. `logits`: `[B, K]`, `targets`: `[B]` of class indices below K; result
/// `[B]`.
///
/// `logsumexp(x) - x[target]`, computed on `x - max(x)`. The maximum is taken as a constant: it cancels out
/// of the value, so its gradient is none, and candle's would be wrong for two equal maxima.
pub(crate) fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let normaliser = shifted.exp()?.sum(1)?.log()?; // [B]
    normaliser - shifted.gather(&targets.unsqueeze(1)?, 1)?.squeeze(1)?
}

/// The squared error of each number. Both `[B, n]`; result `[B, n]`.
pub(crate) fn mse(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    (outputs - targets)?.sqr()
}
