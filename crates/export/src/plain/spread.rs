//! Shares and the normal distribution, from their definitions.

/// The share of numbers below `x`, whose equally spaced quantiles these are.
pub(super) fn share(x: f64, quantiles: &[f64]) -> f64 {
    let last = quantiles.len() - 1;
    if x.is_nan() || x <= quantiles[0] || x >= quantiles[last] {
        return if x <= quantiles[0] {
            0.0
        } else if x.is_nan() {
            x
        } else {
            1.0
        };
    }
    let same: Vec<usize> = (0..=last).filter(|&i| quantiles[i] == x).collect();
    let place = match same[..] {
        [] => {
            let i = (0..last).find(|&i| quantiles[i] < x && x < quantiles[i + 1]).unwrap_or(0);
            i as f64 + (x - quantiles[i]) / (quantiles[i + 1] - quantiles[i])
        }
        [..] => (same[0] + same[same.len() - 1]) as f64 / 2.0,
    };
    place / last as f64
}

/// The number below which a share of the normal distribution lies, found by halving; cut off at a share of 1e-7.
pub(super) fn normal(share: f64) -> f64 {
    if share.is_nan() {
        return share;
    }
    let share = share.clamp(1e-7, 1.0 - 1e-7);
    let (mut low, mut high) = (-6.0, 6.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if 0.5 + area(middle) < share { low = middle } else { high = middle }
    }
    low
}

/// The area under the bell from 0 to `x`, by Simpson's rule.
fn area(x: f64) -> f64 {
    const STEPS: usize = 400;
    let width = x / STEPS as f64;
    let bell = |x: f64| (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let weight = |step: usize| match step {
        0 | STEPS => 1.0,
        step if step % 2 == 1 => 4.0,
        _ => 2.0,
    };
    (0..=STEPS).map(|step| weight(step) * bell(step as f64 * width)).sum::<f64>() * width / 3.0
}
