//! Networks with pools, and with what makes images and lines larger.
use baeum_core::{DType, Graph, Interpolation, Layer, Padding, Size2};

use super::{chain, conv, line};

/// Of images and of lines of time, with parameters in front.
pub(super) fn cases() -> Vec<(&'static str, Graph)> {
    let point = || conv(2, [1, 1], [1, 1], [0, 0], 1);
    let max = |kernel, stride, padding, ceil_mode| Layer::MaxPool2d { kernel, stride, padding, ceil_mode };
    let mean = |kernel, stride, padding, ceil_mode| Layer::AvgPool2d { kernel, stride, padding, ceil_mode };
    let sq = Size2::square;
    let image =
        |layer: Layer| chain(&[2, 5, 4], DType::F32, vec![point(), layer, Layer::Flatten { axis: 1 }]);
    vec![
        ("max_pool1d", line(Layer::MaxPool1d { kernel: 2, stride: None, padding: 0, ceil_mode: false })),
        (
            "max_pool1d overlapping",
            line(Layer::MaxPool1d { kernel: 3, stride: Some(2), padding: 1, ceil_mode: true }),
        ),
        ("avg_pool1d", line(Layer::AvgPool1d { kernel: 3, stride: None, padding: 1, ceil_mode: false })),
        (
            "avg_pool1d beyond its end",
            line(Layer::AvgPool1d { kernel: 3, stride: Some(4), padding: 1, ceil_mode: true }),
        ),
        ("pad1d", line(Layer::Pad1d { before: 2, after: 0, mode: Padding::Zeros })),
        ("pad1d with edges", line(Layer::Pad1d { before: 1, after: 3, mode: Padding::Replicate })),
        ("conv_transpose2d", image(conv_transpose(3, [3, 3], [1, 1], [[1, 1], [0, 0]], 1))),
        ("conv_transpose2d apart", image(conv_transpose(3, [3, 2], [2, 3], [[1, 0], [1, 2]], 1))),
        ("conv_transpose2d in groups", image(conv_transpose(6, [2, 3], [2, 1], [[1, 2], [1, 0]], 2))),
        ("upsample", image(upsample(Interpolation::Nearest))),
        ("upsample on lines", image(upsample(Interpolation::Bilinear))),
        ("max_pool2d", image(max(sq(2), None, sq(0), false))),
        ("max_pool2d overlapping", image(max(sq(3), Some(Size2 { height: 1, width: 2 }), sq(1), false))),
        ("max_pool2d beyond the edge", image(max(sq(3), Some(sq(2)), sq(1), true))),
        ("avg_pool2d", image(mean(sq(2), None, sq(0), false))),
        ("avg_pool2d overlapping", image(mean(sq(3), Some(Size2 { height: 1, width: 2 }), sq(1), false))),
        ("avg_pool2d beyond the edge", image(mean(sq(3), Some(sq(3)), sq(1), true))),
        ("adaptive_avg_pool2d", image(Layer::AdaptiveAvgPool2d { size: sq(3) })),
        (
            "adaptive_avg_pool2d to more",
            image(Layer::AdaptiveAvgPool2d { size: Size2 { height: 2, width: 7 } }),
        ),
        ("adaptive_max_pool2d", image(Layer::AdaptiveMaxPool2d { size: sq(3) })),
        (
            "adaptive_max_pool2d to more",
            image(Layer::AdaptiveMaxPool2d { size: Size2 { height: 7, width: 2 } }),
        ),
        ("global_avg_pool", chain(&[2, 5, 4], DType::F32, vec![point(), Layer::GlobalAvgPool])),
    ]
}

/// The way back of a convolution; dilated as [`super::conv`] is.
fn conv_transpose(
    filters: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    [padding, output_padding]: [[usize; 2]; 2],
    groups: usize,
) -> Layer {
    let size = |[height, width]: [usize; 2]| Size2 { height, width };
    let (kernel, stride) = (size(kernel), size(stride));
    let (padding, output_padding) = (size(padding), size(output_padding));
    let dilation = Size2 { height: 1, width: if kernel.width == 2 { 2 } else { 1 } };
    Layer::ConvTranspose2d {
        filters,
        kernel,
        stride,
        padding,
        output_padding,
        dilation,
        groups,
        bias: groups == 1,
    }
}

fn upsample(mode: Interpolation) -> Layer {
    Layer::Upsample { factor: Size2 { height: 2, width: 3 }, mode }
}
