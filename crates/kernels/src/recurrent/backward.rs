//! The way back through time of any cell.

use super::{Cell, Direction, Plan, RecurrentGradients, RecurrentWeights, Rows, StateGradients};
use crate::Write;
use crate::ctx::Ctx;
use crate::gemm::{Epilogue, Matrix, MatrixMut, gemm};
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, pack_rows, product};
use crate::scratch;

/// What the way back reads.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) weights: RecurrentWeights<'a>,
    pub(super) x: &'a [f32],
    pub(super) states: &'a [f32],
    pub(super) gradients: StateGradients<'a>,
}

/// Weights as the right sides of `gradients of gates . weights`, in panels of G * H rows.
#[derive(Clone, Copy)]
struct Packed<'a> {
    states: &'a [Row],
    inputs: &'a [Row],
}

/// Turns `saved` into the gradients of the gates, and writes those of inputs, weights and biases.
pub(super) fn run<C: Cell>(
    ctx: &Ctx,
    plan: &Plan<'_>,
    inputs: &Inputs<'_>,
    saved: &mut [f32],
    d_x: Option<(&mut [f32], Write)>,
    out: RecurrentGradients<'_>,
) {
    let [b, t, i, h] = plan.shape;
    check::<C>(plan, inputs, d_x.as_ref().map(|(d_x, _)| d_x.len()), &out);
    if !plan.is_empty() {
        let gates = C::GATES * h;
        let (states, total) = (plan.blocks() * gates, (plan.blocks() + i.div_ceil(PANEL)) * gates);
        let sums_len = plan.tasks() * 4 * h;
        scratch::lend(total * PANEL, |space| {
            let (states, x) = space.as_chunks_mut().0.split_at_mut(states);
            pack(ctx.isa, gates, h, inputs.weights.w_hh, states);
            pack(ctx.isa, gates, i, inputs.weights.w_ih, x);
            let packed = Packed { states, inputs: x };
            scratch::lend(sums_len + plan.tasks(), |space| {
                let (sums, nothing) = space.split_at_mut(sums_len);
                let sums_cut = (&mut *sums, 4 * h);
                let (d_x, write) = match d_x {
                    Some((d_x, write)) if i > 0 => ((d_x, plan.chunk * t * i), Some(write)),
                    Some(_) | None => ((nothing, 1), None),
                };
                let saved = (&mut *saved, plan.chunk * t * h * C::SAVED);
                ctx.team.parts3(saved, d_x, sums_cut, |task, saved, d_x, sums| {
                    let task = Task { isa: ctx.isa, plan, rows: plan.rows(task), inputs, packed };
                    task.run::<C>(saved, write.map(|write| (d_x, write)), sums);
                });
                join(sums, 4 * h);
                let (beside_x, beside_states) = (gates, if C::SPLIT { 3 * h } else { 0 });
                bias(out.b_ih, &[&sums[..beside_x]]);
                if C::SPLIT {
                    bias(out.b_hh, &[&sums[..2 * h], &sums[beside_states..4 * h]]);
                } else {
                    bias(out.b_hh, &[&sums[..4 * h]]);
                }
            });
        });
    } else {
        bias(out.b_ih, &[]);
        bias(out.b_hh, &[]);
    }
    let _ = b;
    weights::<C>(ctx, plan, inputs, saved, out.w_ih, out.w_hh);
}

fn check<C: Cell>(plan: &Plan<'_>, inputs: &Inputs<'_>, d_x: Option<usize>, out: &RecurrentGradients<'_>) {
    let [b, t, i, h] = plan.shape;
    let gates = C::GATES * h;
    let lens = [out.w_ih.0.len(), out.w_hh.0.len(), out.b_ih.0.len(), out.b_hh.0.len()];
    assert_eq!(
        lens,
        [gates * i, gates * h, gates, gates],
        "a recurrent layer wants a gradient for each parameter"
    );
    if let Some(len) = d_x {
        assert_eq!(len, b * t * i, "a recurrent layer wants gradients of inputs of shape [{b}, {t}, {i}]");
    }
    if let Some(states) = inputs.gradients.states {
        let wanted = if plan.is_empty() { 0 } else { plan.states_len() };
        assert!(states.len() >= wanted, "a recurrent layer wants a gradient for each state");
    }
    if let Some(last) = inputs.gradients.last {
        assert_eq!(last.len(), b * h, "a recurrent layer wants gradients of last states of shape [{b}, {h}]");
    }
}

