//! The way forward of any cell.

use super::{Cell, Plan, RecurrentWeights, Rows, Units};
use crate::ctx::Ctx;
use crate::isa::{Isa, rungs};
use crate::panels::{PANEL, Row, pack_columns};
use crate::scratch;

/// Weights as the steps want them.
struct Packed<'a> {
    /// For each block of 16 units and each gate a panel of I + H rows.
    panels: &'a [Row],
    /// For each block of 16 units.
    biases: &'a [Row],
}

impl Packed<'_> {
    /// The panels, that many rows, and the biases of each block of units.
    fn units(&self, rows: usize) -> impl Iterator<Item = (&[Row], &[Row; 4])> {
        self.panels.chunks_exact(rows).zip(self.biases.as_chunks().0)
    }
}

/// All states, the last ones, and what the way back wants.
pub(super) fn run<C: Cell>(
    ctx: &Ctx,
    plan: &Plan<'_>,
    weights: &RecurrentWeights<'_>,
    x: &[f32],
    states: &mut [f32],
    last: &mut [f32],
    saved: &mut [f32],
) {
    let [b, t, i, h] = plan.shape;
    assert_eq!(last.len(), b * h, "a recurrent layer wants last states of shape [{b}, {h}]");
    if plan.is_empty() {
        return last.fill(0.0);
    }
    let panels = plan.blocks() * C::GATES * (i + h);
    scratch::lend((panels + plan.blocks() * 4) * PANEL, |space| {
        let (panels, biases) = space.as_chunks_mut().0.split_at_mut(panels);
        pack(ctx.isa, C::GATES, [i, h], weights, panels);
        for (unit, biases) in biases.chunks_exact_mut(4).enumerate() {
            biases.copy_from_slice(&C::biases(weights, h, unit * PANEL));
        }
        let packed = Packed { panels, biases };
        let states = &mut states[..plan.states_len()];
        ctx.team.parts3(
            (states, plan.chunk * t * plan.sequence.row),
            (saved, plan.chunk * t * h * C::SAVED),
            (last, plan.chunk * h),
            |task, states, saved, last| {
                let rows = plan.rows(task);
                task_of::<C>(ctx.isa, plan, &rows, &packed, &x[rows.first * t * i..], states, saved, last);
            },
        );
    });
}

rungs! {
    fn pack(gates: usize, sizes: [usize; 2], weights: &RecurrentWeights<'_>, panels: &mut [Row]) {
        let [i, h] = sizes;
        for (place, panel) in panels.chunks_exact_mut(i + h).enumerate() {
            let (unit, gate) = (place / gates * PANEL, place % gates);
            let (x, state) = panel.split_at_mut(i);
            let row = |lane: usize| gate * h + unit + lane;
            let count = PANEL.min(h - unit);
            pack_columns(count, i, |lane| &weights.w_ih[row(lane) * i..], i, x);
            pack_columns(count, h, |lane| &weights.w_hh[row(lane) * h..], h, state);
        }
    }
}

/// All steps of some rows.
#[expect(clippy::too_many_arguments, reason = "the parts of a task")]
fn task_of<C: Cell>(
    isa: Isa,
    plan: &Plan<'_>,
    rows: &Rows,
    packed: &Packed<'_>,
    x: &[f32],
    states: &mut [f32],
    saved: &mut [f32],
    last: &mut [f32],
) {
    let [_, _, i, h] = plan.shape;
    let (deep, n, wide) = (i + h, rows.count, plan.wide());
    let xh_len = (n * deep).next_multiple_of(PANEL);
    scratch::lend(xh_len + n * (2 * wide + 4 * PANEL), |space| {
        let (xh, space) = space.split_at_mut(xh_len);
        let (carry, space) = space.split_at_mut(n * wide);
        let (fresh, sums) = space.split_at_mut(n * wide);
        xh.fill(0.0);
        carry.fill(0.0);
        let mut saved = saved;
        for step in 0..rows.steps() {
            let count = rows.having(step);
            let (now, later) = saved.split_at_mut(count * h * C::SAVED);
            feed(plan, rows, step, x, xh);
            for (block, (panels, bias)) in packed.units(C::GATES * deep).enumerate() {
                C::project(isa, count, [i, h], xh, panels, sums);
                let (unit, sums) = (block * PANEL, &sums.as_chunks().0.as_chunks().0[..count]);
                let (carry, states, saved) = (&mut carry[unit..], &mut fresh[unit..], &mut now[unit..]);
                let count = PANEL.min(h - unit);
                C::gates(isa, Units { sums, bias, carry, states, wide, saved, hidden: h, count });
            }
            hand_on(plan, rows, step, fresh, xh, states);
            saved = later;
        }
        for (place, &row) in rows.order[..n].iter().enumerate() {
            last[row * h..][..h].copy_from_slice(&xh[place * deep + i..][..h]);
        }
    });
    clear_padding(plan, rows, states);
}

/// The inputs of a step, to where the product reads them.
fn feed(plan: &Plan<'_>, rows: &Rows, step: usize, x: &[f32], xh: &mut [f32]) {
    let [_, t, i, h] = plan.shape;
    for ((row, time), xh) in rows.at(step).zip(xh.chunks_mut(i + h)) {
        xh[..i].copy_from_slice(&x[(row * t + time) * i..][..i]);
    }
}

/// The states of a step, to who asked for them and to the next step.
fn hand_on(plan: &Plan<'_>, rows: &Rows, step: usize, fresh: &[f32], xh: &mut [f32], states: &mut [f32]) {
    let [_, t, i, h] = plan.shape;
    let places = fresh.chunks(plan.wide()).zip(xh.chunks_mut(i + h));
    for ((row, time), (fresh, xh)) in rows.at(step).zip(places) {
        xh[i..].copy_from_slice(&fresh[..h]);
        states[(row * t + time) * plan.sequence.row..][..h].copy_from_slice(&fresh[..h]);
    }
}

/// Zeros for the steps that rows do not have.
fn clear_padding(plan: &Plan<'_>, rows: &Rows, states: &mut [f32]) {
    let [_, t, _, h] = plan.shape;
    for (row, len) in rows.lens[..rows.count].iter().enumerate() {
        for at in row * t + len..(row + 1) * t {
            states[at * plan.sequence.row..][..h].fill(0.0);
        }
    }
}
