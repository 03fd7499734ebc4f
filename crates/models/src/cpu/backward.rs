//! Each operation, backward: from the gradient of what it yields to those of what it reads and of what it has learned.

use baeum_core::{Interpolation, Part};
use baeum_kernels::{
    Activation, Conv2d, Epilogue, Matrix, MatrixMut, Span, Write, activation_backward,
    activation_backward_in_place, adaptive_average_pool_backward, adaptive_max_pool_backward, as_words,
    average_pool_backward, bias_gradient, conv2d_data_grad, conv2d_weight_grad, copy, copy_blocks,
    cut_pieces_backward, dropout, dropout_in_place, embedding_backward, gemm, global_average_pool_backward,
    max_pool_backward, mean_of_sigmoid_backward, multiply, negate, pad_backward, transpose_backward,
    upsample_bilinear_backward, upsample_nearest_backward,
};

use super::Run;
use super::op::{AdaptivePool, Op, Upsample};
use super::plan::{Place, Step};
use crate::network::Pass;

impl Run<'_> {
    /// Passes the gradient of a step on; nothing, if nobody asks for it.
    pub(super) fn backward(&mut self, step: &Step) {
        let Some(dy) = step.gradient else {
            // Its parameters have no part in the loss.
            if self.write_of(step) == Write::Set {
                step.learned.iter().for_each(|span| self.state.gradient[span.clone()].fill(0.0));
            }
            return;
        };
        match &step.op {
            Op::Numbers | Op::Ids | Op::Lengths { .. } | Op::Same => {}
            Op::Dense { rows, inputs, units, bias, relu } => {
                self.undo_relu(step, dy, *relu);
                let size = [rows * self.rows, *units, *inputs];
                let dx = step.gradients[0].map(|(place, write)| (place.span(self.rows), write));
                self.product_backward(step, (0, *bias), size, [&self.read(step), &dy.span(self.rows)], dx);
            }
            Op::GroupedDense { groups, units } => self.grouped_dense_backward(step, dy, groups, *units),
            Op::Scale { len, bias, .. } => self.scale_backward(step, dy, *len, *bias),
            Op::Repeat { width, times } => self.repeat_backward(step, dy, *width, *times),
            Op::Conv2d { conv, bias, relu, .. } => {
                self.undo_relu(step, dy, *relu);
                self.conv2d_backward(step, dy, &Conv2d { batch: self.rows, ..*conv }, *bias);
            }
            Op::ConvTranspose2d { conv, bias } => self.conv_transpose2d_backward(step, dy, conv, *bias),
            Op::MaxPool(pool) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let reads = [&dy.span(self.rows), &self.kept(step, 0)];
                let ([dy, places], [dx]) = self.arena.views(reads, [&dx.span(self.rows)]);
                let planes = pool.planes * self.rows;
                max_pool_backward(self.ctx, planes, &pool.windows, dy, as_words(places), dx, write);
            }
            Op::AvgPool(pool) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                average_pool_backward(self.ctx, pool.planes * self.rows, &pool.windows, dy, dx, write);
            }
            &Op::AdaptiveAvgPool(AdaptivePool { planes, plane, counts }) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                let planes = planes * self.rows;
                adaptive_average_pool_backward(self.ctx, planes, plane, counts, dy, (dx, write));
            }
            &Op::AdaptiveMaxPool(AdaptivePool { planes, plane, counts }) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let reads = [&dy.span(self.rows), &self.kept(step, 0)];
                let ([dy, places], [dx]) = self.arena.views(reads, [&dx.span(self.rows)]);
                let (planes, dy) = (planes * self.rows, (dy, as_words(places)));
                adaptive_max_pool_backward(self.ctx, planes, plane, counts, dy, (dx, write));
            }
            Op::GlobalMean { channels, area } => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                global_average_pool_backward(self.ctx, self.rows * channels, *area, dy, dx, write);
            }
            Op::BatchNorm { rows, channels, area, relu, .. } => {
                self.batch_norm_backward(step, dy, [self.rows * rows, *channels, *area], *relu);
            }
            Op::LayerNorm { width, .. } => self.layer_norm_backward(step, dy, *width),
            Op::RmsNorm { width, .. } => self.rms_norm_backward(step, dy, *width),
            Op::GroupNorm { groups, .. } => self.group_norm_backward(step, dy, *groups),
            Op::InstanceRestore { channels, width, steps, .. } => {
                self.instance_restore_backward(step, dy, [self.rows * channels, *width, *steps]);
            }
            Op::Activation(function) => self.activation_backward(step, dy, *function),
            Op::Dropout { p, .. } => self.dropout_backward(step, dy, *p),
            Op::Embedding { units } => {
                let (write, spans) = (self.write_of(step), [&dy.span(self.rows), &self.read(step)]);
                let ([dy, ids], []) = self.arena.views(spans, []);
                let gradient = &mut self.state.gradient[step.learned[0].clone()];
                embedding_backward(self.ctx, *units, as_words(ids), dy, None, gradient, write);
            }
            Op::NgramEmbedding { units, .. } => self.ngram_embedding_backward(step, dy, *units),
            Op::Position { len } => self.position_backward(step, dy, *len),
            Op::Sinusoids(_) => self.pass_on(step, dy),
            Op::Attention(attention) => self.attention_backward(step, dy, attention),
            Op::Recurrent(recurrent) => self.recurrent_backward(step, dy, recurrent),
            Op::MeanOverTime { time, width } => self.mean_over_time_backward(step, dy, *time, *width),
            Op::MeanOfSoftmax { members, width } => self.mean_of_softmax_backward(step, dy, *members, *width),
            Op::MeanOfSigmoid { members, width } => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let reads = [&self.read(step), &dy.span(self.rows)];
                let ([x, dy], [dx]) = self.arena.views(reads, [&dx.span(self.rows)]);
                mean_of_sigmoid_backward(self.ctx, [self.rows, *members, *width], x, dy, dx, write);
            }
            Op::MaxOverTime { time, width } => self.max_over_time_backward(step, dy, *time, *width),
            Op::Transpose { count, rows, columns } => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                transpose_backward(self.ctx, count * self.rows, *rows, *columns, dy, dx, write);
            }
            Op::Patches(pieces) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                cut_pieces_backward(self.ctx, pieces, dy, dx, write);
            }
            Op::Pad(edges) => {
                let Some((dx, write)) = step.gradients[0] else { return };
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                pad_backward(self.ctx, edges, dy, dx, write);
            }
            Op::Add { relu } => {
                self.undo_relu(step, dy, *relu);
                for (dx, write) in step.gradients.iter().flatten() {
                    let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                    copy(self.ctx, dy, dx, *write);
                }
            }
            Op::Upsample(op) => self.upsample_backward(step, dy, op),
            Op::Subtract => self.subtract_backward(step, dy),
            Op::Multiply => self.multiply_backward(step, dy),
            Op::Concat { blocks, widths } => self.concat_backward(step, dy, *blocks, widths),
        }
    }

    /// The first part of a batch writes the gradients of parameters, later parts add to them.
    pub(super) fn write(&self) -> Write {
        match self.pass {
            Pass::Train { part: Part { index: 1.., .. }, .. } => Write::Add,
            Pass::Train { .. } | Pass::Evaluate => Write::Set,
        }
    }

    /// The same for a step whose parameters another may have as well.
    pub(super) fn write_of(&self, step: &Step) -> Write {
        if step.shares { Write::Add } else { self.write() }
    }

    /// Through the relu that is part of a product or a sum, in place.
    fn undo_relu(&mut self, step: &Step, dy: Place, relu: bool) {
        if relu {
            let ([y], [dy]) = self.arena.views([&step.yields.span(self.rows)], [&dy.span(self.rows)]);
            activation_backward_in_place(self.ctx, Activation::Relu, y, dy);
        }
    }

    /// The gradients of `y = x W^T + b`. `learned`: which tensor of the step is the weight, and whether the next one is a bias;
    /// `size`: rows, units, inputs; `spans`: x and the gradient of y.
    pub(super) fn product_backward(
        &mut self,
        step: &Step,
        (first, bias): (usize, bool),
        size: [usize; 3],
        spans: [&Span; 2],
        dx: Option<(Span, Write)>,
    ) {
        let [rows, units, inputs] = size;
        let write = self.write_of(step);
        let ([x, dy], []) = self.arena.views(spans, []);
        let (across, x) = (Matrix::transposed(dy, units), Matrix::rows(x, inputs)); // [units, rows] and [rows, inputs]
        let dw = MatrixMut::rows(&mut self.state.gradient[step.learned[first].clone()], inputs);
        gemm(self.ctx, [units, inputs, rows], across, x, dw, write, Epilogue::NONE);
        if bias {
            let gradient = &mut self.state.gradient[step.learned[first + 1].clone()];
            bias_gradient(self.ctx, [rows, units, 1], dy, gradient, write);
        }
        let Some((dx, write)) = dx else { return };
        let weight = Matrix::rows(&self.state.learned[step.learned[first].clone()], inputs);
        let ([dy], [dx]) = self.arena.views([spans[1]], [&dx]);
        let (dy, dx) = (Matrix::rows(dy, units), MatrixMut::rows(dx, inputs));
        gemm(self.ctx, [rows, inputs, units], dy, weight, dx, write, Epilogue::NONE);
    }

    fn conv2d_backward(&mut self, step: &Step, dy: Place, conv: &Conv2d, bias: bool) {
        let (write, spans) = (self.write(), [dy.span(self.rows), self.read(step)]);
        let ([dy, x], []) = self.arena.views([&spans[0], &spans[1]], []);
        let gradient = &mut self.state.gradient[step.learned[0].clone()];
        conv2d_weight_grad(self.ctx, conv, x, dy, gradient, write);
        if bias {
            let gradient = &mut self.state.gradient[step.learned[1].clone()];
            let area = dy.len() / (conv.batch * conv.filters).max(1);
            bias_gradient(self.ctx, [conv.batch, conv.filters, area], dy, gradient, write);
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let weight = &self.state.learned[step.learned[0].clone()];
        let ([dy], [dx]) = self.arena.views([&spans[0]], [&dx.span(self.rows)]);
        conv2d_data_grad(self.ctx, conv, dy, weight, dx, write);
    }

    fn activation_backward(&mut self, step: &Step, dy: Place, function: Activation) {
        let seen = if step.op.needs().input { self.read(step) } else { step.yields.span(self.rows) };
        let dy = dy.span(self.rows);
        if step.in_place {
            let ([seen], [dy]) = self.arena.views([&seen], [&dy]);
            return activation_backward_in_place(self.ctx, function, seen, dy);
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([seen, dy], [dx]) = self.arena.views([&seen, &dy], [&dx.span(self.rows)]);
        activation_backward(self.ctx, function, seen, dy, dx, write);
    }

    fn dropout_backward(&mut self, step: &Step, dy: Place, p: f64) {
        let (Some(lot), dy) = (self.lot(step, p), dy.span(self.rows)) else { return };
        if step.in_place {
            return dropout_in_place(self.ctx, &lot, self.arena.write(&dy));
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy], [dx]) = self.arena.views([&dy], [&dx.span(self.rows)]);
        dropout(self.ctx, &lot, dy, dx, write);
    }

    fn upsample_backward(&mut self, step: &Step, dy: Place, op: &Upsample) {
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
        let gather = match op.mode {
            Interpolation::Nearest => upsample_nearest_backward,
            Interpolation::Bilinear => upsample_bilinear_backward,
        };
        gather(self.ctx, op.planes * self.rows, op.plane, op.factors, dy, (dx, write));
    }

    /// What is taken away gets the gradient with its sign turned.
    fn subtract_backward(&mut self, step: &Step, dy: Place) {
        for (gradient, kernel) in step.gradients.iter().zip([copy, negate]) {
            if let Some((dx, write)) = gradient {
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                kernel(self.ctx, dy, dx, *write);
            }
        }
    }

    /// The gradient of a factor is that of the product times the other factor.
    fn multiply_backward(&mut self, step: &Step, dy: Place) {
        for (gradient, other) in step.gradients.iter().zip(step.reads.iter().rev()) {
            if let Some((dx, write)) = gradient {
                let spans = [&dy.span(self.rows), &other.span(self.rows)];
                let ([dy, other], [dx]) = self.arena.views(spans, [&dx.span(self.rows)]);
                multiply(self.ctx, dy, other, dx, *write);
            }
        }
    }

    fn concat_backward(&mut self, step: &Step, dy: Place, blocks: usize, widths: &[usize]) {
        let (count, stride) = (blocks * self.rows, widths.iter().sum());
        let mut offset = 0;
        for (gradient, &width) in step.gradients.iter().zip(widths) {
            if let Some((dx, write)) = gradient {
                let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
                copy_blocks(self.ctx, count, (dy, stride, offset), (dx, width, 0), width, *write);
            }
            offset += width;
        }
    }
}
