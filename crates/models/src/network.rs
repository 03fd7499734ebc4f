//! A network on candle's autograd: anything that says its forward pass. Loss, gradients, optimizer steps,
//! saving and loading are written once, here; the graphs of recipes and networks written by hand share them.
mod convert;
mod error;
mod lost;
mod update;

use std::collections::BTreeMap;
use std::error::Error;

use baeum_core::{
    Batch, Graph, Loss, LossParts, Lost, Network, NetworkError, Part, State, Update, UpdateStats,
};
use baeum_kernels::sum;
use candle_core::{DType, Device, Tensor, Var};

use crate::role::Role;
use crate::{checks, ops};
pub use error::RunError;
use error::{backend, network_error};

/// Why a forward pass runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pass {
    /// For an answer: nothing is random, running statistics are used.
    Evaluate,
    /// For a gradient.
    Train {
        /// How many updates there were; random draws go by it.
        step: u64,
        /// Which rows of the batch these are.
        part: Part,
    },
}

/// The forward pass of a network, in candle's words. This is all that a network written by hand has to say;
/// [`CandleNetwork`] makes a [`Network`] of it.
pub trait Forward {
    /// One tensor `[B, ..]` for each target, from the inputs by name, `[B, ..]` each.
    ///
    /// # Errors
    /// Whatever went wrong; a [`NetworkError`] is passed on as it is.
    fn forward(
        &mut self,
        inputs: &BTreeMap<String, Tensor>,
        pass: Pass,
    ) -> Result<Vec<Tensor>, Box<dyn Error + Send + Sync>>;

    /// How many answers to each row a loss judges in each output of the forward pass of training; one, unless members of an ensemble
    /// are judged one by one.
    fn answers(&self) -> Vec<usize> {
        vec![]
    }

    /// The graph that it is the pass of, if it is one; whoever asks where numbers were lost is told by its nodes.
    fn graph(&self) -> Option<&Graph> {
        None
    }

    /// What each node of [`Forward::graph`] yields, in order; nothing where there is no graph.
    ///
    /// # Errors
    /// As [`Forward::forward`].
    fn values(
        &mut self,
        _inputs: &BTreeMap<String, Tensor>,
        _pass: Pass,
    ) -> Result<Vec<Tensor>, Box<dyn Error + Send + Sync>> {
        Ok(vec![])
    }

    /// Called after an update was taken: the moment for running statistics to move. Most networks have none.
    ///
    /// # Errors
    /// Whatever went wrong.
    fn updated(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }
}

/// A network that candle computes.
///
/// Results are the same bits for any number of threads: candle splits a product by rows and columns alone, adds
/// up on one thread whatever else it adds up, and our own sums have a fixed order.
pub struct CandleNetwork<F> {
    pub(crate) forward: F,
    pub(crate) learned: BTreeMap<String, Parameter>,
    running: BTreeMap<String, Var>,
    device: Device,
    dtype: DType,
    step: u64,
    /// What the gradients, which are sums, are to be divided by.
    weight: f64,
    outputs: Vec<baeum_core::Tensor>,
}

/// A learned tensor, and what its optimizer keeps.
pub(crate) struct Parameter {
    pub(crate) var: Var,
    pub(crate) role: Role,
    /// Summed over the parts of a batch; none before the first part and after an update.
    gradient: Option<Tensor>,
    moments: BTreeMap<&'static str, Vec<f32>>,
}

impl<F: Forward> CandleNetwork<F> {
    /// A network of these tensors: `learned` ones are moved by the optimizer, `running` ones by `forward` itself (the statistics
    /// of batch norm) or by nobody (what is frozen). All lie on `device` and are of `dtype`, `f32` to train. Muon takes all learned ones
    /// of two axes or more for matrices: which are embeddings, and which answer, is not known here.
    pub fn of(
        forward: F,
        learned: BTreeMap<String, Var>,
        running: BTreeMap<String, Var>,
        device: Device,
        dtype: DType,
    ) -> CandleNetwork<F> {
        let parameter = |var: Var| {
            let role = Role::by_axes(var.rank());
            Parameter { var, role, gradient: None, moments: BTreeMap::new() }
        };
        let learned = learned.into_iter().map(|(name, var)| (name, parameter(var))).collect();
        CandleNetwork { forward, learned, running, device, dtype, step: 0, weight: 0.0, outputs: vec![] }
    }

