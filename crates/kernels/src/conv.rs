//! Convolution over images (cross-correlation, as in PyTorch) and its gradients, as products of matrices that never exist: what
//! a tap of the kernel sees is gathered into the panels of [`gemm`](crate::gemm()) straight from one image in cache, or read where
//! it stands ([`filters`] has the ways). Kernels of 3x3 over many channels go another way, with fewer multiplications: [`winograd`].

mod data;
mod depthwise;
mod direct;
mod field;
mod filters;
mod forward;
mod gather;
mod weight;
mod winograd;

#[cfg(test)]
mod tests;

use crate::ctx::Ctx;
use crate::gemm::Bias;
use crate::isa::Rung;
use crate::{Epilogue, Write, scratch};
use winograd::Way;

/// The sizes of a convolution over `[batch, channels, height, width]`.
///
/// Pairs are (vertical, horizontal). The weight is `[filters, channels / groups, kernel, kernel]`, the result
/// `[batch, filters, height, width]` of [`Conv2d::output`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Images.
    pub batch: usize,
    /// Channels of an image; a multiple of `groups`.
    pub channels: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Channels of the result; a multiple of `groups`.
    pub filters: usize,
    /// Taps of the kernel.
    pub kernel: [usize; 2],
    /// From one window to the next.
    pub stride: [usize; 2],
    /// Zeros around an image, on each side.
    pub padding: [usize; 2],
    /// From one tap to the next.
    pub dilation: [usize; 2],
    /// Parts into which channels and filters are cut, each convolved with its own.
    pub groups: usize,
}

impl Conv2d {
    /// Rows and columns of the result: `(size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1`, rounded down.
    ///
    /// None if the kernel reaches beyond the padded image, if groups do not divide channels and filters, or if a size that
    /// must be above zero is not.
    pub fn output(&self) -> Option<[usize; 2]> {
        let above_zero = [self.channels, self.filters, self.groups];
        let divides = |size: usize| size.is_multiple_of(self.groups);
        if above_zero.contains(&0) || !divides(self.channels) || !divides(self.filters) {
            return None;
        }
        let axis = |size: usize, i: usize| {
            let reach = self.dilation[i].checked_mul(self.kernel[i].checked_sub(1)?)?.checked_add(1)?;
            let padded = size.checked_add(self.padding[i].checked_mul(2)?)?;
            let steps = padded.checked_sub(reach)?.checked_div(self.stride[i])?;
            (self.dilation[i] > 0).then_some(steps + 1)
        };
        Some([axis(self.height, 0)?, axis(self.width, 1)?])
    }

    /// Numbers in the images, the weight and the result.
    ///
    /// # Panics
    /// If there is no such convolution.
    fn geometry(&self) -> Geometry {
        let output = self.output();
        assert!(output.is_some(), "conv2d wants sizes that fit each other, got {self:?}");
        let output = output.unwrap_or_default();
        let (channels, filters) = (self.channels / self.groups, self.filters / self.groups);
        Geometry { conv: *self, output, channels, filters }
    }
}

/// A convolution whose sizes were checked.
#[derive(Clone, Copy, Debug)]
struct Geometry {
    conv: Conv2d,
    output: [usize; 2],
    /// Channels of one group.
    channels: usize,
    /// Filters of one group.
    filters: usize,
}

/// How a convolution is done: by its sizes alone, whatever the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// By [`winograd`].
    Tiles,
    /// As products of what each tap sees.
    Products,
}

impl Route {
    fn of(geometry: &Geometry) -> Route {
        if winograd::suits(geometry) { Route::Tiles } else { Route::Products }
    }
}

impl Geometry {
    /// Numbers in the weight.
    fn weight(&self) -> usize {
        self.conv.filters * self.channels * self.taps()
    }

    fn taps(&self) -> usize {
        self.conv.kernel[0] * self.conv.kernel[1]
    }

    /// Places in a channel of an image.
    fn places(&self) -> usize {
        self.conv.height * self.conv.width
    }

    /// Pixels in a channel of the result.
    fn pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Whether each group has one channel, so that an image's gradient has nothing to share between rows of a tile.
    fn single(&self) -> bool {
        self.channels == 1
    }

    /// Whether each channel has filters of its own.
    fn depthwise(&self) -> bool {
        self.single() && self.conv.groups > 1
    }

    fn check(&self, x: usize, weight: usize, y: usize) {
        let Conv2d { batch, channels, filters, .. } = self.conv;
        let wanted = [batch * channels * self.places(), self.weight(), batch * filters * self.pixels()];
        assert_eq!([x, weight, y], wanted, "conv2d wants other lengths of image, weight and result");
    }
}

/// Pixels that one task looks at: what it gathers from some tens of channels then fits an L2 cache.
const PIXELS: usize = 2048;

/// Rows of a plane in one task.
fn rows_of(height: usize, width: usize) -> usize {
    let rows = (PIXELS / width.max(1)).clamp(1, height.max(1));
    height.div_ceil(height.div_ceil(rows).max(1)).max(1)
}

/// As [`rows_of`], but fewer where few images would leave threads without work.
fn few_rows_of(geometry: &Geometry) -> usize {
    let [height, width] = geometry.output;
    let images = (geometry.conv.batch * geometry.conv.groups).max(1);
    // Some tiles side by side at least: each block of rows lays out what its windows see, and neighbours see much alike.
    let fewest = 32_usize.div_ceil(width.max(1)).clamp(1, height.max(1));
    rows_of(height, width).min(height.div_ceil(TASKS.div_ceil(images))).max(fewest)
}

/// As many tasks keep some threads at work.
const TASKS: usize = 4;

