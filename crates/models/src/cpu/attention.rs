//! Attention of a sequence to itself: its sizes, and both ways through it.

use std::sync::Arc;

use baeum_core::Positions;
use baeum_kernels::{
    Arena, AttentionMask, Epilogue, Span, Turn, Write, attention, attention_backward, attention_next,
    keep_place, kept_places, rotate, rotations,
};

use super::Run;
use super::forward::{Weight, product};
use super::op::Room;
use super::plan::{Place, Step};
use super::sequence::some;

/// Self-attention with a product in front and one behind.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    /// Of an item.
    sequences: usize,
    time: usize,
    width: usize,
    heads: usize,
    /// Of keys and values.
    kv_heads: usize,
    causal: bool,
    bias: bool,
    /// Of rotary positions: `[time, size of a head]`.
    rotations: Option<Arc<[f32]>>,
}

impl Attention {
    /// Of items of these sizes, which end in time and width. `heads`: of queries, and of keys and values.
    pub(super) fn of(
        item: &[usize],
        [heads, kv_heads]: [usize; 2],
        causal: bool,
        bias: bool,
        positions: Positions,
    ) -> Attention {
        let (width, time) =
            (item.last().copied().unwrap_or(1), item.iter().rev().nth(1).copied().unwrap_or(1));
        let sequences = item.iter().rev().skip(2).product();
        let rotations = match positions {
            Positions::None => None,
            Positions::Rotary => Some(narrow(rotations(time, width / heads.max(1)))),
        };
        Attention { sequences, time, width, heads, kv_heads, causal, bias, rotations }
    }

    /// The size of a head.
    fn size(&self) -> usize {
        self.width / self.heads.max(1)
    }

    /// How many numbers the queries, keys and values of a place are.
    fn attended(&self) -> usize {
        self.width + 2 * self.kv_heads * self.size()
    }

    /// Queries, keys and values; what the heads yield; the logarithms of their sums.
    pub(super) fn keeps(&self) -> [Room; 3] {
        [self.attended(), self.width, self.heads]
            .map(|numbers| Room::item(self.sequences * self.time * numbers))
    }

    /// The gradients of what the heads yield, and of queries, keys and values.
    pub(super) fn works_with(&self) -> [Room; 2] {
        [self.width, self.attended()].map(|numbers| Room::item(self.sequences * self.time * numbers))
    }

    /// Sequences, places, heads, those of keys and values, size of a head.
    fn shape(&self, rows: usize) -> [usize; 5] {
        [rows * self.sequences, self.time, self.heads, self.kv_heads, self.size()]
    }

    fn scale(&self) -> f64 {
        1.0 / (self.size() as f64).sqrt()
    }

    /// Units and inputs of the product in front, and of the one behind.
    pub(super) fn products(&self) -> [[usize; 2]; 2] {
        [[self.attended(), self.width], [self.width, self.width]]
    }

    /// Which learned tensor is the weight of a product; its bias, if there is one, is the next.
    fn weight(&self, product: usize) -> usize {
        if self.bias { 2 * product } else { product }
    }

    /// How many places there are in all.
    fn places(&self, rows: usize) -> usize {
        rows * self.sequences * self.time
    }
}

/// Where keys and values of the places of a text are kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    keys: Span,
    values: Span,
}

impl Attention {
    /// Room behind `end`, which moves, for the keys and values of every place; none where a place sees those behind it.
    pub(super) fn kept(&self, end: &mut usize) -> Option<Kept> {
        let [places, _, kv_heads, size] = self.room();
        let len = places * kv_heads * size;
        let mut lay = || {
            *end += len;
            *end - len..*end
        };
        (self.causal && self.sequences == 1).then(|| Kept { keys: lay(), values: lay() })
    }

    /// How many scores a place has.
    pub(super) fn scores(&self) -> usize {
        kept_places(self.time) * self.heads
    }

    /// Places, heads, those of keys and values, size of a head.
    fn room(&self) -> [usize; 4] {
        [kept_places(self.time), self.heads, self.kv_heads, self.size()]
    }
}

/// A table in the width of the runner.
pub(super) fn narrow(table: Vec<f64>) -> Arc<[f32]> {
    table.into_iter().map(|x| x as f32).collect()
}