    /// A network of the variables that candle-nn's `VarBuilder` has put into `vars`, in `f32`. Those named
    /// `running_mean` and `running_var` are statistics, all others are learned.
    pub fn of_vars(forward: F, vars: &candle_nn::VarMap, device: Device) -> CandleNetwork<F> {
        let vars = vars.data().lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let is_running = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        let (running, learned) = vars.into_iter().partition(|(name, _)| is_running(name));
        CandleNetwork::of(forward, learned, running, device, DType::F32)
    }

    /// The gradients of the last [`Network::loss_and_grad`], averaged as an update would use them, by
    /// parameter. Empty after an update.
    ///
    /// # Errors
    /// [`NetworkError::Backend`] if the device does not hand its numbers over.
    pub fn gradients(&self) -> Result<BTreeMap<String, baeum_core::Tensor>, NetworkError> {
        let mut gradients = BTreeMap::new();
        for (name, parameter) in &self.learned {
            if let Some(gradient) = &parameter.gradient {
                let mean = (gradient / self.weight).and_then(|mean| convert::to_host(&mean));
                gradients.insert(name.clone(), mean.map_err(backend("the gradients"))?);
            }
        }
        Ok(gradients)
    }

    /// The inputs of a batch as candle has them.
    fn inputs(&self, batch: &Batch) -> Result<BTreeMap<String, Tensor>, NetworkError> {
        let placed = batch
            .inputs
            .iter()
            .map(|(name, tensor)| Ok((name.clone(), convert::to_candle(tensor, self.dtype, &self.device)?)));
        placed.collect()
    }

    fn run(&mut self, batch: &Batch, pass: Pass) -> Result<Vec<Tensor>, NetworkError> {
        let inputs = self.inputs(batch)?;
        self.forward.forward(&inputs, pass).map_err(|error| network_error("the forward pass", error))
    }

    /// [`CandleNetwork::losses`] of every output, by the loss that is its own.
    fn all_losses(
        &self,
        outputs: &[Tensor],
        batch: &Batch,
        loss: &Loss,
        part: Part,
    ) -> Result<(Vec<Tensor>, Vec<f64>), NetworkError> {
        if outputs.len() != batch.targets.len() {
            return Err(NetworkError::Targets { wanted: outputs.len(), got: batch.targets.len() });
        }
        let answers = self.forward.answers().into_iter().chain(std::iter::repeat(1));
        let pairs = outputs.iter().zip(batch.targets.iter().zip(answers));
        let losses = |(place, (output, target))| self.losses(output, target, loss.of_output(place).0, part);
        pairs.enumerate().map(losses).collect()
    }

    /// The loss of each row, or of each number, of one output, and what they count together.
    fn losses(
        &self,
        output: &Tensor,
        (target, answers): (&baeum_core::Tensor, usize),
        loss: &Loss,
        part: Part,
    ) -> Result<(Tensor, f64), NetworkError> {
        let target = &*checks::for_each_answer(target, answers)?;
        match loss {
            Loss::CrossEntropy { weights, smoothing, gamma } => {
                self.cross_entropy(output, (target, answers), weights, (*smoothing, *gamma), part)
            }
            Loss::BinaryCrossEntropy { weights } => {
                let weights = checks::class_weights(weights, output.dims().last().copied().unwrap_or(1))?;
                by_number(output, target, |x, t| ops::binary_cross_entropy(x, t, weights))
            }
            Loss::Mse => by_number(output, target, ops::mse),
            Loss::Mae => by_number(output, target, ops::mae),
            Loss::Huber { delta } => by_number(output, target, |x, t| ops::huber(x, t, *delta)),
            Loss::Quantile { levels } => by_number(output, target, |x, t| ops::quantile(x, t, levels)),
            Loss::Heads(heads) => Err(NetworkError::Heads { got: heads.len() }),
        }
    }

