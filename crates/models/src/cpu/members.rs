//! What stands side by side, both ways: the fields of a table, the members of an ensemble.

use baeum_kernels::{
    Epilogue, Matrix, MatrixMut, Write, add_repeated, bias_gradient, copy_blocks, gemm, mean_of_softmax,
    mean_of_softmax_backward, multiply, multiply_repeated,
};

use super::Run;
use super::plan::{Place, Step};

/// Each group with the place of its first number.
fn places(groups: &[usize]) -> impl Iterator<Item = (usize, usize, usize)> {
    let start = |first: &mut usize, (number, &size): (usize, &usize)| {
        *first += size;
        Some((number, *first - size, size))
    };
    groups.iter().enumerate().scan(0, start)
}

impl Run<'_> {
    /// `y_g = x_g W_g + b_g` for each group.
    pub(super) fn grouped_dense(&mut self, step: &Step, groups: &[usize], units: usize) {
        let [weight, bias] = self.weight_and_bias(step).map(|span| &self.state.learned[span]);
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        let (inputs, stride) = (groups.iter().sum(), groups.len() * units);
        for (number, first, size) in places(groups) {
            let x = Matrix { data: &x[first..], row: inputs, col: 1 }; // [B, size]
            let weight = Matrix::rows(&weight[first * units..], units); // [size, units]
            let y = MatrixMut { data: &mut y[number * units..], row: stride }; // [B, units]
            let bias = Epilogue::columns(&bias[number * units..][..units]);
            gemm(self.ctx, [self.rows, units, size], x, weight, y, Write::Set, bias);
        }
    }

    pub(super) fn grouped_dense_backward(&mut self, step: &Step, dy: Place, groups: &[usize], units: usize) {
        let (own, [weights, bias], rows) = (self.write(), self.weight_and_bias(step), self.rows);
        let (dy, stride) = (dy.span(rows), groups.len() * units);
        let ([x, dys], []) = self.arena.views([&self.read(step), &dy], []);
        let inputs = groups.iter().sum();
        bias_gradient(self.ctx, [rows, stride, 1], dys, &mut self.state.gradient[bias], own);
        let gradient = &mut self.state.gradient[weights.clone()];
        for (number, first, size) in places(groups) {
            let x = Matrix { data: &x[first..], row: 1, col: inputs }; // [size, B]
            let dy = Matrix { data: &dys[number * units..], row: stride, col: 1 }; // [B, units]
            let dw = MatrixMut::rows(&mut gradient[first * units..][..size * units], units);
            gemm(self.ctx, [size, units, rows], x, dy, dw, own, Epilogue::NONE);
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dys], [dx]) = self.arena.views([&dy], [&dx.span(rows)]);
        for (number, first, size) in places(groups) {
            let dy = Matrix { data: &dys[number * units..], row: stride, col: 1 }; // [B, units]
            let weight = &self.state.learned[weights.clone()][first * units..];
            let dx = MatrixMut { data: &mut dx[first..], row: inputs }; // [B, size]
            let across = Matrix::transposed(weight, units); // [units, size]
            gemm(self.ctx, [rows, size, units], dy, across, dx, write, Epilogue::NONE);
        }
    }

    pub(super) fn scale(&mut self, step: &Step, len: usize, bias: bool) {
        let factors = &self.state.learned[step.learned[0].clone()][..len];
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        multiply_repeated(self.ctx, factors, x, y, Write::Set);
        if bias {
            add_repeated(self.ctx, &self.state.learned[step.learned[1].clone()][..len], y);
        }
    }

    pub(super) fn scale_backward(&mut self, step: &Step, dy: Place, len: usize, bias: bool) {
        let (own, dy, work) = (self.write(), dy.span(self.rows), step.work[0].span(self.rows));
        let ([x, dys], [both]) = self.arena.views([&self.read(step), &dy], [&work]);
        multiply(self.ctx, x, dys, both, Write::Set);
        let blocks = [both.len() / len.max(1), len, 1];
        bias_gradient(self.ctx, blocks, both, &mut self.state.gradient[step.learned[0].clone()], own);
        if bias {
            bias_gradient(self.ctx, blocks, dys, &mut self.state.gradient[step.learned[1].clone()], own);
        }
        let Some((dx, write)) = step.gradients[0] else { return };
        let factors = &self.state.learned[step.learned[0].clone()];
        let ([dys], [dx]) = self.arena.views([&dy], [&dx.span(self.rows)]);
        multiply_repeated(self.ctx, factors, dys, dx, write);
    }

    /// `[B, width]` to `[B, times, width]`.
    pub(super) fn repeat(&mut self, step: &Step, width: usize, times: usize) {
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        for number in 0..times {
            let to = (&mut y[..], times * width, number * width);
            copy_blocks(self.ctx, self.rows, (x, width, 0), to, width, Write::Set);
        }
    }

    /// The gradients of all copies, one after the other.
    pub(super) fn repeat_backward(&mut self, step: &Step, dy: Place, width: usize, times: usize) {
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
        for number in 0..times {
            let write = if number == 0 { write } else { Write::Add };
            let from = (dy, times * width, number * width);
            copy_blocks(self.ctx, self.rows, from, (&mut dx[..], width, 0), width, write);
        }
    }

    pub(super) fn mean_of_softmax(&mut self, step: &Step, members: usize, width: usize) {
        let writes = [&step.yields.span(self.rows), &self.kept(step, 0)];
        let ([x], [y, normalisers]) = self.arena.views([&self.read(step)], writes);
        mean_of_softmax(self.ctx, [self.rows, members, width], x, y, normalisers);
    }

    pub(super) fn mean_of_softmax_backward(&mut self, step: &Step, dy: Place, members: usize, width: usize) {
        let Some((dx, write)) = step.gradients[0] else { return };
        let yields = step.yields.span(self.rows);
        let reads = [&self.read(step), &self.kept(step, 0), &yields, &dy.span(self.rows)];
        let ([x, normalisers, y, dy], [dx]) = self.arena.views(reads, [&dx.span(self.rows)]);
        let shape = [self.rows, members, width];
        mean_of_softmax_backward(self.ctx, shape, (x, normalisers), (y, dy), dx, write);
    }
}