impl Run<'_> {
    pub(super) fn attention(&mut self, i: usize, step: &Step, op: &Attention) {
        let [qkv, mixed, sums] = [0, 1, 2].map(|k| self.kept(step, k));
        self.attention_product(i, step, op, 0, [&self.read(step), &qkv]);
        if let Some(rotations) = &op.rotations {
            rotate(self.ctx, op.shape(self.rows), rotations, Turn::Forward, self.arena.write(&qkv));
        }
        let spans = [&qkv, &self.lengths(step)];
        let ([qkv, lengths], [out, sums]) = self.arena.views(spans, [&mixed, &sums]);
        let mask = AttentionMask { causal: op.causal, lengths: some(lengths) };
        attention(self.ctx, op.shape(self.rows), op.scale(), mask, qkv, out, sums);
        self.attention_product(i, step, op, 1, [&mixed, &step.yields.span(self.rows)]);
    }

    /// The product in front (0), or the one behind (1).
    fn attention_product(
        &mut self,
        i: usize,
        step: &Step,
        op: &Attention,
        number: usize,
        [x, y]: [&Span; 2],
    ) {
        let place = op.weight(number);
        let epilogue = match op.bias {
            true => Epilogue::columns(&self.state.learned[step.learned[place + 1].clone()]),
            false => Epilogue::NONE,
        };
        let weight = Weight::of(self.state, self.ready, (i, step), [number, place]);
        let ([x], [y]) = self.arena.views([x], [y]);
        let [units, inputs] = op.products()[number];
        product(self.ctx, [x.len() / inputs, units, inputs], x, weight, epilogue, y);
    }

    /// What place `at` of a text sees, which is the only one that is here. `op` is that of the whole text; `kept` has the places
    /// before, and room for scores.
    pub(super) fn attention_next(
        &mut self,
        i: usize,
        step: &Step,
        op: &Attention,
        at: usize,
        (kept, place, scores): (&mut Arena, &Kept, &Span),
    ) {
        let [qkv, mixed] = [0, 1].map(|k| self.kept(step, k));
        self.attention_product(i, step, op, 0, [&self.read(step), &qkv]);
        let room @ [_, heads, kv_heads, size] = op.room();
        if let Some(rotations) = &op.rotations {
            let rotations = &rotations[at * size..][..size];
            rotate(self.ctx, [1, 1, heads, kv_heads, size], rotations, Turn::Forward, self.arena.write(&qkv));
        }
        self.keep_places(step, op, at..at + 1, (kept, place));
        let ([qkv], [out]) = self.arena.views([&qkv], [&mixed]);
        let scores = scores.start..scores.start + op.scores();
        let ([keys, values], [scores]) = kept.views([&place.keys, &place.values], [&scores]);
        attention_next(self.ctx, room, op.scale(), at + 1, qkv, [keys, values], scores, out);
        self.attention_product(i, step, op, 1, [&mixed, &step.yields.span(1)]);
    }

    /// Keeps keys and values of some places of a text, which are the first that are here.
    pub(super) fn keep_places(
        &self,
        step: &Step,
        op: &Attention,
        places: Span,
        (kept, place): (&mut Arena, &Kept),
    ) {
        let qkv = self.arena.read(&self.kept(step, 0));
        let ([], [keys, values]) = kept.views([], [&place.keys, &place.values]);
        for (at, qkv) in places.zip(qkv.chunks_exact(op.attended())) {
            keep_place(op.room(), at, qkv, keys, values);
        }
    }

    pub(super) fn attention_backward(&mut self, step: &Step, dy: Place, op: &Attention) {
        let (places, width) = (op.places(self.rows), op.width);
        let dy = dy.span(self.rows);
        let [qkv, mixed, sums] = [0, 1, 2].map(|k| self.kept(step, k));
        let [d_mixed, d_qkv] = [0, 1].map(|k: usize| step.work[k].span(self.rows));
        let dx = Some((d_mixed.clone(), Write::Set));
        let learned = (op.weight(1), op.bias);
        self.product_backward(step, learned, [places, width, width], [&mixed, &dy], dx);
        let spans = [&qkv, &mixed, &sums, &d_mixed, &self.lengths(step)];
        let ([qkv, mixed, sums, d_mixed, lengths], [out]) = self.arena.views(spans, [&d_qkv]);
        let mask = AttentionMask { causal: op.causal, lengths: some(lengths) };
        let (shape, scale) = (op.shape(self.rows), op.scale());
        attention_backward(self.ctx, shape, scale, mask, qkv, mixed, sums, d_mixed, out, Write::Set);
        if let Some(rotations) = &op.rotations {
            rotate(self.ctx, shape, rotations, Turn::Back, self.arena.write(&d_qkv));
        }
        let dx = step.gradients[0].map(|(place, write)| (place.span(self.rows), write));
        let (learned, spans) = ((op.weight(0), op.bias), [&self.read(step), &d_qkv]);
        self.product_backward(step, learned, [places, op.attended(), width], spans, dx);
    }
}