rungs! {
    fn pack(gates: usize, n: usize, weights: &[f32], panels: &mut [Row]) {
        pack_rows(gates, n, |p| &weights[p * n..][..n], gates, panels);
    }

    /// Adds the numbers of each row but the first to those of the first.
    fn add_rows(sums: &mut [f32], rows: &[f32]) {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// The sums of all tasks to the first, in order.
fn join(sums: &mut [f32], len: usize) {
    let (first, rest) = sums.split_at_mut(len);
    for row in rest.chunks_exact(len) {
        first.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}

/// Pieces of sums, one after the other, to a gradient.
fn bias((out, write): (&mut [f32], Write), pieces: &[&[f32]]) {
    if write == Write::Set {
        out.fill(0.0);
    }
    let sums = pieces.iter().flat_map(|piece| piece.iter());
    out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
}

/// The rows of a task.
struct Task<'a> {
    isa: Isa,
    plan: &'a Plan<'a>,
    rows: Rows,
    inputs: &'a Inputs<'a>,
    packed: Packed<'a>,
}

impl Task<'_> {
    fn run<C: Cell>(&self, saved: &mut [f32], mut d_x: Option<(&mut [f32], Write)>, sums: &mut [f32]) {
        let [_, t, i, h] = self.plan.shape;
        let (n, wide, gates) = (self.rows.count, self.plan.wide(), C::GATES * h);
        let wide_x = i.next_multiple_of(PANEL);
        let gates_len = (n * gates).next_multiple_of(PANEL);
        sums.fill(0.0);
        scratch::lend(n * wide * 2 + gates_len * 2 + n * wide_x + wide, |space| {
            let (d_state, space) = space.split_at_mut(n * wide);
            let (d_carry, space) = space.split_at_mut(n * wide);
            let (beside_x, space) = space.split_at_mut(gates_len);
            let (beside_states, space) = space.split_at_mut(gates_len);
            let (x, carried) = space.split_at_mut(n * wide_x);
            self.start(d_state, d_carry);
            for step in (0..self.rows.steps()).rev() {
                let count = self.rows.at(step).count();
                for (place, (row, time)) in self.rows.at(step).enumerate() {
                    let (d_state, d_carry) =
                        (&mut d_state[place * wide..][..h], &mut d_carry[place * wide..][..h]);
                    self.carried::<C>(row, step, saved, &mut carried[..h]);
                    self.add_state_gradient(row, time, d_state);
                    let saved = &mut saved[(row * t + time) * h * C::SAVED..][..h * C::SAVED];
                    C::gates_back(self.isa, saved, &carried[..h], d_state, d_carry);
                    add_rows(self.isa, sums, &saved[..4 * h]);
                    beside_x[place * gates..][..gates].copy_from_slice(&saved[..gates]);
                    if C::SPLIT {
                        let beside = &mut beside_states[place * gates..][..gates];
                        beside[..2 * h].copy_from_slice(&saved[..2 * h]);
                        beside[2 * h..].copy_from_slice(&saved[3 * h..4 * h]);
                    }
                }
                let left = Left::Rows(if C::SPLIT { beside_states } else { beside_x }, gates);
                product(
                    self.isa,
                    [count, wide, gates],
                    left,
                    self.packed.states,
                    gates,
                    d_state,
                    wide,
                    Write::Add,
                );
                if let Some((d_x, write)) = &mut d_x {
                    let left = Left::Rows(beside_x, gates);
                    product(
                        self.isa,
                        [count, wide_x, gates],
                        left,
                        self.packed.inputs,
                        gates,
                        x,
                        wide_x,
                        Write::Set,
                    );
                    for (place, (row, time)) in self.rows.at(step).enumerate() {
                        put(&mut d_x[(row * t + time) * i..][..i], &x[place * wide_x..], *write);
                    }
                }
            }
        });
        if let Some((d_x, Write::Set)) = d_x {
            for row in 0..n {
                d_x[(row * t + self.rows.lens[row]) * i..(row + 1) * t * i].fill(0.0);
            }
        }
    }

    /// The gradients of the last states.
    fn start(&self, d_state: &mut [f32], d_carry: &mut [f32]) {
        let (h, wide) = (self.plan.shape[3], self.plan.wide());
        d_state.fill(0.0);
        d_carry.fill(0.0);
        let Some(last) = self.inputs.gradients.last else { return };
        for (place, &row) in self.rows.order[..self.rows.count].iter().enumerate() {
            d_state[place * wide..][..h].copy_from_slice(&last[(self.rows.first + row) * h..][..h]);
        }
    }

    fn add_state_gradient(&self, row: usize, time: usize, d_state: &mut [f32]) {
        let Some(states) = self.inputs.gradients.states else { return };
        let at = (self.rows.first + row) * self.plan.shape[1] + time;
        let gradient = &states[at * self.plan.sequence.row..][..d_state.len()];
        add_rows(self.isa, d_state, gradient);
    }

    /// What a step found from the step before, zero for the first.
    fn carried<C: Cell>(&self, row: usize, step: usize, saved: &[f32], out: &mut [f32]) {
        if step == 0 {
            return out.fill(0.0);
        }
        let [_, t, _, h] = self.plan.shape;
        let at = row * t + self.rows.time(row, step - 1);
        let state = &self.inputs.states[(self.rows.first * t + at) * self.plan.sequence.row..][..h];
        out.copy_from_slice(C::carried(h, &saved[at * h * C::SAVED..][..h * C::SAVED], state));
    }
}

fn put(out: &mut [f32], values: &[f32], write: Write) {
    match write {
        Write::Set => out.copy_from_slice(&values[..out.len()]),
        Write::Add => out.iter_mut().zip(values).for_each(|(out, x)| *out += x),
    }
}

/// The gradients of both weights: one product each over all rows and steps.
fn weights<C: Cell>(
    ctx: &Ctx,
    plan: &Plan<'_>,
    inputs: &Inputs<'_>,
    saved: &mut [f32],
    (w_ih, write_ih): (&mut [f32], Write),
    (w_hh, write_hh): (&mut [f32], Write),
) {
    let [b, t, i, h] = plan.shape;
    let (steps, size) = (b * t, h * C::SAVED);
    let x = Matrix::rows(inputs.x, i);
    let gates = Matrix::transposed(saved, size);
    gemm(ctx, [C::GATES * h, i, steps], gates, x, MatrixMut::rows(w_ih, i), write_ih, Epilogue::NONE);
    clear_first_steps(plan, size, saved);
    // Each step meets the state one before it, that is one place earlier or later; what a row's first step would meet there
    // belongs to another row, so its gradients were made zero.
    let (gates_from, states_from) = match plan.sequence.direction {
        Direction::Forward => (size.min(saved.len()), 0),
        Direction::Backward => (0, plan.sequence.row.min(inputs.states.len())),
    };
    let pairs = steps.saturating_sub(1);
    let states = Matrix { data: &inputs.states[states_from..], row: plan.sequence.row, col: 1 };
    let part = |m: usize, gate: usize, out: &mut [f32]| {
        let data = saved.get(gates_from + gate * h..).unwrap_or(&[]);
        let gates = Matrix::transposed(data, size);
        gemm(ctx, [m, h, pairs], gates, states, MatrixMut::rows(out, h), write_hh, Epilogue::NONE);
    };
    if C::SPLIT {
        let (both, new) = w_hh.split_at_mut(2 * h * h);
        part(2 * h, 0, both);
        part(h, 3, new);
    } else {
        part(C::GATES * h, 0, w_hh);
    }
}

fn clear_first_steps(plan: &Plan<'_>, size: usize, saved: &mut [f32]) {
    let [b, t, ..] = plan.shape;
    if plan.is_empty() {
        return;
    }
    for row in 0..b {
        let first = match (plan.sequence.direction, plan.sequence.lengths) {
            (Direction::Forward, _) => 0,
            (Direction::Backward, None) => t - 1,
            (Direction::Backward, Some(lengths)) => (lengths[row] as usize).saturating_sub(1),
        };
        saved[(row * t + first) * size..][..size].fill(0.0);
    }
}
