//! Whether the parts of a predictor belong together.
use baeum_core::{Blueprint, Layer, Node, Shape};

use crate::error::ExportError;

/// Refuses network inputs without fields, and outputs and targets that do not belong together.
pub(super) fn refuse_unfit(parts: &Blueprint) -> Result<(), ExportError> {
    parts.graph.inputs().try_for_each(|node| refuse_input(parts, node))?;
    let given = |name: &str| parts.graph.inputs().any(|node| node.name == name);
    if let Some(spec) = parts.inputs.iter().find(|spec| !given(&spec.name)) {
        let wanted = format!("an input node for input `{}`", spec.name);
        return Err(ExportError::Predictor { wanted, got: "none".to_owned() });
    }
    let outputs = parts.graph.outputs();
    if outputs.len() != parts.targets.len() {
        let wanted = format!("one target for each of its {} outputs", outputs.len());
        return Err(ExportError::Predictor { wanted, got: parts.targets.len().to_string() });
    }
    for (id, target) in outputs.iter().zip(&parts.targets) {
        let (node, wanted) = (&parts.graph[*id], Shape::batch(&target.decode.shape()));
        if node.shape != wanted {
            let wanted = format!("node `{}` to yield {wanted} for `{}`", node.name, target.field);
            return Err(ExportError::Predictor { wanted, got: node.shape.to_string() });
        }
    }
    Ok(())
}

fn refuse_input(parts: &Blueprint, node: &Node) -> Result<(), ExportError> {
    let Layer::Input { dtype } = node.layer else { return Ok(()) };
    let wanted = format!("fields for input `{}` that make {} of {dtype}", node.name, node.shape);
    match parts.inputs.iter().find(|spec| spec.name == node.name) {
        None => Err(ExportError::Predictor { wanted, got: "none".to_owned() }),
        Some(spec) if spec.dtype == dtype && Shape::batch(&spec.shape) == node.shape => Ok(()),
        Some(spec) => {
            let got = format!("{} of {}", Shape::batch(&spec.shape), spec.dtype);
            Err(ExportError::Predictor { wanted, got })
        }
    }
}
