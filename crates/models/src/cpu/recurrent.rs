//! States that go through a sequence: their sizes, and both ways through them.

use baeum_core::Returns;
use baeum_kernels::{
    Direction, RecurrentGradients, RecurrentLayer, RecurrentWeights, Sequence, Span, StateGradients, Write,
    bidirectional, copy_blocks, gru, gru_backward, gru_saved_len, lstm, lstm_backward, lstm_saved_len,
};

use super::Run;
use super::op::Room;
use super::plan::{Place, Step};
use super::sequence::some;
use super::state::several;

/// Which recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Lstm,
    Gru,
}

/// A stack of layers that a state goes through, in one direction or in both. A level reads all states of the one in front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurrent {
    cell: Cell,
    time: usize,
    inputs: usize,
    units: usize,
    directions: usize,
    levels: usize,
    returns: Returns,
}

impl Recurrent {
    /// Of items `[time, inputs]`.
    pub(super) fn of(
        cell: Cell,
        item: &[usize],
        units: usize,
        bidirectional: bool,
        levels: usize,
        returns: Returns,
    ) -> Recurrent {
        let size = |axis: usize| item.get(axis).copied().unwrap_or(1);
        let directions = if bidirectional { 2 } else { 1 };
        Recurrent { cell, time: size(0), inputs: size(1), units, directions, levels, returns }
    }

    /// Whether all states of the last level come out.
    pub(super) fn yields_states(&self) -> bool {
        self.returns == Returns::Sequence
    }

    /// What the kernel saves for each level; the states, unless they come out; the last states. Each direction has its own half of
    /// the first and the last.
    pub(super) fn keeps(&self) -> [Room; 3] {
        let saved = match self.cell {
            Cell::Lstm => lstm_saved_len(self.shape(0, 1)),
            Cell::Gru => gru_saved_len(self.shape(0, 1)),
        };
        let states = self.kept_levels() * self.time * self.width();
        [self.levels * self.directions * saved, states, self.width()].map(Room::item)
    }

    /// The gradients of the last states, each direction for itself; those of the states that another level reads.
    pub(super) fn works_with(&self) -> [Room; 2] {
        let last = if self.yields_states() { 0 } else { self.width() };
        [last, (self.levels - 1) * self.time * self.width()].map(Room::item)
    }

    /// Of how many levels the states stay inside.
    fn kept_levels(&self) -> usize {
        if self.yields_states() { self.levels - 1 } else { self.levels }
    }

    fn is_last(&self, level: usize) -> bool {
        level + 1 == self.levels
    }

    fn shape(&self, level: usize, rows: usize) -> [usize; 4] {
        [rows, self.time, if level == 0 { self.inputs } else { self.width() }, self.units]
    }

    /// Numbers of all directions.
    fn width(&self) -> usize {
        self.directions * self.units
    }

    fn sequence<'a>(&self, direction: usize, lengths: Option<&'a [u32]>) -> Sequence<'a> {
        let direction = if direction == 0 { Direction::Forward } else { Direction::Backward };
        Sequence { direction, lengths, row: self.width() }
    }
}

/// One of `count` equal parts.
fn part(whole: &Span, i: usize, count: usize) -> Span {
    let len = whole.len() / count.max(1);
    whole.start + i * len..whole.start + (i + 1) * len
}

/// The part of a direction in what each has its own half of.
fn half<T>(whole: &[T], direction: usize, directions: usize) -> &[T] {
    let len = whole.len() / directions;
    &whole[direction * len..][..len]
}

fn half_mut<T>(whole: &mut [T], direction: usize, directions: usize) -> &mut [T] {
    let len = whole.len() / directions;
    &mut whole[direction * len..][..len]
}

/// What one level reads and has left for its way back.
struct Level {
    number: usize,
    x: Span,
    states: Span,
    saved: Span,
}

