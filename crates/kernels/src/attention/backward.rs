//! The way back, one head at a time.

use std::f32::consts::LOG2_E;
use std::ops::Range;

use super::pack::{dots, pack, turn, unpack};
use super::tiles::{across, down};
use super::{BLOCK, Head, KEYS, cut, hide, panels, room};
use crate::isa::{Isa, rungs};
use crate::panels::{PANEL, Row};
use crate::scratch;
use crate::team::Column;
use crate::vmath::exp2;
use crate::write::Write;

/// What the way forward left, and the gradient that comes in.
#[derive(Clone, Copy, Debug)]
struct Outputs<'a> {
    out: &'a [f32],
    d_out: &'a [f32],
    /// Of this head alone.
    logsumexp: &'a [f32],
}

/// The gradients of the queries, keys and values of heads that share keys and values, whose vectors are cut into pieces of `L`.
/// `heads`: with their logarithms.
pub(super) fn heads<'a, const L: usize>(
    isa: Isa,
    heads: impl ExactSizeIterator<Item = (Head<'a>, &'a [f32])> + Clone,
    [out, d_out]: [&'a [f32]; 2],
    d_qkv: &mut Column<'_, f32>,
    write: Write,
) {
    let Some((first, _)) = heads.clone().next().filter(|(head, _)| head.len > 0) else { return };
    let wide = first.width::<L>();
    let own = [first.len * wide; 4];
    scratch::lend(room(own) + room(Block::<L>::lens(wide)), |space| {
        let (own_space, block) = space.split_at_mut(room(own));
        let [keys, values, d_keys, d_values] = cut(own_space, own);
        let (keys, values) = (panels(keys), panels(values));
        pack::<L>(isa, first.rows(1, 0..first.len), first.len, keys);
        pack::<L>(isa, first.rows(2, 0..first.len), first.len, values);
        d_keys.fill(0.0);
        d_values.fill(0.0);
        let mut sides = Keys { keys, values, d_keys: panels(d_keys), d_values: panels(d_values) };
        let mut block = Block::<L>::of(block, wide);
        let sharing = heads.len();
        for (cell, (head, logsumexp)) in heads.enumerate() {
            let outputs = Outputs { out, d_out, logsumexp };
            one_head(isa, &head, &outputs, &mut block, &mut sides, |time, i, d_queries| {
                unpack(d_queries, BLOCK, i, d_qkv.cell(time, cell), write);
            });
        }
        for time in 0..first.len {
            unpack(sides.d_keys, first.len, time, d_qkv.cell(time, sharing), write);
            unpack(sides.d_values, first.len, time, d_qkv.cell(time, sharing + 1), write);
        }
    });
}

/// Adds to the gradients of keys and values, and hands on those of the queries, each by its time and its row of a block.
fn one_head<const L: usize>(
    isa: Isa,
    head: &Head<'_>,
    outputs: &Outputs<'_>,
    block: &mut Block<'_, L>,
    sides: &mut Keys<'_, L>,
    mut hand_on: impl FnMut(usize, usize, &[[f32; L]]),
) {
    for first in (0..head.len).step_by(BLOCK) {
        let queries = first..head.len.min(first + BLOCK);
        block.load(isa, head, outputs, queries.clone());
        for keys in head.blocks(queries.end) {
            block.weigh(isa, head, &queries, &keys, sides);
            block.add(isa, head, &queries, &keys, sides);
        }
        for (i, time) in queries.enumerate() {
            hand_on(time, i, block.d_queries);
        }
    }
}

/// Keys and values of a head, and their gradients: panels `[D / L, len, L]`.
struct Keys<'a, const L: usize> {
    keys: &'a [[f32; L]],
    values: &'a [[f32; L]],
    d_keys: &'a mut [[f32; L]],
    d_values: &'a mut [[f32; L]],
}

/// A block of queries.
struct Block<'a, const L: usize> {
    /// Panels `[D / L, 64, L]`.
    queries: &'a mut [[f32; L]],
    d_out: &'a mut [[f32; L]],
    d_queries: &'a mut [[f32; L]],
    /// 16 queries after 16, as columns: `[4, D, 16]`.
    turned_queries: &'a mut [Row],
    turned_d_out: &'a mut [Row],
    /// The same of the outputs, 16 queries at a time: `[D, 16]`.
    turned_out: &'a mut [Row],
    /// Of 16 queries after 16: `[4, 256, 16]`.
    weights: &'a mut [Row],
    d_scores: &'a mut [Row],
    /// The logarithm to base 2 of what the weights of each query were divided by.
    logarithms: &'a mut [f32],
    /// The sum of `d_out * out` of each query: what the softmax takes from every gradient of a weight.
    dots: &'a mut [f32],
}

impl<'a, const L: usize> Block<'a, L> {
    fn lens(wide: usize) -> [usize; 10] {
        let (block, square) = (BLOCK * wide, BLOCK * KEYS);
        [block, block, block, block, block, PANEL * wide, square, square, BLOCK, BLOCK]
    }

