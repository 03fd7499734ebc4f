use baeum_core::weights_file::WeightsFileError;
use baeum_core::{DType, LimitError, WeightsError};

use crate::format::Format;

/// Why a predictor cannot be written, or why settings cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing to write.
    #[error("`export.formats` wants at least one format, got none")]
    Empty,
    /// A format was asked for twice.
    #[error("`export.formats` wants each format once, got `{format}` again")]
    Twice {
        /// Its place in the list, counted from zero.
        place: usize,
        /// Which format.
        format: Format,
    },
    /// An operator set that the writer does not know.
    #[error("`export.opset` wants {low} to {high}, got {got}")]
    Opset {
        /// The oldest it knows.
        low: u32,
        /// The newest it knows.
        high: u32,
        /// What was asked for.
        got: u32,
    },
    /// An operator set that lacks an operator of this predictor.
    #[error(
        "`export.opset` wants {needed} or above for `{operator}` of `{part}`, got {got}; leave it out to get the lowest that fits"
    )]
    OpsetNeeded {
        /// The node or field that needs it.
        part: String,
        /// What it becomes.
        operator: &'static str,
        /// The first operator set that has it.
        needed: u32,
        /// What was asked for.
        got: u32,
    },
    /// A layer that the format has no word for.
    #[error("node `{node}`: `{format}` has no word for it: {reason}{}", way_out(.able))]
    NoWord {
        /// Which node.
        node: String,
        /// Which format.
        format: Format,
        /// Why not.
        reason: &'static str,
        /// The formats that have one.
        able: Vec<Format>,
    },
    /// A field whose preprocessing the format cannot say.
    #[error("field `{field}`: `{format}` wants {wanted}, got {got}")]
    Field {
        /// Which field.
        field: String,
        /// Which format.
        format: Format,
        /// What it can say.
        wanted: &'static str,
        /// What the field has.
        got: String,
    },
    /// The parts of a predictor do not belong together.
    #[error("the predictor wants {wanted}, got {got}")]
    Predictor {
        /// What would fit.
        wanted: String,
        /// What it has.
        got: String,
    },
    /// A network input of a type that no layer takes.
    #[error("input `{input}` wants numbers of f32 or i64, got {got}")]
    Type {
        /// Which input.
        input: String,
        /// Its type.
        got: DType,
    },
    /// Weights that do not belong to the graph.
    #[error("could not write the weights")]
    Weights(#[from] WeightsError),
    /// A name or a shape that a file of weights cannot hold.
    #[error("could not write the weights")]
    WeightsFile(#[from] WeightsFileError),
    /// More bytes than the format can hold in one file.
    #[error("`{format}` wants less than 2 GiB of weights in one file, got {bytes} bytes")]
    Large {
        /// Which format.
        format: Format,
        /// How many bytes the weights take.
        bytes: u64,
    },
}

impl ExportError {
    /// The path in the recipe of what is wrong, where the recipe says it.
    pub fn path(&self) -> Option<String> {
        match self {
            ExportError::Empty => Some("export.formats".to_owned()),
            ExportError::Twice { place, .. } => Some(format!("export.formats[{place}]")),
            ExportError::Opset { .. } | ExportError::OpsetNeeded { .. } => Some("export.opset".to_owned()),
            ExportError::NoWord { .. }
            | ExportError::Field { .. }
            | ExportError::Predictor { .. }
            | ExportError::Type { .. }
            | ExportError::Weights(_)
            | ExportError::WeightsFile(_)
            | ExportError::Large { .. } => None,
        }
    }
}

/// `; `a` and `b` have`, or nothing if no format has.
fn way_out(able: &[Format]) -> String {
    let names: Vec<String> = able.iter().map(|format| format!("`{format}`")).collect();
    match &names[..] {
        [] => String::new(),
        [name] => format!("; {name} has"),
        [firsts @ .., last] => format!("; {} and {last} have", firsts.join(", ")),
    }
}

/// Why a file was not read: it does not say what its format wants, or it asks for too much.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Some part of it is not as the format wants it.
    #[error("{part} wants {wanted}, got {got}")]
    Malformed {
        /// Which part, with its place.
        part: String,
        /// What the format allows there.
        wanted: String,
        /// What stands there.
        got: String,
    },
    /// It asks for more than a limit allows.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It is no sound file of weights.
    #[error(transparent)]
    Weights(#[from] WeightsFileError),
}

impl ReadError {
    pub(crate) fn malformed(
        part: impl Into<String>,
        wanted: impl Into<String>,
        got: impl ToString,
    ) -> ReadError {
        ReadError::Malformed { part: part.into(), wanted: wanted.into(), got: got.to_string() }
    }
}

/// Why a file is not proven to agree with the predictor it was written from.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such file.
    #[error("the export wants `{file}`, got no such file")]
    Missing {
        /// Its path.
        file: &'static str,
    },
    /// The file could not be read back.
    #[error("could not read `{file}` back")]
    Read {
        /// Its path.
        file: &'static str,
        /// Why.
        source: ReadError,
    },
    /// The weights in it are not those of the graph.
    #[error("could not read the weights of `{file}` back")]
    Weights {
        /// Its path.
        file: &'static str,
        /// Why.
        source: WeightsError,
    },
    /// A tensor that changed on its way.
    #[error("`{file}` wants `{tensor}` bit for bit, got other numbers")]
    Bits {
        /// Its path.
        file: &'static str,
        /// The tensor.
        tensor: String,
    },
    /// A node that cannot be executed.
    #[error("node `{node}` of the ONNX graph wants {wanted}, got {got}")]
    Node {
        /// Which node.
        node: String,
        /// What would have worked.
        wanted: String,
        /// What it has.
        got: String,
    },
    /// The engine failed.
    #[error("could not run the ONNX graph from node `{node}` on")]
    Engine {
        /// The first node of the part that failed.
        node: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A golden row that the file's inputs cannot take.
    #[error("golden row {row} wants {wanted} for `{field}`, got {got}")]
    Record {
        /// The row, counted from zero.
        row: usize,
        /// The field.
        field: String,
        /// What the file takes.
        wanted: String,
        /// What the row has.
        got: String,
    },
    /// Nothing to compare with.
    #[error("the comparison wants at least one golden row, got none")]
    Empty,
    /// Fewer or more answers than rows.
    #[error("{wanted} golden rows want as many answers, got {got}")]
    Rows {
        /// How many rows there are.
        wanted: usize,
        /// How many answers came.
        got: usize,
    },
    /// An answer of another kind, another label, or a number that is none.
    #[error("`{field}` of golden row {row} wants {wanted}, got {got}")]
    Answer {
        /// The target.
        field: String,
        /// The row, counted from zero.
        row: usize,
        /// What the predictor says.
        wanted: String,
        /// What the file says.
        got: String,
    },
    /// A number that is too far off.
    #[error(
        "`{field}` of golden row {row} wants {wanted} within {tolerance:.1e}, got {got}, which is off by {difference:.1e}"
    )]
    Differs {
        /// The target.
        field: String,
        /// The row, counted from zero.
        row: usize,
        /// What the predictor says.
        wanted: f64,
        /// What the file says.
        got: f64,
        /// How far apart they are.
        difference: f64,
        /// How far apart they may be.
        tolerance: f64,
    },
}
