//! What no run has any longer is removed from the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use baeum_core::Fs;
use baeum_core::fs::{FileKind, FsError};

use super::disk::{discard, tree};
use super::record::Record;
use super::{Key, RunError, Runs, Stage};

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// How many outputs of stages, and files of examples.
    pub objects: usize,
    /// How long their files were, together.
    pub bytes: u64,
}

impl Runs {
    /// Removes what the cache keeps of runs whose folders are gone. A run that works meanwhile has what it takes: it makes
    /// anew, or has in memory, what was removed under its hands.
    ///
    /// # Errors
    /// [`RunError::Record`] and [`RunError::Version`] for a run of which nobody can tell what it uses; then nothing is
    /// removed. And whatever the disk refuses.
    pub fn clean(&self) -> Result<Cleaned, RunError> {
        let (fs, cache) = (&**self.fs(), self.cache());
        let used = self.used()?;
        let names = match fs.list(cache.root(), u64::MAX) {
            Err(error) if error.is_absent() => return Ok(Cleaned::default()),
            names => names?,
        };
        let mut cleaned = Cleaned::default();
        for name in names.iter().filter_map(|name| name.to_str()) {
            if !used.contains(key(name)) && !name.starts_with('.') {
                cleaned.bytes += remove(fs, &cache.root().join(name))?;
                cleaned.objects += 1;
            }
        }
        Ok(cleaned)
    }

    /// The keys of all stages that a run has begun.
    fn used(&self) -> Result<BTreeSet<String>, RunError> {
        let mut used = BTreeSet::new();
        for (name, number) in self.all()? {
            let record = match Record::read(&**self.fs(), &self.folder(&name, number)) {
                Err(RunError::Absent { .. }) => continue,
                read => read?,
            };
            let data = record.identity.key(Stage::Data, &BTreeMap::new());
            let begun = record.stages.values().map(|stage| stage.key.clone());
            used.extend(begun.chain(data).map(|key: Key| key.to_string()));
        }
        Ok(used)
    }
}

/// The key that the name of an object begins with: all of it, or what stands before the first `-`.
fn key(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

/// Removes an object; says how many bytes it had.
fn remove(fs: &dyn Fs, path: &Path) -> Result<u64, FsError> {
    let found = fs.metadata(path)?;
    if found.kind != FileKind::Dir {
        fs.remove_file(path)?;
        return Ok(found.len);
    }
    let lengths = tree(fs, path)?.into_iter().map(|file| Ok(fs.metadata(&path.join(file))?.len));
    let bytes = lengths.sum::<Result<u64, FsError>>()?;
    discard(fs, path)?;
    Ok(bytes)
}
