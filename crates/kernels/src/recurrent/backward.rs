//! The way back through time of any cell.

use super::{Cell, Plan, RecurrentGradients, RecurrentWeights, Rows, StateGradients};
use crate::ctx::Ctx;
use crate::gemm::{Epilogue, Matrix, MatrixMut, gemm_highest};
use crate::isa::{Isa, rungs};
use crate::panels::{Left, PANEL, Row, pack_rows, product};
use crate::scratch;
use crate::write::{Write, write_row};

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
    let h = plan.shape[3];
    check::<C>(plan, inputs, d_x.as_ref().map(|(d_x, _)| d_x.len()), &out);
    scratch::lend(plan.tasks().max(1) * 4 * h, |sums| {
        if plan.is_empty() {
            sums.fill(0.0);
        } else {
            walk::<C>(ctx, plan, inputs, saved, d_x, sums);
        }
        if C::SPLIT {
            bias(out.b_ih, &[&sums[..3 * h]]);
            bias(out.b_hh, &[&sums[..2 * h], &sums[3 * h..4 * h]]);
        } else {
            bias(out.b_ih, &[&sums[..4 * h]]);
            bias(out.b_hh, &[&sums[..4 * h]]);
        }
    });
    weights::<C>(ctx, plan, inputs, saved, out.w_ih, out.w_hh);
}

