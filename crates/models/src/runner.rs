//! The graph of a recipe on candle.
mod forward;
mod line;
mod sequence;

use std::collections::BTreeMap;

use baeum_core::{Graph, Network, ParamKind, Rng, Weights, check_weights};
use baeum_kernels::{Ctx, Precision, Rung};
use candle_core::{Tensor, Var};

use crate::network::CandleNetwork;
use crate::ops::Moments;
use crate::role::Role;
use crate::{CpuRunner, Device, Float, ModelError};

/// A graph that runs and learns.
pub type Runner = CandleNetwork<Layers>;

/// How a graph runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunnerConfig {
    /// Where dropout draws from.
    pub seed: u64,
    /// What is computed in.
    pub dtype: Float,
    /// Where it is computed.
    pub device: Device,
    /// How many threads the CPU runner has; 0 for one a core. Changes no bit.
    pub threads: usize,
    /// The highest rung of instructions that the CPU runner may use; the processor's best, if not given. Changes no bit.
    pub isa: Option<Rung>,
    /// How exactly the CPU runner multiplies matrices, where the processor has tiles and `isa` does not leave them out; elsewhere
    /// the highest. The candle runner takes no notice.
    pub precision: Precision,
}

impl RunnerConfig {
    /// Instructions and threads of the CPU runner.
    pub(crate) fn ctx(self) -> Ctx {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let threads = if self.threads == 0 { cores() } else { self.threads };
        Ctx::limited(self.isa, threads, self.precision)
    }
}

/// A network of these layers on the runner that suits where it is to compute: the CPU runner on a processor in `f32`, candle
/// elsewhere and in `f64`.
///
/// # Errors
/// [`ModelError::Weights`] if the parameters are not the graph's; [`ModelError::Device`] if this build cannot use the device.
pub fn network(
    graph: &Graph,
    weights: &Weights,
    config: RunnerConfig,
) -> Result<Box<dyn Network>, ModelError> {
    match (config.device, config.dtype) {
        (Device::Cpu, Float::F32) => Ok(Box::new(CpuRunner::new(graph, weights, config)?)),
        (Device::Cpu | Device::Cuda | Device::Metal, Float::F32 | Float::F64) => {
            Ok(Box::new(Runner::new(graph, weights, config)?))
        }
    }
}

/// The forward pass of a graph: its nodes in order.
pub struct Layers {
    graph: Graph,
    vars: BTreeMap<String, Var>,
    rng: Rng,
    /// What each batch norm saw since the last update, by node.
    seen: BTreeMap<String, Moments>,
}

impl Runner {
    /// A network of these layers, with these parameters.
    ///
    /// # Errors
    /// [`ModelError::Weights`] if they are not the graph's; [`ModelError::Device`] if this build cannot use
    /// the device.
    pub fn new(graph: &Graph, weights: &Weights, config: RunnerConfig) -> Result<Runner, ModelError> {
        check_weights(graph, weights)?;
        let (device, dtype) = (config.device.open()?, config.dtype.dtype());
        let var = |weight: &baeum_core::Tensor| {
            let values: Vec<f64> = weight.to_f64s();
            Var::from_tensor(&Tensor::from_vec(values, weight.shape(), &device)?.to_dtype(dtype)?)
        };
        let mut of_kind = [BTreeMap::new(), BTreeMap::new()];
        let [learned, running] = &mut of_kind;
        for (name, param) in graph.params() {
            let Some(weight) = weights.get(&name) else { continue };
            let var =
                var(weight).map_err(|source| ModelError::Backend { what: "place the weights", source })?;
            match param.kind {
                ParamKind::Learned => learned.insert(name, var),
                ParamKind::Frozen | ParamKind::Running => running.insert(name, var),
            };
        }
        let [learned, running] = of_kind;
        let vars = learned.iter().chain(&running).map(|(name, var)| (name.clone(), var.clone())).collect();
        let forward =
            Layers { graph: graph.clone(), vars, rng: Rng::new(config.seed), seen: BTreeMap::new() };
        let mut net = CandleNetwork::of(forward, learned, running, device, dtype);
        net.assign_roles();
        Ok(net)
    }

    /// What its parameters are to an optimizer, as the graph tells it.
    fn assign_roles(&mut self) {
        let graph = &self.forward.graph;
        for (i, node) in graph.nodes().iter().enumerate() {
            for param in graph.params_of(node) {
                if let Some(parameter) = self.learned.get_mut(&format!("{}.{}", node.name, param.name)) {
                    parameter.role = Role::of(graph, i, &param);
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
