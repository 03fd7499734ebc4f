//! Names for what is not finished, and their removal.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::CommitError;
use crate::fs::{FileKind, Fs, FsError};

/// How much of a name goes into the name of its temp file, in bytes: with the rest it stays below the usual
/// limit of 255.
const NAME_BYTES: usize = 200;

/// How many temp names are tried: each failure is a leftover of a dead process that had our number.
const TRIES: usize = 1000;

/// Makes something new beside `path` under a temp name, `.<name>.<pid>-<n>.tmp`, which no other commit uses.
pub(super) fn create_beside<T>(
    path: &Path,
    create: impl Fn(&Path) -> Result<T, FsError>,
) -> Result<(PathBuf, T), FsError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = &name[..name.floor_char_boundary(NAME_BYTES)];
    let mut tries = 0;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temp = path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
        tries += 1;
        match create(&temp) {
            Ok(made) => return Ok((temp, made)),
            Err(error) if error.kind() == Some(std::io::ErrorKind::AlreadyExists) && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// What interrupted commits left in a folder, sorted. A commit in progress looks the same.
///
/// # Errors
/// [`CommitError::Fs`] if the folder cannot be listed.
pub fn leftovers(fs: &dyn Fs, dir: &Path) -> Result<Vec<PathBuf>, CommitError> {
    let names = fs.list(dir, u64::MAX)?;
    Ok(names.iter().filter(|name| is_temp(&name.to_string_lossy())).map(|name| dir.join(name)).collect())
}

/// Removes what interrupted commits left in a folder, and returns it, sorted.
///
/// Call it under the run lock only: a commit in progress looks the same.
///
/// # Errors
/// [`CommitError::Fs`] if the folder cannot be listed or something cannot be removed; what was removed before
/// stays removed.
pub fn sweep(fs: &dyn Fs, dir: &Path) -> Result<Vec<PathBuf>, CommitError> {
    let leftovers = leftovers(fs, dir)?;
    for path in &leftovers {
        // Of a link the link goes, not what it leads to.
        let is_dir = fs.read_link(path)?.is_none() && fs.metadata(path)?.kind == FileKind::Dir;
        if is_dir { fs.remove_dir_all(path)? } else { fs.remove_file(path)? }
    }
    if !leftovers.is_empty() {
        fs.sync_dir(dir)?;
    }
    Ok(leftovers)
}

/// Whether a name is one that [`create_beside`] gives.
fn is_temp(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.strip_prefix('.')
        .and_then(|name| name.strip_suffix(".tmp"))
        .and_then(|name| name.rsplit_once('.'))
        .and_then(|(_, numbers)| numbers.split_once('-'))
        .is_some_and(|(pid, number)| digits(pid) && digits(number))
}

/// The folder of a path; the current one for a bare name.
pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temp_names_are_told_from_others() {
        for name in [".a.csv.17-0.tmp", "..1-2.tmp", ".배움.99999-12.tmp"] {
            assert!(is_temp(name), "{name}");
        }
        for name in
            ["a.17-0.tmp", ".a.tmp", ".a.17.tmp", ".a.17-.tmp", ".a.17-x.tmp", ".a.17-0.tmp.csv", ".17-0.tmp"]
        {
            assert!(!is_temp(name), "{name}");
        }
    }

    #[test]
    fn the_parent_of_a_bare_name_is_here() {
        assert_eq!(parent(Path::new("a")), Path::new("."));
        assert_eq!(parent(Path::new("/a")), Path::new("/"));
        assert_eq!(parent(Path::new("b/a")), Path::new("b"));
    }
}
