//! The operations that know time beside attention and recurrence, both ways.

use baeum_core::Ngrams;
use baeum_kernels::{
    Span, Write, add_repeated, as_words, as_words_mut, bias_gradient, copy, embedding, embedding_backward,
    max_over_time, max_over_time_backward, mean_over_time, mean_over_time_backward,
};

use super::Run;
use super::plan::{Place, Step};

impl Run<'_> {
    /// Where the lengths stand, if the step reads any; an empty span otherwise.
    pub(super) fn lengths(&self, step: &Step) -> Span {
        step.reads.get(1).map(|place| place.span(self.rows)).unwrap_or_default()
    }

    /// Adds these numbers of a learned table of places.
    pub(super) fn position(&mut self, step: &Step, used: Span) {
        self.bring_along(step);
        let table = &self.state.learned[step.learned[0].clone()];
        add_repeated(self.ctx, &table[used], self.arena.write(&step.yields.span(self.rows)));
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

    pub(super) fn ngram_embedding(&mut self, step: &Step, time: usize, ngrams: Ngrams, units: usize) {
        let out = [&step.yields.span(self.rows), &self.kept(step, 0)];
        let ([ids], [y, hashes]) = self.arena.views([&self.read(step)], out);
        let (ids, hashes) = (as_words(ids), as_words_mut(hashes));
        ngrams.hash(time, ids, hashes);
        let table = &self.state.learned[step.learned[0].clone()];
        embedding(self.ctx, units, hashes, table, y);
    }

    pub(super) fn ngram_embedding_backward(&mut self, step: &Step, dy: Place, units: usize) {
        let (write, spans) = (self.write_of(step), [&dy.span(self.rows), &self.kept(step, 0)]);
        let ([dy, hashes], []) = self.arena.views(spans, []);
        let gradient = &mut self.state.gradient[step.learned[0].clone()];
        embedding_backward(self.ctx, units, as_words(hashes), dy, None, gradient, write);
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

/// Lengths, which a step without any has none of.
pub(super) fn some(lengths: &[f32]) -> Option<&[u32]> {
    (!lengths.is_empty()).then(|| as_words(lengths))
}
