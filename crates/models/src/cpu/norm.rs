//! The norms, both ways.

use baeum_core::{NetworkError, Node};
use baeum_kernels::{
    batch_norm_backward, batch_norm_predict, batch_norm_train, group_norm, group_norm_backward,
    instance_restore, instance_restore_backward, instance_restore_window_backward, layer_norm,
    layer_norm_backward, rms_norm, rms_norm_backward,
};

use super::Run;
use super::plan::{Place, Step};
use super::state::several;
use crate::network::{Pass, RunError};

/// What a group norm divides: the channels of an item, the numbers of a channel, and into how many groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    pub(super) channels: usize,
    pub(super) area: usize,
    pub(super) groups: usize,
}

impl Groups {
    fn sizes(&self, rows: usize) -> [usize; 3] {
        [rows, self.channels, self.area]
    }
}

impl Run<'_> {
    /// `sizes`: items, channels, area.
    pub(super) fn batch_norm(
        &mut self,
        i: usize,
        step: &Step,
        node: &Node,
        sizes: [usize; 3],
        (eps, relu): (f64, bool),
    ) -> Result<(), NetworkError> {
        let [weight, bias] = self.weight_and_bias(step);
        let [weight, bias] = [Some(&self.state.learned[weight]), Some(&self.state.learned[bias])];
        let (x, y) = (self.read(step), step.yields.span(self.rows));
        if self.pass == Pass::Evaluate {
            let [mean, variance] = [0, 1].map(|k: usize| &self.state.running[step.running[k].clone()]);
            let ([x], [y]) = self.arena.views([&x], [&y]);
            batch_norm_predict(self.ctx, sizes, x, weight, bias, mean, variance, eps, relu, y);
            return Ok(());
        }
        let got = sizes[0] * sizes[2];
        if got < 2 {
            return Err(RunError::OneValue { node: node.name.clone(), got }.into());
        }
        let kept = [self.kept(step, 0), self.kept(step, 1)];
        let ([x], [y, mean, rstd]) = self.arena.views([&x], [&y, &kept[0], &kept[1]]);
        let moments = self.state.seen[i].as_mut().map_or(&mut [][..], |seen| &mut seen.moments);
        batch_norm_train(self.ctx, sizes, x, weight, bias, eps, relu, y, mean, rstd, moments);
        Ok(())
    }

    /// `sizes`: items, channels, area.
    pub(super) fn batch_norm_backward(&mut self, step: &Step, dy: Place, sizes: [usize; 3], relu: bool) {
        let spans = [dy.span(self.rows), self.read(step), self.kept(step, 0), self.kept(step, 1)];
        let (own, [weight, bias]) = (self.write(), self.weight_and_bias(step));
        let [scale, shift] = [&weight, &bias].map(|span| Some(&self.state.learned[span.clone()]));
        let [dweight, dbias] = several(&mut self.state.gradient, [&weight, &bias]).map(Some);
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy, x, mean, rstd], [dx]) =
            self.arena.views([&spans[0], &spans[1], &spans[2], &spans[3]], [&dx.span(self.rows)]);
        let (dx, own) = ((dx, write), (dweight, dbias, own));
        batch_norm_backward(self.ctx, sizes, x, dy, scale, shift, mean, rstd, relu, dx, own);
    }

    pub(super) fn layer_norm(&mut self, step: &Step, width: usize, eps: f64) {
        let [weight, bias] = self.weight_and_bias(step);
        let [weight, bias] = [Some(&self.state.learned[weight]), Some(&self.state.learned[bias])];
        let out = [&step.yields.span(self.rows), &self.kept(step, 0), &self.kept(step, 1)];
        let ([x], [y, mean, rstd]) = self.arena.views([&self.read(step)], out);
        layer_norm(self.ctx, [mean.len(), width], x, weight, bias, eps, y, mean, rstd);
    }

    pub(super) fn layer_norm_backward(&mut self, step: &Step, dy: Place, width: usize) {
        let spans = [dy.span(self.rows), self.read(step), self.kept(step, 0), self.kept(step, 1)];
        let (own, [weight, bias]) = (self.write(), self.weight_and_bias(step));
        let scale = Some(&self.state.learned[weight.clone()]);
        let [dweight, dbias] = several(&mut self.state.gradient, [&weight, &bias]).map(Some);
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy, x, mean, rstd], [dx]) =
            self.arena.views([&spans[0], &spans[1], &spans[2], &spans[3]], [&dx.span(self.rows)]);
        let sizes = [mean.len(), width];
        layer_norm_backward(self.ctx, sizes, x, dy, scale, mean, rstd, (dx, write), (dweight, dbias, own));
    }

    pub(super) fn rms_norm(&mut self, step: &Step, width: usize, eps: f64) {
        let weight = Some(&self.state.learned[step.learned[0].clone()]);
        let out = [&step.yields.span(self.rows), &self.kept(step, 0)];
        let ([x], [y, rstd]) = self.arena.views([&self.read(step)], out);
        rms_norm(self.ctx, [rstd.len(), width], x, weight, eps, y, rstd);
    }

    pub(super) fn rms_norm_backward(&mut self, step: &Step, dy: Place, width: usize) {
        let spans = [dy.span(self.rows), self.read(step), self.kept(step, 0)];
        let (own, weight) = (self.write(), step.learned[0].clone());
        let scale = Some(&self.state.learned[weight.clone()]);
        let dweight = Some(&mut self.state.gradient[weight]);
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy, x, rstd], [dx]) =
            self.arena.views([&spans[0], &spans[1], &spans[2]], [&dx.span(self.rows)]);
        let sizes = [rstd.len(), width];
        rms_norm_backward(self.ctx, sizes, x, dy, scale, rstd, (dx, write), (dweight, own));
    }

    pub(super) fn group_norm(&mut self, step: &Step, groups: Groups, eps: f64) {
        let learned = |k: usize| step.learned.get(k).map(|span| &self.state.learned[span.clone()]);
        let [weight, bias] = [0, 1].map(learned);
        let out = [&step.yields.span(self.rows), &self.kept(step, 0), &self.kept(step, 1)];
        let ([x], [y, mean, rstd]) = self.arena.views([&self.read(step)], out);
        let sizes = groups.sizes(self.rows);
        group_norm(self.ctx, sizes, groups.groups, x, weight, bias, eps, y, mean, rstd);
    }

    pub(super) fn group_norm_backward(&mut self, step: &Step, dy: Place, groups: Groups) {
        let spans = [dy.span(self.rows), self.read(step), self.kept(step, 0), self.kept(step, 1)];
        let own = self.write();
        let scale = step.learned.first().map(|weight| &self.state.learned[weight.clone()]);
        let [dweight, dbias] = match &step.learned[..] {
            [weight, bias] => several(&mut self.state.gradient, [weight, bias]).map(Some),
            _ => [None, None],
        };
        let Some((dx, write)) = step.gradients[0] else { return };
        let ([dy, x, mean, rstd], [dx]) =
            self.arena.views([&spans[0], &spans[1], &spans[2], &spans[3]], [&dx.span(self.rows)]);
        let (sizes, count) = (groups.sizes(self.rows), groups.groups);
        let (dx, own) = ((dx, write), (dweight, dbias, own));
        group_norm_backward(self.ctx, sizes, count, x, dy, scale, mean, rstd, dx, own);
    }
    /// `sizes`: rows, numbers of each, steps of its window.
    pub(super) fn instance_restore(&mut self, step: &Step, sizes: [usize; 3], eps: f64) {
        let [x, window] = [0, 1].map(|input: usize| step.reads[input].span(self.rows));
        let out = [&step.yields.span(self.rows), &self.kept(step, 0), &self.kept(step, 1)];
        let ([x, window], [y, mean, rstd]) = self.arena.views([&x, &window], out);
        instance_restore(self.ctx, sizes, x, window, eps, y, mean, rstd);
    }

    pub(super) fn instance_restore_backward(&mut self, step: &Step, dy: Place, sizes: [usize; 3]) {
        let [x, window] = [0, 1].map(|input: usize| step.reads[input].span(self.rows));
        let (dy, mean, rstd) = (dy.span(self.rows), self.kept(step, 0), self.kept(step, 1));
        if let Some((dx, write)) = step.gradients[0] {
            let ([dy, rstd], [dx]) = self.arena.views([&dy, &rstd], [&dx.span(self.rows)]);
            instance_restore_backward(self.ctx, sizes, dy, rstd, dx, write);
        }
        if let Some((dwindow, write)) = step.gradients[1] {
            let reads = [&x, &window, &dy, &mean, &rstd];
            let ([x, window, dy, mean, rstd], [dwindow]) =
                self.arena.views(reads, [&dwindow.span(self.rows)]);
            let read = (x, window, dy);
            instance_restore_window_backward(self.ctx, sizes, read, (mean, rstd), dwindow, write);
        }
    }
}
