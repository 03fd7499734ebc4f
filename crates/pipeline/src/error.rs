use std::error::Error;

use baeum_core::SourceError;
use baeum_data::{DataError, Fault};
use baeum_evaluate::EvaluateError;
use baeum_export::{ExportError, ReadError, VerifyError};
use baeum_models::ModelError;
use baeum_train::TrainError;

use crate::artifacts::ArtifactError;
use crate::predict::PredictError;
use crate::run::RunError;
use crate::watch::WatchError;

/// Why a run stopped: what one of our stages said, or a stage of yours. Closed, so that each has its exit code.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum StageError {
    Data(#[from] DataError),
    Models(#[from] ModelError),
    Train(#[from] TrainError),
    Evaluate(#[from] EvaluateError),
    Export(#[from] ExportError),
    /// An exported file is not equal to the model.
    Verify(#[from] VerifyError),
    Predict(#[from] PredictError),
    Source(#[from] SourceError),
    Artifact(#[from] ArtifactError),
    Run(#[from] RunError),
    Watch(#[from] WatchError),
    /// A file that the `source.toml` beside the recipe lists, and that nobody has fetched yet.
    #[error("`{file}` wants to be fetched first; `baeum fetch RECIPE` brings it")]
    NotFetched {
        /// The file.
        file: String,
        /// Where it was looked for.
        source: DataError,
    },
    /// There is not as much memory as the training would take.
    #[error(
        "training wants about {} of memory with {rows} rows at once, got {} that are free; a smaller `train.micro_batch`, \
         `train.batch_size` or network wants less",
        mebibytes(*wanted), mebibytes(*free)
    )]
    Memory {
        /// How many bytes it would take.
        wanted: u64,
        /// How many are free.
        free: u64,
        /// How many rows go through the network at once.
        rows: usize,
    },
    /// The file of `models.start.weights` cannot be read as one.
    #[error("could not read weights from `{}`", file.escape_debug())]
    StartFile {
        /// The file, as the recipe calls it.
        file: String,
        /// Why.
        source: ReadError,
    },
    /// The folder of `models.start.weights` lacks a file.
    #[error(
        "`{}` wants `config.json` and `model.safetensors`, as transformers saves a GPT-2 or a BERT in one piece, got no `{}/{file}`; \
         a run of baeum has its weights in `5-export/model.safetensors`", folder.escape_debug(), folder.escape_debug()
    )]
    StartFolder {
        /// The folder, as the recipe calls it.
        folder: String,
        /// The file.
        file: &'static str,
    },
    /// The `config.json` of the folder of `models.start.weights` says no network that is known.
    #[error("could not read `config.json` of `{}`", folder.escape_debug())]
    StartConfig {
        /// The folder, as the recipe calls it.
        folder: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Somebody asked the run to stop; a checkpoint was kept.
    #[error("stopped; the same command goes on from the last checkpoint")]
    Stopped,
    /// The error of a stage that was swapped.
    Custom(Box<dyn Error + Send + Sync>),
}

impl StageError {
    /// For the shell: 2 fix the recipe, 3 fix the data, 4 try again, 5 fix the training, 6 take less memory, 7
    /// wait, 8 a file is damaged or not
    /// equal to the model, 9 a stage of yours failed. `Stopped` is 130 here; the command puts the signal's own code in its
    /// place.
    pub fn exit_code(&self) -> u8 {
        match self {
            StageError::Data(error) => of_data(error),
            StageError::Models(_) => 2,
            StageError::Memory { .. } => 6,
            StageError::Train(error) => of_train(error),
            StageError::Evaluate(error) => of_evaluate(error),
            StageError::Export(error) if error.path().is_some() => 2,
            StageError::Export(_) | StageError::Verify(_) | StageError::Artifact(_) => 8,
            StageError::Predict(error) => of_predict(error),
            StageError::Source(error) => of_source(error),
            StageError::StartFile { .. } | StageError::StartConfig { .. } => 3,
            StageError::Run(error) => error.exit_code(),
            StageError::Watch(_) | StageError::NotFetched { .. } | StageError::StartFolder { .. } => 4,
            StageError::Stopped => 130,
            StageError::Custom(_) => 9,
        }
    }
}

/// Bytes for people.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

pub(crate) fn of_data(error: &DataError) -> u8 {
    match error.fault() {
        Fault::Recipe => 2,
        Fault::Input => 3,
        Fault::Disk => 4,
    }
}

/// A source reads lazily, so what is wrong with the data may show while training.
fn of_source(error: &SourceError) -> u8 {
    error.source.downcast_ref::<DataError>().map_or(3, of_data)
}

fn of_train(error: &TrainError) -> u8 {
    match error {
        TrainError::Setting { .. } => 2,
        TrainError::NoRows
        | TrainError::Output { .. }
        | TrainError::Network(_)
        | TrainError::Judged { .. } => 3,
        TrainError::Judge(error) => error.downcast_ref().map_or(3, of_evaluate),
        TrainError::Diverged(_) | TrainError::NotFinite { .. } | TrainError::NoBest { .. } => 5,
        TrainError::Source(error) => of_source(error),
        TrainError::Checkpoint(_) => 8,
        TrainError::Keep { .. } => 4,
    }
}

fn of_evaluate(error: &EvaluateError) -> u8 {
    match error {
        EvaluateError::Setting { .. } | EvaluateError::NoTestRows | EvaluateError::Targets { .. } => 2,
        EvaluateError::Dataset { .. }
        | EvaluateError::Head { .. }
        | EvaluateError::Class { .. }
        | EvaluateError::Truth { .. }
        | EvaluateError::Output { .. }
        | EvaluateError::Network(_) => 3,
        EvaluateError::NotFinite { .. } => 5,
        EvaluateError::Source(error) => of_source(error),
    }
}

fn of_predict(error: &PredictError) -> u8 {
    match error {
        PredictError::Record(_) | PredictError::Generate(_) => 2,
        PredictError::Encode(error) => of_data(error),
        PredictError::Model(_) => 8,
        PredictError::Network(_) => 3,
    }
}
