use std::path::{Path, PathBuf};

use baeum_core::commit::commit_file;
use baeum_core::{Clock, Ended, EpochRecord, Fs};
use baeum_export::log::mlflow::{Experiment, RunInfo, Status, metric, without};
use baeum_train::Event;
use serde_json::Value;

use super::settings::{settings, text_of};
use super::{WatchError, Watcher};

/// The folder of MLflow's file store, in the folder of all runs.
const STORE: &str = "mlruns";

/// The longest file of a metric that is read: millions of epochs.
const METRIC_BYTES: u64 = 1 << 28;

/// What MLflow shows of a run: `mlflow ui --backend-store-uri runs/mlruns`.
///
/// A run that goes on is the same run there; what it had said of epochs that it takes again is said anew.
pub struct MlFlow<'a> {
    fs: &'a dyn Fs,
    clock: &'a dyn Clock,
    /// Its folder in the store.
    folder: PathBuf,
    experiment: String,
    id: String,
    name: String,
    started: u64,
}

/// Which run is shown, and what it was begun with.
pub struct Shown<'a> {
    /// The run's folder.
    pub run: &'a Path,
    /// What its recipe calls runs.
    pub name: &'a str,
    /// When it was begun, as its record has it.
    pub started: &'a str,
    /// The sections of the recipe that decide what is learned, as JSON.
    pub recipe: &'a Value,
}

impl Shown<'_> {
    /// What the run itself is called: `digits-0001`.
    pub(super) fn run_name(&self) -> String {
        self.run.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl<'a> MlFlow<'a> {
    /// Writes down what the run is; nothing is sent anywhere.
    ///
    /// # Errors
    /// [`WatchError`] if the disk refuses.
    pub fn create(fs: &'a dyn Fs, clock: &'a dyn Clock, shown: &Shown<'_>) -> Result<MlFlow<'a>, WatchError> {
        let hash = |text: &str| blake3::hash(text.as_bytes());
        let name = shown.run_name();
        // Digits and hexadecimal digits that are the same whenever it goes on.
        let bytes = *hash(shown.name).as_bytes();
        let experiment = bytes.iter().take(6).fold(1u64, |id, byte| id << 8 | u64::from(*byte)).to_string();
        let id: String = hash(&format!("{name} {}", shown.started)).to_hex().chars().take(32).collect();
        let store = shown.run.parent().unwrap_or(Path::new("")).join(STORE);
        let folder = store.join(&experiment).join(&id);
        let started = millis(clock);
        let flow = MlFlow { fs, clock, folder, experiment, id, name, started };
        flow.put_experiment(&store, shown.name)?;
        flow.put("tags/mlflow.runName", &flow.name)?;
        for (key, value) in settings(shown.recipe) {
            flow.put(&format!("params/{key}"), &text_of(value))?;
        }
        flow.fs.create_dir_all(&flow.folder.join("artifacts"))?;
        flow.put_meta(None)?;
        Ok(flow)
    }

    fn put_experiment(&self, store: &Path, name: &str) -> Result<(), WatchError> {
        let path = store.join(&self.experiment).join("meta.yaml");
        if self.fs.exists(&path)? {
            return Ok(());
        }
        let artifacts = uri(&store.join(&self.experiment));
        let experiment =
            Experiment { id: &self.experiment, name, artifacts: &artifacts, created: self.started };
        self.fs.create_dir_all(&store.join(&self.experiment))?;
        Ok(commit_file(self.fs, &path, experiment.meta().as_bytes())?)
    }

    fn put_meta(&self, ended: Option<(Status, u64)>) -> Result<(), WatchError> {
        let artifacts = uri(&self.folder.join("artifacts"));
        let MlFlow { experiment, id, name, started, .. } = self;
        let run = RunInfo { experiment, id, name, artifacts: &artifacts, started: *started, ended };
        self.put("meta.yaml", &run.meta())
    }

    fn put(&self, name: &str, text: &str) -> Result<(), WatchError> {
        let path = self.folder.join(name);
        if let Some(folder) = path.parent() {
            self.fs.create_dir_all(folder)?;
        }
        Ok(commit_file(self.fs, &path, text.as_bytes())?)
    }

    fn add(&self, name: &str, value: f64, step: u64) -> Result<(), WatchError> {
        let name = format!("metrics/{name}");
        let lines = match self.fs.read(&self.folder.join(&name), METRIC_BYTES) {
            Err(error) if error.is_absent() => vec![],
            read => read?,
        };
        let before = without(&String::from_utf8_lossy(&lines), step);
        self.put(&name, &(before + &metric(millis(self.clock), value, step)))
    }

    fn epoch(&self, record: &EpochRecord) -> Result<(), WatchError> {
        let step = record.step;
        self.add("train_loss", record.train_loss, step)?;
        record.valid_loss.map_or(Ok(()), |loss| self.add("valid_loss", loss, step))?;
        for scored in &record.valid_metrics {
            let name = format!("valid_{}", scored.metric);
            scored.value.map_or(Ok(()), |value| self.add(&name, value, step))?;
        }
        self.add("learning_rate", record.learning_rate, step)
    }
}

impl Watcher for MlFlow<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        match event {
            Event::Start { .. } | Event::Step { .. } | Event::Checkpoint { .. } => Ok(()),
            Event::Epoch { record, .. } => self.epoch(record),
            Event::End { end, .. } => {
                let status = match end {
                    Ended::Done | Ended::EarlyStop | Ended::OutOfTime => Status::Finished,
                    Ended::Stopped => Status::Killed,
                };
                self.put_meta(Some((status, millis(self.clock))))
            }
        }
    }

    fn broke_off(&mut self) -> Result<(), WatchError> {
        self.put_meta(Some((Status::Failed, millis(self.clock))))
    }
}

fn millis(clock: &dyn Clock) -> u64 {
    clock.wall().as_millis() as u64
}

/// A folder as a URI, so that it is found from wherever MLflow is started.
fn uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let sign = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("file://{}", path.to_string_lossy().bytes().map(sign).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_any_name_have_a_uri() {
        assert_eq!(uri(Path::new("/runs/a b%/배움")), "file:///runs/a%20b%25/%EB%B0%B0%EC%9B%80");
    }
}
