use std::collections::BTreeMap;
use std::path::Path;

use baeum_core::Fs;
use baeum_core::commit::{Set, commit_file};
use serde::{Deserialize, Serialize};

use super::key::digest;
use super::{Identity, Key, RunError, Stage};

/// The record's name in a run folder.
pub(super) const RECORD: &str = "run.json";

/// The version of the record's format.
const VERSION: u64 = 1;

/// The longest record that is read: about 500,000 data files.
const RECORD_BYTES: u64 = 64 << 20;

/// What a run folder says about itself, `run.json`: what it was begun with, and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    version: u64,
    /// When it was begun, in UTC.
    pub started: String,
    /// BLAKE3 of `recipe.toml` beside it.
    pub recipe_file: String,
    /// How far each stage is; the others were not begun.
    pub stages: BTreeMap<Stage, StageRecord>,
    /// The run that stands for this one: of a list of seeds, the one that did best and was exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// What it was begun with. It stands last, because the data files may be many.
    pub identity: Identity,
}

/// How far a stage is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRecord {
    /// What its output is kept under.
    pub key: Key,
    /// When it was begun, in UTC.
    pub started: String,
    /// What it has put out; none while it is not done.
    pub done: Option<Done>,
}

/// What a stage has put out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// When, in UTC.
    pub finished: String,
    /// Who computed it.
    pub origin: Origin,
    /// BLAKE3 over the key and all files: what later stages go by.
    pub output: String,
    /// BLAKE3 of each file, by its path below the stage's folder.
    pub files: BTreeMap<String, String>,
}

/// Who computed an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This run.
    Computed,
    /// An earlier one.
    Cache,
    /// Nobody we know: it was taken as it stood in the folder.
    Found,
}

impl Record {
    /// A run without a stage.
    pub(super) fn begin(started: String, recipe_text: &str, identity: Identity) -> Record {
        let recipe_file = blake3::hash(recipe_text.as_bytes()).to_string();
        Record { version: VERSION, started, recipe_file, stages: BTreeMap::new(), chosen: None, identity }
    }

    /// Reads the record of a run folder.
    ///
    /// # Errors
    /// [`RunError::Absent`] if the folder is no run; [`RunError::Record`] and [`RunError::Version`] if the record is not one
    /// that this program wrote; [`RunError::Fs`].
    pub fn read(fs: &dyn Fs, run: &Path) -> Result<Record, RunError> {
        /// All that another version is sure to share.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let path = run.join(RECORD);
        let bytes = match fs.read(&path, RECORD_BYTES) {
            Err(error) if error.is_absent() => return Err(RunError::Absent { run: run.to_owned() }),
            read => read?,
        };
        let no_record = |source| RunError::Record { path: path.clone(), source };
        let Versioned { version } = serde_json::from_slice(&bytes).map_err(no_record)?;
        if version != VERSION {
            return Err(RunError::Version { path, wanted: VERSION, got: version });
        }
        serde_json::from_slice(&bytes).map_err(no_record)
    }

    pub(super) fn write(&self, fs: &dyn Fs, run: &Path) -> Result<(), RunError> {
        let path = run.join(RECORD);
        let text = serde_json::to_string_pretty(self)
            .map_err(|source| RunError::Record { path: path.clone(), source })?;
        Ok(commit_file(fs, &path, (text + "\n").as_bytes())?)
    }

    /// What a stage has put out, if it is done.
    pub fn done(&self, stage: Stage) -> Option<&Done> {
        self.stages.get(&stage)?.done.as_ref()
    }

    /// Whether every stage is done.
    pub fn finished(&self) -> bool {
        Stage::ALL.into_iter().all(|stage| self.done(stage).is_some())
    }
}

/// BLAKE3 of each file of an output.
pub(super) fn hashes(set: &Set) -> BTreeMap<String, String> {
    set.files.iter().map(|(name, bytes)| (name.clone(), blake3::hash(bytes).to_string())).collect()
}

/// What later stages go by: BLAKE3 over the key of an output and over all its files.
///
/// The key is in it because the files do not tell all: the data stage puts out how to read the examples, not the examples.
pub(super) fn output(set: &Set) -> String {
    let files = hashes(set).into_iter().flat_map(|(name, hash)| [name, hash]);
    digest(&[set.fingerprint.clone()].into_iter().chain(files).collect::<Vec<_>>())
}
