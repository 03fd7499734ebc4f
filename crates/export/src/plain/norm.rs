//! The norms of one item.

/// Over the last axis, as long as the weight.
pub(super) fn layer(x: &[f64], [w, b]: [Vec<f64>; 2], eps: f64) -> Vec<f64> {
    let norm = |row: &[f64]| {
        normal(row, eps).into_iter().enumerate().map(|(i, x)| x * w[i] + b[i]).collect::<Vec<_>>()
    };
    x.chunks(w.len()).flat_map(norm).collect()
}

/// Over the last axis, as long as the weight.
pub(super) fn rms(x: &[f64], w: &[f64], eps: f64) -> Vec<f64> {
    let norm = |row: &[f64]| {
        let square = row.iter().map(|x| x * x).sum::<f64>() / row.len() as f64;
        row.iter().zip(w).map(|(x, w)| x / (square + eps).sqrt() * w).collect::<Vec<_>>()
    };
    x.chunks(w.len()).flat_map(norm).collect()
}

/// `shape`: `[channels, ..]`.
pub(super) fn group(shape: &[usize], x: &[f64], [w, b]: [Vec<f64>; 2], groups: usize, eps: f64) -> Vec<f64> {
    let of_channel = x.len() / shape[0];
    let normal = x.chunks(x.len() / groups).flat_map(|group| normal(group, eps));
    normal.enumerate().map(|(i, x)| x * w[i / of_channel] + b[i / of_channel]).collect()
}

/// `x` and `window` have as many channels.
pub(super) fn restore(x: &[f64], window: &[f64], channels: usize, eps: f64) -> Vec<f64> {
    let rows = x.chunks(x.len() / channels).zip(window.chunks(window.len() / channels));
    let restored = |(x, window): (&[f64], &[f64])| {
        let (mean, var) = moments(window);
        x.iter().map(|x| x * (var + eps).sqrt() + mean).collect::<Vec<_>>()
    };
    rows.flat_map(restored).collect()
}

fn normal(row: &[f64], eps: f64) -> Vec<f64> {
    let (mean, var) = moments(row);
    row.iter().map(|x| (x - mean) / (var + eps).sqrt()).collect()
}

fn moments(row: &[f64]) -> (f64, f64) {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    (mean, row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64)
}
