//! Windows measured from themselves in front of a network, and its answers turned back behind the heads (reversible instance
//! normalisation; Kim et al. 2022), so that the loss is in the series' own scale.

use baeum_core::{Graph, GraphError, Layer, NodeId};

use crate::inputs::Entry;
use crate::wire::Head;
use crate::{ModelError, ModelPlan};

/// Added to the variance of a window under the root, as in PyTorch and by the authors.
const EPS: f64 = 1e-5;

/// The window that a network sees normalised.
#[derive(Clone, Copy)]
pub(crate) struct Reversible {
    window: NodeId,
}

impl ModelPlan {
    /// Refuses [`crate::ModelConfig::reversible_norm`] where there is not one window, all columns of which are told.
    pub(crate) fn refuse_irreversible(
        &self,
        entries: &[Entry<'_>],
        heads: &[Head],
    ) -> Result<(), ModelError> {
        let tells = |columns: usize| {
            heads.iter().all(|head| matches!(head, Head::Series { columns: told, .. } if *told == columns))
        };
        let items: Vec<&[usize]> = entries.iter().map(|entry| entry.item).collect();
        let got = match items[..] {
            _ if !self.reversible_norm() => return Ok(()),
            [[_, 0 | 1]] => "windows of one step",
            [[columns, _]] if tells(*columns) => return Ok(()),
            [[_, _]] => "another target",
            [_] => "rows of numbers or a text",
            _ => "several inputs",
        };
        let wants = "one window of a series, `[columns, steps]`, and all of its columns as the target";
        Err(refusal(wants, got))
    }
}

impl Reversible {
    /// Normalises a window, and gives the node that the network reads in its place.
    pub(crate) fn enter(
        graph: &mut Graph,
        window: NodeId,
        name: &str,
    ) -> Result<(Reversible, NodeId), GraphError> {
        let normal = graph.add(&format!("{name}_norm"), Layer::InstanceNorm { eps: EPS }, &[window])?;
        Ok((Reversible { window }, normal))
    }

    /// Turns back what a head tells of each column: `[B, columns, steps]`.
    pub(crate) fn leave(self, graph: &mut Graph, told: NodeId, head: &str) -> Result<NodeId, ModelError> {
        if graph[told].shape.rank() != 3 {
            return Err(Reversible::refuse(&format!("`{head}` of shape {}", graph[told].shape)));
        }
        let layer = Layer::InstanceRestore { eps: EPS };
        Ok(graph.add(&format!("{head}_restored"), layer, &[told, self.window])?)
    }

    /// What a head reads has no row of each column.
    pub(crate) fn refuse(got: &str) -> ModelError {
        refusal("layers that keep a row of each column, `[batch, columns, n]`", got)
    }
}

fn refusal(wants: &str, got: &str) -> ModelError {
    let rule = format!("wants {wants}, got {got}");
    ModelError::Setting { path: "models.reversible_norm".to_owned(), rule }
}
