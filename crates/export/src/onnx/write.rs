use std::collections::BTreeMap;

use baeum_core::{Blueprint, DType, Graph, Node, Weights};

use super::answer::reserve;
use super::builder::{Builder, ML, batch, size};
use super::fit::refuse_unfit;
use super::manifest::Manifest;
use super::model::{Element, Model};
use super::{answer, network, preprocess};
use crate::error::ExportError;
use crate::format::Format;

/// The version of the file format; 8 goes with the operator sets up to 18.
const IR: i64 = 8;
/// The version of [`ML`]: the first whose LabelEncoder takes names to places.
const ML_VERSION: i64 = 2;
/// What protocol buffers can hold; more would need a second file.
const LARGEST: u64 = i32::MAX as u64;

/// Refuses what the writer would refuse, without any weights.
pub(crate) fn can(parts: &Blueprint, opset: Option<u32>) -> Result<(), ExportError> {
    build(parts, None, opset).map(drop)
}

/// The model of a predictor; `opset` as the recipe asks, else the lowest that has every operator.
pub(crate) fn write(parts: &Blueprint, weights: &Weights, opset: Option<u32>) -> Result<Model, ExportError> {
    refuse_large(weights.values().map(|tensor| (tensor.len() * tensor.dtype().bytes()) as u64).sum())?;
    build(parts, Some(weights), opset)
}

fn refuse_large(bytes: u64) -> Result<(), ExportError> {
    match bytes < LARGEST {
        true => Ok(()),
        false => Err(ExportError::Large { format: Format::Onnx, bytes }),
    }
}

fn build(parts: &Blueprint, weights: Option<&Weights>, opset: Option<u32>) -> Result<Model, ExportError> {
    refuse_unfit(parts)?;
    let mut builder = Builder::new(weights, opset);
    let (entrance, inputs) = preprocess::enter(&mut builder, &parts.schema, &parts.inputs)?;
    let alone = parts.targets.len() == 1;
    let answers: Vec<_> = parts.targets.iter().map(|target| reserve(&mut builder, target, alone)).collect();
    let mut prepared = BTreeMap::new();
    for spec in &parts.inputs {
        prepared.insert(spec.name.as_str(), entrance.prepare(&mut builder, spec)?);
    }
    let values = network::write(&mut builder, &parts.graph, &prepared)?;
    for ((target, answers), id) in parts.targets.iter().zip(&answers).zip(parts.graph.outputs()) {
        answer::write(&mut builder, (target, &entrance), &values[id.index()], answers)?;
    }
    let manifest = Manifest {
        version: Manifest::VERSION,
        baeum: env!("CARGO_PKG_VERSION").to_owned(),
        schema: parts.schema.clone(),
        inputs,
        outputs: answers.into_iter().flatten().collect(),
    };
    model(builder, &manifest)
}

/// The model of a network alone: tensors in, tensors out, under the names of its nodes.
pub(crate) fn network_alone(graph: &Graph, weights: &Weights) -> Result<Model, ExportError> {
    refuse_large(weights.values().map(|tensor| (tensor.len() * tensor.dtype().bytes()) as u64).sum())?;
    let mut builder = Builder::new(Some(weights), None);
    let axes = |node: &Node| {
        let sizes = node.shape.item().unwrap_or_default();
        std::iter::once(batch()).chain(sizes.into_iter().map(size)).collect::<Vec<_>>()
    };
    let mut inputs = BTreeMap::new();
    for node in graph.inputs() {
        let name = builder.name(&node.name);
        let element = if node.layer.takes(0) == DType::I64 { Element::I64 } else { Element::F32 };
        builder.input(&name, element, axes(node));
        inputs.insert(node.name.as_str(), name);
    }
    let values = network::write(&mut builder, graph, &inputs)?;
    for id in graph.outputs() {
        builder.output(&values[id.index()], Element::F32, axes(&graph[*id]));
    }
    Ok(assembled(builder, BTreeMap::new()))
}

fn assembled(builder: Builder<'_>, metadata: BTreeMap<String, String>) -> Model {
    let (graph, opset) = builder.finish();
    let mut opsets = vec![(String::new(), opset.into())];
    if graph.nodes.iter().any(|node| node.domain == ML) {
        opsets.push((ML.to_owned(), ML_VERSION));
    }
    Model { ir_version: IR, opsets, graph, metadata }
}

fn model(builder: Builder<'_>, manifest: &Manifest) -> Result<Model, ExportError> {
    let text = serde_json::to_string(manifest).map_err(|error| ExportError::Predictor {
        wanted: "a schema that JSON can hold".to_owned(),
        got: error.to_string(),
    })?;
    Ok(assembled(builder, BTreeMap::from([(Manifest::KEY.to_owned(), text)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_protocol_buffers_cannot_hold_is_refused() {
        assert!(refuse_large(LARGEST - 1).is_ok());
        let error = refuse_large(1 << 31).err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("`onnx` wants less than 2 GiB of weights in one file, got 2147483648 bytes")
        );
    }
}