/// Parts of equal work, each of this many multiplications, that one task does: some microseconds, which is what a hand-over costs.
fn parts_of(multiplications: usize) -> usize {
    (1 << 16) / multiplications.max(1) + 1
}

/// `y = conv(x, weight)`, or added to `y`, then the epilogue: a bias for each filter, which is a row of the result, and relu.
///
/// `x`: `[N, C, H, W]`; `weight`: `[F, C / groups, kh, kw]`; bias: `[F]`; `y`: `[N, F, OH, OW]`. Padding is zero and takes part in
/// the sums: zero times NaN is NaN. A pixel is the same among many images as alone.
///
/// # Panics
/// If lengths do not agree with the sizes, or the sizes with each other, as for all below.
pub fn conv2d(
    ctx: &Ctx,
    conv: &Conv2d,
    x: &[f32],
    weight: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    write: Write,
) {
    scratch::lend(conv2d_prepared_len(ctx, conv), |prepared| {
        conv2d_prepare(ctx, conv, weight, prepared);
        conv2d_prepared(ctx, conv, x, prepared, epilogue, y, write);
    });
}

/// How many numbers [`conv2d_prepare`] writes.
pub fn conv2d_prepared_len(ctx: &Ctx, conv: &Conv2d) -> usize {
    let geometry = conv.geometry();
    match (Route::of(&geometry), ctx.isa.rung()) {
        (Route::Tiles, _) => winograd::weight_len([conv.filters, conv.channels]),
        (Route::Products, _) => forward::weight_len(ctx.isa, &geometry),
    }
}

/// Lays a weight as [`conv2d_prepared`] reads it: once, where many images meet the same one.
pub fn conv2d_prepare(ctx: &Ctx, conv: &Conv2d, weight: &[f32], prepared: &mut [f32]) {
    let geometry = conv.geometry();
    assert_eq!(weight.len(), geometry.weight(), "conv2d wants another length of weight");
    match (Route::of(&geometry), ctx.isa.rung()) {
        (Route::Tiles, _) => {
            winograd::transform_weight(ctx, [conv.filters, conv.channels], weight, Way::There, prepared);
        }
        (Route::Products, _) => forward::pack(ctx, &geometry, weight, prepared),
    }
}

/// [`conv2d`] with a weight of [`conv2d_prepare`].
pub fn conv2d_prepared(
    ctx: &Ctx,
    conv: &Conv2d,
    x: &[f32],
    prepared: &[f32],
    epilogue: Epilogue<'_>,
    y: &mut [f32],
    write: Write,
) {
    let geometry = conv.geometry();
    geometry.check(x.len(), geometry.weight(), y.len());
    assert_eq!(
        prepared.len(),
        conv2d_prepared_len(ctx, conv),
        "conv2d wants a weight prepared for its sizes"
    );
    let has_biases = match epilogue.bias {
        Bias::None => true,
        Bias::Rows(bias) => bias.len() == conv.filters,
        Bias::Columns(_) => false,
    };
    assert!(has_biases, "conv2d wants a bias for each filter");
    if y.is_empty() {
        return;
    }
    match (Route::of(&geometry), ctx.isa.rung()) {
        (Route::Tiles, Rung::Avx512) => {
            winograd::convolve::<16>(ctx, conv, x, prepared, epilogue, y, write);
        }
        (Route::Tiles, Rung::Avx2 | Rung::Portable) => {
            winograd::convolve::<8>(ctx, conv, x, prepared, epilogue, y, write);
        }
        (Route::Products, _) => forward::forward(ctx, &geometry, x, prepared, (epilogue, write), y),
    }
}

/// The gradient of [`conv2d`] by the image: `dx[n, c, h, w]` sums `dy * weight` over every window that saw the place.
///
/// Places that no window sees (what a stride leaves over at the border) get zero.
pub fn conv2d_data_grad(ctx: &Ctx, conv: &Conv2d, dy: &[f32], weight: &[f32], dx: &mut [f32], write: Write) {
    let geometry = conv.geometry();
    geometry.check(dx.len(), weight.len(), dy.len());
    if dx.is_empty() {
        return;
    }
    match (Route::of(&geometry), ctx.isa.rung()) {
        (Route::Tiles, Rung::Avx512) => winograd::data_grad::<16>(ctx, &geometry, dy, weight, dx, write),
        (Route::Tiles, Rung::Avx2 | Rung::Portable) => {
            winograd::data_grad::<8>(ctx, &geometry, dy, weight, dx, write);
        }
        (Route::Products, _) => data::data_grad(ctx, &geometry, dy, weight, dx, write),
    }
}

/// The gradient of [`conv2d`] by the weight, summed over the batch. That by the bias is [`bias_gradient`](crate::bias_gradient).
///
/// The batch is cut into at most 16 slices by shape alone; their sums are added in order.
pub fn conv2d_weight_grad(
    ctx: &Ctx,
    conv: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dweight: &mut [f32],
    write: Write,
) {
    let geometry = conv.geometry();
    geometry.check(x.len(), dweight.len(), dy.len());
    match (Route::of(&geometry), ctx.isa.rung()) {
        (Route::Tiles, Rung::Avx512) => winograd::weight_grad::<16>(ctx, &geometry, x, dy, dweight, write),
        (Route::Tiles, Rung::Avx2 | Rung::Portable) => {
            winograd::weight_grad::<8>(ctx, &geometry, x, dy, dweight, write);
        }
        (Route::Products, Rung::Avx512) => {
            weight::weight_grad::<12, 32>(ctx, &geometry, x, dy, dweight, write);
        }
        (Route::Products, Rung::Avx2 | Rung::Portable) => {
            weight::weight_grad::<6, 16>(ctx, &geometry, x, dy, dweight, write);
        }
    }
}
