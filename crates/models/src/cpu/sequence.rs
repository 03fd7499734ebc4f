//! The operations that know time: their sizes, and both ways through them.

use baeum_core::Returns;
use baeum_kernels::{
    Direction, RecurrentGradients, RecurrentWeights, Sequence, Span, StateGradients, Write, add_repeated,
    as_words, as_words_mut, bias_gradient, copy, copy_blocks, gru, gru_backward, gru_saved_len, lstm,
    lstm_backward, lstm_saved_len, max_over_time, max_over_time_backward, mean_over_time,
    mean_over_time_backward,
};

use super::Run;
use super::op::Room;
use super::plan::{Place, Step};
use super::state::several;

/// Which recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Lstm,
    Gru,
}

/// One layer that a state goes through, in one direction or in both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recurrent {
    cell: Cell,
    time: usize,
    inputs: usize,
    units: usize,
    directions: usize,
    returns: Returns,
}

impl Recurrent {
    /// Of items `[time, inputs]`.
    pub(super) fn of(
        cell: Cell,
        item: &[usize],
        units: usize,
        bidirectional: bool,
        returns: Returns,
    ) -> Recurrent {
        let size = |axis: usize| item.get(axis).copied().unwrap_or(1);
        let directions = if bidirectional { 2 } else { 1 };
        Recurrent { cell, time: size(0), inputs: size(1), units, directions, returns }
    }

    /// Whether all states come out.
    pub(super) fn yields_states(&self) -> bool {
        self.returns == Returns::Sequence
    }

    /// What the kernel saves; the states, unless they come out; the last states. Each direction has its own half of the first and
    /// the last.
    pub(super) fn keeps(&self) -> [Room; 3] {
        let saved = match self.cell {
            Cell::Lstm => lstm_saved_len(self.shape(1)),
            Cell::Gru => gru_saved_len(self.shape(1)),
        };
        let states = if self.yields_states() { 0 } else { self.time * self.width() };
        [self.directions * saved, states, self.width()].map(Room::item)
    }

    /// The gradients of the last states, each direction for itself.
    pub(super) fn works_with(&self) -> [Room; 2] {
        let last = if self.yields_states() { 0 } else { self.width() };
        [last, 0].map(Room::item)
    }

