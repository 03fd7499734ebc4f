use candle_core::{Result, Tensor};

/// Cross-entropy of each row, in nats. `logits`: `[B, K]`; `targets`: `[B]`, each below K; `weights`: `[K]`, all 1 if
/// there are none; result `[B]`.
///
/// `w_t (1 - s) nll_t + s / K * sum of w_c nll_c` with `nll_c = logsumexp(x) - x_c`, computed on `x - max(x)`; `nll_t` is
/// taken times `(1 - p_t)^gamma`. The maximum is taken as a constant: it cancels out of the value, so its gradient is none,
/// and candle's would be wrong for two equal maxima.
pub(crate) fn cross_entropy(
    logits: &Tensor,
    targets: &[u32],
    weights: Option<&[f32]>,
    (smoothing, gamma): (f64, f64),
) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let normaliser = shifted.exp()?.sum(1)?.log()?; // [B]
    let places = Tensor::new(targets, logits.device())?; // [B]
    let mut losses = (&normaliser - shifted.gather(&places.unsqueeze(1)?, 1)?.squeeze(1)?)?;
    if gamma > 0.0 {
        losses = focal(&losses, gamma)?;
    }
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
/// overflow; where labels have weights `w`, `(w - 1) t (ln(1 + e^x) - x)` more. Both `[B, K]`; result `[B, K]`.
pub(crate) fn binary_cross_entropy(
    logits: &Tensor,
    targets: &Tensor,
    weights: Option<&[f32]>,
) -> Result<Tensor> {
    let largest = logits.relu()?.detach(); // of the logit and of 0, its rival
    let both = (&largest + (largest.neg()?.exp()? + (logits - &largest)?.exp()?)?.log()?)?;
    let plain = (&both - (logits * targets)?)?;
    let Some(weights) = weights else { return Ok(plain) };
    let more = (numbers_like(weights, logits)? - 1.0)?; // [K]
    plain + targets.broadcast_mul(&more)?.mul(&(both - logits)?)?
}

/// The squared error of each number. Both `[B, n]`; result `[B, n]`.
pub(crate) fn mse(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    (outputs - targets)?.sqr()
}

/// The absolute error of each number, whose slope is 0 where there is none. All `[B, n]`, as below.
pub(crate) fn mae(outputs: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let difference = (outputs - targets)?;
    let slope = difference.sign()?;
    with_slope(&(&slope * &difference)?, &slope, outputs)
}

/// Huber's error of each number: `s (d - s / 2)` for a difference `d` whose slope `s` is `d` itself, up to `delta`.
pub(crate) fn huber(outputs: &Tensor, targets: &Tensor, delta: f64) -> Result<Tensor> {
    let difference = (outputs - targets)?;
    let slope = difference.clamp(-delta, delta)?;
    with_slope(&(&slope * (&difference - (&slope * 0.5)?)?)?, &slope, outputs)
}

/// The quantile error of each number: its slope, `-level` below the target and `1 - level` above, times the difference; one level for
/// all, or one for each number of a row.
pub(crate) fn quantile(outputs: &Tensor, targets: &Tensor, levels: &[f64]) -> Result<Tensor> {
    let difference = (outputs - targets)?;
    let sign = difference.sign()?;
    let lean: Vec<f64> = levels.iter().map(|level| 0.5 - level).collect();
    let lean = Tensor::new(lean, outputs.device())?.to_dtype(outputs.dtype())?; // [1] or [n]
    let slope = ((&sign * 0.5)? + sign.sqr()?.broadcast_mul(&lean)?)?;
    with_slope(&(&slope * &difference)?, &slope, outputs)
}

/// The focal loss of rows from what they lose without: `(1 - p)^gamma nll` with `p = e^-nll`. `[B]` and `[B]`.
fn focal(nll: &Tensor, gamma: f64) -> Result<Tensor> {
    let fixed = nll.detach();
    let p = fixed.neg()?.exp()?;
    let rest = p.affine(-1.0, 1.0)?.maximum(f64::from(f32::MIN_POSITIVE))?;
    let factor = (rest.log()? * gamma)?.exp()?;
    let slope = (&factor * ((p * (&fixed / rest)?)? * gamma)?.affine(1.0, 1.0)?)?;
    with_slope(&(factor * fixed)?, &slope, nll)
}

/// `value`, whose gradient by `x` is `slope`: candle's own would be wrong at a kink, or no number at a pole.
fn with_slope(value: &Tensor, slope: &Tensor, x: &Tensor) -> Result<Tensor> {
    value.detach() + (slope.detach() * (x - x.detach())?)?
}
