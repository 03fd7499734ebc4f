//! What several families are made of.
use baeum_core::{ChannelAxis, Layer, Size2};

/// `x W^T + b`.
pub(super) fn dense(units: usize) -> Layer {
    Layer::Dense { units, bias: true }
}

/// A square convolution that moves by `stride` over an image with `padding` zeros on each side.
pub(super) fn convolution(filters: usize, kernel: usize, [stride, padding]: [usize; 2], bias: bool) -> Layer {
    Layer::Conv2d {
        filters,
        kernel: Size2::square(kernel),
        stride: Size2::square(stride),
        padding: Size2::square(padding),
        dilation: Size2::square(1),
        groups: 1,
        bias,
    }
}

/// The batch norm that follows a convolution; eps and momentum are PyTorch's.
pub(super) fn batch_norm() -> Layer {
    Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }
}

/// Dropout, where any is wanted.
pub(super) fn dropout(p: f64) -> Option<Layer> {
    (p > 0.0).then_some(Layer::Dropout { p })
}
