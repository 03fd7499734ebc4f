use baeum_core::{Interpolation, Size2};
use baeum_kernels::bilinear_matrix;
use candle_core::{Result, Tensor};

/// Makes images larger by whole factors. `x`: `[B, C, H, W]`; result: `[B, C, H * factor, W * factor]`.
pub(crate) fn upsample(x: &Tensor, factor: Size2, mode: Interpolation) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let of = |len: usize, factor: usize| match mode {
        Interpolation::Nearest => nearest(len, factor),
        Interpolation::Bilinear => bilinear_matrix(len, factor),
    };
    resampled(x, [of(height, factor.height), of(width, factor.width)])
}

/// What is linear row by row and column by column: a product with a matrix for each side. `x`: `[B, C, H, W]`; the matrices: `[H', H]` and
/// `[W', W]`; result: `[B, C, H', W']`.
fn resampled(x: &Tensor, [down, across]: [Vec<f64>; 2]) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let [high, wide] = [down.len() / height, across.len() / width];
    let rows = product(&x.reshape(((), width))?, across)?; // [B * C * H, W']
    let turned = rows.reshape((batch * channels, height, wide))?.transpose(1, 2)?;
    let columns = product(&turned.contiguous()?.reshape(((), height))?, down)?; // [B * C * W', H']
    let images = columns.reshape((batch * channels, wide, high))?.transpose(1, 2)?.contiguous()?;
    images.reshape((batch, channels, high, wide))
}

/// Each row by a matrix. `rows`: `[N, len]`; `matrix`: `[to, len]`; result: `[N, to]`.
fn product(rows: &Tensor, matrix: Vec<f64>) -> Result<Tensor> {
    let len = rows.dim(1)?;
    let matrix = Tensor::from_vec(matrix, ((), len), rows.device())?;
    rows.contiguous()?.matmul(&matrix.to_dtype(rows.dtype())?.t()?.contiguous()?)
}

/// The matrix that repeats each number of a row: `[len * factor, len]`.
fn nearest(len: usize, factor: usize) -> Vec<f64> {
    (0..len * factor * len).map(|i| if i / len / factor == i % len { 1.0 } else { 0.0 }).collect()
}
