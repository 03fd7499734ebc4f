//! The nodes that rten lacks or takes for others, after the reference semantics of ONNX.
//!
//! rten 0.27 has no text, no LabelEncoder, and runs a cubic Resize as a linear one; so every Resize is ours. Its LSTM and GRU take no
//! notice of lengths.
use baeum_core::{Data, Tensor};

use super::recurrent::recurrent;
use super::resize::{Kernel, resize};
use crate::error::VerifyError;
use crate::onnx::{Array, Attribute, Graph, Node};

/// Whether a node is evaluated here.
pub(super) fn knows(graph: &Graph, node: &Node) -> bool {
    let reads_texts = || {
        matches!(node.inputs.first().and_then(|name| graph.initializers.get(name)), Some(Array::Texts { .. }))
    };
    match (node.domain.as_str(), node.operator.as_str()) {
        ("ai.onnx.ml", "LabelEncoder") | ("", "Resize") => true,
        ("", "Gather") => reads_texts(),
        ("", "LSTM" | "GRU") => node.inputs.len() > 4,
        _ => false,
    }
}

/// The output of a node that [`knows`] told of.
pub(super) fn evaluate(node: &Node, inputs: &[Option<&Array>]) -> Result<Array, VerifyError> {
    let found = match node.operator.as_str() {
        "LabelEncoder" => label_encoder(node, inputs),
        "Gather" => gather(inputs),
        "LSTM" | "GRU" => recurrent(node, inputs),
        _ => resized(node, inputs),
    };
    found.map_err(|(wanted, got)| VerifyError::Node {
        node: node.name.clone(),
        wanted: wanted.to_owned(),
        got,
    })
}

/// What the node wants, and what it has.
pub(super) type Refusal = (&'static str, String);

/// `ai.onnx.ml.LabelEncoder` from texts to whole numbers.
fn label_encoder(node: &Node, inputs: &[Option<&Array>]) -> Result<Array, Refusal> {
    let [Some(Array::Texts { shape, texts })] = inputs else {
        return Err(("texts", "something else".to_owned()));
    };
    let (Some(Attribute::Texts(keys)), Some(Attribute::Ints(values)), Some(Attribute::Int(default))) = (
        node.attributes.get("keys_strings"),
        node.attributes.get("values_int64s"),
        node.attributes.get("default_int64"),
    ) else {
        return Err(("keys_strings, values_int64s and default_int64", "other attributes".to_owned()));
    };
    let code = |text: &String| {
        keys.iter().position(|key| key == text).and_then(|place| values.get(place)).unwrap_or(default)
    };
    let codes: Vec<i64> = texts.iter().map(|text| *code(text)).collect();
    numbers(shape, codes)
}

/// `Gather` of texts along their only axis.
fn gather(inputs: &[Option<&Array>]) -> Result<Array, Refusal> {
    let [Some(Array::Texts { shape, texts }), Some(Array::Numbers(places))] = inputs else {
        return Err(("texts and places", "something else".to_owned()));
    };
    let (1, Data::I64(numbers)) = (shape.len(), places.data()) else {
        return Err(("one axis of texts, and whole places", format!("{} axes", shape.len())));
    };
    let pick = |place: &i64| {
        let counted = if *place < 0 { place + texts.len() as i64 } else { *place };
        let text = usize::try_from(counted).ok().and_then(|place| texts.get(place));
        text.cloned().ok_or(("places among its texts", place.to_string()))
    };
    let texts = numbers.iter().map(pick).collect::<Result<_, _>>()?;
    Ok(Array::Texts { shape: places.shape().to_vec(), texts })
}

/// `Resize` of the last two of four axes to given sizes.
fn resized(node: &Node, inputs: &[Option<&Array>]) -> Result<Array, Refusal> {
    let kernel = kernel(node)?;
    let [Some(Array::Numbers(image)), None, None, Some(Array::Numbers(sizes))] = inputs else {
        return Err(("an image and sizes", "something else".to_owned()));
    };
    let (Data::F32(pixels), [batch, channels, height, width], Data::I64(sizes)) =
        (image.data(), image.shape(), sizes.data())
    else {
        return Err((
            "numbers [batch, channels, height, width]",
            format!("{:?} of {}", image.shape(), image.dtype()),
        ));
    };
    let sizes: Vec<usize> = sizes.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
    let refusal = || ("sizes that keep batch and channels", format!("{sizes:?}"));
    match sizes[..] {
        [b, c, h, w] if b == *batch && c == *channels && h > 0 && w > 0 && *height > 0 && *width > 0 => {
            numbers(&sizes, resize(pixels, [*height, *width], [h, w], kernel))
        }
        _ => Err(refusal()),
    }
}

/// The filter, if the settings are the ones under which every runtime agrees with PIL.
fn kernel(node: &Node) -> Result<Kernel, Refusal> {
    let is = |name: &str, wanted: Attribute| node.attributes.get(name) == Some(&wanted);
    let text = |text: &str| Attribute::Text(text.to_owned());
    let exact = is("antialias", Attribute::Int(1))
        && is("exclude_outside", Attribute::Int(1))
        && is("coordinate_transformation_mode", text("half_pixel"));
    if !exact {
        return Err(("antialias, exclude_outside and half_pixel", "other settings".to_owned()));
    }
    match node.attributes.get("cubic_coeff_a") {
        None if is("mode", text("linear")) => Ok(Kernel::Linear),
        Some(Attribute::Float(a)) if is("mode", text("cubic")) => Ok(Kernel::Cubic((*a).into())),
        _ => Err(("mode linear, or cubic with cubic_coeff_a", "another".to_owned())),
    }
}

pub(super) fn numbers(shape: &[usize], data: impl Into<Data>) -> Result<Array, Refusal> {
    Tensor::new(shape, data).map(Array::Numbers).map_err(|error| ("sizes that fit", error.to_string()))
}
