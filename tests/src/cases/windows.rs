//! What looks at images and lines of time through windows, and what makes them larger.
use baeum::{Graph, Interpolation, Layer, Padding, Size2};

use super::chain;

/// Over an item `[channels, height, width]`, and one `[channels, time]`.
pub(super) fn cases(image: &[usize], sequence: &[usize]) -> Vec<(&'static str, Graph)> {
    let square = Size2::square;
    let conv = |kernel, stride, padding, dilation, groups, bias| Layer::Conv2d {
        filters: 6,
        kernel,
        stride: square(stride),
        padding: square(padding),
        dilation: square(dilation),
        groups,
        bias,
    };
    let line = |kernel, stride, padding, dilation, groups, bias| Layer::Conv1d {
        filters: 6,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        bias,
    };
    let transposed = |[kernel, stride, padding, output_padding]: [Size2; 4], groups| Layer::ConvTranspose2d {
        filters: 6,
        kernel,
        stride,
        padding,
        output_padding,
        dilation: square(1),
        groups,
        bias: groups == 1,
    };
    let upsample = |height, width, mode| Layer::Upsample { factor: Size2 { height, width }, mode };
    let (kernel, stride, padding) = (square(3), Some(square(2)), square(1));
    vec![
        ("conv2d", chain(image, &[conv(square(3), 1, 1, 1, 1, true)])),
        ("conv2d with stride", chain(image, &[conv(Size2 { height: 3, width: 2 }, 2, 1, 1, 1, false)])),
        ("conv2d with groups", chain(image, &[conv(square(2), 1, 1, 2, 2, true)])),
        ("conv_transpose2d", chain(image, &[transposed([square(3), square(2), square(1), square(1)], 1)])),
        (
            "conv_transpose2d with groups",
            chain(image, &[transposed([Size2 { height: 2, width: 3 }, square(1), square(0), square(0)], 2)]),
        ),
        ("conv1d", chain(sequence, &[line(3, 1, 1, 1, 1, true)])),
        ("conv1d with stride", chain(sequence, &[line(2, 2, 1, 2, 1, false)])),
        ("conv1d with groups", chain(&[4, 6], &[line(3, 1, 0, 1, 2, true)])),
        (
            "max_pool2d",
            chain(
                image,
                &[Layer::MaxPool2d { kernel: square(2), stride: None, padding: square(0), ceil_mode: true }],
            ),
        ),
        (
            "max_pool2d overlapping",
            chain(image, &[Layer::MaxPool2d { kernel, stride, padding, ceil_mode: false }]),
        ),
        (
            "avg_pool2d",
            chain(
                image,
                &[Layer::AvgPool2d { kernel: square(2), stride: None, padding: square(0), ceil_mode: false }],
            ),
        ),
        (
            "avg_pool2d overlapping",
            chain(image, &[Layer::AvgPool2d { kernel, stride, padding, ceil_mode: true }]),
        ),
        (
            "max_pool1d",
            chain(sequence, &[Layer::MaxPool1d { kernel: 2, stride: None, padding: 0, ceil_mode: false }]),
        ),
        (
            "max_pool1d overlapping",
            chain(sequence, &[Layer::MaxPool1d { kernel: 3, stride: Some(2), padding: 1, ceil_mode: true }]),
        ),
        (
            "avg_pool1d",
            chain(sequence, &[Layer::AvgPool1d { kernel: 3, stride: Some(2), padding: 1, ceil_mode: true }]),
        ),
        ("pad1d", chain(sequence, &[Layer::Pad1d { before: 2, after: 1, mode: Padding::Zeros }])),
        (
            "pad1d with edges",
            chain(sequence, &[Layer::Pad1d { before: 1, after: 3, mode: Padding::Replicate }]),
        ),
        ("upsample", chain(image, &[upsample(2, 2, Interpolation::Nearest)])),
        ("upsample on lines", chain(image, &[upsample(2, 3, Interpolation::Bilinear)])),
        ("adaptive_avg_pool2d", chain(image, &[Layer::AdaptiveAvgPool2d { size: square(3) }])),
        ("adaptive_max_pool2d", chain(image, &[Layer::AdaptiveMaxPool2d { size: square(3) }])),
        ("global_avg_pool", chain(image, &[Layer::GlobalAvgPool])),
    ]
}
