use std::borrow::Cow;
use std::fmt;

use baeum_core::{Graph, Layer, Transform};
use serde::{Deserialize, Serialize};

use crate::error::ExportError;

/// A file format that we write. The only list of formats in the workspace.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Names and numbers of the weights, for Hugging Face tools and PyTorch.
    Safetensors,
    /// A `state_dict` of PyTorch.
    Pth,
    /// Open Neural Network Exchange: from raw fields to answers, for ONNX Runtime and many others.
    Onnx,
}

/// What is true of a format as a whole: one row of the table in the docs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name in recipes and errors.
    pub name: &'static str,
    /// The file it writes.
    pub file: &'static str,
    /// How much of the learned function the file says.
    pub says: Says,
    /// How the file is compared with the predictor before it gets its final name.
    pub compared: Level,
}

/// How much of the learned function a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// The weights alone; preprocessing, network and answers stand in `predictor.json` beside it.
    Weights,
    /// Everything from raw fields to answers.
    Function,
}

/// How a file was compared with the predictor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// An engine that is not ours executed the bytes on the golden rows.
    Ran,
    /// Our reader parsed the bytes back to bit-equal weights, and the predictor made of them answered the golden rows.
    Reread,
}

/// What a format answers when it is asked for a layer or a transform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// It says it in these words.
    Word(Cow<'static, str>),
    /// It has no word for it, and why.
    Cannot(&'static str),
}

impl Format {
    /// Every format, in the order of the docs.
    pub const ALL: [Format; 3] = [Format::Safetensors, Format::Pth, Format::Onnx];

    /// Its row in the table of formats.
    pub const fn facts(self) -> Facts {
        let (weights, reread) = (Says::Weights, Level::Reread);
        match self {
            Format::Safetensors => {
                Facts { name: "safetensors", file: "model.safetensors", says: weights, compared: reread }
            }
            Format::Pth => Facts { name: "pth", file: "model.pth", says: weights, compared: reread },
            Format::Onnx => {
                Facts { name: "onnx", file: "model.onnx", says: Says::Function, compared: Level::Ran }
            }
        }
    }

    /// Its word for a layer.
    pub fn layer(self, layer: &Layer) -> Say {
        match self {
            Format::Safetensors | Format::Pth => tensors(layer),
            Format::Onnx => crate::onnx::layer(layer),
        }
    }

    /// Its word for a step of preprocessing.
    pub fn transform(self, transform: &Transform) -> Say {
        match self {
            Format::Safetensors | Format::Pth => Say::Cannot("a file of weights holds no preprocessing"),
            Format::Onnx => crate::onnx::transform(transform),
        }
    }
}

/// Refuses a network that a format cannot say; asked before training, so that no hour is lost.
///
/// # Errors
/// [`ExportError::NoWord`] names the node and the formats that have a word for it.
pub(crate) fn refuse_unspeakable(format: Format, graph: &Graph) -> Result<(), ExportError> {
    for node in graph.nodes() {
        let Say::Cannot(reason) = format.layer(&node.layer) else { continue };
        let says = |other: &Format| !matches!(other.layer(&node.layer), Say::Cannot(_));
        let able = Format::ALL.into_iter().filter(says).collect();
        return Err(ExportError::NoWord { node: node.name.clone(), format, reason, able });
    }
    Ok(())
}

/// The tensors that a file of weights holds of a layer.
fn tensors(layer: &Layer) -> Say {
    let params = layer.params(&[]);
    let names: Vec<&str> = params.iter().map(|param| param.name.as_ref()).collect();
    let names = names.join(", ");
    if let Layer::BatchNorm { .. } = layer {
        Say::Word(format!("{names}, num_batches_tracked").into())
    } else if let Layer::Unembedding { .. } = layer {
        Say::Word("weight".into()) // which is the table's
    } else if names.is_empty() {
        Say::Word("nothing to learn".into())
    } else {
        Say::Word(names.into())
    }
}

/// The name used in recipes and errors.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
    }
}

/// The name used in manifests and tables.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Ran => "ran",
            Level::Reread => "reread",
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_spells_a_format_as_errors_do() {
        for format in Format::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.to_string());
        }
    }

    #[test]
    fn a_missing_word_names_node_format_reason_and_way_out() {
        let error = |able: &[Format]| ExportError::NoWord {
            node: "attention2".to_owned(),
            format: Format::Onnx,
            reason: "it has no such operator",
            able: able.to_vec(),
        };
        let text = "node `attention2`: `onnx` has no word for it: it has no such operator";
        assert_eq!(error(&[]).to_string(), text);
        assert_eq!(error(&[Format::Pth]).to_string(), format!("{text}; `pth` has"));
        let both = error(&[Format::Safetensors, Format::Pth]).to_string();
        assert_eq!(both, format!("{text}; `safetensors` and `pth` have"));
    }
}
