//! The file system of the machine.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{FileKind, Fs, FsError, LockError, LockGuard, Metadata, ReadSeek, Spill, WriteFile, spill};

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

impl Fs for RealFs {
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        fs::metadata(path).map(describe).map_err(FsError::io("look at", path))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ReadSeek>, FsError> {
        // Looked at first, because opening a pipe waits for its other end; and again, because it may have
        // been exchanged.
        only_file(path, fs::metadata(path), "open")?;
        let file = File::open(path).map_err(FsError::io("open", path))?;
        only_file(path, file.metadata(), "open")?;
        Ok(Box::new(file))
    }

    fn list(&self, path: &Path, at_most: u64) -> Result<Vec<OsString>, FsError> {
        let (mut names, mut found) = (Vec::new(), 0);
        for entry in fs::read_dir(path).map_err(FsError::io("list", path))? {
            let name = entry.map_err(FsError::io("list", path))?.file_name();
            found += 1;
            if found <= at_most {
                names.push(name);
            }
        }
        if found > at_most {
            return Err(FsError::TooMuch { path: path.to_owned(), limit: at_most, unit: "files", found });
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read_link(&self, path: &Path) -> Result<Option<PathBuf>, FsError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => {
                fs::read_link(path).map(Some).map_err(FsError::io("follow the link", path))
            }
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FsError::io("look at", path)(error)),
        }
    }

    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        DirBuilder::new().create(path).map_err(FsError::io("create the folder", path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), FsError> {
        DirBuilder::new().recursive(true).create(path).map_err(FsError::io("create the folder", path))
    }

    fn create_new(&self, path: &Path, mode: Option<u32>) -> Result<Box<dyn WriteFile>, FsError> {
        let file = create_with_mode(path, mode).map_err(FsError::io("create", path))?;
        Ok(Box::new(file))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FsError> {
        Ok(Box::new(open_or_create(path, OpenOptions::new().append(true), "open")?))
    }

    fn set_len(&self, path: &Path, len: u64) -> Result<(), FsError> {
        only_file(path, fs::metadata(path), "cut")?;
        let file = OpenOptions::new().write(true).open(path);
        file.and_then(|file| file.set_len(len)).map_err(FsError::io("cut", path))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        fs::rename(from, to).map_err(FsError::io("rename", from))
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        fs::remove_file(path).map_err(FsError::io("remove", path))
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), FsError> {
        fs::remove_dir_all(path).map_err(FsError::io("remove", path))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        sync_dir(path).map_err(FsError::io("sync the folder", path))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        fs::hard_link(from, to).map_err(FsError::io("link", to))
    }

    fn lock(&self, path: &Path) -> Result<LockGuard, LockError> {
        let file = open_or_create(path, OpenOptions::new().write(true), "lock")?;
        match file.try_lock() {
            Ok(()) => Ok(LockGuard::new(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Held { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(LockError::Fs(FsError::io("lock", path)(error))),
        }
    }

    fn spill(&self) -> Result<Box<dyn Spill>, FsError> {
        Ok(Box::new(spill::OnDisk::below(&std::env::temp_dir())?))
    }
}

impl WriteFile for File {
    fn sync_all(&mut self) -> io::Result<()> {
        File::sync_all(self)
    }
}

fn describe(metadata: fs::Metadata) -> Metadata {
    let kind = match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => FileKind::File,
        (_, true) => FileKind::Dir,
        (false, false) => FileKind::Other,
    };
    Metadata { kind, len: metadata.len(), mode: mode(&metadata) }
}

/// Refuses what is no regular file, and what could not be looked at.
fn only_file(path: &Path, metadata: io::Result<fs::Metadata>, action: &'static str) -> Result<(), FsError> {
    match describe(metadata.map_err(FsError::io(action, path))?).kind {
        FileKind::File => Ok(()),
        kind @ (FileKind::Dir | FileKind::Other) => Err(FsError::NotAFile { path: path.to_owned(), kind }),
    }
}

/// Opens a regular file, or makes one.
fn open_or_create(path: &Path, options: &mut OpenOptions, action: &'static str) -> Result<File, FsError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        metadata => only_file(path, metadata, action)?,
    }
    options.create(true).open(path).map_err(FsError::io(action, path))
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(metadata.mode() & 0o7777)
}

#[cfg(unix)]
fn create_with_mode(path: &Path, mode: Option<u32>) -> io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let Some(mode) = mode else { return options.open(path) };
    let file = options.mode(mode).open(path)?;
    // The umask has taken bits away; those of the file to be replaced are wanted as they are.
    match file.set_permissions(fs::Permissions::from_mode(mode)) {
        Ok(()) => Ok(file),
        Err(error) => fs::remove_file(path).and(Err(error)),
    }
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

#[cfg(not(unix))]
fn create_with_mode(path: &Path, _: Option<u32>) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Names are journaled by the system here, and folders cannot be opened to be synced.
#[cfg(not(unix))]
fn sync_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::io::{Read, Write};

    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_file_is_made_grown_cut_and_read() {
        let dir = Scratch::new();
        let path = dir.join("a");
        RealFs.create_new(&path, None).unwrap().write_all(b"one").unwrap();
        assert_eq!(RealFs.create_new(&path, None).err().unwrap().kind(), Some(io::ErrorKind::AlreadyExists));
        let mut file = RealFs.append(&path).unwrap();
        file.write_all(b" two").unwrap();
        file.sync_all().unwrap();
        RealFs.set_len(&path, 5).unwrap();
        file.write_all(b"!").unwrap();
        assert_eq!(RealFs.read(&path, 6).unwrap(), b"one t!");
        RealFs.hard_link(&path, &dir.join("b")).unwrap();
        RealFs.rename(&dir.join("b"), &dir.join("c")).unwrap();
        RealFs.remove_file(&path).unwrap();
        assert_eq!(
            (RealFs.exists(&path).unwrap(), RealFs.read(&dir.join("c"), 6).unwrap().len()),
            (false, 6)
        );
        RealFs.sync_dir(&dir.join(".")).unwrap();
    }

    #[test]
    fn a_file_over_its_limit_is_not_read() {
        let dir = Scratch::new();
        let path = dir.join("a");
        RealFs.create_new(&path, None).unwrap().write_all(b"12345").unwrap();
        assert_eq!(RealFs.read(&path, 5).unwrap(), b"12345");
        let error = RealFs.read(&path, 4).unwrap_err().to_string();
        assert_eq!(error, format!("`{}` wants at most 4 bytes, got 5", path.display()));
    }

    #[test]
    fn folders_are_listed_in_order() {
        let dir = Scratch::new();
        RealFs.create_dir_all(&dir.join("x/y")).unwrap();
        RealFs.create_dir(&dir.join("x/b")).unwrap();
        RealFs.append(&dir.join("x/a")).unwrap();
        assert_eq!(RealFs.list(&dir.join("x"), 3).unwrap(), ["a", "b", "y"]);
        let error = RealFs.list(&dir.join("x"), 2).unwrap_err().to_string();
        assert_eq!(error, format!("`{}` wants at most 2 files, got 3", dir.join("x").display()));
        RealFs.remove_dir_all(&dir.join("x")).unwrap();
        let error = RealFs.list(&dir.join("x"), 2).unwrap_err();
        assert!(error.is_absent());
        assert_eq!(error.to_string(), format!("could not list `{}`", dir.join("x").display()));
    }

    #[test]
    fn a_folder_is_no_data() {
        let dir = Scratch::new();
        let error = RealFs.open(&dir.join(".")).err().unwrap().to_string();
        assert!(error.ends_with("` wants to be a regular file, got a folder"), "{error}");
        assert!(RealFs.append(&dir.join(".")).is_err() && RealFs.set_len(&dir.join("."), 0).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn devices_pipes_and_sockets_are_no_data() {
        let dir = Scratch::new();
        let error = RealFs.open(Path::new("/dev/zero")).err().unwrap().to_string();
        assert_eq!(error, "`/dev/zero` wants to be a regular file, got a device, pipe or socket");
        let made = std::process::Command::new("mkfifo").arg(dir.join("pipe")).status().unwrap();
        assert!(made.success());
        // Each of these would wait for ever on a pipe that is opened.
        assert!(matches!(RealFs.open(&dir.join("pipe")), Err(FsError::NotAFile { .. })));
        assert!(matches!(RealFs.append(&dir.join("pipe")), Err(FsError::NotAFile { .. })));
        assert!(matches!(RealFs.set_len(&dir.join("pipe"), 0), Err(FsError::NotAFile { .. })));
        assert!(matches!(RealFs.lock(&dir.join("pipe")), Err(LockError::Fs(FsError::NotAFile { .. }))));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_read_as_written() {
        let dir = Scratch::new();
        std::os::unix::fs::symlink("nowhere", dir.join("link")).unwrap();
        assert_eq!(RealFs.read_link(&dir.join("link")).unwrap(), Some("nowhere".into()));
        assert_eq!(RealFs.read_link(&dir.join(".")).unwrap(), None);
        assert_eq!(RealFs.read_link(&dir.join("nothing")).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_wanted_mode_is_not_masked() {
        let dir = Scratch::new();
        // 0666 keeps bits that every usual umask takes away.
        RealFs.create_new(&dir.join("a"), Some(0o666)).unwrap();
        RealFs.create_new(&dir.join("b"), Some(0o640)).unwrap();
        assert_eq!(RealFs.metadata(&dir.join("a")).unwrap().mode, Some(0o666));
        assert_eq!(RealFs.metadata(&dir.join("b")).unwrap().mode, Some(0o640));
    }

    #[test]
    fn a_lock_has_one_holder_and_stays_as_a_file() {
        let dir = Scratch::new();
        let path = dir.join("run.lock");
        let guard = RealFs.lock(&path).unwrap();
        let error = RealFs.lock(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("`{}` is locked by another run", path.display()));
        drop(guard);
        assert!(RealFs.exists(&path).unwrap());
        drop(RealFs.lock(&path).unwrap());
    }

    #[test]
    fn seeking_works() {
        let dir = Scratch::new();
        RealFs.append(&dir.join("a")).unwrap().write_all(b"abcdef").unwrap();
        let mut file = RealFs.open(&dir.join("a")).unwrap();
        file.seek(io::SeekFrom::End(-2)).unwrap();
        let mut end = String::new();
        file.read_to_string(&mut end).unwrap();
        assert_eq!(end, "ef");
    }
}
