//! What a network has learned and what its optimizer keeps, in flat buffers that lie alike; and the step that moves them.

use std::collections::BTreeMap;

use baeum_core::{Graph, Layer, NetworkError, ParamKind, State, Tensor, Update, UpdateStats, Weights};
use baeum_kernels::{Buffer, Ctx, Moments, Span, running_average};

use super::plan::{self, Params};
use crate::checks::{self, fitting};
use crate::network::RunError;
use crate::rule::Rule;

/// The numbers of a network. Gradients and moments are there once they are needed.
#[derive(Debug)]
pub(super) struct FlatState {
    pub(super) learned: Buffer,
    pub(super) running: Buffer,
    pub(super) gradient: Buffer,
    /// What the optimizer keeps for each group of parameters.
    moments: Vec<Kept>,
    /// What each batch norm saw since the last update, by node.
    pub(super) seen: Vec<Option<Seen>>,
    /// Whether `gradient` holds one that no update has used up.
    fresh: bool,
}

/// Moments by name, each as long as its group.
type Kept = BTreeMap<&'static str, Buffer>;

/// What a batch norm saw since the last update, and the running statistics that it moves.
#[derive(Debug)]
pub(super) struct Seen {
    momentum: f64,
    /// One for each channel.
    pub(super) moments: Vec<Moments>,
    mean: Span,
    variance: Span,
}

impl Seen {
    fn of(node: &baeum_core::Node, running: &[Span]) -> Option<Seen> {
        let (Layer::BatchNorm { momentum, .. }, [mean, variance]) = (&node.layer, running) else {
            return None;
        };
        let moments = vec![Moments::default(); mean.len()];
        Some(Seen { momentum: *momentum, moments, mean: mean.clone(), variance: variance.clone() })
    }
}

impl FlatState {
    pub(super) fn of(graph: &Graph, params: &Params, weights: &Weights) -> FlatState {
        let seen = |(i, node)| Seen::of(node, &params.running_of(i));
        let mut state = FlatState {
            learned: Buffer::zeros(params.learned),
            running: Buffer::zeros(params.running),
            gradient: Buffer::default(),
            moments: none_kept(params),
            seen: graph.nodes().iter().enumerate().map(seen).collect(),
            fresh: false,
        };
        for tensor in &params.tensors {
            if let Some(Ok(numbers)) = weights.get(&tensor.name).map(Tensor::f32s) {
                state.of_kind_mut(tensor.kind)[tensor.span.clone()].copy_from_slice(numbers);
            }
        }
        state
    }

    /// Before the first part of a batch.
    pub(super) fn begin(&mut self) {
        if self.gradient.is_empty() {
            self.gradient = Buffer::zeros(self.learned.len());
        }
        self.seen.iter_mut().flatten().for_each(|seen| seen.moments.fill(Moments::default()));
        self.fresh = true;
    }

    /// Clips and takes one step, unless the gradient is not finite. Either way the gradient is used up.
    pub(super) fn update(
        &mut self,
        ctx: &Ctx,
        params: &Params,
        update: &Update,
        (weight, step): (f64, u64),
    ) -> Result<UpdateStats, NetworkError> {
        if !std::mem::take(&mut self.fresh) {
            return Err(RunError::NoGradient.into());
        }
        let squares = baeum_kernels::sum_of_squares_on(ctx, &self.gradient[..params.moved]);
        let stats = UpdateStats { gradient_norm: squares.sqrt() / weight };
        if !update.takes(stats.gradient_norm) {
            return Ok(stats);
        }
        for (group, kept) in params.groups.iter().zip(&mut self.moments) {
            let rule = Rule::of(update, group.role, stats.gradient_norm, weight, step);
            let (theta, gradient) =
                (&mut self.learned[group.span.clone()], &self.gradient[group.span.clone()]);
            let mut lent = lend(kept, rule.moments(), theta.len());
            rule.step(
                Some(ctx),
                &group.matrices,
                theta,
                gradient,
                lent.each_mut().map(|(_, flat)| &mut flat[..]),
            );
            kept.extend(lent.into_iter().filter(|(_, flat)| !flat.is_empty()));
            if let Some(decay) = update.ema {
                average(ctx, decay, theta, kept);
            }
        }
        Ok(stats)
    }

    /// Running statistics move here, once for each update and by the whole batch.
    pub(super) fn move_running(&mut self) {
        for Seen { momentum, moments, mean, variance } in self.seen.iter_mut().flatten() {
            let [mean, variance] = several(&mut self.running, [mean, variance]);
            baeum_kernels::move_running(moments, *momentum, mean, variance);
        }
    }

