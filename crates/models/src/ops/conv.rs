use baeum_core::Size2;
use candle_core::{Result, Tensor};

use super::affine::shift;
use super::window::{Window, unfold};

/// Cross-correlation. `x`: `[B, H, W, C]`, `weight`: `[O, C / groups, h, w]` as PyTorch keeps it, `bias`: `[O]`;
/// result: `[B, places down, places across, O]`.
///
/// Each window becomes a row, and the rows are multiplied with the kernels: one product of two matrices
/// forward and two backward. candle's own `conv2d` took three times as long on a 3x3 layer (64x32x14x14 to
/// 64, two threads of a Xeon, 2026), has one number for both sides of stride and dilation, and walks groups
/// one by one.
pub(crate) fn conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    window: Window,
    groups: usize,
) -> Result<Tensor> {
    let sizes = [x.dim(0)?, window.places.height, window.places.width, weight.dim(0)?];
    let rows = unfold(x, window)?; // [N, h * w * C]
    let y = if groups == 1 { product(&rows, weight)? } else { grouped(&rows, weight, groups)? }; // [N, O]
    match bias {
        Some(bias) => shift(&y, bias, &sizes),
        None => y.reshape(&sizes[..]),
    }
}

/// The way back of a [`conv2d`]. `x`: `[B, H, W, C]`, `weight`: `[C, O / groups, h, w]` as PyTorch keeps it, `bias`: `[O]`; result: `[B,
/// places down, places across, O]`. `window`: over `x`, with the settings of that convolution.
///
/// Zeros come between the pixels, and a convolution with turned kernels goes over them: another way than our own runner's.
pub(crate) fn conv_transpose2d(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    window: Window,
    groups: usize,
) -> Result<Tensor> {
    let (stuffed, turned) = (stuffed(x, window.stride)?, turned(weight, groups)?);
    let image = Size2 { height: stuffed.dim(1)?, width: stuffed.dim(2)? };
    let rest =
        |kernel: usize, dilation: usize, padding: usize| (dilation * (kernel - 1)).saturating_sub(padding);
    let Window { kernel, padding, dilation, .. } = window;
    let padding = Size2 {
        height: rest(kernel.height, dilation.height, padding.height),
        width: rest(kernel.width, dilation.width, padding.width),
    };
    conv2d(&stuffed, &turned, bias, Window { stride: Size2::square(1), padding, image, ..window }, groups)
}

/// With zeros between the pixels, so that they lie a stride apart.
fn stuffed(x: &Tensor, stride: Size2) -> Result<Tensor> {
    let (b, h, w, c) = x.dims4()?;
    let apart = x.reshape((b, h, 1, w, 1, c))?;
    let apart = apart.pad_with_zeros(2, 0, stride.height - 1)?.pad_with_zeros(4, 0, stride.width - 1)?;
    let rows = apart.reshape((b, h * stride.height, w * stride.width, c))?;
    let [height, width] = [(h - 1) * stride.height + 1, (w - 1) * stride.width + 1];
    rows.narrow(1, 0, height)?.narrow(2, 0, width)?.contiguous()
}

/// `[C, O / groups, h, w]` as `[O, C / groups, h, w]`, each kernel upside down and from right to left.
fn turned(weight: &Tensor, groups: usize) -> Result<Tensor> {
    let (c, share, h, w) = weight.dims4()?;
    let kernels = weight.reshape((groups, c / groups, share, h, w))?.transpose(1, 2)?.contiguous()?;
    kernels.reshape((groups * share, c / groups, h, w))?.flip(&[2, 3])?.contiguous()
}

fn product(rows: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let kernels = weight.permute((2, 3, 1, 0))?.contiguous()?; // [h, w, C, O]
    rows.matmul(&kernels.reshape(((), weight.dim(0)?))?)
}

/// One product for each group of channels, side by side.
fn grouped(rows: &Tensor, weight: &Tensor, groups: usize) -> Result<Tensor> {
    let (out, channels, height, width) = weight.dims4()?;
    let (count, cells) = (rows.dim(0)?, height * width);
    let rows = rows.reshape((count, cells, groups, channels))?.permute((2, 0, 1, 3))?.contiguous()?;
    let rows = rows.reshape((groups, count, cells * channels))?; // [G, N, h * w * C/G]
    let kernels =
        weight.reshape((groups, out / groups, channels, cells))?.permute((0, 3, 2, 1))?.contiguous()?;
    let kernels = kernels.reshape((groups, cells * channels, out / groups))?;
    let y = rows.matmul(&kernels)?; // [G, N, O/G]
    y.permute((1, 0, 2))?.contiguous()?.reshape((count, out))
}
