//! The way forward of any cell.

use super::{Cell, Plan, RecurrentWeights, Rows, store};
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
    let [_, t, i, h] = plan.shape;
    let (deep, n) = (i + h, rows.count);
    let xh_len = (n * deep).next_multiple_of(PANEL);
    scratch::lend(xh_len + n * (plan.wide() + (4 + C::SAVED + 1) * PANEL), |space| {
        let (xh, space) = space.split_at_mut(xh_len);
        let (carry, space) = space.split_at_mut(n * plan.wide());
        let (sums, values) = space.split_at_mut(n * 4 * PANEL);
        xh.fill(0.0);
        carry.fill(0.0);
        for step in 0..rows.steps() {
            for (place, (row, time)) in rows.at(step).enumerate() {
                xh[place * deep..][..i].copy_from_slice(&x[(row * t + time) * i..][..i]);
            }
            let count = rows.at(step).count();
            for (unit, (panels, bias)) in packed.units(C::GATES * deep).enumerate() {
                C::project(isa, count, [i, h], xh, panels, sums);
                let (sums, values) = (&sums.as_chunks().0[..count * 4], values.as_chunks_mut().0);
                C::gates(isa, sums, bias, &mut carry[unit * PANEL..], plan.wide(), values);
                scatter::<C>(plan, rows, step, unit * PANEL, values, saved, states);
            }
            for (place, (row, time)) in rows.at(step).enumerate() {
                let state = &states[(row * t + time) * plan.sequence.row..][..h];
                xh[place * deep + i..][..h].copy_from_slice(state);
            }
        }
        for (place, &row) in rows.order[..n].iter().enumerate() {
            last[row * h..][..h].copy_from_slice(&xh[place * deep + i..][..h]);
        }
    });
    clear_padding(plan, rows, states);
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

/// What 16 units give in a step, to where each row keeps it.
fn scatter<C: Cell>(
    plan: &Plan<'_>,
    rows: &Rows,
    step: usize,
    unit: usize,
    values: &[Row],
    saved: &mut [f32],
    states: &mut [f32],
) {
    let [_, t, _, h] = plan.shape;
    let count = PANEL.min(h - unit);
    for ((row, time), values) in rows.at(step).zip(values.chunks_exact(C::SAVED + 1)) {
        let saved = &mut saved[(rows.starts[row] + time) * h * C::SAVED..][..h * C::SAVED];
        for (saved, value) in saved.chunks_exact_mut(h).zip(values) {
            store(&mut saved[unit..][..count], value);
        }
        store(&mut states[(row * t + time) * plan.sequence.row + unit..][..count], &values[C::SAVED]);
    }
}
