use baeum_core::Schema;
use serde::{Deserialize, Serialize};

use super::model::Model;
use crate::error::ReadError;

/// What an ONNX file says about itself, under [`Manifest::KEY`] of its metadata: which field each input takes, and what
/// each output means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The version of this layout.
    pub(crate) version: u32,
    /// The version of Baeum that wrote the file.
    pub(crate) baeum: String,
    /// What a record looks like.
    pub(crate) schema: Schema,
    pub(crate) inputs: Vec<Given>,
    pub(crate) outputs: Vec<Answered>,
}

/// An input of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    /// Its name in the graph: the field's, unless that is taken or cannot be printed.
    pub(crate) name: String,
    /// The field that it takes.
    pub(crate) field: String,
    /// Where it takes the places of a text's pieces, as its step `tokenise` gives them, and not the text: the input of
    /// the network that they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pieces_of: Option<String>,
    /// Whether it takes a date as year, month, day, hour and minute `[batch, 5]`, NaN where it is missing or tells no time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_moment: bool,
}

/// An output of the graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    /// Its name in the graph.
    pub(crate) name: String,
    /// The target that it answers.
    pub(crate) field: String,
    /// What it says of it.
    pub(crate) says: Meaning,
}

/// What an output says of its target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Meaning {
    /// How probable each label is: `[batch, labels]`.
    Probabilities {
        /// The labels, in order.
        labels: Vec<String>,
    },
    /// The most probable label: `[batch]` of text.
    Label,
    /// How probable each label is by itself: `[batch, labels]`.
    Independent {
        /// The labels, in order.
        labels: Vec<String>,
    },
    /// Whether each label fits, 1 or 0: `[batch, labels]` of whole numbers.
    Fits {
        /// The labels, in order.
        labels: Vec<String>,
    },
    /// Several numbers: `[batch, columns]`.
    Numbers {
        /// What they are called, in order.
        columns: Vec<String>,
        /// What they count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// How probable each piece of a text is behind each place: `[batch, length, vocabulary]`.
    Next {
        /// How many places.
        length: usize,
        /// How many pieces.
        vocabulary: usize,
    },
    /// The next steps of some columns: `[batch, columns, steps]`.
    Forecast {
        /// The columns, in order.
        columns: Vec<String>,
        /// How many steps.
        steps: usize,
        /// What the numbers count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
    /// The number itself: `[batch, 1]`.
    Number {
        /// What it counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

impl Manifest {
    /// Its name in the metadata of a file.
    pub(crate) const KEY: &str = "baeum.manifest";
    /// The layout that this build writes and reads.
    pub(crate) const VERSION: u32 = 1;

    /// What a model says about itself.
    pub(crate) fn of(model: &Model) -> Result<Manifest, ReadError> {
        let text = model.metadata.get(Manifest::KEY);
        let text = text
            .ok_or_else(|| ReadError::malformed("ONNX metadata", format!("`{}`", Manifest::KEY), "none"))?;
        serde_json::from_str(text).map_err(|error| {
            ReadError::malformed(format!("`{}`", Manifest::KEY), "what this version writes", error)
        })
    }
}
