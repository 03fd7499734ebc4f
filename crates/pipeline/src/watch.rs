//! Those who watch a run: the progress bars, the event log, TensorBoard, MLflow's files, and whoever sends a signal.
mod bar;
mod events;
mod logging;
mod mlflow;
mod settings;
mod signals;
mod tensorboard;
mod waiting;

pub use bar::Bar;
pub use events::EventLog;
pub use logging::{LogError, start_logging};
pub use mlflow::{MlFlow, Shown};
pub use signals::Signals;
pub use tensorboard::TensorBoard;
pub use waiting::Waiting;

use baeum_core::commit::CommitError;
use baeum_core::fs::FsError;
use baeum_core::{Dataset, Network, SourceError, State};
use baeum_train::Event;

use crate::predict::PredictError;

/// Somebody who is told what happens while a network learns.
pub trait Watcher {
    /// Takes note of one event.
    ///
    /// # Errors
    /// [`WatchError`] if it was to be written and could not be; the run then stops, because a log with holes is worse.
    fn see(&mut self, event: &Event) -> Result<(), WatchError>;

    /// Looks at the network behind an epoch, before it is told of it; what is asked of `net` moves nothing.
    ///
    /// # Errors
    /// As [`Watcher::see`].
    fn look(&mut self, _net: &mut dyn Network, _data: &Dataset, _state: &State) -> Result<(), WatchError> {
        Ok(())
    }

    /// The training went wrong, and nothing more is seen of it.
    ///
    /// # Errors
    /// As [`Watcher::see`].
    fn broke_off(&mut self) -> Result<(), WatchError> {
        Ok(())
    }
}

/// A watcher could not see something, or not write down what it saw.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum WatchError {
    Log(#[from] CommitError),
    File(#[from] FsError),
    Source(#[from] SourceError),
    Predict(#[from] PredictError),
}
