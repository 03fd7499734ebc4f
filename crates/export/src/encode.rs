use baeum_core::{Blueprint, Graph, Predictor, Weights, check_weights, weights_file};

use crate::config::ExportPlan;
use crate::error::ExportError;
use crate::files::Files;
use crate::format::{Facts, Format, refuse_unspeakable};
use crate::state_dict::state_dict;
use crate::{onnx, torch};

/// Refuses what a format cannot say; asked before training, so that no hour is lost.
///
/// `parts` is the predictor that training will fill with weights.
///
/// # Errors
/// [`ExportError`] names the node, field or setting, and the formats that could.
pub fn can(format: Format, parts: &Blueprint, plan: &ExportPlan) -> Result<(), ExportError> {
    refuse_unspeakable(format, &parts.graph)?;
    match format {
        Format::Safetensors | Format::Pth => Ok(()),
        Format::Onnx => onnx::can(parts, plan.opset()),
    }
}

/// Runs the stage: the files of one format by relative path. Same predictor, same bytes: no disk, no clock, no random.
///
/// # Errors
/// [`ExportError`] as [`can`] gives it, or if the weights do not belong to the graph.
pub fn encode(format: Format, predictor: &Predictor, plan: &ExportPlan) -> Result<Files, ExportError> {
    let Facts { file, .. } = format.facts();
    let _span = tracing::debug_span!("encode", file).entered();
    let parts = predictor.blueprint();
    can(format, &parts, plan)?;
    let bytes = match format {
        Format::Safetensors => {
            let metadata = [("format".to_owned(), "pt".to_owned())].into();
            weights_file::write(&state_dict(predictor)?.into_iter().collect(), &metadata)?
        }
        Format::Pth => torch::write(&predictor.graph, &state_dict(predictor)?),
        Format::Onnx => {
            check_weights(&predictor.graph, &predictor.weights)?;
            onnx::bytes(&onnx::write(&parts, &predictor.weights, plan.opset())?)
        }
    };
    Ok(Files::one(file, bytes))
}

/// An ONNX file of a network alone, for programs that prepare and decode by themselves: tensors in, tensors out, under the names of
/// its nodes. Nothing has proven it; files for people come from [`encode`] and [`verify`](crate::verify()).
///
/// # Errors
/// [`ExportError`] if the weights do not belong to the graph, or ONNX has no word for a node.
pub fn network_file(graph: &Graph, weights: &Weights) -> Result<Vec<u8>, ExportError> {
    check_weights(graph, weights)?;
    Ok(onnx::bytes(&onnx::network_alone(graph, weights)?))
}
