use std::path::Path;

use baeum_core::commit::{CommitError, Log, TornTail};
use baeum_core::{Clock, Fs};
use baeum_train::Event;
use serde_json::{Map, Value};

use super::{WatchError, Watcher};

/// `events.jsonl`: everything that happened in a run but the single steps, one JSON object a line, each with its checksum.
pub struct EventLog<'a> {
    log: Log<'a>,
    clock: &'a dyn Clock,
}

impl<'a> EventLog<'a> {
    /// Opens the log, or makes it; says what an interruption had left half written.
    ///
    /// # Errors
    /// [`CommitError`] if it is damaged or the disk refuses.
    pub fn open(
        fs: &'a dyn Fs,
        path: &Path,
        clock: &'a dyn Clock,
    ) -> Result<(EventLog<'a>, Option<TornTail>), CommitError> {
        let opened = Log::open(fs, path)?;
        Ok((EventLog { log: opened.log, clock }, opened.torn))
    }

    /// Adds a record: the time, what happened, and to what.
    ///
    /// # Errors
    /// [`CommitError`] if the disk refuses.
    pub fn add(&mut self, what: &str, details: Value) -> Result<(), CommitError> {
        let mut record = Map::new();
        let wall = self.clock.wall().as_secs_f64();
        record.insert("wall".to_owned(), ((wall * 1e3).round() / 1e3).into());
        record.insert("event".to_owned(), what.into());
        if let Value::Object(details) = details {
            record.extend(details);
        }
        self.log.append(&record)
    }
}

impl Watcher for EventLog<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        let what = match event {
            Event::Step { .. } => return Ok(()),
            Event::Start { .. } => "start",
            Event::Epoch { .. } => "epoch",
            Event::Checkpoint { .. } => "checkpoint",
            Event::End { .. } => "end",
        };
        let details = serde_json::to_value(event).unwrap_or_default();
        // serde wraps the details in the variant's name, which stands under `event` already.
        let inner =
            details.as_object().and_then(|variant| variant.values().next().cloned()).unwrap_or_default();
        self.add(what, inner)?;
        if matches!(event, Event::Checkpoint { .. } | Event::End { .. }) {
            self.log.sync()?;
        }
        Ok(())
    }
}
