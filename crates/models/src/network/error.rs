use std::error::Error;

use baeum_core::NetworkError;

/// Why a network on candle could not go on, where core has no word for it; the cause in [`NetworkError::Backend`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// A batch of another shape than the graph was made for.
    #[error("input `{name}` wants shape {wanted}, got {got:?}")]
    Input {
        /// The input.
        name: String,
        /// Its shape, written out.
        wanted: String,
        /// The sizes that came.
        got: Vec<usize>,
    },
    /// Batch norm cannot learn from one value: its variance is none.
    #[error(
        "node `{node}`: batch_norm wants two or more values of each channel while training, got {got}; make the batch larger"
    )]
    OneValue {
        /// The batch norm.
        node: String,
        /// How many there were.
        got: usize,
    },
    /// A sequence without a step, or with more than there are.
    #[error("node `{node}` wants lengths from 1 to {longest}, got {got} for row {row} of the batch")]
    Length {
        /// The layer that reads the sequence.
        node: String,
        /// How many steps there are.
        longest: usize,
        /// The row in the batch.
        row: usize,
        /// What came.
        got: i64,
    },
    /// A batch so large that its elements have no random word each.
    #[error(
        "node `{node}`: dropout wants at most {limit} values in a batch, got {got}; make the batch smaller"
    )]
    Dropout {
        /// The dropout.
        node: String,
        /// How many there may be.
        limit: usize,
        /// How many there were.
        got: usize,
    },
    /// A batch that there is no memory for.
    #[error(
        "a batch of {rows} rows wants {mebibytes} MiB of memory, which cannot be had; make the batch or the network smaller"
    )]
    Memory {
        /// Of the batch.
        rows: usize,
        /// What everything takes that is computed from it.
        mebibytes: u128,
    },
    /// An update before any gradient, or a second one after it.
    #[error("an update wants a gradient, got none since the last one")]
    NoGradient,
    /// An update of a network that is there to check gradients.
    #[error("an update wants a network in f32, got one in f64")]
    Precision,
    /// A state with something that the network does not have.
    #[error("the state has `{name}`, which the network does not")]
    Unknown {
        /// The tensor.
        name: String,
    },
}

/// candle's failure, with what was being computed.
pub(super) fn backend(what: &'static str) -> impl Fn(candle_core::Error) -> NetworkError {
    move |source| NetworkError::Backend { what: what.to_owned(), source: Box::new(source) }
}

/// The failure of a forward pass: core's own as it is, any other with what was being computed.
pub(super) fn network_error(what: &str, error: Box<dyn Error + Send + Sync>) -> NetworkError {
    match error.downcast::<NetworkError>() {
        Ok(error) => *error,
        Err(source) => NetworkError::Backend { what: what.to_owned(), source },
    }
}

impl From<RunError> for NetworkError {
    fn from(error: RunError) -> NetworkError {
        let what = match &error {
            RunError::Input { .. }
            | RunError::OneValue { .. }
            | RunError::Length { .. }
            | RunError::Dropout { .. }
            | RunError::Memory { .. } => "the forward pass",
            RunError::NoGradient | RunError::Precision => "the update",
            RunError::Unknown { .. } => "the state",
        };
        NetworkError::Backend { what: what.to_owned(), source: Box::new(error) }
    }
}
