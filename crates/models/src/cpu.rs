//! The CPU runner: a graph compiled once to a fixed order of steps over one stretch of memory, with a way back of its own.
//!
//! A step allocates nothing once the largest batch has been seen. No bit of a result depends on the number of threads or on the
//! instructions of the processor: `baeum_kernels` sees to both.

mod attention;
mod backward;
mod checked;
mod conv_transpose;
mod enter;
mod forward;
mod loss;
mod members;
mod memory;
mod next;
mod norm;
mod op;
mod plan;
mod ready;
mod recurrent;
mod sequence;
mod state;

use baeum_core::{
    Batch, Graph, Loss, LossParts, Lost, Network, NetworkError, Node, Part, Rng, State, Tensor, Update,
    UpdateStats, Weights, check_weights,
};
use baeum_kernels::{Arena, Ctx};

use crate::network::{Pass, RunError};
use crate::{ModelError, RunnerConfig};
pub use memory::Memory;
pub use next::TextRunner;
use plan::{Params, Plan, Purpose, Step};
use ready::Ready;
use state::FlatState;

/// A graph that runs and learns on the processor.
#[derive(Debug)]
pub struct CpuRunner {
    graph: Graph,
    params: Params,
    rng: Rng,
    ctx: Ctx,
    state: FlatState,
    predict: Option<Plan>,
    /// What the plan for answers reads instead of parameters.
    ready: Ready,
    train: Option<Plan>,
    /// What both plans compute in; nothing in it outlives a call.
    arena: Arena,
    step: u64,
    /// What the gradients, which are sums, are to be divided by.
    weight: f64,
    targets: Vec<u32>,
    outputs: Vec<Tensor>,
}

/// The parts of a runner that a pass over the steps works with.
struct Run<'a> {
    ctx: &'a Ctx,
    arena: &'a mut Arena,
    state: &'a mut FlatState,
    ready: &'a Ready,
    rows: usize,
    pass: Pass,
}

/// Somebody who looks at a step that is done.
type Look<'a> = dyn FnMut(&Run<'_>, &Node, &Step) + 'a;

/// The usual step is looked at by nobody.
fn nobody_looks(_: &Run<'_>, _: &Node, _: &Step) {}

impl CpuRunner {
    /// A network of these layers, with these parameters.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they are not the graph's.
    pub fn new(graph: &Graph, weights: &Weights, config: RunnerConfig) -> Result<CpuRunner, ModelError> {
        check_weights(graph, weights)?;
        let params = Params::of(graph);
        let state = FlatState::of(graph, &params, weights);
        Ok(CpuRunner {
            graph: graph.clone(),
            params,
            rng: Rng::new(config.seed),
            ctx: config.ctx(),
            state,
            predict: None,
            ready: Ready::default(),
            train: None,
            arena: Arena::default(),
            step: 0,
            weight: 0.0,
            targets: vec![],
            outputs: vec![],
        })
    }

    /// Makes a plan that has room for `rows` items, if the one at hand has not.
    fn make_room(&mut self, purpose: Purpose, rows: usize) -> Result<(), NetworkError> {
        let plan = match purpose {
            Purpose::Predict => &mut self.predict,
            Purpose::Train => &mut self.train,
        };
        if plan.as_ref().is_none_or(|plan| plan.capacity < rows) {
            let wanted = Plan::of(&self.graph, &self.params, &self.rng, purpose, rows);
            if self.arena.len() < wanted.len {
                let bytes = wanted.len as u128 * size_of::<f32>() as u128;
                let no_memory = || RunError::Memory { rows, mebibytes: bytes.div_ceil(1 << 20) };
                self.arena = Arena::try_zeros(wanted.len).ok_or_else(no_memory)?;
            }
            *plan = Some(wanted);
        }
        Ok(())
    }

    /// The steps of a plan, forward; `look` may look at each when it is done.
    fn forward(&mut self, batch: &Batch, pass: Pass, look: &mut Look<'_>) -> Result<(), NetworkError> {
        let purpose = match pass {
            Pass::Evaluate => Purpose::Predict,
            Pass::Train { .. } => Purpose::Train,
        };
        enter::check(&self.graph, batch)?;
        self.make_room(purpose, batch.rows)?;
        let CpuRunner { graph, params, ctx, state, arena, predict, ready, train, .. } = self;
        let Some(plan) = (if purpose == Purpose::Train { train } else { predict }) else { return Ok(()) };
        match purpose {
            Purpose::Predict => ready.make(ctx, plan, params, state),
            Purpose::Train => ready.forget(),
        }
        let mut run = Run { ctx, arena, state, ready, rows: batch.rows, pass };
        for (i, (step, node)) in plan.steps.iter().zip(graph.nodes()).enumerate() {
            run.forward(i, step, node, batch)?;
            look(&run, node, step);
            plan.poison(i, run.arena, batch.rows);
        }
        Ok(())
    }

    /// The steps of the plan for training, from the gradients of its outputs to those of the parameters; `look` as for
    /// [`CpuRunner::forward`].
    fn backward(&mut self, rows: usize, part: Part, look: &mut Look<'_>) {
        let CpuRunner { graph, ctx, state, arena, ready, train: Some(plan), step, .. } = self else { return };
        let mut run = Run { ctx, arena, state, ready, rows, pass: Pass::Train { step: *step, part } };
        for (i, (step, node)) in plan.steps.iter().zip(graph.nodes()).enumerate().rev() {
            run.backward(step);
            look(&run, node, step);
            plan.poison(2 * plan.steps.len() - i, run.arena, rows);
        }
    }

    /// The gradients of the last [`Network::loss_and_grad`], averaged as an update would use them, by parameter. Empty after an
    /// update.
    ///
    /// # Errors
    /// None in practice: sizes and numbers belong together.
    pub fn gradients(&self) -> Result<Weights, NetworkError> {
        self.state.gradients(&self.params, self.weight)
    }
}

impl Network for CpuRunner {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        self.forward(batch, Pass::Evaluate, &mut nobody_looks)?;
        let Some(plan) = &self.predict else { return Ok(&[]) };
        self.outputs.clear();
        for (output, id) in plan.outputs.iter().zip(self.graph.outputs()) {
            let sizes = self.graph[*id].shape.with_batch(batch.rows).unwrap_or_default();
            let numbers = self.arena.read(&output.value.span(batch.rows)).to_vec();
            self.outputs.push(Tensor::new(sizes, numbers)?);
        }
        Ok(&self.outputs)
    }

    fn loss_and_grad(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<LossParts, NetworkError> {
        if part.index == 0 {
            self.weight = 0.0;
            self.state.begin();
        }
        self.forward(batch, Pass::Train { step: self.step, part }, &mut nobody_looks)?;
        let parts = self.losses(batch, loss, part)?;
        self.backward(batch.rows, part, &mut nobody_looks);
        self.weight += parts.weight;
        Ok(parts)
    }

    fn first_lost(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<Option<Lost>, NetworkError> {
        self.look(batch, loss, part)
    }

    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        self.ready.forget();
        let stats = self.state.update(&self.ctx, &self.params, update, (self.weight, self.step + 1))?;
        if update.takes(stats.gradient_norm) {
            self.step += 1;
            self.state.move_running();
        }
        Ok(stats)
    }

    fn state(&self) -> Result<State, NetworkError> {
        self.state.saved(&self.params, self.step)
    }

    fn load(&mut self, state: &State) -> Result<(), NetworkError> {
        self.ready.forget();
        self.state.restore(&self.params, state)?;
        self.step = state.step;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