    /// The cross-entropy of each row; classes stand in the last axis of the output.
    fn cross_entropy(
        &self,
        output: &Tensor,
        (target, answers): (&baeum_core::Tensor, usize),
        weights: &[f32],
        (smoothing, gamma): (f64, f64),
        part: Part,
    ) -> Result<(Tensor, f64), NetworkError> {
        let classes = output.dims().last().copied().unwrap_or(1);
        let weights = checks::class_weights(weights, classes)?;
        let weight = |class: usize| {
            weights.and_then(|weights| weights.get(class)).map_or(1.0, |weight| f64::from(*weight))
        };
        let logits = output.reshape(((), classes)).map_err(backend("the loss"))?; // [B * .., K]
        let (losses, weight) = match target.dtype() {
            baeum_core::DType::F32 => {
                checks::elements(target, output.elem_count())?;
                checks::soft(gamma)?;
                let shares = target.f32s()?; // [B * .., K]
                let of_place = |(i, share): (usize, &f32)| weight(i % classes) * f64::from(*share);
                let all = shares.iter().enumerate().map(of_place).sum();
                (ops::soft_cross_entropy(&logits, shares, weights, smoothing), all)
            }
            baeum_core::DType::I64 | baeum_core::DType::F64 | baeum_core::DType::U8 => {
                let mut places = Vec::with_capacity(target.len() * answers);
                checks::classes(target, classes, part, answers, &mut places)?;
                let all = places.iter().map(|place| weight(*place as usize)).sum();
                (ops::cross_entropy(&logits, &places, weights, (smoothing, gamma)), all)
            }
        };
        Ok((losses.map_err(backend("the loss"))?, weight))
    }

    /// Adds the gradients of `losses`, summed, to those that are kept.
    fn add_gradients(&mut self, losses: &[Tensor], part: Part) -> candle_core::Result<()> {
        let sums = losses.iter().map(Tensor::sum_all).collect::<candle_core::Result<Vec<Tensor>>>()?;
        let Some(total) = sums.into_iter().map(Ok).reduce(|a, b| a? + b?) else { return Ok(()) };
        let mut gradients = total?.backward()?;
        for parameter in self.learned.values_mut() {
            let before = if part.index == 0 { None } else { parameter.gradient.take() };
            parameter.gradient = Some(match (before, gradients.remove(&parameter.var)) {
                (Some(before), Some(gradient)) => (before + gradient)?,
                (Some(gradient), None) | (None, Some(gradient)) => gradient,
                // It has no part in the loss.
                (None, None) => parameter.var.zeros_like()?,
            });
        }
        Ok(())
    }
}

/// The loss of each number beside its target, and how many there are.
fn by_number(
    output: &Tensor,
    target: &baeum_core::Tensor,
    of: impl Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>,
) -> Result<(Tensor, f64), NetworkError> {
    let losses = convert::numbers_like(target, output).and_then(|target| of(output, &target));
    Ok((losses.map_err(backend("the loss"))?, target.len() as f64))
}

impl<F: Forward> Network for CandleNetwork<F> {
    fn predict(&mut self, batch: &Batch) -> Result<&[baeum_core::Tensor], NetworkError> {
        let outputs = self.run(batch, Pass::Evaluate)?;
        let outputs = outputs.iter().map(convert::to_host).collect::<candle_core::Result<_>>();
        self.outputs = outputs.map_err(backend("the answers"))?;
        Ok(&self.outputs)
    }

    fn loss_and_grad(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<LossParts, NetworkError> {
        if part.index == 0 {
            self.weight = 0.0;
        }
        let outputs = self.run(batch, Pass::Train { step: self.step, part })?;
        let (mut all, weights) = self.all_losses(&outputs, batch, loss, part)?;
        let mut parts = LossParts::default();
        for (place, (losses, weight)) in all.iter_mut().zip(weights).enumerate() {
            let numbers = convert::to_host(losses).map_err(backend("the loss"))?.to_f64s();
            let (_, counts) = loss.of_output(place);
            let factor = parts.add_output(LossParts { sum: sum(&numbers), weight }, counts, batch.rows);
            *losses = (&*losses * factor).map_err(backend("the loss"))?;
        }
        self.add_gradients(&all, part).map_err(backend("the gradients"))?;
        self.weight += parts.weight;
        Ok(parts)
    }

    fn first_lost(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<Option<Lost>, NetworkError> {
        self.look(batch, loss, part)
    }

    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        let stats = self.step_by(update)?;
        if update.takes(stats.gradient_norm) {
            self.step += 1;
            self.forward.updated().map_err(|error| network_error("the running statistics", error))?;
        }
        Ok(stats)
    }

    fn state(&self) -> Result<State, NetworkError> {
        self.saved()
    }

    fn load(&mut self, state: &State) -> Result<(), NetworkError> {
        self.restore(state)
    }
}

#[cfg(test)]
mod tests;
