use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use baeum::data::DataError;
use baeum::export::ExportError;
use baeum::models::ModelError;
use baeum::weights_file::WeightsFileError;
use baeum::{NetworkError, SourceError};

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A name that no workload has.
    #[error("`{name}` is not a workload; there are {known}")]
    Workload {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The disk refused.
    #[error("could not {what} `{}`", .path.display())]
    File {
        /// Read or write.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A process did not start.
    #[error("could not start {what}")]
    Start {
        /// Whose process.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// A process failed.
    #[error("could not go on without {what}: it ended with {status}\n{said}")]
    Ended {
        /// Whose process.
        what: String,
        /// How it ended.
        status: ExitStatus,
        /// Its standard error.
        said: String,
    },
    /// A line that is not the JSON that was agreed on.
    #[error("could not read `{line}` from {what}")]
    Line {
        /// Where it came from.
        what: String,
        /// The line.
        line: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// JSON that cannot be written.
    #[error("could not write JSON")]
    Json(#[from] serde_json::Error),
    /// The two sides do not compute the same, so that their times mean nothing.
    #[error("workload `{workload}` wants {what} within {bound:e} of the other side's, got {got:e}")]
    Differs {
        /// The workload.
        workload: String,
        /// What differs.
        what: String,
        /// The largest relative difference that passes.
        bound: f64,
        /// The relative difference.
        got: f64,
    },
    /// A training that blew up: steps over NaN are left out, hence fast.
    #[error("workload `{workload}` wants a finite loss, got {loss} after {steps} steps")]
    Diverged {
        /// The workload.
        workload: String,
        /// The loss.
        loss: f64,
        /// How many steps there were.
        steps: usize,
    },
    /// PyTorch could not run a workload, in any way or in the one that had been chosen.
    #[error("could not run `{workload}` in PyTorch: {why}")]
    Peer {
        /// The workload.
        workload: String,
        /// What PyTorch said.
        why: String,
    },
    /// The other tools are nowhere.
    #[error(
        "`bench data` wants `{variable}` to name a Python with the other tools, got none; `cargo xtask bench data` makes it"
    )]
    NoPython {
        /// What names it.
        variable: &'static str,
    },
    /// A page without a place for the table.
    #[error("the page wants a line `{marker}`, got none")]
    Marker {
        /// The line.
        marker: String,
    },
    /// Some workloads failed; each was reported when it did.
    #[error("{failed} of {all} workloads could not be measured")]
    Failed {
        /// How many failed.
        failed: usize,
        /// How many were asked for.
        all: usize,
    },
    /// A whole training that failed.
    #[error("could not train")]
    Training {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A graph that does not run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A step that failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Files that cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A row that cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A network that ONNX has no word for.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Tensors that cannot be handed to the other side.
    #[error(transparent)]
    Weights(#[from] WeightsFileError),
}

impl BenchError {
    /// For `map_err`: what was done to which file.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BenchError {
        let path = path.to_owned();
        move |source| BenchError::File { what, path, source }
    }

    /// The refusal and its causes in one line, as the command prints them.
    pub fn chain(&self) -> String {
        crate::chain(self)
    }
}
