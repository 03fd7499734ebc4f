//! Where what is not finite comes from, on candle. The usual step has no part in it.

use baeum_core::{Batch, Graph, Layer, Loss, Lost, LostWhat, NetworkError, Node, Part};
use candle_core::Tensor;

use super::convert::to_host;
use super::error::{backend, network_error};
use super::{CandleNetwork, Forward, Pass};

impl<F: Forward> CandleNetwork<F> {
    /// The first thing of a step that is not finite: a parameter or a value on the way forward, then the loss, then the gradient of
    /// a parameter, the nearest to the loss, whose rows nobody knows. The gradients it leaves are of no use.
    pub(super) fn look(
        &mut self,
        batch: &Batch,
        loss: &Loss,
        part: Part,
    ) -> Result<Option<Lost>, NetworkError> {
        let Some(graph) = self.forward.graph().cloned() else { return Ok(None) };
        let pass = Pass::Train { step: self.step, part: Part { index: 0, ..part } };
        let inputs = self.inputs(batch)?;
        let values = self.forward.values(&inputs, pass);
        let values = values.map_err(|error| network_error("the forward pass", error))?;
        for (node, value) in graph.nodes().iter().zip(&values) {
            if let Some(lost) = self.lost_forward(&graph, node, value, batch.rows)? {
                return Ok(Some(lost));
            }
        }
        let outputs = self.run(batch, pass)?;
        let (losses, _) = self.all_losses(&outputs, batch, loss, part)?;
        for (losses, id) in losses.iter().zip(graph.outputs()) {
            let rows = rows_lost(losses, batch.rows)?;
            if !rows.is_empty() {
                return Ok(Some(Lost { node: graph[*id].name.clone(), what: LostWhat::Loss, rows }));
            }
        }
        self.add_gradients(&losses, Part { index: 0, ..part }).map_err(backend("the gradients"))?;
        self.lost_gradient(&graph)
    }

    fn lost_forward(
        &self,
        graph: &Graph,
        node: &Node,
        value: &Tensor,
        rows: usize,
    ) -> Result<Option<Lost>, NetworkError> {
        let named = |what, rows| Some(Lost { node: node.name.clone(), what, rows });
        for param in graph.params_of(node) {
            let name = format!("{}.{}", node.name, param.name);
            let own = self.learned.get(&name).map(|parameter| &parameter.var);
            if let Some(var) = own.or_else(|| self.running.get(&name))
                && !is_finite(var)?
            {
                return Ok(named(LostWhat::Parameter, vec![]));
            }
        }
        let rows = rows_lost(value, rows)?;
        let is_input = matches!(node.layer, Layer::Input { .. });
        let what = if is_input { LostWhat::Input } else { LostWhat::Value };
        Ok(if rows.is_empty() { None } else { named(what, rows) })
    }

    fn lost_gradient(&self, graph: &Graph) -> Result<Option<Lost>, NetworkError> {
        for node in graph.nodes().iter().rev() {
            for param in graph.params_of(node) {
                let parameter = self.learned.get(&format!("{}.{}", node.name, param.name));
                if let Some(gradient) = parameter.and_then(|parameter| parameter.gradient.as_ref())
                    && !is_finite(gradient)?
                {
                    let node = node.name.clone();
                    return Ok(Some(Lost { node, what: LostWhat::Gradient, rows: vec![] }));
                }
            }
        }
        Ok(None)
    }
}

fn numbers(tensor: &Tensor) -> Result<Vec<f64>, NetworkError> {
    Ok(to_host(tensor).map_err(backend("the numbers of a step"))?.to_f64s())
}

fn is_finite(tensor: &Tensor) -> Result<bool, NetworkError> {
    Ok(numbers(tensor)?.iter().all(|x| x.is_finite()))
}

/// The rows with a number that is not finite.
fn rows_lost(tensor: &Tensor, rows: usize) -> Result<Vec<usize>, NetworkError> {
    let numbers = numbers(tensor)?;
    let item = (numbers.len() / rows.max(1)).max(1);
    let lost = numbers.chunks(item).enumerate().filter(|(_, own)| own.iter().any(|x| !x.is_finite()));
    Ok(lost.map(|(row, _)| row).collect())
}
