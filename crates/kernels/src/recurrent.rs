//! LSTM and GRU over sequences, one layer and one direction at a time.
//!
//! Tasks split the batch, so nobody waits for anybody between steps; the steps of a row alone are shared. A step is one product of
//! `[x, h]` with both weights, and then the gates row by row. One product of the inputs of all steps beforehand takes longer: its
//! sums would go through memory and back. For the same reason the way back gives the gradients of the inputs step by step.

mod backward;
mod both;
mod forward;
mod gru;
mod lstm;
#[cfg(test)]
mod tests;

use crate::Write;
use crate::isa::Isa;
use crate::panels::{PANEL, Row};

pub use both::{RecurrentLayer, bidirectional};
pub use gru::{gru, gru_backward, gru_saved_len};
pub use lstm::{lstm, lstm_backward, lstm_saved_len};

/// Which end of a sequence is read first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the first step to the last.
    #[default]
    Forward,
    /// From a row's own last step to the first.
    Backward,
}

/// How a sequence is walked, and where its states stand.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a> {
    /// Which end is first.
    pub direction: Direction,
    /// How many steps each row of the batch has; all T if it is none.
    pub lengths: Option<&'a [u32]>,
    /// From the state of one step to that of the next: H, or 2 * H where two directions share a tensor `[B, T, 2 * H]`.
    pub row: usize,
}

/// The parameters of a layer in PyTorch's order; `G` is 4 for LSTM (gates i, f, g, o) and 3 for GRU (r, z, n).
#[derive(Clone, Copy, Debug)]
pub struct RecurrentWeights<'a> {
    /// From inputs to gates: `[G * H, I]`.
    pub w_ih: &'a [f32],
    /// From states to gates: `[G * H, H]`.
    pub w_hh: &'a [f32],
    /// Beside the inputs: `[G * H]`.
    pub b_ih: &'a [f32],
    /// Beside the states: `[G * H]`.
    pub b_hh: &'a [f32],
}

