//! Each operation, forward.

use baeum_core::{Batch, Counter, Interpolation, NetworkError, Node};
use baeum_kernels::{
    Activation, Conv2d, Ctx, Dropout, Epilogue, Matrix, MatrixMut, Span, Write, accumulate, activation,
    activation_in_place, adaptive_average_pool, adaptive_max_pool, add, add_relu, as_words, as_words_mut,
    average_pool, conv2d, conv2d_prepared, copy_blocks, cut_pieces, dropout, dropout_in_place, embedding,
    gemm, gemm_prepared, global_average_pool, max_pool, max_pool_values, mean_of_sigmoid, multiply, pad,
    sequence_lengths, subtract, transpose, upsample_bilinear, upsample_nearest,
};

use super::op::{AdaptivePool, Op, Pool, Upsample};
use super::plan::Step;
use super::ready::Ready;
use super::state::FlatState;
use super::{Run, enter};
use crate::network::{Pass, RunError};

/// How many elements a batch may have for each to have a random word of its own.
const ELEMENTS: usize = 1 << 34;

impl Run<'_> {
    /// Computes what node `i` yields.
    pub(super) fn forward(
        &mut self,
        i: usize,
        step: &Step,
        node: &Node,
        batch: &Batch,
    ) -> Result<(), NetworkError> {
        let y = step.yields.span(self.rows);
        match &step.op {
            Op::Same => {}
            Op::Numbers => enter::numbers(self.ctx, enter::tensor(batch, node)?, self.arena.write(&y))?,
            Op::Ids => enter::ids(enter::tensor(batch, node)?, self.arena.write(&y))?,
            Op::Dense { rows, inputs, units, bias, relu } => {
                let size = [rows * self.rows, *units, *inputs];
                self.dense(i, step, size, Fused { bias: *bias, relu: *relu });
            }
            Op::GroupedDense { groups, units } => self.grouped_dense(step, groups, *units),
            Op::Scale { len, bias, .. } => self.scale(step, *len, *bias),
            Op::Repeat { width, times } => self.repeat(step, *width, *times),
            Op::Conv2d { conv, bias, relu, folded } => {
                self.conv2d(i, step, conv, Fused { bias: *bias, relu: *relu }, folded.write);
            }
            Op::ConvTranspose2d { conv, bias } => self.conv_transpose2d(step, conv, *bias),
            Op::MaxPool(pool) => self.max_pool(step, pool),
            Op::AvgPool(pool) => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                average_pool(self.ctx, pool.planes * self.rows, &pool.windows, x, y);
            }
            &Op::AdaptiveAvgPool(AdaptivePool { planes, plane, counts }) => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                adaptive_average_pool(self.ctx, planes * self.rows, plane, counts, x, y);
            }
            &Op::AdaptiveMaxPool(AdaptivePool { planes, plane, counts }) => {
                let ([x], [y, places]) = self.arena.views([&self.read(step)], [&y, &self.kept(step, 0)]);
                let y = (y, as_words_mut(places));
                adaptive_max_pool(self.ctx, planes * self.rows, plane, counts, x, y);
            }
            Op::GlobalMean { channels, area } => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                global_average_pool(self.ctx, self.rows * channels, *area, x, y);
            }
            Op::BatchNorm { rows, channels, area, eps, relu } => {
                self.batch_norm(i, step, node, [self.rows * rows, *channels, *area], (*eps, *relu))?;
            }
            Op::LayerNorm { width, eps, .. } => self.layer_norm(step, *width, *eps),
            Op::RmsNorm { width, eps, .. } => self.rms_norm(step, *width, *eps),
            Op::GroupNorm { groups, eps } => self.group_norm(step, *groups, *eps),
            Op::InstanceRestore { channels, width, steps, eps } => {
                self.instance_restore(step, [self.rows * channels, *width, *steps], *eps);
            }
            Op::Activation(function) => self.activation(step, *function),
            Op::Dropout { p, .. } => self.dropout(step, node, *p)?,
            Op::Embedding { units } => {
                let table = &self.state.learned[step.learned[0].clone()];
                let ([ids], [y]) = self.arena.views([&self.read(step)], [&y]);
                embedding(self.ctx, *units, as_words(ids), table, y);
            }
            Op::NgramEmbedding { time, ngrams, units } => {
                self.ngram_embedding(step, *time, *ngrams, *units);
            }
            Op::Position { len } => self.position(step, 0..*len),
            Op::Sinusoids(table) => self.sinusoids(step, table),
            Op::Attention(attention) => self.attention(i, step, attention),
            Op::Recurrent(recurrent) => self.recurrent(step, recurrent),
            Op::MeanOverTime { time, width } => self.mean_over_time(step, *time, *width),
            Op::MeanOfSoftmax { members, width } => self.mean_of_softmax(step, *members, *width),
            Op::MeanOfSigmoid { members, width } => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                mean_of_sigmoid(self.ctx, [self.rows, *members, *width], x, y);
            }
            Op::MaxOverTime { time, width } => self.max_over_time(step, *time, *width),
            Op::Lengths { time, padding } => {
                let ([ids], [y]) = self.arena.views([&self.read(step)], [&y]);
                sequence_lengths(*time, *padding, as_words(ids), as_words_mut(y));
            }
            Op::Transpose { count, rows, columns } => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                transpose(self.ctx, count * self.rows, *rows, *columns, x, y);
            }
            Op::Patches(pieces) => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                cut_pieces(self.ctx, pieces, x, y);
            }
            Op::Pad(edges) => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                pad(self.ctx, edges, x, y);
            }
            Op::Add { relu } => self.add(step, *relu),
            Op::Subtract => {
                let spans = [&step.reads[0].span(self.rows), &step.reads[1].span(self.rows)];
                let ([a, b], [y]) = self.arena.views(spans, [&y]);
                subtract(self.ctx, a, b, y);
            }
            Op::Upsample(op) => self.upsample(step, op),
            Op::Multiply => {
                let spans = [&step.reads[0].span(self.rows), &step.reads[1].span(self.rows)];
                let ([a, b], [y]) = self.arena.views(spans, [&y]);
                multiply(self.ctx, a, b, y, Write::Set);
            }
            Op::Concat { blocks, widths } => self.concat(step, *blocks, widths),
        }
        Ok(())
    }

    /// `size`: rows, units, inputs.
    fn dense(&mut self, i: usize, step: &Step, size: [usize; 3], fused: Fused) {
        let bias = fused.bias.then(|| &self.state.learned[step.learned[1].clone()]);
        let weight = Weight::of(self.state, self.ready, (i, step), [0, 0]);
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        let epilogue = bias.map_or(Epilogue::NONE, Epilogue::columns);
        product(self.ctx, size, x, weight, Epilogue { relu: fused.relu, ..epilogue }, y);
    }

    fn conv2d(&mut self, i: usize, step: &Step, conv: &Conv2d, fused: Fused, write: Write) {
        let (learned, conv) = (&self.state.learned, Conv2d { batch: self.rows, ..*conv });
        let bias = fused.bias.then(|| &learned[step.learned[1].clone()]);
        let weight = &learned[step.learned[0].clone()];
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        match self.ready.conv(i) {
            Some((weight, bias)) => {
                conv2d_prepared(self.ctx, &conv, x, weight, fused.over_rows(bias), y, write);
            }
            None => conv2d(self.ctx, &conv, x, weight, fused.over_rows(bias), y, write),
        }
    }

    fn max_pool(&mut self, step: &Step, pool: &Pool) {
        let (y, planes) = (step.yields.span(self.rows), pool.planes * self.rows);
        match self.pass {
            Pass::Evaluate => {
                let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
                max_pool_values(self.ctx, planes, &pool.windows, x, y);
            }
            Pass::Train { .. } => {
                let ([x], [y, places]) = self.arena.views([&self.read(step)], [&y, &self.kept(step, 0)]);
                max_pool(self.ctx, planes, &pool.windows, x, y, as_words_mut(places));
            }
        }
    }

    fn activation(&mut self, step: &Step, function: Activation) {
        let y = step.yields.span(self.rows);
        if step.in_place {
            return activation_in_place(self.ctx, function, self.arena.write(&y));
        }
        let ([x], [y]) = self.arena.views([&self.read(step)], [&y]);
        activation(self.ctx, function, x, y);
    }

    /// While training zeroes by lot; a word belongs to an element of the whole batch, so that parts of a batch draw what the
    /// whole would.
    fn dropout(&mut self, step: &Step, node: &Node, p: f64) -> Result<(), NetworkError> {
        let (x, y) = (self.read(step), step.yields.span(self.rows));
        let Some(lot) = self.lot(step, p) else {
            if !step.in_place {
                let ([x], [y]) = self.arena.views([&x], [&y]);
                y.copy_from_slice(x);
            }
            return Ok(());
        };
        let got = lot.first as usize + y.len();
        if got > ELEMENTS {
            return Err(RunError::Dropout { node: node.name.clone(), limit: ELEMENTS, got }.into());
        }
        match step.in_place {
            true => dropout_in_place(self.ctx, &lot, self.arena.write(&y)),
            false => {
                let ([x], [y]) = self.arena.views([&x], [&y]);
                dropout(self.ctx, &lot, x, y, Write::Set);
            }
        }
        Ok(())
    }

    /// What the dropout of a step draws; none for answers.
    pub(super) fn lot(&self, step: &Step, p: f64) -> Option<Dropout> {
        let (Op::Dropout { stream, .. }, Pass::Train { step: time, part }) = (&step.op, self.pass) else {
            return None;
        };
        let counter = Counter::step(time).at((part.first_row * step.yields.item()) as u64);
        let (key, purpose) = (stream.key(), counter.purpose());
        Some(Dropout { probability: p, key, purpose, first: counter.element })
    }

    fn add(&mut self, step: &Step, relu: bool) {
        let y = step.yields.span(self.rows);
        let [first, second, more @ ..] = &step.reads[..] else { return };
        let ([a, b], [sum]) = self.arena.views([&first.span(self.rows), &second.span(self.rows)], [&y]);
        if relu && more.is_empty() {
            return add_relu(self.ctx, a, b, sum);
        }
        add(self.ctx, a, b, sum);
        for x in more {
            let ([x], [sum]) = self.arena.views([&x.span(self.rows)], [&y]);
            accumulate(self.ctx, x, sum);
        }
        if relu {
            activation_in_place(self.ctx, Activation::Relu, self.arena.write(&y));
        }
    }

    fn upsample(&mut self, step: &Step, op: &Upsample) {
        let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
        let enlarge = match op.mode {
            Interpolation::Nearest => upsample_nearest,
            Interpolation::Bilinear => upsample_bilinear,
        };
        enlarge(self.ctx, op.planes * self.rows, op.plane, op.factors, x, y);
    }

    fn concat(&mut self, step: &Step, blocks: usize, widths: &[usize]) {
        let (count, stride) = (blocks * self.rows, widths.iter().sum());
        let mut offset = 0;
        for (place, &width) in step.reads.iter().zip(widths) {
            let ([x], [y]) = self.arena.views([&place.span(self.rows)], [&step.yields.span(self.rows)]);
            copy_blocks(self.ctx, count, (x, width, 0), (y, stride, offset), width, Write::Set);
            offset += width;
        }
    }

    /// What a step with one input reads.
    pub(super) fn read(&self, step: &Step) -> Span {
        step.reads[0].span(self.rows)
    }

    pub(super) fn kept(&self, step: &Step, k: usize) -> Span {
        step.kept[k].span(self.rows)
    }

    pub(super) fn weight_and_bias(&self, step: &Step) -> [Span; 2] {
        [step.learned[0].clone(), step.learned[1].clone()]
    }
}

