//! The way forward, one head at a time.

use super::{BLOCK, Head, Part, cut, panels};
use crate::Write;
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, pack_columns, pack_rows, product};
use crate::scratch;
use crate::team::Column;
use crate::vmath::{exp, ln};

/// Attention of one head.
pub(super) fn head(isa: Isa, head: &Head<'_>, out: &mut Column<'_, f32>, logsumexp: &mut [f32]) {
    let (d, wide) = (head.shape[3], head.width());
    let padded = head.blocks() * BLOCK;
    let lens = [padded * d, padded * wide, BLOCK * d, BLOCK * BLOCK, BLOCK * wide, BLOCK, BLOCK];
    let lens = lens.map(|len| len.next_multiple_of(PANEL));
    scratch::lend(lens.iter().sum(), |space| {
        let [keys, values, queries, scores, sums, largest, totals] = cut(space, lens);
        let (keys, values) = (panels(keys), panels(values));
        pack(isa, head, keys, values);
        for i in 0..head.blocks() {
            let rows = head.block_len(i);
            copy_queries(head, i, queries);
            let mut state = State { scores, sums, largest, totals };
            state.clear();
            for j in 0..if head.causal { i + 1 } else { head.blocks() } {
                let keys = &keys[j * BLOCK / PANEL * d..];
                let values = &values[j * BLOCK * wide / PANEL..];
                head.parts(i, j, |part| {
                    let queries = Left::Rows(&queries[part.first * d..], d);
                    state.attend(isa, part, d, wide, head.scale, queries, keys, values);
                });
            }
            finish(isa, rows, wide, state.sums, state.largest, state.totals);
            for r in 0..rows {
                out.cell(i * BLOCK + r, 0).copy_from_slice(&state.sums[r * wide..][..d]);
            }
            logsumexp[i * BLOCK..][..rows].copy_from_slice(&state.largest[..rows]);
        }
    });
}

fn copy_queries(head: &Head<'_>, block: usize, queries: &mut [f32]) {
    let d = head.shape[3];
    for r in 0..head.block_len(block) {
        queries[r * d..][..d].copy_from_slice(head.row(0, block * BLOCK + r));
    }
}

rungs! {
    /// Keys as the right side of `q.k^T`, values as the right side of `p.v`, block after block.
    fn pack(head: &Head<'_>, keys: &mut [Row], values: &mut [Row]) {
        let (d, wide) = (head.shape[3], head.width());
        for block in 0..head.blocks() {
            let (first, len) = (block * BLOCK, head.block_len(block));
            pack_columns(len, d, |j| head.row(1, first + j), d, &mut keys[first / PANEL * d..]);
            pack_rows(len, d, |p| head.row(2, first + p), BLOCK, &mut values[first * wide / PANEL..]);
        }
    }
}

/// What a block of queries has seen so far.
struct State<'a> {
    /// Scores, then weights, of the block of keys at hand: `[64, 64]`.
    scores: &'a mut [f32],
    /// Values times weights.
    sums: &'a mut [f32],
    /// The largest score.
    largest: &'a mut [f32],
    /// The sum of weights.
    totals: &'a mut [f32],
}

impl State<'_> {
    fn clear(&mut self) {
        self.sums.fill(0.0);
        self.largest.fill(f32::NEG_INFINITY);
        self.totals.fill(0.0);
    }

    #[expect(clippy::too_many_arguments, reason = "a step of the loop above")]
    fn attend(
        &mut self,
        isa: Isa,
        part: Part,
        d: usize,
        wide: usize,
        scale: f32,
        queries: Left<'_>,
        keys: &[Row],
        values: &[Row],
    ) {
        let scores = &mut self.scores[part.first * BLOCK..];
        let sums = &mut self.sums[part.first * wide..];
        let (largest, totals) = (&mut self.largest[part.first..], &mut self.totals[part.first..]);
        product(isa, [part.queries, part.wide(), d], queries, keys, d, scores, BLOCK, Write::Set);
        weigh(isa, part, scale, scores, wide, sums, largest, totals);
        let weights = Left::Rows(scores, BLOCK);
        product(isa, [part.queries, wide, part.keys], weights, values, BLOCK, sums, wide, Write::Add);
    }
}

rungs! {
    /// Turns scores into weights `e^(score - largest)`, and what was summed before to the same measure.
    fn weigh(part: Part, scale: f32, scores: &mut [f32], wide: usize, sums: &mut [f32], largest: &mut [f32], totals: &mut [f32]) {
        for r in 0..part.queries {
            let row = &mut scores[r * BLOCK..][..part.wide()];
            row.iter_mut().for_each(|score| *score *= scale);
            row[part.seen(r)..].fill(f32::NEG_INFINITY);
            let row = row.as_chunks_mut::<PANEL>().0;
            let mut lanes = [f32::NEG_INFINITY; PANEL];
            for scores in row.iter() {
                for lane in 0..PANEL {
                    lanes[lane] = if scores[lane] > lanes[lane] { scores[lane] } else { lanes[lane] };
                }
            }
            let before = largest[r];
            let now = lanes.into_iter().fold(before, |most, x| if x > most { x } else { most });
            // Where every score so far is minus infinity, a difference would be NaN and spoil the scores to come.
            let shift = if now == f32::NEG_INFINITY { 0.0 } else { now };
            let mut total = [0.0; PANEL];
            for scores in row.iter_mut() {
                for lane in 0..PANEL {
                    scores[lane] = exp(scores[lane] - shift);
                    total[lane] += scores[lane];
                }
            }
            let factor = exp(before - shift);
            largest[r] = now;
            totals[r] = totals[r].mul_add(factor, crate::lanes::join(total));
            if factor != 1.0 {
                sums[r * wide..][..wide].iter_mut().for_each(|sum| *sum *= factor);
            }
        }
    }

    /// Divides by the sums of weights, and turns the largest scores into the logarithms of all.
    fn finish(rows: usize, wide: usize, sums: &mut [f32], largest: &mut [f32], totals: &mut [f32]) {
        for (sums, &total) in sums.chunks_exact_mut(wide.max(1)).zip(&totals[..rows]) {
            let inverse = 1.0 / total;
            sums.iter_mut().for_each(|sum| *sum *= inverse);
        }
        for (largest, total) in largest[..rows].iter_mut().zip(totals) {
            *largest += ln(*total);
        }
    }
}
