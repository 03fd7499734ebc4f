//! What folders need beyond the commit protocol: made durably, removed at once, given a second name.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use baeum_core::Fs;
use baeum_core::commit::{CommitError, MANIFEST, Set, commit_set};
use baeum_core::fs::{FileKind, FsError, shown};

use super::checkpoints::CHECKPOINTS;

/// Makes a folder, and those above it, so that a power cut does not undo it; nothing if it is there.
pub(super) fn ensure_folder(fs: &dyn Fs, path: &Path) -> Result<(), FsError> {
    match fs.create_dir(path) {
        Err(error) if error.kind() == Some(ErrorKind::AlreadyExists) => return Ok(()),
        Err(error) if error.is_absent() && above(path) != path => {
            ensure_folder(fs, above(path))?;
            fs.create_dir(path)?;
        }
        made => made?,
    }
    fs.sync_dir(above(path))
}

/// Removes a folder under its name at once, whatever comes between; nothing if it is gone.
pub(super) fn discard(fs: &dyn Fs, path: &Path) -> Result<(), FsError> {
    let aside = unfinished(above(path), path);
    match fs.rename(path, &aside) {
        Err(error) if error.is_absent() => Ok(()),
        renamed => renamed.and_then(|()| fs.remove_dir_all(&aside)),
    }
}

/// A free name in `folder` for what will be called as `path` is, of the kind that [`baeum_core::commit::sweep`] removes.
pub(super) fn unfinished(folder: &Path, path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Names of commits in progress count up from zero; these begin elsewhere, so that they do not meet.
    let number = (1 << 32) + NEXT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".{name}.{}-{number}.tmp", process::id()))
}

/// Gives the files of a set a second name in the folder `to`, which must not be there; copies them where that cannot be,
/// as between two disks. `to` is an unfinished name: the caller renames it.
pub(super) fn duplicate(fs: &dyn Fs, from: &Path, to: &Path, set: &Set) -> Result<(), CommitError> {
    link_all(fs, from, to, set).or_else(|error| {
        tracing::debug!(from = %from.display(), %error, "copying what cannot be linked");
        if fs.exists(to)? {
            fs.remove_dir_all(to)?;
        }
        commit_set(fs, to, &set.files, &set.fingerprint)
    })
}

fn link_all(fs: &dyn Fs, from: &Path, to: &Path, set: &Set) -> Result<(), FsError> {
    fs.create_dir(to)?;
    let mut folders = BTreeSet::from([to.to_owned()]);
    for name in set.files.keys().map(String::as_str).chain([MANIFEST]) {
        let path = to.join(name);
        fs.create_dir_all(above(&path))?;
        folders.extend(path.ancestors().skip(1).take_while(|folder| *folder != to).map(Path::to_owned));
        fs.hard_link(&from.join(name), &path)?;
    }
    folders.iter().try_for_each(|folder| fs.sync_dir(folder))
}

/// The files below a folder, by their paths within it, with `/` between the parts; none if there is no such folder.
pub(super) fn tree(fs: &dyn Fs, folder: &Path) -> Result<Vec<String>, FsError> {
    let (mut files, mut waiting) = (vec![], vec![String::new()]);
    while let Some(within) = waiting.pop() {
        let names = match fs.list(&folder.join(&within), u64::MAX) {
            Err(error) if error.is_absent() => continue,
            names => names?,
        };
        for name in names {
            let path = if within.is_empty() {
                shown(name.as_ref())
            } else {
                format!("{within}/{}", shown(name.as_ref()))
            };
            match fs.metadata(&folder.join(&path))?.kind {
                FileKind::Dir => waiting.push(path),
                FileKind::File | FileKind::Other => files.push(path),
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Whether a file in the folder of a stage is part of its output, and not what keeps it safe or leads to it.
pub(super) fn is_output(name: &str) -> bool {
    name != MANIFEST && name.split('/').next() != Some(CHECKPOINTS)
}

/// The folder that something is in.
pub(super) fn above(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}
