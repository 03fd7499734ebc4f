//! The way forward of any cell.

use super::{Cell, Plan, RecurrentWeights, Rows};
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::panels::{PANEL, Row, pack_columns};
use crate::scratch;

/// Multiplications of a step from which on the team shares it: a hand-over costs half a microsecond, or some 7,000 of them.
const SHARED: usize = 1 << 15;

/// Weights as the steps want them.
struct Packed<'a> {
    /// For each gate and each 16 units a panel of I + H rows.
    panels: &'a [Row],
    /// `[4, wide]`
    biases: &'a [f32],
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
    let panels = plan.blocks() * C::GATES * (i + h) * PANEL;
    scratch::lend(panels + 4 * plan.wide(), |space| {
        let (panels, biases) = space.split_at_mut(panels);
        let panels = panels.as_chunks_mut().0;
        ctx.team.parts(panels, plan.blocks() * (i + h), |gate, panels| {
            pack(ctx.isa, gate, [i, h], weights, panels);
        });
        biases.fill(0.0);
        C::biases(weights, h, biases);
        let packed = Packed { panels, biases };
        let states = &mut states[..plan.states_len()];
        let task = |task: usize, states: &mut [f32], saved: &mut [f32], last: &mut [f32]| {
            let rows = plan.rows(task);
            task_of::<C>(ctx, plan, &rows, &packed, &x[rows.first * t * i..], states, saved, last);
        };
        if plan.tasks() == 1 {
            return task(0, states, saved, last); // and the team is free for what the task does
        }
        ctx.team.parts3(
            (states, plan.chunk * t * plan.sequence.row),
            (saved, plan.chunk * t * h * C::SAVED),
            (last, plan.chunk * h),
            task,
        );
    });
}

rungs! {
    /// The panels of a gate.
    fn pack(gate: usize, sizes: [usize; 2], weights: &RecurrentWeights<'_>, panels: &mut [Row]) {
        let [i, h] = sizes;
        for (block, panel) in panels.chunks_exact_mut(i + h).enumerate() {
            let unit = block * PANEL;
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
    ctx: &Ctx,
    plan: &Plan<'_>,
    rows: &Rows,
    packed: &Packed<'_>,
    x: &[f32],
    states: &mut [f32],
    saved: &mut [f32],
    last: &mut [f32],
) {
    let [_, t, i, h] = plan.shape;
    let (deep, n, wide) = (i + h, rows.count, 4 * plan.wide());
    let xh_len = (n * deep).next_multiple_of(PANEL);
    scratch::lend(xh_len + n * (wide + plan.wide()), |space| {
        let (xh, space) = space.split_at_mut(xh_len);
        let (sums, carry) = space.split_at_mut(n * wide);
        xh.fill(0.0);
        carry.fill(0.0);
        let mut saved = saved.chunks_exact_mut(h * C::SAVED);
        for step in 0..rows.steps() {
            feed(plan, rows, step, x, xh);
            project::<C>(ctx, plan, rows.having(step), xh, packed.panels, sums);
            let places = xh
                .chunks_exact_mut(deep)
                .zip(carry.chunks_exact_mut(plan.wide()))
                .zip(sums.chunks_exact(wide));
            for (((row, time), ((xh, carry), sums)), saved) in rows.at(step).zip(places).zip(&mut saved) {
                let state = &mut xh[i..];
                C::gates(ctx.isa, sums, packed.biases, carry, state, saved);
                states[(row * t + time) * plan.sequence.row..][..h].copy_from_slice(state);
            }
        }
        for (place, &row) in rows.order[..n].iter().enumerate() {
            last[row * h..][..h].copy_from_slice(&xh[place * deep + i..][..h]);
        }
    });
    clear_padding(plan, rows, states);
}

/// The sums of a step, in two halves: for a row alone the team shares them, if they take longer than a hand-over.
fn project<C: Cell>(ctx: &Ctx, plan: &Plan<'_>, rows: usize, xh: &[f32], panels: &[Row], sums: &mut [f32]) {
    let [_, _, i, h] = plan.shape;
    let half = 2 * plan.wide();
    if plan.shape[0] == 1 && C::GATES * h * (i + h) >= SHARED {
        return ctx
            .team
            .parts(sums, half, |which, sums| C::project(ctx.isa, which, 1, [i, h], xh, panels, sums));
    }
    for which in 0..2 {
        C::project(ctx.isa, which, rows, [i, h], xh, panels, &mut sums[which * half..]);
    }
}

/// The inputs of a step, to where the product reads them.
fn feed(plan: &Plan<'_>, rows: &Rows, step: usize, x: &[f32], xh: &mut [f32]) {
    let [_, t, i, h] = plan.shape;
    for ((row, time), xh) in rows.at(step).zip(xh.chunks_mut(i + h)) {
        xh[..i].copy_from_slice(&x[(row * t + time) * i..][..i]);
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
