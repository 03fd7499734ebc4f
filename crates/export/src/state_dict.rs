//! The tensors of a predictor as PyTorch's `state_dict` has them.
use baeum_core::{DType, Graph, Layer, Predictor, Tensor, Weights, WeightsError, check_weights};

/// The tensor in which PyTorch's batch norm counts its batches; it changes no answer while `momentum` is a number.
const COUNTER: &str = "num_batches_tracked";

/// Names and tensors in PyTorch's order: node by node, parameters before statistics.
///
/// We do not count batches, so the counters are 0, and a table that is used twice has one name here; without them a strict
/// `load_state_dict` would refuse the file.
pub(crate) fn state_dict(predictor: &Predictor) -> Result<Vec<(String, Tensor)>, WeightsError> {
    check_weights(&predictor.graph, &predictor.weights)?;
    let mut tensors = vec![];
    for (name, _) in predictor.graph.params() {
        let Some(tensor) = predictor.weights.get(&name) else { continue }; // none is missing: checked above
        tensors.push((name.clone(), tensor.clone()));
        if let Some(counter) = counter_behind(&predictor.graph, &name) {
            tensors.push((counter, Tensor::zeros([], DType::I64)));
        }
    }
    for (copy, table) in predictor.graph.tied() {
        if let Some(tensor) = predictor.weights.get(&table) {
            tensors.push((copy, tensor.clone()));
        }
    }
    Ok(tensors)
}

/// The weights in a `state_dict`: all of it but the counters, and the second names of tables.
pub(crate) fn own_weights(graph: &Graph, mut tensors: Weights) -> Weights {
    let counters = graph.params().into_iter().filter_map(|(name, _)| counter_behind(graph, &name));
    for name in counters.chain(graph.tied().map(|(copy, _)| copy)) {
        tensors.remove(&name);
    }
    tensors
}

/// The counter that follows this tensor, if it is the last of a batch norm.
fn counter_behind(graph: &Graph, name: &str) -> Option<String> {
    let node = name.strip_suffix(".running_var")?;
    let norm = graph.find(node).is_some_and(|id| matches!(graph[id].layer, Layer::BatchNorm { .. }));
    norm.then(|| format!("{node}.{COUNTER}"))
}
