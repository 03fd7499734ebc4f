//! One file, old or new, never in between.

use std::path::{Path, PathBuf};

use super::CommitError;
use super::temp::{create_beside, parent};
use crate::fs::{FileKind, Fs, FsError, Metadata, WriteFile};

/// How many links may lead to links; Linux follows as many.
const LINKS: usize = 40;

/// Writes a file so that its name leads to the old bytes or to all of the new ones.
///
/// A link stays a link: the file it leads to is replaced. The new file has the permissions of the old one.
///
/// # Errors
/// [`CommitError::Write`]: the old file is intact. [`CommitError::Durability`]: the new one is in place, but
/// a power cut may undo that.
pub fn commit_file(fs: &dyn Fs, path: &Path, bytes: &[u8]) -> Result<(), CommitError> {
    let target = resolve(fs, path)?;
    if target.file_name().is_none() {
        return Err(CommitError::Nameless { path: path.to_owned() });
    }
    let mode = mode_of(fs, &target).map_err(CommitError::write(path))?;
    let (temp, file) =
        create_beside(&target, |temp| fs.create_new(temp, mode)).map_err(CommitError::write(path))?;
    let written = write_synced(file, &temp, bytes).and_then(|()| fs.rename(&temp, &target));
    if let Err(error) = written {
        // A leftover does no harm and is swept by the next run, so the first error is the one to tell.
        let _ = fs.remove_file(&temp);
        return Err(CommitError::write(path)(error));
    }
    fs.sync_dir(parent(&target)).map_err(|source| CommitError::Durability { path: path.to_owned(), source })
}

/// The permissions of the file that is to be replaced, if there is one; refuses to replace anything but a
/// file.
fn mode_of(fs: &dyn Fs, target: &Path) -> Result<Option<u32>, FsError> {
    match fs.metadata(target) {
        Ok(Metadata { kind: FileKind::File, mode, .. }) => Ok(mode),
        Ok(Metadata { kind, .. }) => Err(FsError::NotAFile { path: target.to_owned(), kind }),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes all bytes and makes them durable; `path` is for messages.
pub(super) fn write_synced(mut file: Box<dyn WriteFile>, path: &Path, bytes: &[u8]) -> Result<(), FsError> {
    file.write_all(bytes).map_err(FsError::io("write", path))?;
    file.sync_all().map_err(FsError::io("sync", path))
}

/// The path that a chain of links leads to, whether or not a file is there.
fn resolve(fs: &dyn Fs, path: &Path) -> Result<PathBuf, CommitError> {
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        let Some(next) = fs.read_link(&target).map_err(CommitError::write(path))? else { return Ok(target) };
        target = parent(&target).join(next); // an absolute link replaces the whole path
    }
    Err(CommitError::LinkLoop { path: path.to_owned() })
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::fs::RealFs;
    use crate::fs::scratch::Scratch;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_new_one_has_the_usual_one() {
        let dir = Scratch::new();
        fs::write(dir.join("usual"), "").unwrap();
        commit_file(&RealFs, &dir.join("new"), b"1").unwrap();
        assert_eq!(mode(&dir.join("new")), mode(&dir.join("usual")));
        for kept in [0o640, 0o600, 0o666, 0o444] {
            fs::set_permissions(dir.join("new"), fs::Permissions::from_mode(kept)).unwrap();
            commit_file(&RealFs, &dir.join("new"), b"2").unwrap();
            assert_eq!(mode(&dir.join("new")), kept, "{kept:o}");
        }
        assert_eq!(fs::read(dir.join("new")).unwrap(), b"2");
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = Scratch::new();
        fs::create_dir(dir.join("far")).unwrap();
        symlink("far/second", dir.join("first")).unwrap();
        symlink("target", dir.join("far/second")).unwrap();
        for bytes in [b"dangling before", b"replaced after!"] {
            commit_file(&RealFs, &dir.join("first"), bytes).unwrap();
            assert!(fs::symlink_metadata(dir.join("first")).unwrap().is_symlink());
            assert!(fs::symlink_metadata(dir.join("far/target")).unwrap().is_file());
            assert_eq!(fs::read(dir.join("first")).unwrap(), bytes);
        }
        assert_eq!(RealFs.list(&dir.join("far"), 9).unwrap(), ["second", "target"]);
    }

    #[test]
    fn a_loop_of_links_is_named() {
        let dir = Scratch::new();
        symlink("b", dir.join("a")).unwrap();
        symlink("a", dir.join("b")).unwrap();
        let error = commit_file(&RealFs, &dir.join("a"), b"").unwrap_err();
        let wanted = format!("`{}` wants to lead to a file, got a loop of links", dir.join("a").display());
        assert_eq!(error.to_string(), wanted);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let dir = Scratch::new();
        fs::create_dir(dir.join("folder")).unwrap();
        let error = commit_file(&RealFs, &dir.join("folder"), b"").unwrap_err();
        assert_eq!(error.to_string(), format!("could not commit `{}`", dir.join("folder").display()));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.ends_with("wants to be a regular file, got a folder"), "{cause}");
        let error = commit_file(&RealFs, Path::new("/"), b"").unwrap_err();
        assert_eq!(error.to_string(), "`/` wants a file name at its end");
        fs::write(dir.join("file"), "").unwrap();
        assert!(matches!(commit_file(&RealFs, &dir.join("file/x"), b""), Err(CommitError::Write { .. })));
        assert_eq!(RealFs.list(&dir.join("."), 9).unwrap(), ["file", "folder"]);
    }

    #[test]
    fn the_longest_name_works() {
        let dir = Scratch::new();
        let name = "가".repeat(85); // 255 bytes
        commit_file(&RealFs, &dir.join(&name), b"x").unwrap();
        assert_eq!(RealFs.list(&dir.join("."), 9).unwrap(), [name.as_str()]);
    }
}