impl Run<'_> {
    fn level(&self, step: &Step, op: &Recurrent, number: usize) -> Level {
        let states = |number: usize| match op.is_last(number) && op.yields_states() {
            true => step.yields.span(self.rows),
            false => part(&self.kept(step, 1), number, op.kept_levels()),
        };
        let x = if number == 0 { self.read(step) } else { states(number - 1) };
        Level { number, x, states: states(number), saved: part(&self.kept(step, 0), number, op.levels) }
    }

    pub(super) fn recurrent(&mut self, step: &Step, op: &Recurrent) {
        let last = self.kept(step, 2);
        for number in 0..op.levels {
            let level = self.level(step, op, number);
            let weights = |direction: usize| {
                recurrent_weights(&self.state.learned, step, number * op.directions + direction)
            };
            let spans = [&level.x, &self.lengths(step)];
            let out = [&level.states, &last, &level.saved];
            let ([x, lengths], [states, last, saved]) = self.arena.views(spans, out);
            let (shape, lengths) = (op.shape(number, self.rows), some(lengths));
            let layer: RecurrentLayer = match op.cell {
                Cell::Lstm => lstm,
                Cell::Gru => gru,
            };
            if op.directions == 2 {
                let weights = [weights(0), weights(1)];
                bidirectional(self.ctx, layer, shape, lengths, weights, x, states, last, saved);
            } else {
                layer(self.ctx, shape, op.sequence(0, lengths), weights(0), x, states, last, saved);
            }
        }
        if !op.yields_states() {
            let ([last], [y]) = self.arena.views([&last], [&step.yields.span(self.rows)]);
            for direction in 0..op.directions {
                let (from, to) = ((direction * self.rows) * op.units, direction * op.units);
                let from = (&last[from..], op.units, 0);
                copy_blocks(self.ctx, self.rows, from, (y, op.width(), to), op.units, Write::Set);
            }
        }
    }

    pub(super) fn recurrent_backward(&mut self, step: &Step, dy: Place, op: &Recurrent) {
        let (dy, d_last) = (dy.span(self.rows), step.work[0].span(self.rows));
        if !op.yields_states() {
            let ([dy], [d_last]) = self.arena.views([&dy], [&d_last]);
            for direction in 0..op.directions {
                let d_last = half_mut(d_last, direction, op.directions);
                let from = (dy, op.width(), direction * op.units);
                copy_blocks(self.ctx, self.rows, from, (d_last, op.units, 0), op.units, Write::Set);
            }
        }
        let between = step.work[1].span(self.rows);
        let d_states = |number: usize| part(&between, number, op.levels - 1);
        for number in (0..op.levels).rev() {
            let level = self.level(step, op, number);
            let dy = if op.is_last(number) { dy.clone() } else { d_states(number) };
            let dx = match number {
                0 => step.gradients[0].map(|(place, write)| (place.span(self.rows), write)),
                _ => Some((d_states(number - 1), Write::Set)),
            };
            for direction in 0..op.directions {
                // What the second direction gives is added to what the first has given.
                let dx = dx.clone().map(|(dx, write)| (dx, if direction == 0 { write } else { Write::Add }));
                self.direction_backward(step, op, &level, direction, [&dy, &d_last], dx);
            }
        }
    }

    /// One direction of a level; `spans`: the gradients of its states and of the last ones.
    fn direction_backward(
        &mut self,
        step: &Step,
        op: &Recurrent,
        level: &Level,
        direction: usize,
        [dy, d_last]: [&Span; 2],
        dx: Option<(Span, Write)>,
    ) {
        let (own, lengths) = (self.write(), self.lengths(step));
        let first = 4 * (level.number * op.directions + direction);
        let weights = recurrent_weights(&self.state.learned, step, first / 4);
        let [w_ih, w_hh, b_ih, b_hh] = [0, 1, 2, 3].map(|k| &step.learned[first + k]);
        let [w_ih, w_hh, b_ih, b_hh] = several(&mut self.state.gradient, [w_ih, w_hh, b_ih, b_hh]);
        let out =
            RecurrentGradients { w_ih: (w_ih, own), w_hh: (w_hh, own), b_ih: (b_ih, own), b_hh: (b_hh, own) };
        let reads = [&level.x, &lengths, &level.states, dy, d_last];
        let nothing = (0..0, Write::Set);
        let (dx_span, write) = dx.as_ref().unwrap_or(&nothing);
        let ([x, lengths, states, dy, d_last], [saved, d_x]) =
            self.arena.views(reads, [&level.saved, dx_span]);
        let gradients = match op.yields_states() || !op.is_last(level.number) {
            true => StateGradients { states: Some(&dy[direction * op.units..]), last: None },
            false => StateGradients { states: None, last: Some(half(d_last, direction, op.directions)) },
        };
        let d_x = dx.is_some().then_some((d_x, *write));
        let sequence = op.sequence(direction, some(lengths));
        let (shape, states) = (op.shape(level.number, self.rows), &states[direction * op.units..]);
        let saved = half_mut(saved, direction, op.directions);
        let run = match op.cell {
            Cell::Lstm => lstm_backward,
            Cell::Gru => gru_backward,
        };
        run(self.ctx, shape, sequence, weights, x, states, saved, gradients, d_x, out);
    }
}

/// The weights of a level and direction, counted through.
fn recurrent_weights<'a>(learned: &'a [f32], step: &Step, number: usize) -> RecurrentWeights<'a> {
    let [w_ih, w_hh, b_ih, b_hh] =
        [0, 1, 2, 3].map(|k: usize| &learned[step.learned[4 * number + k].clone()]);
    RecurrentWeights { w_ih, w_hh, b_ih, b_hh }
}
