//! What looks at an image through windows; a line of time is an image of one row.

use baeum_core::Size2;
use baeum_kernels::{Conv2d, Windows};

/// The windows of an image, and how many planes it has.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Pool {
    pub(in crate::cpu) planes: usize,
    pub(in crate::cpu) windows: Windows,
}

/// How many windows share a plane of an image, and how many planes it has.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct AdaptivePool {
    pub(in crate::cpu) planes: usize,
    pub(in crate::cpu) plane: [usize; 2],
    pub(in crate::cpu) counts: [usize; 2],
}

/// Over an image `[channels, height, width]`. `sides`: kernel, stride, padding and dilation.
pub(super) fn conv2d(x: &[usize], filters: usize, sides: [Size2; 4], groups: usize) -> Conv2d {
    let [channels, height, width] = image(x);
    let [kernel, stride, padding, dilation] = sides.map(pair);
    Conv2d { batch: 1, channels, height, width, filters, kernel, stride, padding, dilation, groups }
}

/// Over time: `[channels, time]`.
pub(super) fn conv1d(x: &[usize], filters: usize, sides: [usize; 4], groups: usize) -> Conv2d {
    let [kernel, stride, padding, dilation] = sides;
    conv2d(&line(x), filters, [row(kernel), row(stride), padded(padding), row(dilation)], groups)
}

/// Over an image. `sides`: kernel, stride and padding.
pub(super) fn pool2d(x: &[usize], sides: [Size2; 3], ceil_mode: bool) -> Pool {
    let [planes, height, width] = image(x);
    let [kernel, stride, padding] = sides.map(pair);
    Pool { planes, windows: Windows { plane: [height, width], kernel, stride, padding, ceil_mode } }
}

/// Over time.
pub(super) fn pool1d(x: &[usize], [kernel, stride, padding]: [usize; 3], ceil_mode: bool) -> Pool {
    pool2d(&line(x), [row(kernel), row(stride), padded(padding)], ceil_mode)
}

/// As many windows of an image as are wanted.
pub(super) fn adaptive(x: &[usize], size: Size2) -> AdaptivePool {
    let [planes, height, width] = image(x);
    AdaptivePool { planes, plane: [height, width], counts: pair(size) }
}

pub(super) fn pair(size: Size2) -> [usize; 2] {
    [size.height, size.width]
}

/// Channels, height and width; one row of what has no width.
pub(super) fn image(x: &[usize]) -> [usize; 3] {
    [0, 1, 2].map(|axis| x.get(axis).copied().unwrap_or(1))
}

fn line(x: &[usize]) -> [usize; 3] {
    let [channels, time, _] = image(x);
    [channels, 1, time]
}

fn row(width: usize) -> Size2 {
    Size2 { height: 1, width }
}

fn padded(width: usize) -> Size2 {
    Size2 { height: 0, width }
}
