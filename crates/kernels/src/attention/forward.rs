//! The way forward, one head at a time.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::Range;

use super::pack::{pack, turn, unpack};
use super::tiles::{across, down};
use super::{Head, KEYS, cut, hide, panels, room};
use crate::Write;
use crate::isa::{Isa, rungs};
use crate::panels::{PANEL, Row};
use crate::scratch;
use crate::team::Column;
use crate::vmath::{exp2, ln};

/// Attention of one head, whose vectors are cut into pieces of `L`.
pub(super) fn head<const L: usize>(
    isa: Isa,
    head: &Head<'_>,
    out: &mut Column<'_, f32>,
    logsumexp: &mut [f32],
) {
    if head.len == 0 {
        return;
    }
    let wide = head.width::<L>();
    let lens = [head.len * wide, head.len * wide, PANEL * wide, PANEL * wide, PANEL * wide, KEYS * PANEL];
    scratch::lend(room(lens), |space| {
        let [keys, values, queries, turned, sums, scores] = cut(space, lens);
        let (keys, values, queries) = (panels(keys), panels(values), panels(queries));
        let (turned, sums, scores) = (panels(turned), panels(sums), panels(scores));
        pack::<L>(isa, head.rows(1, 0..head.len), head.len, keys);
        pack::<L>(isa, head.rows(2, 0..head.len), head.len, values);
        for first in (0..head.len).step_by(PANEL) {
            let rows = PANEL.min(head.len - first);
            pack::<L>(isa, head.rows(0, first..first + rows), PANEL, queries);
            turn::<L>(isa, queries, PANEL, 0, head.scale * LOG2_E, turned);
            let queries = &turned[..head.size()];
            let mut state = State { rows, sums, largest: [f32::NEG_INFINITY; PANEL], totals: [0.0; PANEL] };
            for block in head.blocks(first + rows) {
                let scores = &mut scores[..block.len()];
                across::<L, PANEL, false>(isa, &keys[block.start..], head.len, queries, scores);
                state.attend(isa, scores, values, head, first, block);
            }
            let [inverse, logarithms] = finish(isa, &state.largest, &state.totals);
            state.scale(isa, &inverse);
            logsumexp[first..][..rows].copy_from_slice(&logarithms[..rows]);
            for i in 0..rows {
                unpack(state.sums, PANEL, i, out.cell(first + i, 0), Write::Set);
            }
        }
    });
}

/// What 16 queries have seen so far.
struct State<'a, const L: usize> {
    /// How many they are.
    rows: usize,
    /// Values times weights: panels `[D / L, 16, L]`.
    sums: &'a mut [[f32; L]],
    /// The largest score of each query, as a power of two.
    largest: Row,
    /// The sum of weights of each query.
    totals: Row,
}

impl<const L: usize> State<'_, L> {
    fn scale(&mut self, isa: Isa, factors: &Row) {
        for sums in self.sums.chunks_exact_mut(PANEL) {
            scale(isa, &mut sums[..self.rows], factors);
        }
    }

    /// Adds a block of keys: `scores` is `[keys, 16]`.
    fn attend(
        &mut self,
        isa: Isa,
        scores: &mut [Row],
        values: &[[f32; L]],
        head: &Head<'_>,
        first: usize,
        block: Range<usize>,
    ) {
        let seen = head.seen(first, &block);
        let factors = weigh(isa, scores, seen, &mut self.largest, &mut self.totals);
        if block.start > 0 {
            self.scale(isa, &factors);
        }
        for (values, sums) in values.chunks_exact(head.len).zip(self.sums.chunks_exact_mut(PANEL)) {
            let (values, sums) = (&values[block.clone()], &mut sums[..self.rows]);
            match block.start {
                0 => down::<L, false>(isa, scores, values, sums, seen),
                _ => down::<L, true>(isa, scores, values, sums, seen),
            }
        }
    }
}

rungs! {
    /// Turns scores into weights `2^(score - largest)`, and gives what measures those before alike.
    fn weigh(scores: &mut [Row], seen: usize, largest: &mut Row, totals: &mut Row) -> Row {
        hide(scores, seen, f32::NEG_INFINITY);
        let before = *largest;
        let mut most = before;
        for scores in scores.iter() {
            for lane in 0..PANEL {
                most[lane] = if scores[lane] > most[lane] { scores[lane] } else { most[lane] };
            }
        }
        // Where every score so far is minus infinity, a difference would be NaN and spoil the scores to come.
        let (mut shift, mut factors, mut sums) = (most, [0.0; PANEL], [0.0; PANEL]);
        for lane in 0..PANEL {
            shift[lane] = if most[lane] == f32::NEG_INFINITY { 0.0 } else { most[lane] };
            factors[lane] = exp2(before[lane] - shift[lane]);
        }
        for scores in scores.iter_mut() {
            for lane in 0..PANEL {
                scores[lane] = exp2(scores[lane] - shift[lane]);
                sums[lane] += scores[lane];
            }
        }
        for lane in 0..PANEL {
            totals[lane] = totals[lane].mul_add(factors[lane], sums[lane]);
        }
        *largest = most;
        factors
    }

    /// Each row times its factor.
    fn scale<const L: usize>(sums: &mut [[f32; L]], factors: &Row) -> () {
        for (sums, factor) in sums.iter_mut().zip(factors) {
            // Hidden, or the compiler makes vectors of factors, and turns all numbers to meet them.
            let factor = std::hint::black_box(*factor);
            sums.iter_mut().for_each(|sum| *sum *= factor);
        }
    }

    /// What sums are to be multiplied by, and the logarithms of the sums of all powers.
    fn finish(largest: &Row, totals: &Row) -> [Row; 2] {
        let (mut inverse, mut logarithms) = (*totals, *totals);
        for lane in 0..PANEL {
            inverse[lane] = 1.0 / totals[lane];
            logarithms[lane] = largest[lane].mul_add(LN_2, ln(totals[lane]));
        }
        [inverse, logarithms]
    }
}