/// All rows through all steps. The first `4 * H` of `sums` become the sums of what the gates got.
fn walk<C: Cell>(
    ctx: &Ctx,
    plan: &Plan<'_>,
    inputs: &Inputs<'_>,
    saved: &mut [f32],
    d_x: Option<(&mut [f32], Write)>,
    sums: &mut [f32],
) {
    let [_, t, i, h] = plan.shape;
    let gates = C::GATES * h;
    let panels_len = (plan.blocks() + i.div_ceil(PANEL)) * gates * PANEL;
    scratch::lend(panels_len + plan.tasks(), |space| {
        let (panels, nothing) = space.split_at_mut(panels_len);
        let (states, x) = panels.as_chunks_mut().0.split_at_mut(plan.blocks() * gates);
        pack(ctx.isa, gates, h, inputs.weights.w_hh, states);
        pack(ctx.isa, gates, i, inputs.weights.w_ih, x);
        let packed = Packed { states, inputs: x };
        let (d_x, write) = match d_x {
            Some((d_x, write)) if i > 0 => ((d_x, plan.chunk * t * i), Some(write)),
            Some(_) | None => ((nothing, 1), None),
        };
        let saved = (saved, plan.chunk * t * h * C::SAVED);
        ctx.team.parts3(saved, d_x, (&mut *sums, 4 * h), |task, saved, d_x, sums| {
            let task = Task { isa: ctx.isa, plan, rows: plan.rows(task), inputs, packed };
            task.run::<C>(saved, write.map(|write| (d_x, write)), sums);
        });
    });
    let (first, rest) = sums.split_at_mut(4 * h);
    add_rows(ctx.isa, first, rest);
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

    /// Adds rows, each as long as the sums, one after the other.
    fn add_rows(sums: &mut [f32], rows: &[f32]) {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
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

/// What a task works with; rows stand in the order of [`Rows`].
struct Space<'a> {
    /// Gradients of the states, then of what is carried beside them.
    d_state: &'a mut [f32],
    d_carry: &'a mut [f32],
    /// Gradients of the inputs of a step.
    d_x: &'a mut [f32],
    /// What the first step found.
    zeros: &'a mut [f32],
}

impl Task<'_> {
    fn run<C: Cell>(&self, saved: &mut [f32], mut d_x: Option<(&mut [f32], Write)>, sums: &mut [f32]) {
        let [_, t, i, h] = self.plan.shape;
        let (n, wide) = (self.rows.count, self.plan.wide());
        let inputs = n * i.next_multiple_of(PANEL);
        sums.fill(0.0);
        scratch::lend((2 * n + 1) * wide + inputs, |space| {
            let (d_state, space) = space.split_at_mut(n * wide);
            let (d_carry, space) = space.split_at_mut(n * wide);
            let (zeros, d_x_space) = space.split_at_mut(wide);
            let mut space = Space { d_state, d_carry, d_x: d_x_space, zeros };
            self.start(&mut space);
            let mut end = self.rows.total();
            for step in (0..self.rows.steps()).rev() {
                let start = end - self.rows.having(step);
                let (past, now) = saved[..end * h * C::SAVED].split_at_mut(start * h * C::SAVED);
                self.gates::<C>(step, past, now, &mut space, sums);
                if step > 0 {
                    self.states::<C>(step, now, &mut space);
                }
                if let Some((d_x, write)) = &mut d_x {
                    self.inputs::<C>(step, now, &mut space, d_x, *write);
                }
                end = start;
            }
        });
        if let Some((d_x, Write::Set)) = d_x {
            for row in 0..n {
                d_x[(row * t + self.rows.lens[row]) * i..(row + 1) * t * i].fill(0.0);
            }
        }
    }

    /// The gradients of the gates of a step, in the place of what it saved.
    fn gates<C: Cell>(
        &self,
        step: usize,
        past: &[f32],
        now: &mut [f32],
        space: &mut Space<'_>,
        sums: &mut [f32],
    ) {
        let h = self.plan.shape[3];
        let (wide, size) = (self.plan.wide(), h * C::SAVED);
        let before = step.checked_sub(1).map(|step| past.len() - self.rows.having(step) * size);
        for (place, (row, time)) in self.rows.at(step).enumerate() {
            let d_state = &mut space.d_state[place * wide..][..h];
            let d_carry = &mut space.d_carry[place * wide..][..h];
            let carried = match before {
                Some(before) => {
                    C::carried(h, &past[before + place * size..][..size], self.state(row, step - 1))
                }
                None => &*space.zeros,
            };
            self.add_state_gradient(row, time, d_state);
            let saved = &mut now[place * size..][..size];
            C::gates_back(self.isa, saved, &carried[..h], d_state, d_carry);
            add_rows(self.isa, sums, &saved[..4 * h]);
        }
    }

    /// What the gates of a step add to the gradients of the states before it.
    fn states<C: Cell>(&self, step: usize, now: &[f32], space: &mut Space<'_>) {
        let (wide, h) = (self.plan.wide(), self.plan.shape[3]);
        let (rows, gates) = (self.rows.having(step), C::GATES * h);
        let mut add = |from: usize, to: usize, deep: usize| {
            let (left, panels) = (Left(&now[from..], h * C::SAVED), &self.packed.states[to..]);
            product(self.isa, [rows, wide, deep], left, panels, gates, space.d_state, wide, Write::Add);
        };
        if C::SPLIT {
            add(0, 0, 2 * h);
            add(3 * h, 2 * h, h);
        } else {
            add(0, 0, gates);
        }
    }

    /// The gradients of the inputs of a step.
    fn inputs<C: Cell>(
        &self,
        step: usize,
        now: &[f32],
        space: &mut Space<'_>,
        d_x: &mut [f32],
        write: Write,
    ) {
        let [_, t, i, h] = self.plan.shape;
        let (wide, gates) = (i.next_multiple_of(PANEL), C::GATES * h);
        let size = [self.rows.having(step), wide, gates];
        let left = Left(now, h * C::SAVED);
        product(self.isa, size, left, self.packed.inputs, gates, space.d_x, wide, Write::Set);
        for (place, (row, time)) in self.rows.at(step).enumerate() {
            write_row(&mut d_x[(row * t + time) * i..][..i], &space.d_x[place * wide..], write);
        }
    }

    /// The gradients of the last states.
    fn start(&self, space: &mut Space<'_>) {
        let (h, wide) = (self.plan.shape[3], self.plan.wide());
        space.d_state.fill(0.0);
        space.d_carry.fill(0.0);
        space.zeros.fill(0.0);
        let Some(last) = self.inputs.gradients.last else { return };
        for (place, &row) in self.rows.order[..self.rows.count].iter().enumerate() {
            space.d_state[place * wide..][..h].copy_from_slice(&last[(self.rows.first + row) * h..][..h]);
        }
    }

    fn add_state_gradient(&self, row: usize, time: usize, d_state: &mut [f32]) {
        let Some(states) = self.inputs.gradients.states else { return };
        let at = (self.rows.first + row) * self.plan.shape[1] + time;
        let gradient = &states[at * self.plan.sequence.row..][..d_state.len()];
        add_rows(self.isa, d_state, gradient);
    }

    /// The state of a row after a step.
    fn state(&self, row: usize, step: usize) -> &[f32] {
        let [_, t, _, h] = self.plan.shape;
        let at = (self.rows.first + row) * t + self.rows.time(row, step);
        &self.inputs.states[at * self.plan.sequence.row..][..h]
    }
}

