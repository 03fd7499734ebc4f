use std::path::{Path, PathBuf};

use baeum_core::Fs;
use baeum_core::commit::{CommitError, MANIFEST, Set, commit_set, read_set};

use super::disk::{above, discard, duplicate, unfinished};
use super::{Key, RunError};

/// The outputs of all runs by their keys: `runs/.cache/<key>`, shared with the run folders by hard links.
///
/// Whoever edits a file in a run folder edits it here, and a disk may err: what is read is compared with its hashes each time.
pub(super) struct Cache<'a> {
    fs: &'a dyn Fs,
    root: PathBuf,
}

/// What was found where an output should be.
pub(super) enum Look {
    /// The output, every byte as it was written.
    Whole(Set),
    /// Nothing, or the output of another key.
    Absent,
    /// An output with a file that is not as it was written.
    Damaged(PathBuf),
}

impl<'a> Cache<'a> {
    pub(super) fn of(fs: &'a dyn Fs, runs: &Path) -> Cache<'a> {
        Cache { fs, root: runs.join(".cache") }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the output of a key is kept.
    pub(super) fn object(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// The output of a key, if it is here and whole.
    pub(super) fn look(&self, key: &Key) -> Result<Look, RunError> {
        look(self.fs, &self.object(key), key)
    }

    /// Keeps a set that stands in `from`; a damaged one of the same key makes room. Unfinished work stays in `work`, a
    /// folder that no other process writes to.
    pub(super) fn keep(&self, key: &Key, from: &Path, set: &Set, work: &Path) -> Result<(), RunError> {
        let object = self.object(key);
        if let Look::Whole(_) = self.look(key)? {
            return Ok(());
        }
        if self.fs.exists(&object)? {
            tracing::warn!(object = %object.display(), "removing a damaged output from the cache");
            discard(self.fs, &object)?;
        }
        let ready = unfinished(work, &object);
        duplicate(self.fs, from, &ready, set)?;
        if self.fs.rename(&ready, &object).is_err() {
            self.fs.remove_dir_all(&ready)?;
            // Another run was faster with the same bytes; or the cache is on another disk than the run.
            return match commit_set(self.fs, &object, &set.files, &set.fingerprint) {
                Ok(()) | Err(CommitError::Exists { .. }) => Ok(()),
                Err(error) => Err(error.into()),
            };
        }
        Ok(self.fs.sync_dir(above(&object))?)
    }
}

/// Reads the output of `key` in `folder`.
pub(super) fn look(fs: &dyn Fs, folder: &Path, key: &Key) -> Result<Look, RunError> {
    match read_set(fs, folder) {
        Ok(set) if set.fingerprint == key.as_str() => Ok(Look::Whole(set)),
        Ok(_) | Err(CommitError::NoManifest { .. }) => Ok(Look::Absent),
        Err(error) => damaged_file(&error).map(Look::Damaged).ok_or(error.into()),
    }
}

/// The file that is not what it was, if that is the error.
pub(super) fn damaged_file(error: &CommitError) -> Option<PathBuf> {
    match error {
        CommitError::NoManifest { path } => Some(path.join(MANIFEST)),
        CommitError::Manifest { path, .. }
        | CommitError::Missing { path }
        | CommitError::Size { path, .. }
        | CommitError::Hash { path }
        | CommitError::Record { path, .. }
        | CommitError::LogLength { path, .. } => Some(path.clone()),
        CommitError::Write { .. }
        | CommitError::Durability { .. }
        | CommitError::Fs(_)
        | CommitError::Nameless { .. }
        | CommitError::LinkLoop { .. }
        | CommitError::Exists { .. }
        | CommitError::Name { .. }
        | CommitError::OwnCrc { .. } => None,
    }
}
