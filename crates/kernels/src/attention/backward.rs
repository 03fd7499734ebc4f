//! The way back, one head at a time.

use super::{BLOCK, Head, Part, cut, panels};
use crate::isa::{Isa, rungs};
use crate::lanes;
use crate::panels::{Left, PANEL, Row, pack_columns, pack_rows, product};
use crate::scratch;
use crate::team::Column;
use crate::vmath::exp;
use crate::write::{Write, write_row};

/// What the way forward left, and the gradient that comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outputs<'a> {
    pub(super) out: &'a [f32],
    pub(super) d_out: &'a [f32],
    /// Of this head alone.
    pub(super) logsumexp: &'a [f32],
}

/// The gradients of one head's queries, keys and values.
pub(super) fn head(
    isa: Isa,
    head: &Head<'_>,
    outputs: &Outputs<'_>,
    d_qkv: &mut Column<'_, f32>,
    write: Write,
) {
    let (d, wide) = (head.shape[3], head.width());
    let padded = head.blocks() * BLOCK;
    let (thin, thick, square) = (padded * d, padded * wide, BLOCK * BLOCK);
    let own = [thin, thick, thin, thick, thick, padded];
    let block = [BLOCK * d, BLOCK * d, BLOCK * wide, BLOCK * wide, BLOCK * wide, square, square];
    let (own, block) = (whole(own), whole(block));
    scratch::lend(own.iter().sum(), |space| {
        let [queries, query_panels, d_out, d_out_panels, d_queries, dots] = cut(space, own);
        let (query_panels, d_out_panels) = (panels(query_panels), panels(d_out_panels));
        let mut rows = Rows { queries, d_out, query_panels, d_out_panels, dots };
        pack(isa, head, outputs, &mut rows);
        d_queries.fill(0.0);
        scratch::lend(block.iter().sum(), |space| {
            let [keys, values, key_panels, d_keys, d_values, weights, d_scores] = cut(space, block);
            let (keys, values, key_panels) = (panels(keys), panels(values), panels(key_panels));
            for j in 0..head.blocks() {
                pack_keys(isa, head, j, keys, values, key_panels);
                let right = Right { keys, values, key_panels };
                let mut gradients = Gradients { weights, d_scores, d_keys, d_values };
                gradients.block(isa, head, j, &rows, &right, outputs.logsumexp, d_queries);
                for r in 0..head.block_len(j) {
                    write_row(d_qkv.cell(j * BLOCK + r, 1), &gradients.d_keys[r * wide..], write);
                    write_row(d_qkv.cell(j * BLOCK + r, 2), &gradients.d_values[r * wide..], write);
                }
            }
        });
        for r in 0..head.len {
            write_row(d_qkv.cell(r, 0), &d_queries[r * wide..], write);
        }
    });
}

/// Lengths filled up to cache lines.
fn whole<const N: usize>(lens: [usize; N]) -> [usize; N] {
    lens.map(|len| len.next_multiple_of(PANEL))
}

/// What belongs to queries.
struct Rows<'a> {
    queries: &'a mut [f32],
    d_out: &'a mut [f32],
    query_panels: &'a mut [Row],
    d_out_panels: &'a mut [Row],
    /// The sum of `d_out * out` of each row: what the softmax takes from every gradient of a weight.
    dots: &'a mut [f32],
}

/// What belongs to one block of keys.
struct Right<'a> {
    keys: &'a [Row],
    values: &'a [Row],
    key_panels: &'a [Row],
}

rungs! {
    fn pack(head: &Head<'_>, outputs: &Outputs<'_>, rows: &mut Rows<'_>) {
        let (d, wide) = (head.shape[3], head.width());
        for time in 0..head.len {
            let d_out = head.output(outputs.d_out, time);
            let out = head.output(outputs.out, time);
            rows.queries[time * d..][..d].copy_from_slice(head.row(0, time));
            rows.d_out[time * d..][..d].copy_from_slice(d_out);
            rows.dots[time] = lanes::sum(d_out, out, |d_out, out| d_out * out);
        }
        for block in 0..head.blocks() {
            let (first, len) = (block * BLOCK, head.block_len(block));
            let queries = &mut rows.query_panels[first * wide / PANEL..];
            pack_rows(len, d, |p| head.row(0, first + p), BLOCK, queries);
            let d_out = &mut rows.d_out_panels[first * wide / PANEL..];
            pack_rows(len, d, |p| head.output(outputs.d_out, first + p), BLOCK, d_out);
        }
    }

    /// Keys and values as the right sides of `q.k^T`, `d_out.v^T` and `d_scores.k`.
    fn pack_keys(head: &Head<'_>, block: usize, keys: &mut [Row], values: &mut [Row], key_panels: &mut [Row]) {
        let (d, first, len) = (head.shape[3], block * BLOCK, head.block_len(block));
        pack_columns(len, d, |j| head.row(1, first + j), d, keys);
        pack_columns(len, d, |j| head.row(2, first + j), d, values);
        pack_rows(len, d, |p| head.row(1, first + p), BLOCK, key_panels);
    }
}

