use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{DType, DatePart, Decode, Expected, Graph, Schema, Tensor, Transform};

/// The parameters and running statistics of one graph, by full name (`conv1.weight`), as PyTorch's `state_dict`.
pub type Weights = BTreeMap<String, Tensor>;

/// How one field becomes numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The field of the schema.
    pub field: String,
    /// What is done to it, in order.
    pub steps: Vec<Transform>,
}

/// One input of the network: the numbers of its fields side by side, laid out as items of `shape`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// The name of the graph's input node.
    pub name: String,
    /// What its numbers are stored as.
    pub dtype: DType,
    /// The sizes of one item, the batch left out: `[features]`, or `[channels, height, width]`.
    pub shape: Vec<usize>,
    /// The fields it is made of, in order.
    pub columns: Vec<Pipeline>,
}

impl InputSpec {
    /// How many numbers each field has, in order, where it is one number or one name of a table; several ways of one field count
    /// together. Of one field of several numbers each is one; none where no fields are known.
    pub fn widths(&self) -> Vec<usize> {
        if let [field] = &self.columns[..]
            && field.width() == 1
        {
            return vec![1; self.shape.iter().product()];
        }
        let fields = self.columns.chunk_by(|one, next| one.field == next.field);
        fields.map(|ways| ways.iter().map(Pipeline::width).sum()).collect()
    }
}

impl Pipeline {
    /// How many numbers one number or one name becomes.
    fn width(&self) -> usize {
        self.steps.iter().fold(1, |wide, step| match step {
            Transform::OneHot { size } => *size,
            Transform::PiecewiseLinear { edges } => edges.len().saturating_sub(1),
            Transform::DateParts { parts, cyclic } => DatePart::width(parts, *cyclic),
            Transform::Tokenise { length, .. } => *length,
            Transform::Denoise { .. }
            | Transform::Crop { .. }
            | Transform::Resize { .. }
            | Transform::Scale { .. }
            | Transform::Standardise { .. }
            | Transform::Log1p {}
            | Transform::Clip { .. }
            | Transform::Quantile { .. }
            | Transform::Impute { .. }
            | Transform::IsMissing {}
            | Transform::Bins { .. }
            | Transform::Category { .. }
            | Transform::NormaliseText { .. }
            | Transform::Hash { .. }
            | Transform::NormaliseWindow { .. }
            | Transform::Difference { .. }
            | Transform::StepsFirst { .. } => wide,
        })
    }
}

/// What an output of the network says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The field of the schema.
    pub field: String,
    /// From the network's numbers to an answer.
    pub decode: Decode,
}

impl Target {
    /// The same as far as it matters before data are read.
    pub fn expected(&self) -> Expected<'_> {
        let levels = if let Decode::Quantiles { levels, .. } = &self.decode { &levels[..] } else { &[] };
        Expected { name: &self.field, task: Some(self.decode.task()), levels }
    }
}

/// The learned function, written down: data only. What `train` yields and `export` writes; `baeum::Predict` runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    /// What a record looks like.
    pub schema: Schema,
    /// From a record to the network's inputs, one for each input node of the graph.
    pub inputs: Vec<InputSpec>,
    /// The network, described.
    pub graph: Graph,
    /// Its parameters, learned.
    pub weights: Weights,
    /// From the network's outputs to answers: target `i` reads output `i` of the graph.
    pub targets: Vec<Target>,
}

/// A predictor without its weights, as it stands in `predictor.json` beside a weights file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blueprint {
    /// The version of this layout.
    pub version: u32,
    /// As in [`Predictor`].
    pub schema: Schema,
    /// As in [`Predictor`].
    pub inputs: Vec<InputSpec>,
    /// As in [`Predictor`].
    pub graph: Graph,
    /// As in [`Predictor`].
    pub targets: Vec<Target>,
}

/// Weights and graph do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A parameter without numbers.
    #[error("the weights want `{name}` of shape {wanted:?}, got none")]
    Missing {
        /// The parameter.
        name: String,
        /// Its sizes.
        wanted: Vec<usize>,
    },
    /// A parameter with the wrong sizes or type.
    #[error("weight `{name}` wants shape {wanted:?} of f32, got {got:?} of {dtype}")]
    Shape {
        /// The parameter.
        name: String,
        /// Its sizes.
        wanted: Vec<usize>,
        /// The sizes that came.
        got: Vec<usize>,
        /// The type that came.
        dtype: DType,
    },
    /// Numbers that no layer asks for.
    #[error("weight `{name}` belongs to no layer of the graph")]
    Unknown {
        /// The name.
        name: String,
    },
}

impl Blueprint {
    /// The layout that this build writes and reads.
    pub const VERSION: u32 = 1;

    /// The whole predictor, with its weights.
    ///
    /// # Errors
    /// [`WeightsError`] names the first parameter that does not fit.
    pub fn with(self, weights: Weights) -> Result<Predictor, WeightsError> {
        let Blueprint { version: _, schema, inputs, graph, targets } = self;
        check_weights(&graph, &weights)?;
        Ok(Predictor { schema, inputs, graph, weights, targets })
    }
}

impl Predictor {
    /// Everything but the weights.
    pub fn blueprint(&self) -> Blueprint {
        Blueprint {
            version: Blueprint::VERSION,
            schema: self.schema.clone(),
            inputs: self.inputs.clone(),
            graph: self.graph.clone(),
            targets: self.targets.clone(),
        }
    }
}

/// Refuses weights that are not exactly the parameters of the graph.
///
/// # Errors
/// [`WeightsError`] names the first parameter that does not fit.
pub fn check_weights(graph: &Graph, weights: &Weights) -> Result<(), WeightsError> {
    let params = graph.params();
    for (name, param) in &params {
        let wanted = param.sizes.clone();
        let found = weights
            .get(name)
            .ok_or_else(|| WeightsError::Missing { name: name.clone(), wanted: wanted.clone() })?;
        if found.shape() != wanted || found.dtype() != DType::F32 {
            let (got, dtype) = (found.shape().to_vec(), found.dtype());
            return Err(WeightsError::Shape { name: name.clone(), wanted, got, dtype });
        }
    }
    match weights.keys().find(|name| !params.iter().any(|(known, _)| known == *name)) {
        None => Ok(()),
        Some(name) => Err(WeightsError::Unknown { name: name.clone() }),
    }
}