/// Where the gradients of [`RecurrentWeights`] go, and whether they are set or added.
#[derive(Debug)]
pub struct RecurrentGradients<'a> {
    /// Of `w_ih`.
    pub w_ih: (&'a mut [f32], Write),
    /// Of `w_hh`.
    pub w_hh: (&'a mut [f32], Write),
    /// Of `b_ih`.
    pub b_ih: (&'a mut [f32], Write),
    /// Of `b_hh`.
    pub b_hh: (&'a mut [f32], Write),
}

/// The gradients that come in; what is none is zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateGradients<'a> {
    /// Of all states, laid out as they are.
    pub states: Option<&'a [f32]>,
    /// Of the last state of each row: `[B, H]`.
    pub last: Option<&'a [f32]>,
}

/// The most rows of the batch in one task.
const ROWS: usize = 64;

/// Products below which all rows are one task (as long as they are no more than [`ROWS`]).
const ALONE: usize = 1 << 18;

/// Steps in one product for the gradients of weights, as long as no row is cut: what they saved is read twice, and stays in the
/// third cache meanwhile.
const TOGETHER: usize = 1024;

/// What tells one kind of layer from another.
trait Cell {
    /// Gates in the weights.
    const GATES: usize;
    /// Numbers that a unit saves each step: gates first, then what else the way back wants.
    const SAVED: usize;
    /// Whether the gradients of the gates differ beside inputs and beside states.
    const SPLIT: bool;

    /// Both biases, as [`Cell::project`] leaves the four sums: `[4, wide]`.
    fn biases(weights: &RecurrentWeights<'_>, hidden: usize, out: &mut [f32]);

    /// Half of the four sums of all units for `rows` rows, the first two or the last. `xh: [rows, I + H]`; `sums`: `[rows, 4, wide]`
    /// for H units and what fills the last panel, from the first of the half on. `panels` holds for each gate those of its units,
    /// I + H rows each.
    fn project(
        isa: Isa,
        half: usize,
        rows: usize,
        sizes: [usize; 2],
        xh: &[f32],
        panels: &[Row],
        sums: &mut [f32],
    );

    /// From a row's sums to what is saved, what is carried beside the state, and the new state in the place of the old one.
    fn gates(isa: Isa, sums: &[f32], bias: &[f32], carry: &mut [f32], state: &mut [f32], saved: &mut [f32]);

    /// What was carried into a step, given what the step before saved and its state.
    fn carried<'a>(hidden: usize, saved: &'a [f32], state: &'a [f32]) -> &'a [f32];

    /// The gradients of a row's gates, in the place of what was saved. `d_state` becomes the part of the gradient that reaches the
    /// state before without passing a gate, and so does `d_carry`.
    fn gates_back(isa: Isa, saved: &mut [f32], carried: &[f32], d_state: &mut [f32], d_carry: &mut [f32]);
}

/// A call, checked.
#[derive(Clone, Copy, Debug)]
struct Plan<'a> {
    /// `[B, T, I, H]`.
    shape: [usize; 4],
    sequence: Sequence<'a>,
    /// Rows of the batch in one task.
    chunk: usize,
}

impl<'a> Plan<'a> {
    fn of<C: Cell>(
        shape: [usize; 4],
        sequence: Sequence<'a>,
        weights: &RecurrentWeights<'_>,
        x: &[f32],
        states: &[f32],
        saved: &[f32],
    ) -> Plan<'a> {
        let [b, t, i, h] = shape;
        let gates = C::GATES * h;
        assert_eq!(weights.w_ih.len(), gates * i, "a recurrent layer wants w_ih of shape [{gates}, {i}]");
        assert_eq!(weights.w_hh.len(), gates * h, "a recurrent layer wants w_hh of shape [{gates}, {h}]");
        assert_eq!(
            [weights.b_ih.len(), weights.b_hh.len()],
            [gates; 2],
            "a recurrent layer wants two biases of {gates}"
        );
        assert_eq!(x.len(), b * t * i, "a recurrent layer wants inputs of shape [{b}, {t}, {i}]");
        assert!(sequence.row >= h, "states of {h} want a row as long, got {}", sequence.row);
        let wanted = if b * t == 0 { 0 } else { (b * t - 1) * sequence.row + h };
        assert!(
            states.len() >= wanted,
            "a recurrent layer wants {wanted} numbers of states, got {}",
            states.len()
        );
        assert_eq!(saved.len(), b * t * h * C::SAVED, "a recurrent layer wants its saved numbers");
        if let Some(lengths) = sequence.lengths {
            assert_eq!(lengths.len(), b, "a recurrent layer wants a length for each of {b} rows");
            assert!(
                lengths.iter().all(|&len| len as usize <= t),
                "a recurrent layer wants lengths of at most {t}"
            );
        }
        let small = b * t * (i + h) * gates < ALONE;
        // Four tasks or more, and two of the few rows that would be faster together.
        let chunk = if small { ROWS } else { b.div_ceil(4).max(b.div_ceil(2).min(4)).min(16) };
        Plan { shape, sequence, chunk }
    }

    fn is_empty(&self) -> bool {
        let [b, t, _, h] = self.shape;
        b * t * h == 0
    }

    fn tasks(&self) -> usize {
        self.shape[0].div_ceil(self.chunk)
    }

    /// Numbers of states that count: up to the end of the last one.
    fn states_len(&self) -> usize {
        let [b, t, _, h] = self.shape;
        (b * t - 1) * self.sequence.row + h
    }

    /// Blocks of 16 units.
    fn blocks(&self) -> usize {
        self.shape[3].div_ceil(PANEL)
    }

    /// H filled up to whole blocks.
    fn wide(&self) -> usize {
        self.blocks() * PANEL
    }

    /// The rows of a task.
    fn rows(&self, task: usize) -> Rows {
        let [b, t, ..] = self.shape;
        let first = task * self.chunk;
        let count = self.chunk.min(b - first);
        let (mut order, mut lens) = ([0; ROWS], [0; ROWS]);
        for (row, (order, len)) in order.iter_mut().zip(&mut lens).enumerate().take(count) {
            *order = row;
            *len = self.sequence.lengths.map_or(t, |lengths| lengths[first + row] as usize);
        }
        order[..count].sort_by_key(|&row| (std::cmp::Reverse(lens[row]), row));
        Rows { first, count, order, lens, direction: self.sequence.direction }
    }

    /// Where the saved steps of a task begin.
    fn start(&self, task: usize) -> usize {
        task * self.chunk * self.shape[1]
    }

    /// How many saved steps stand one after the other from this task on, and the task behind them: one task's at least, and those
    /// of more if they are few and leave no gap.
    fn run(&self, mut task: usize) -> (usize, usize) {
        let (start, mut steps) = (self.start(task), 0);
        while task < self.tasks() && start + steps == self.start(task) && steps < TOGETHER {
            steps += self.rows(task).total();
            task += 1;
        }
        (steps, task)
    }
}

/// The rows of a task, the longest first, so that those that have a step stand together.
///
/// What they save stands in the order in which it is made: step after step, each with the rows that have it. So a step reads and
/// writes one piece of memory, and products over all steps need not skip those that rows do not have.
#[derive(Clone, Copy, Debug)]
struct Rows {
    /// Their first place in the batch.
    first: usize,
    count: usize,
    /// Places counted from the first.
    order: [usize; ROWS],
    lens: [usize; ROWS],
    direction: Direction,
}

impl Rows {
    /// Steps of the longest row.
    fn steps(&self) -> usize {
        self.lens[..self.count].iter().copied().max().unwrap_or(0)
    }

    /// Steps of all rows.
    fn total(&self) -> usize {
        self.lens[..self.count].iter().sum()
    }

    /// How many rows have this step: the first ones.
    fn having(&self, step: usize) -> usize {
        self.lens[..self.count].iter().filter(|&&len| len > step).count()
    }

    /// The rows that have this step, with the time when they take it.
    fn at(&self, step: usize) -> impl Iterator<Item = (usize, usize)> {
        let order = self.order[..self.count].iter().take_while(move |&&row| self.lens[row] > step);
        order.map(move |&row| (row, self.time(row, step)))
    }

    /// When a row takes this step.
    fn time(&self, row: usize, step: usize) -> usize {
        match self.direction {
            Direction::Forward => step,
            Direction::Backward => self.lens[row] - 1 - step,
        }
    }
}

/// 16 numbers of each of four rows, from `first` on.
#[inline(always)]
fn four(rows: &[f32], first: usize) -> Option<[&Row; 4]> {
    let wide = rows.len() / 4;
    Some([
        rows[first..].first_chunk()?,
        rows[wide + first..].first_chunk()?,
        rows[2 * wide + first..].first_chunk()?,
        rows[3 * wide + first..].first_chunk()?,
    ])
}

/// Writes as many of 16 numbers as there is room for.
#[inline(always)]
fn store(out: &mut [f32], row: &Row) {
    match out.first_chunk_mut() {
        Some(out) => *out = *row,
        None => out.copy_from_slice(&row[..out.len()]),
    }
}