/// What is found for one block of keys.
struct Gradients<'a> {
    weights: &'a mut [f32],
    d_scores: &'a mut [f32],
    d_keys: &'a mut [f32],
    d_values: &'a mut [f32],
}

impl Gradients<'_> {
    /// All queries that meet a block of keys.
    #[expect(clippy::too_many_arguments, reason = "a step of the loop above")]
    fn block(
        &mut self,
        isa: Isa,
        head: &Head<'_>,
        j: usize,
        rows: &Rows<'_>,
        right: &Right<'_>,
        logsumexp: &[f32],
        d_queries: &mut [f32],
    ) {
        self.d_keys.fill(0.0);
        self.d_values.fill(0.0);
        for i in if head.causal { j } else { 0 }..head.blocks() {
            let d_queries = &mut d_queries[i * BLOCK * head.width()..];
            head.parts(i, j, |part| self.add(isa, head, part, i, rows, right, logsumexp, d_queries));
        }
    }

    /// What some queries add.
    #[expect(clippy::too_many_arguments, reason = "a step of the loop above")]
    fn add(
        &mut self,
        isa: Isa,
        head: &Head<'_>,
        part: Part,
        block: usize,
        rows: &Rows<'_>,
        right: &Right<'_>,
        logsumexp: &[f32],
        d_queries: &mut [f32],
    ) {
        let (d, wide) = (head.shape[3], head.width());
        let first = block * BLOCK + part.first;
        let (weights, d_scores) = (&mut *self.weights, &mut *self.d_scores);
        let size = [part.queries, part.wide(), d];
        product(
            isa,
            size,
            Left::Rows(&rows.queries[first * d..], d),
            right.keys,
            d,
            weights,
            BLOCK,
            Write::Set,
        );
        product(
            isa,
            size,
            Left::Rows(&rows.d_out[first * d..], d),
            right.values,
            d,
            d_scores,
            BLOCK,
            Write::Set,
        );
        weigh(isa, part, head.scale, weights, d_scores, &logsumexp[first..], &rows.dots[first..]);
        let size = [part.keys, wide, part.queries];
        let panel = block * BLOCK * wide / PANEL + part.first;
        let d_out = &rows.d_out_panels[panel..];
        product(isa, size, Left::Columns(weights, BLOCK), d_out, BLOCK, self.d_values, wide, Write::Add);
        let queries = &rows.query_panels[panel..];
        product(isa, size, Left::Columns(d_scores, BLOCK), queries, BLOCK, self.d_keys, wide, Write::Add);
        let size = [part.queries, wide, part.keys];
        let d_queries = &mut d_queries[part.first * wide..];
        product(isa, size, Left::Rows(d_scores, BLOCK), right.key_panels, BLOCK, d_queries, wide, Write::Add);
    }
}

rungs! {
    /// Turns scores into weights, and the gradients of weights into those of scores, times the scale.
    fn weigh(part: Part, scale: f32, scores: &mut [f32], gradients: &mut [f32], logsumexp: &[f32], dots: &[f32]) {
        for r in 0..part.queries {
            let (logsumexp, dot) = (logsumexp[r], dots[r]);
            let scores = &mut scores[r * BLOCK..][..part.wide()];
            let gradients = &mut gradients[r * BLOCK..][..part.wide()];
            for (score, gradient) in scores.iter_mut().zip(gradients.iter_mut()) {
                *score = exp(*score * scale - logsumexp);
                *gradient = *score * (*gradient - dot) * scale;
            }
            scores[part.seen(r)..].fill(0.0);
            gradients[part.seen(r)..].fill(0.0);
        }
    }
}
