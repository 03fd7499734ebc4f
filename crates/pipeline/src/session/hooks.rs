use std::cell::RefCell;
use std::sync::Arc;

use baeum_core::{Clock, Dataset, Network, State};
use baeum_train::{Checkpoint, Event, Signal};

use crate::StageError;
use crate::run::Checkpoints;
use crate::stages::Hooks;
use crate::watch::{Signals, WatchError, Watcher};

/// Training inside a run folder: checkpoints are kept, watchers are told, signals stop it.
pub(super) struct RunHooks<'a> {
    pub(super) checkpoints: &'a Checkpoints,
    /// How many of them stay.
    pub(super) keep: usize,
    pub(super) from: RefCell<Option<Checkpoint>>,
    pub(super) signals: &'a Signals,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watchers: RefCell<Vec<Box<dyn Watcher + 'a>>>,
    /// The first watcher that could not write; it stops the training, and is the error of the stage.
    pub(super) failure: RefCell<Option<WatchError>>,
}

impl RunHooks<'_> {
    fn tell(&self, mut tell: impl FnMut(&mut dyn Watcher) -> Result<(), WatchError>) {
        for watcher in self.watchers.borrow_mut().iter_mut() {
            if let Err(error) = tell(&mut **watcher) {
                self.failure.borrow_mut().get_or_insert(error);
            }
        }
    }

    /// Tells the watchers that the training went wrong.
    pub(super) fn break_off(&self) {
        for watcher in self.watchers.borrow_mut().iter_mut() {
            if let Err(error) = watcher.broke_off() {
                // The training's own error is the one to tell.
                tracing::warn!(%error, "a watcher could not note that the training went wrong");
            }
        }
    }
}

impl Hooks for RunHooks<'_> {
    fn resume(&self) -> Result<Option<Checkpoint>, StageError> {
        Ok(self.from.take())
    }

    fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.checkpoints.save(checkpoint.epoch().into(), &checkpoint.files()?, self.keep)?)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    fn look(&self, net: &mut dyn Network, data: &Dataset, state: &State) {
        self.tell(|watcher| watcher.look(&mut *net, data, state));
    }

    fn go_on(&self) -> Signal {
        match self.failure.borrow().is_some() || self.signals.received().is_some() {
            true => Signal::Stop,
            false => Signal::Go,
        }
    }

    fn see(&self, event: &Event) -> Signal {
        self.tell(|watcher| watcher.see(event));
        self.go_on()
    }
}
