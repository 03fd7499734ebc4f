use baeum_core::{Interpolation, Size2};
use baeum_kernels::bilinear_matrix;
use candle_core::{Result, Tensor};

/// Makes images larger by whole factors. `x`: `[B, C, H, W]`; result: `[B, C, H * factor, W * factor]`.
///
/// Both ways are linear, row by row and column by column: a product with a matrix for each side.
pub(crate) fn upsample(x: &Tensor, factor: Size2, mode: Interpolation) -> Result<Tensor> {
    let (batch, channels, height, width) = x.dims4()?;
    let wide = stretch(&x.reshape(((), width))?, factor.width, mode)?; // [B * C * H, W * factor]
    let turned = wide.reshape((batch * channels, height, width * factor.width))?.transpose(1, 2)?;
    let high = stretch(&turned.contiguous()?.reshape(((), height))?, factor.height, mode)?;
    let high = high.reshape((batch * channels, width * factor.width, height * factor.height))?;
    let images = high.transpose(1, 2)?.contiguous()?;
    images.reshape((batch, channels, height * factor.height, width * factor.width))
}

/// Makes each row longer. `rows`: `[N, len]`; result: `[N, len * factor]`.
fn stretch(rows: &Tensor, factor: usize, mode: Interpolation) -> Result<Tensor> {
    let len = rows.dim(1)?;
    let matrix = match mode {
        Interpolation::Nearest => nearest(len, factor),
        Interpolation::Bilinear => bilinear_matrix(len, factor),
    };
    let matrix = Tensor::from_vec(matrix, (len * factor, len), rows.device())?.to_dtype(rows.dtype())?;
    rows.contiguous()?.matmul(&matrix.t()?.contiguous()?)
}

/// The matrix that repeats each number of a row: `[len * factor, len]`.
fn nearest(len: usize, factor: usize) -> Vec<f64> {
    (0..len * factor * len).map(|i| if i / len / factor == i % len { 1.0 } else { 0.0 }).collect()
}