    /// Everything by name.
    pub(super) fn saved(&self, params: &Params, step: u64) -> Result<State, NetworkError> {
        let mut state = State { step, ..State::default() };
        for tensor in &params.tensors {
            let numbers = &self.of_kind(tensor.kind)[tensor.span.clone()];
            state.weights.insert(tensor.name.clone(), host(tensor, numbers)?);
        }
        for (group, kept) in params.groups.iter().zip(&self.moments) {
            for tensor in params.tensors.iter().filter(|tensor| group.holds(tensor)) {
                for (moment, numbers) in kept {
                    let name = format!("{}.{moment}", tensor.name);
                    state.moments.insert(name, host(tensor, &numbers[group.place(tensor)])?);
                }
            }
        }
        Ok(state)
    }

    /// The gradients, averaged.
    pub(super) fn gradients(&self, params: &Params, weight: f64) -> Result<Weights, NetworkError> {
        let averaged = |tensor: &plan::Tensor| {
            let numbers = self.gradient[tensor.span.clone()].iter();
            let numbers: Vec<f32> = numbers.map(|sum| (f64::from(*sum) / weight) as f32).collect();
            Ok((tensor.name.clone(), host(tensor, &numbers)?))
        };
        params.learned().filter(|_| self.fresh).map(averaged).collect()
    }

    /// Checks all of it first, so that a refusal leaves the network as it was.
    pub(super) fn restore(&mut self, params: &Params, state: &State) -> Result<(), NetworkError> {
        for tensor in &params.tensors {
            fitting(&tensor.name, &tensor.sizes, state.weights.get(&tensor.name))?.f32s()?;
        }
        if let Some(name) = state.weights.keys().find(|name| params.find(name).is_none()) {
            return Err(RunError::Unknown { name: name.clone() }.into());
        }
        let mut moments = none_kept(params);
        for (full_name, values) in &state.moments {
            let learned = |name: &str| params.learned().find(|tensor| tensor.name == name);
            let (name, moment) = checks::moment(full_name, |name| learned(name).is_some())?;
            let Some(tensor) = learned(name) else { continue };
            let numbers = fitting(full_name, &tensor.sizes, Some(values))?.f32s()?;
            for (group, kept) in
                params.groups.iter().zip(&mut moments).filter(|(group, _)| group.holds(tensor))
            {
                let flat = kept.entry(moment).or_insert_with(|| Buffer::zeros(group.span.len()));
                flat[group.place(tensor)].copy_from_slice(numbers);
            }
        }
        for tensor in &params.tensors {
            let numbers = fitting(&tensor.name, &tensor.sizes, state.weights.get(&tensor.name))?.f32s()?;
            self.of_kind_mut(tensor.kind)[tensor.span.clone()].copy_from_slice(numbers);
        }
        self.moments = moments;
        self.fresh = false;
        Ok(())
    }

    fn of_kind(&self, kind: ParamKind) -> &Buffer {
        match kind {
            ParamKind::Learned | ParamKind::Frozen => &self.learned,
            ParamKind::Running => &self.running,
        }
    }

    fn of_kind_mut(&mut self, kind: ParamKind) -> &mut Buffer {
        match kind {
            ParamKind::Learned | ParamKind::Frozen => &mut self.learned,
            ParamKind::Running => &mut self.running,
        }
    }
}

fn none_kept(params: &Params) -> Vec<Kept> {
    params.groups.iter().map(|_| Kept::new()).collect()
}

/// The moments of these names, zeros at first, taken out so that parameters can move beside them.
fn lend(kept: &mut Kept, names: &[&'static str], len: usize) -> [(&'static str, Buffer); 3] {
    let mut lent = [(); 3].map(|()| ("", Buffer::default()));
    for (place, name) in lent.iter_mut().zip(names) {
        let moment = kept.entry(*name).or_insert_with(|| Buffer::zeros(len));
        *place = (*name, std::mem::take(moment));
    }
    lent
}

fn average(ctx: &Ctx, decay: f64, theta: &[f32], kept: &mut Kept) {
    match kept.get_mut(State::AVERAGE) {
        Some(average) => running_average(Some(ctx), decay, theta, average),
        None => {
            let mut average = Buffer::zeros(theta.len());
            average.copy_from_slice(theta);
            kept.insert(State::AVERAGE, average);
        }
    }
}

impl Params {
    fn learned(&self) -> impl Iterator<Item = &plan::Tensor> {
        self.tensors.iter().filter(|tensor| tensor.is_learned())
    }

    fn find(&self, name: &str) -> Option<&plan::Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}

/// Tensors of a flat buffer, which never overlap.
pub(super) fn several<'a, const N: usize>(flat: &'a mut Buffer, spans: [&Span; N]) -> [&'a mut [f32]; N] {
    let lent = flat.get_disjoint_mut(spans.map(Span::clone));
    lent.unwrap_or_else(|_| std::array::from_fn(|_| &mut [][..]))
}

fn host(tensor: &plan::Tensor, numbers: &[f32]) -> Result<Tensor, NetworkError> {
    Ok(Tensor::new(tensor.sizes.clone(), numbers.to_vec())?)
}
