//! The layers over `[B, C, T]`, which are those over an image of one row.
use baeum_core::{Node, Padding, Size2};
use candle_core::{Result, Tensor};

use super::forward::{Outcome, Run};
use crate::ops::{self, Pool, Window};

/// What moves over a line: steps seen, how far it moves, zeros on each side, distance between the steps seen.
pub(super) struct Slide {
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
    pub(super) dilation: usize,
}

impl Slide {
    /// Of a pool, which moves as far as it is wide unless it is told otherwise.
    pub(super) fn pool(kernel: usize, stride: Option<usize>, padding: usize) -> Slide {
        Slide { kernel, stride: stride.unwrap_or(kernel), padding, dilation: 1 }
    }

    /// As a window over an image of one row; `places`: how often it fits.
    fn window(&self, time: usize, places: usize) -> Window {
        let row = |width| Size2 { height: 1, width };
        Window {
            kernel: row(self.kernel),
            stride: row(self.stride),
            padding: Size2 { height: 0, width: self.padding },
            dilation: row(self.dilation),
            image: row(time),
            places: row(places),
        }
    }
}

impl Run<'_> {
    /// `x`: `[B, C, T]`; result: `[B, filters, places]`.
    pub(super) fn conv1d(
        &self,
        node: &Node,
        x: &Tensor,
        slide: &Slide,
        groups: usize,
        bias: bool,
    ) -> Outcome<Tensor> {
        let window = slide.window(x.dim(2)?, node.shape.last().unwrap_or(0));
        let weight = self.param(node, "weight")?.unsqueeze(2)?; // [filters, C / groups, 1, kernel]
        let bias = self.bias(node, bias)?;
        Ok(line(&ops::conv2d(&image(x)?, &weight, bias.as_ref(), window, groups)?)?)
    }
}

/// `x`: `[B, C, T]`; result: `[B, C, places]`.
pub(super) fn pool1d(node: &Node, x: &Tensor, slide: &Slide, pool: Pool) -> Result<Tensor> {
    let window = slide.window(x.dim(2)?, node.shape.last().unwrap_or(0));
    line(&ops::pool(&image(x)?, window.sight(), pool)?)
}

/// `x`: `[B, C, T]`; result: `[B, C, before + T + after]`.
pub(super) fn pad1d(x: &Tensor, before: usize, after: usize, mode: Padding) -> Result<Tensor> {
    match mode {
        Padding::Zeros => x.pad_with_zeros(2, before, after),
        Padding::Replicate => x.pad_with_same(2, before, after),
    }
}

/// `[B, C, T]` as an image of one row, channels last.
fn image(x: &Tensor) -> Result<Tensor> {
    channels_turned(x)?.unsqueeze(1) // [B, 1, T, C]
}

/// The way back.
fn line(x: &Tensor) -> Result<Tensor> {
    channels_turned(&x.squeeze(1)?)
}

/// `[B, C, T]` as `[B, T, C]`, or back.
pub(super) fn channels_turned(x: &Tensor) -> Result<Tensor> {
    x.transpose(1, 2)?.contiguous()
}
