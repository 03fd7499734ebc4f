//! Those who watch a run: the progress bars, the event log, TensorBoard, MLflow's files, and whoever sends a signal.
mod bar;
mod events;
mod logging;
mod mlflow;
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
use baeum_train::Event;

/// Somebody who is told what happens while a network learns.
pub trait Watcher {
    /// Takes note of one event.
    ///
    /// # Errors
    /// [`WatchError`] if it was to be written and could not be; the run then stops, because a log with holes is worse.
    fn see(&mut self, event: &Event) -> Result<(), WatchError>;

    /// The training went wrong, and nothing more is seen of it.
    ///
    /// # Errors
    /// As [`Watcher::see`].
    fn broke_off(&mut self) -> Result<(), WatchError> {
        Ok(())
    }
}

/// A watcher could not write down what it saw.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum WatchError {
    Log(#[from] CommitError),
    File(#[from] FsError),
}