    fn of(space: &'a mut [f32], wide: usize) -> Block<'a, L> {
        let [
            queries,
            d_out,
            d_queries,
            turned_queries,
            turned_d_out,
            turned_out,
            weights,
            d_scores,
            logarithms,
            dots,
        ] = cut(space, Self::lens(wide));
        Block {
            queries: panels(queries),
            d_out: panels(d_out),
            d_queries: panels(d_queries),
            turned_queries: panels(turned_queries),
            turned_d_out: panels(turned_d_out),
            turned_out: panels(turned_out),
            weights: panels(weights),
            d_scores: panels(d_scores),
            logarithms,
            dots,
        }
    }

    /// Takes in some queries and what belongs to them.
    fn load(&mut self, isa: Isa, head: &Head<'_>, outputs: &Outputs<'_>, queries: Range<usize>) {
        let wide = head.width::<L>();
        pack::<L>(isa, head.rows(0, queries.clone()), BLOCK, self.queries);
        pack::<L>(isa, head.outputs(outputs.d_out, queries.clone()), BLOCK, self.d_out);
        let out = &mut *self.d_queries; // free as yet
        pack::<L>(isa, head.outputs(outputs.out, queries.clone()), BLOCK, out);
        for (panel, dots_of) in
            self.dots.chunks_exact_mut(PANEL).take(queries.len().div_ceil(PANEL)).enumerate()
        {
            let (first, turned) = (panel * PANEL, panel * wide..(panel + 1) * wide);
            let scale = head.scale * LOG2_E;
            turn::<L>(isa, self.queries, BLOCK, first, scale, &mut self.turned_queries[turned.clone()]);
            let d_out = &mut self.turned_d_out[turned];
            turn::<L>(isa, self.d_out, BLOCK, first, 1.0, d_out);
            let turned = &mut self.turned_out[..wide];
            turn::<L>(isa, out, BLOCK, first, 1.0, turned);
            dots(isa, turned, d_out, dots_of);
        }
        self.logarithms.fill(0.0);
        for (to, from) in self.logarithms.iter_mut().zip(&outputs.logsumexp[queries]) {
            *to = from * LOG2_E;
        }
    }

    /// Weights and gradients of scores for a block of keys, and the gradients of queries that follow.
    fn weigh(
        &mut self,
        isa: Isa,
        head: &Head<'_>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        sides: &Keys<'_, L>,
    ) {
        let (d, wide) = (head.size(), head.width::<L>());
        for (panel, first) in queries.clone().step_by(PANEL).enumerate() {
            let rows = PANEL.min(queries.end - first);
            let keys = keys.start..if head.causal { keys.end.min(first + rows) } else { keys.end };
            let seen = head.seen(first, &keys);
            let weights = &mut self.weights[panel * KEYS..][..keys.len()];
            let d_scores = &mut self.d_scores[panel * KEYS..][..keys.len()];
            let turned = &self.turned_queries[panel * wide..][..d];
            across::<L, PANEL, false>(isa, &sides.keys[keys.start..], head.len, turned, weights);
            let turned = &self.turned_d_out[panel * wide..][..d];
            across::<L, PANEL, false>(isa, &sides.values[keys.start..], head.len, turned, d_scores);
            let (logarithms, dots) = (&self.logarithms[panel * PANEL..], &self.dots[panel * PANEL..]);
            weigh(isa, weights, d_scores, seen, head.scale, logarithms, dots);
            let d_queries = self.d_queries.chunks_exact_mut(BLOCK);
            for (d_queries, right) in d_queries.zip(sides.keys.chunks_exact(head.len)) {
                let (right, d_queries) = (&right[keys.clone()], &mut d_queries[panel * PANEL..][..rows]);
                match keys.start {
                    0 => down::<L, false>(isa, d_scores, right, d_queries, seen),
                    _ => down::<L, true>(isa, d_scores, right, d_queries, seen),
                }
            }
        }
    }

    /// Adds to the gradients of a block of keys and values.
    fn add(
        &self,
        isa: Isa,
        head: &Head<'_>,
        queries: &Range<usize>,
        keys: &Range<usize>,
        sides: &mut Keys<'_, L>,
    ) {
        let part = |left: &[Row], right: &[[f32; L]], sum: &mut [[f32; L]]| {
            for (right, sum) in right.chunks_exact(BLOCK).zip(sum.chunks_exact_mut(head.len)) {
                let right = &right[..queries.len()];
                let whole = if head.causal { keys.end.min(queries.start) } else { keys.end };
                across::<PANEL, L, true>(isa, left, KEYS, right, &mut sum[keys.start..whole]);
                // Keys on the diagonal are seen by later queries alone.
                for first in (whole..keys.end).step_by(PANEL) {
                    let (skipped, end) = (first - queries.start, keys.end.min(first + PANEL));
                    let left = &left[skipped / PANEL * KEYS + first - keys.start..];
                    across::<PANEL, L, true>(isa, left, KEYS, &right[skipped..], &mut sum[first..end]);
                }
            }
        };
        part(self.weights, self.d_out, sides.d_values);
        part(self.d_scores, self.queries, sides.d_keys);
    }
}

rungs! {
    /// Turns scores into weights, and the gradients of weights into those of scores, times the scale.
    fn weigh(
        scores: &mut [Row], gradients: &mut [Row], seen: usize, scale: f32, logarithms: &[f32], dots: &[f32],
    ) -> () {
        let (Some(logarithms), Some(dots)) = (logarithms.first_chunk::<PANEL>(), dots.first_chunk::<PANEL>())
        else { return };
        for (scores, gradients) in scores.iter_mut().zip(gradients.iter_mut()) {
            for lane in 0..PANEL {
                scores[lane] = exp2(scores[lane] - logarithms[lane]);
                gradients[lane] = scores[lane] * (gradients[lane] - dots[lane]) * scale;
            }
        }
        hide(scores, seen, 0.0);
        hide(gradients, seen, 0.0);
    }
}