    fn shape(&self, rows: usize) -> [usize; 4] {
        [rows, self.time, self.inputs, self.units]
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

/// The part of a direction in what each has its own half of.
fn half<T>(whole: &[T], direction: usize, directions: usize) -> &[T] {
    let len = whole.len() / directions;
    &whole[direction * len..][..len]
}

fn half_mut<T>(whole: &mut [T], direction: usize, directions: usize) -> &mut [T] {
    let len = whole.len() / directions;
    &mut whole[direction * len..][..len]
}

impl Run<'_> {
    /// Where the lengths stand, if the step reads any; an empty span otherwise.
    pub(super) fn lengths(&self, step: &Step) -> Span {
        step.reads.get(1).map(|place| place.span(self.rows)).unwrap_or_default()
    }

    /// Adds a learned table of places, of which `len` numbers are used.
    pub(super) fn position(&mut self, step: &Step, len: usize) {
        self.bring_along(step);
        let table = &self.state.learned[step.learned[0].clone()];
        add_repeated(self.ctx, &table[..len], self.arena.write(&step.yields.span(self.rows)));
    }

    pub(super) fn sinusoids(&mut self, step: &Step, table: &[f32]) {
        self.bring_along(step);
        add_repeated(self.ctx, table, self.arena.write(&step.yields.span(self.rows)));
    }

    /// What a step reads, where it yields.
    fn bring_along(&mut self, step: &Step) {
        if !step.in_place {
            let ([x], [y]) = self.arena.views([&self.read(step)], [&step.yields.span(self.rows)]);
            copy(self.ctx, x, y, Write::Set);
        }
    }

    /// The gradient of what is read is that of what is yielded.
    pub(super) fn pass_on(&mut self, step: &Step, dy: Place) {
        if let (false, Some((dx, write))) = (step.in_place, step.gradients[0]) {
            let ([dy], [dx]) = self.arena.views([&dy.span(self.rows)], [&dx.span(self.rows)]);
            copy(self.ctx, dy, dx, write);
        }
    }

    pub(super) fn position_backward(&mut self, step: &Step, dy: Place, len: usize) {
        let (write, span) = (self.write(), dy.span(self.rows));
        let ([each], []) = self.arena.views([&span], []);
        let (used, rest) = self.state.gradient[step.learned[0].clone()].split_at_mut(len);
        bias_gradient(self.ctx, [each.len() / len.max(1), len, 1], each, used, write);
        if write == Write::Set {
            rest.fill(0.0);
        }
        self.pass_on(step, dy);
    }

    pub(super) fn recurrent(&mut self, step: &Step, op: &Recurrent) {
        let y = step.yields.span(self.rows);
        let [saved, kept_states, last] = [0, 1, 2].map(|k| self.kept(step, k));
        let states = if op.yields_states() { &y } else { &kept_states };
        for direction in 0..op.directions {
            let weights = recurrent_weights(&self.state.learned, step, direction);
            let spans = [&self.read(step), &self.lengths(step)];
            let ([x, lengths], [states, last, saved]) = self.arena.views(spans, [states, &last, &saved]);
            let sequence = op.sequence(direction, some(lengths));
            let [last, saved] = [last, saved].map(|whole| half_mut(whole, direction, op.directions));
            let (shape, states) = (op.shape(self.rows), &mut states[direction * op.units..]);
            let run = match op.cell {
                Cell::Lstm => lstm,
                Cell::Gru => gru,
            };
            run(self.ctx, shape, sequence, weights, x, states, last, saved);
        }
        if !op.yields_states() {
            let ([last], [y]) = self.arena.views([&last], [&y]);
            for direction in 0..op.directions {
                let (from, to) = ((direction * self.rows) * op.units, direction * op.units);
                let from = (&last[from..], op.units, 0);
                copy_blocks(self.ctx, self.rows, from, (y, op.width(), to), op.units, Write::Set);
            }
        }
    }

    pub(super) fn recurrent_backward(&mut self, step: &Step, dy: Place, op: &Recurrent) {
        let (y, dy) = (step.yields.span(self.rows), dy.span(self.rows));
        let (saved, d_last) = (self.kept(step, 0), step.work[0].span(self.rows));
        let states = if op.yields_states() { y } else { self.kept(step, 1) };
        for direction in 0..op.directions {
            if !op.yields_states() {
                let ([dy], [d_last]) = self.arena.views([&dy], [&d_last]);
                let d_last = half_mut(d_last, direction, op.directions);
                let from = (dy, op.width(), direction * op.units);
                copy_blocks(self.ctx, self.rows, from, (d_last, op.units, 0), op.units, Write::Set);
            }
            self.direction_backward(step, op, direction, [&states, &saved, &dy, &d_last]);
        }
    }

    /// One direction; `spans`: states, what was saved, the gradients of the states and of the last ones.
    fn direction_backward(&mut self, step: &Step, op: &Recurrent, direction: usize, spans: [&Span; 4]) {
        let own = self.write();
        let [states, saved, dy, d_last] = spans;
        let (x, lengths) = (self.read(step), self.lengths(step));
        let dx = step.gradients[0]
            .map(|(place, write)| (place.span(self.rows), if direction == 0 { write } else { Write::Add }));
        let weights = recurrent_weights(&self.state.learned, step, direction);
        let [w_ih, w_hh, b_ih, b_hh] = [0, 1, 2, 3].map(|k| &step.learned[4 * direction + k]);
        let [w_ih, w_hh, b_ih, b_hh] = several(&mut self.state.gradient, [w_ih, w_hh, b_ih, b_hh]);
        let out =
            RecurrentGradients { w_ih: (w_ih, own), w_hh: (w_hh, own), b_ih: (b_ih, own), b_hh: (b_hh, own) };
        let reads = [&x, &lengths, states, dy, d_last];
        let nothing = (0..0, Write::Set);
        let (dx_span, write) = dx.as_ref().unwrap_or(&nothing);
        let ([x, lengths, states, dy, d_last], [saved, d_x]) = self.arena.views(reads, [saved, dx_span]);
        let gradients = match op.yields_states() {
            true => StateGradients { states: Some(&dy[direction * op.units..]), last: None },
            false => StateGradients { states: None, last: Some(half(d_last, direction, op.directions)) },
        };
        let d_x = dx.is_some().then_some((d_x, *write));
        let sequence = op.sequence(direction, some(lengths));
        let (shape, states) = (op.shape(self.rows), &states[direction * op.units..]);
        let saved = half_mut(saved, direction, op.directions);
        let run = match op.cell {
            Cell::Lstm => lstm_backward,
            Cell::Gru => gru_backward,
        };
        run(self.ctx, shape, sequence, weights, x, states, saved, gradients, d_x, out);
    }

    pub(super) fn mean_over_time(&mut self, step: &Step, time: usize, width: usize) {
        let spans = [&self.read(step), &self.lengths(step)];
        let ([x, lengths], [y]) = self.arena.views(spans, [&step.yields.span(self.rows)]);
        mean_over_time(self.ctx, [self.rows, time, width], some(lengths), x, y);
    }

    pub(super) fn mean_over_time_backward(&mut self, step: &Step, dy: Place, time: usize, width: usize) {
        let Some((dx, write)) = step.gradients[0] else { return };
        let spans = [&dy.span(self.rows), &self.lengths(step)];
        let ([dy, lengths], [dx]) = self.arena.views(spans, [&dx.span(self.rows)]);
        mean_over_time_backward(self.ctx, [self.rows, time, width], some(lengths), dy, dx, write);
    }

    pub(super) fn max_over_time(&mut self, step: &Step, time: usize, width: usize) {
        let spans = [&self.read(step), &self.lengths(step)];
        let out = [&step.yields.span(self.rows), &self.kept(step, 0)];
        let ([x, lengths], [y, places]) = self.arena.views(spans, out);
        let shape = [self.rows, time, width];
        max_over_time(self.ctx, shape, some(lengths), x, y, as_words_mut(places));
    }

    pub(super) fn max_over_time_backward(&mut self, step: &Step, dy: Place, time: usize, width: usize) {
        let Some((dx, write)) = step.gradients[0] else { return };
        let spans = [&dy.span(self.rows), &self.kept(step, 0)];
        let ([dy, places], [dx]) = self.arena.views(spans, [&dx.span(self.rows)]);
        max_over_time_backward(self.ctx, [self.rows, time, width], dy, as_words(places), dx, write);
    }
}

fn recurrent_weights<'a>(learned: &'a [f32], step: &Step, direction: usize) -> RecurrentWeights<'a> {
    let [w_ih, w_hh, b_ih, b_hh] =
        [0, 1, 2, 3].map(|k: usize| &learned[step.learned[4 * direction + k].clone()]);
    RecurrentWeights { w_ih, w_hh, b_ih, b_hh }
}

/// Lengths, which a step without any has none of.
pub(super) fn some(lengths: &[f32]) -> Option<&[u32]> {
    (!lengths.is_empty()).then(|| as_words(lengths))
}
