//! Adding to a file of labels.

use std::path::{Path, PathBuf};

use baeum_core::Fs;
use baeum_core::commit::{CommitError, commit_file};
use baeum_core::fs::{FsError, LockError, LockGuard};

use super::file::{Label, LabelFile, line};
use crate::{DataError, DataPlan, Place};

/// Labels could not be added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// What stands in the file already is no label, or the disk refuses to show it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The disk refused; the file is as it was.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The disk refused to lock the file.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Another process adds labels.
    #[error("`{file}` is being written by another process; say it again when that is done")]
    Held {
        /// The file.
        file: String,
    },
}

/// Adds labels to the file of a plan, all of them or none, whatever happens; makes the file if it is missing. What was cut
/// off because its writing had been interrupted, if anything.
///
/// # Errors
/// [`AddError`]; the file is as it was.
pub fn add(plan: &DataPlan, place: &Place, labels: &[Label]) -> Result<Option<String>, AddError> {
    let path = plan.label_path(place).ok_or_else(no_file)?;
    let fs = place.fs.as_ref();
    let _lock = lock(fs, &path)?;
    let file = LabelFile::of(plan, place)?.ok_or_else(no_file)?;
    let mut bytes = if file.is_there { fs.read(&path, u64::MAX)? } else { vec![] };
    bytes.truncate(file.whole);
    if !bytes.is_empty() && !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    labels.iter().for_each(|label| bytes.extend(line(label).into_bytes()));
    commit_file(fs, &path, &bytes)?;
    Ok(file.torn)
}

/// A recipe without a file of labels.
pub(super) fn no_file() -> DataError {
    let got = "nothing; write `label_file = \"labels.jsonl\"` under `[data]`";
    DataError::setting("data.label_file", "a file to keep labels in", got)
}

/// The file itself is replaced, so that another one beside it is locked.
fn lock(fs: &dyn Fs, path: &Path) -> Result<LockGuard, AddError> {
    fs.lock(&beside(path)).map_err(|error| match error {
        LockError::Held { .. } => AddError::Held { file: baeum_core::fs::shown(path) },
        LockError::Fs(error) => AddError::Fs(error),
    })
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.lock"))
}