/// The weight of a product: as it is learned, or made ready for answers.
#[derive(Clone, Copy)]
pub(super) enum Weight<'a> {
    Learned(&'a [f32]),
    Ready(&'a [f32]),
}

impl<'a> Weight<'a> {
    /// The weight of a step's product number `product`, which is learned tensor number `tensor`.
    pub(super) fn of(
        state: &'a FlatState,
        ready: &'a Ready,
        (i, step): (usize, &Step),
        [product, tensor]: [usize; 2],
    ) -> Weight<'a> {
        let learned = || Weight::Learned(&state.learned[step.learned[tensor].clone()]);
        ready.product(i, product).map_or_else(learned, Weight::Ready)
    }
}

/// `y = x W^T`, then the epilogue. `size`: rows, units, inputs.
pub(super) fn product(
    ctx: &Ctx,
    size: [usize; 3],
    x: &[f32],
    weight: Weight<'_>,
    epilogue: Epilogue<'_>,
    y: &mut [f32],
) {
    let [_, units, inputs] = size;
    let (x, y) = (Matrix::rows(x, inputs), MatrixMut::rows(y, units));
    match weight {
        Weight::Learned(weight) => {
            gemm(ctx, size, x, Matrix::transposed(weight, inputs), y, Write::Set, epilogue);
        }
        Weight::Ready(weight) => gemm_prepared(ctx, size, x, weight, y, Write::Set, epilogue),
    }
}

/// What stands behind a product.
#[derive(Clone, Copy)]
struct Fused {
    bias: bool,
    relu: bool,
}

impl Fused {
    /// Where rows of the product are channels.
    fn over_rows(self, bias: Option<&[f32]>) -> Epilogue<'_> {
        Epilogue { relu: self.relu, ..bias.map_or(Epilogue::NONE, Epilogue::rows) }
    }
}