/// The gradients of both weights: products over all steps, as many at a time as stand side by side.
fn weights<C: Cell>(
    ctx: &Ctx,
    plan: &Plan<'_>,
    inputs: &Inputs<'_>,
    saved: &[f32],
    (w_ih, mut write_ih): (&mut [f32], Write),
    (w_hh, mut write_hh): (&mut [f32], Write),
) {
    let [b, t, i, h] = plan.shape;
    let (deep, size) = (i + h, h * C::SAVED);
    scratch::lend(b * t * deep, |xh| {
        if !xh.is_empty() {
            ctx.team.parts(xh, plan.chunk * t * deep, |task, xh| fed(plan, &plan.rows(task), inputs, xh));
        }
        let mut task = 0;
        loop {
            let start = plan.start(task);
            let (count, next) = plan.run(task);
            let steps =
                Steps { count, gates: (&saved[start * size..], size), xh: (&xh[start * deep..], deep) };
            steps.product(ctx, [0, C::GATES * h], [0, i], w_ih, write_ih);
            if C::SPLIT {
                let (both, new) = w_hh.split_at_mut(2 * h * h);
                steps.product(ctx, [0, 2 * h], [i, h], both, write_hh);
                steps.product(ctx, [3 * h, h], [i, h], new, write_hh);
            } else {
                steps.product(ctx, [0, C::GATES * h], [i, h], w_hh, write_hh);
            }
            (write_ih, write_hh, task) = (Write::Add, Write::Add, next);
            if task >= plan.tasks() {
                return;
            }
        }
    });
}

/// Steps side by side: the gradients of their gates, and what they were [`fed`], each with the length of a row.
struct Steps<'a> {
    count: usize,
    gates: (&'a [f32], usize),
    xh: (&'a [f32], usize),
}

impl Steps<'_> {
    /// `out` gets the product of some numbers of each step (the first one and how many), `[gates, steps] . [steps, fed]`.
    fn product(&self, ctx: &Ctx, gates: [usize; 2], fed: [usize; 2], out: &mut [f32], write: Write) {
        let a = Matrix::transposed(self.gates.0.get(gates[0]..).unwrap_or(&[]), self.gates.1);
        let b = Matrix::rows(self.xh.0.get(fed[0]..).unwrap_or(&[]), self.xh.1);
        let size = [gates[1], fed[1], self.count];
        gemm_highest(ctx, size, a, b, MatrixMut::rows(out, fed[1]), write, Epilogue::NONE);
    }
}

/// What each step of a task was fed, in the order of what it saved: its inputs, and the state before it.
fn fed(plan: &Plan<'_>, rows: &Rows, inputs: &Inputs<'_>, xh: &mut [f32]) {
    let [_, t, i, h] = plan.shape;
    let mut places = xh.chunks_mut(i + h);
    for step in 0..rows.steps() {
        for ((row, time), xh) in rows.at(step).zip(&mut places) {
            let (first, (x, state)) = ((rows.first + row) * t, xh.split_at_mut(i));
            x.copy_from_slice(&inputs.x[(first + time) * i..][..i]);
            if step == 0 {
                state.fill(0.0);
            } else {
                let before = first + rows.time(row, step - 1);
                state.copy_from_slice(&inputs.states[before * plan.sequence.row..][..h]);
            }
        }
    }
}
