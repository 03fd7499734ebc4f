//! The way back of a convolution, from its result to its image, both ways: what is the gradient of one is the value of the other.
//!
//! Sizes are those of the convolution: its image is what is yielded here, its result what is read.

use baeum_kernels::{Conv2d, Epilogue, Write, bias_gradient, conv2d, conv2d_data_grad, conv2d_weight_grad};

use super::Run;
use super::plan::{Place, Step};

impl Run<'_> {
    pub(super) fn conv_transpose2d(&mut self, step: &Step, conv: &Conv2d, bias: bool) {
        let (learned, conv) = (&self.state.learned, Conv2d { batch: self.rows, ..*conv });
        let weight = &learned[step.learned[0].clone()];
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        if !bias {
            return conv2d_data_grad(self.ctx, &conv, x, weight, y, Write::Set);
        }
        let bias = learned[step.learned[1].clone()].iter().cycle();
        for (plane, bias) in y.chunks_exact_mut(conv.height * conv.width).zip(bias) {
            plane.fill(*bias);
        }
        conv2d_data_grad(self.ctx, &conv, x, weight, y, Write::Add);
    }

    pub(super) fn conv_transpose2d_backward(&mut self, step: &Step, dy: Place, conv: &Conv2d, bias: bool) {
        let (write, conv) = (self.write(), Conv2d { batch: self.rows, ..*conv });
        let spans = [dy.span(self.rows), self.read(step)];
        let ([dy, x], []) = self.arena.views([&spans[0], &spans[1]], []);
        let gradient = &mut self.state.gradient[step.learned[0].clone()];
        conv2d_weight_grad(self.ctx, &conv, dy, x, gradient, write);
        if bias {
            let gradient = &mut self.state.gradient[step.learned[1].clone()];
            let sizes = [conv.batch, conv.channels, conv.height * conv.width];
            bias_gradient(self.ctx, sizes, dy, gradient, write);
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let weight = &self.state.learned[step.learned[0].clone()];
        let ([dy], [dx]) = self.arena.views([&spans[0]], [&dx.span(self.rows)]);
        conv2d(self.ctx, &conv, dy, weight, Epilogue::NONE, dx, write);
    }
}
