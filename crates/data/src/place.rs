use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::fs::shown;
use baeum_core::{Fs, InputSpec, Limit, Limits, Progress, Rng, Schema, fits};

use crate::DataError;

/// Where a recipe is run: the disk, the folders, the limits, the seed, and who waits.
#[derive(Clone, Debug)]
pub struct Place {
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// The recipe's own folder: relative paths start here.
    pub base: PathBuf,
    /// Other folders in which files are looked for, in this order: `--data DIR`, `BAEUM_DATA`, the cache.
    pub folders: Vec<PathBuf>,
    /// How much of anything is accepted.
    pub limits: Limits,
    /// Decides what is drawn by lot.
    pub seed: u64,
    /// Is told how far the work is.
    pub progress: Progress,
    /// Where the numbers of photos are kept for later runs; nowhere, if there is none.
    pub cache: Option<ExampleCache>,
}

/// Where examples are kept that are work to read.
#[derive(Clone, Debug)]
pub struct ExampleCache {
    /// The folder with what is whole.
    pub folder: PathBuf,
    /// A folder on the same disk that no other process writes to, for what is not.
    pub work: PathBuf,
    /// Everything that decides the examples before they become numbers: files, recipe and program.
    pub key: String,
}

impl ExampleCache {
    /// The cache of examples that are turned into numbers in this way; none if it cannot be written down.
    pub(crate) fn of(&self, schema: &Schema, inputs: &[InputSpec]) -> Option<ExampleCache> {
        let fitted = serde_json::to_vec(&(schema, inputs)).ok()?;
        let key = format!("{}-{}", self.key, blake3::hash(&fitted));
        Some(ExampleCache { key, ..self.clone() })
    }

    /// What the file of an input is called.
    pub(crate) fn file_name(&self, input: usize) -> String {
        format!("{}-{input}.examples", self.key)
    }
}

impl Place {
    /// The file or folder that the recipe calls `name`: beside the recipe, or else in one of the folders,
    /// under its whole relative path or under its last part alone.
    ///
    /// # Errors
    /// [`DataError::Absent`] says where it was looked for; [`DataError::Fs`] if the disk refuses to tell.
    pub fn find(&self, name: &str) -> Result<PathBuf, DataError> {
        let relative = Path::new(name);
        let mut looked = vec![self.base.join(relative)];
        for folder in &self.folders {
            looked.push(folder.join(relative));
            looked.extend(relative.file_name().map(|last| folder.join(last)));
        }
        looked.dedup();
        for path in &looked {
            if self.fs.exists(path)? {
                return Ok(path.clone());
            }
        }
        let looked = looked.iter().map(|path| format!("`{}`", shown(path))).collect();
        Err(DataError::Absent { file: shown_name(name), looked })
    }

    /// The files that the recipe calls `pattern`, in the order of their names, each with its name: one, or all in a
    /// folder whose names fit a pattern with a `*`.
    ///
    /// # Errors
    /// As [`Place::find`]; a pattern that no file fits is absent too.
    pub(crate) fn find_each(&self, pattern: &str) -> Result<Vec<(String, PathBuf)>, DataError> {
        let (folder, names) = pattern.rsplit_once('/').unwrap_or((".", pattern));
        if !names.contains('*') {
            return Ok(vec![(pattern.to_owned(), self.find(pattern)?)]);
        }
        let root = self.find(folder)?;
        let mut found = vec![];
        for entry in self.limits.list(Limit::FolderFiles, self.fs.as_ref(), &root)? {
            if let Some(name) = entry.to_str().filter(|name| fits(names, name)) {
                let called = if folder == "." { name.to_owned() } else { format!("{folder}/{name}") };
                found.push((called, root.join(name)));
            }
        }
        match found.is_empty() {
            false => Ok(found),
            true => Err(DataError::Absent {
                file: shown_name(pattern),
                looked: vec![format!("`{}`", shown(&root))],
            }),
        }
    }

    /// The bytes of the file that the recipe calls `name`.
    ///
    /// # Errors
    /// As [`Place::find`], and [`DataError`] for a file beyond the limit.
    pub fn read(&self, name: &str, limit: Limit) -> Result<Vec<u8>, DataError> {
        let span = tracing::debug_span!("file", name = %shown_name(name));
        span.in_scope(|| Ok(self.limits.read(limit, self.fs.as_ref(), &self.find(name)?)?))
    }

    /// The randomness of the run.
    pub(crate) fn rng(&self) -> Rng {
        Rng::new(self.seed)
    }
}

/// A name of the recipe as a message shows it.
pub(crate) fn shown_name(name: &str) -> String {
    shown(Path::new(name))
}
