//! A file system in memory whose power can be cut.
//!
//! The model is the strict reading of POSIX: what a file holds is durable after its `sync_all`, what a folder
//! lists after its `sync_dir`, and neither implies the other. [`CrashFs::crash`] keeps, drops or garbles
//! everything else, by seed.

mod disk;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{FileKind, Fs, FsError, LockError, LockGuard, Metadata, ReadSeek, Spill, WriteFile, spill};
use crate::rng::Rng;
use disk::{Dice, Disk, Node};

/// Which requests to make things durable the disk obeys; a test that passes without syncs tests nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Syncs {
    /// All of them.
    #[default]
    Obeyed,
    /// Only those of folders.
    FilesIgnored,
    /// Only those of files.
    FoldersIgnored,
}

/// A file system in memory whose power can be cut. Clones see the same files.
///
/// There are no links of the symbolic kind, and every relative path starts at the root.
#[derive(Debug, Clone, Default)]
pub struct CrashFs {
    disk: Arc<Mutex<Disk>>,
    locks: Arc<Mutex<BTreeSet<PathBuf>>>,
    syncs: Syncs,
}

impl CrashFs {
    /// An empty disk that obeys.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same disk through a driver that ignores some syncs.
    pub fn with_syncs(&self, syncs: Syncs) -> Self {
        Self { syncs, ..self.clone() }
    }

    /// What a power cut now would leave, by seed; this file system goes on unharmed.
    pub fn crash(&self, seed: u64) -> CrashFs {
        let mut disk = self.disk().clone();
        disk.crash(&mut Dice::new(Rng::new(seed).stream("crash", "")));
        CrashFs { disk: Arc::new(Mutex::new(disk)), locks: Arc::default(), syncs: self.syncs }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fs for CrashFs {
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        let disk = self.disk();
        let node = disk.find(path).map_err(FsError::io("look at", path))?;
        Ok(match disk.node(node) {
            Node::File(file) => {
                Metadata { kind: FileKind::File, len: file.now.len() as u64, mode: Some(file.mode) }
            }
            Node::Dir(_) => Metadata { kind: FileKind::Dir, len: 0, mode: Some(0o755) },
        })
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ReadSeek>, FsError> {
        let disk = self.disk();
        let node = disk.find(path).map_err(FsError::io("open", path))?;
        match disk.node(node) {
            Node::File(file) => Ok(Box::new(Cursor::new(file.now.clone()))),
            Node::Dir(_) => Err(FsError::NotAFile { path: path.to_owned(), kind: FileKind::Dir }),
        }
    }

    fn list(&self, path: &Path, at_most: u64) -> Result<Vec<OsString>, FsError> {
        let names = self.disk().names(path).map_err(FsError::io("list", path))?;
        let found = names.len() as u64;
        if found > at_most {
            return Err(FsError::TooMuch { path: path.to_owned(), limit: at_most, unit: "files", found });
        }
        Ok(names)
    }

    fn read_link(&self, _: &Path) -> Result<Option<PathBuf>, FsError> {
        Ok(None)
    }

    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.disk().create(path, Node::dir()).map(drop).map_err(FsError::io("create the folder", path))
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), FsError> {
        let above: Vec<&Path> = path.ancestors().collect();
        for folder in above.into_iter().rev() {
            if !self.exists(folder)? {
                self.create_dir(folder)?;
            }
        }
        self.disk().names(path).map(drop).map_err(FsError::io("create the folder", path))
    }

    fn create_new(&self, path: &Path, mode: Option<u32>) -> Result<Box<dyn WriteFile>, FsError> {
        let node = self
            .disk()
            .create(path, Node::file(mode.unwrap_or(0o644)))
            .map_err(FsError::io("create", path))?;
        Ok(Box::new(OpenFile { fs: self.clone(), node }))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FsError> {
        if !self.exists(path)? {
            return self.create_new(path, None);
        }
        let node = self.disk().find_file(path).map_err(FsError::io("open", path))?;
        Ok(Box::new(OpenFile { fs: self.clone(), node }))
    }

    fn set_len(&self, path: &Path, len: u64) -> Result<(), FsError> {
        let mut disk = self.disk();
        let node = disk.find_file(path).map_err(FsError::io("cut", path))?;
        disk.write(node, |bytes| bytes.resize(len as usize, 0));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.disk().rename(from, to).map_err(FsError::io("rename", from))
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        let mut disk = self.disk();
        disk.find_file(path).and_then(|_| disk.remove(path)).map_err(FsError::io("remove", path))
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), FsError> {
        let mut disk = self.disk();
        disk.names(path).and_then(|_| disk.remove(path)).map_err(FsError::io("remove", path))
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        let mut disk = self.disk();
        let dir = disk.find(path).map_err(FsError::io("sync the folder", path))?;
        match self.syncs {
            Syncs::Obeyed | Syncs::FilesIgnored => disk.sync_names(dir),
            Syncs::FoldersIgnored => {}
        }
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        let mut disk = self.disk();
        disk.find_file(from).and_then(|node| disk.link(to, node)).map_err(FsError::io("link", to))
    }

    fn lock(&self, path: &Path) -> Result<LockGuard, LockError> {
        drop(self.append(path)?);
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if !locks.insert(path.to_owned()) {
            return Err(LockError::Held { path: path.to_owned() });
        }
        Ok(LockGuard::new(Held { locks: Arc::clone(&self.locks), path: path.to_owned() }))
    }

    fn spill(&self) -> Result<Box<dyn Spill>, FsError> {
        Ok(Box::new(spill::InMemory::default()))
    }
}

/// A file open for writing at its end.
struct OpenFile {
    fs: CrashFs,
    node: usize,
}

impl Write for OpenFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.fs.disk().write(self.node, |file| file.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for OpenFile {
    fn sync_all(&mut self) -> io::Result<()> {
        match self.fs.syncs {
            Syncs::Obeyed | Syncs::FoldersIgnored => self.fs.disk().sync_bytes(self.node),
            Syncs::FilesIgnored => {}
        }
        Ok(())
    }
}

/// A lock that is given back when dropped.
struct Held {
    locks: Arc<Mutex<BTreeSet<PathBuf>>>,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn write(fs: &CrashFs, path: &str, bytes: &[u8]) -> Box<dyn WriteFile> {
        let mut file = fs.append(Path::new(path)).unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// All that can be seen of a path after each of 100 power cuts.
    fn fates(fs: &CrashFs, path: &str) -> BTreeSet<Option<Vec<u8>>> {
        (0..100).map(|seed| fs.crash(seed).read(Path::new(path), u64::MAX).ok()).collect()
    }

    #[test]
    fn what_is_synced_stays() {
        let fs = CrashFs::new();
        write(&fs, "/a", b"old").sync_all().unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        assert_eq!(fates(&fs, "/a"), BTreeSet::from([Some(b"old".to_vec())]));
    }

    #[test]
    fn a_name_is_durable_only_after_its_folder_is_synced() {
        let fs = CrashFs::new();
        write(&fs, "/a", b"old").sync_all().unwrap();
        assert_eq!(fates(&fs, "/a"), BTreeSet::from([None, Some(b"old".to_vec())]));
        fs.sync_dir(Path::new("/")).unwrap();
        fs.rename(Path::new("/a"), Path::new("/b")).unwrap();
        // Either name, never both or neither.
        for seed in 0..100 {
            let after = fs.crash(seed);
            assert_ne!(
                after.exists(Path::new("/a")).unwrap(),
                after.exists(Path::new("/b")).unwrap(),
                "{seed}"
            );
        }
        assert!(fates(&fs, "/a").len() == 2 && fates(&fs, "/b").len() == 2);
    }

    #[test]
    fn unsynced_bytes_are_kept_dropped_cut_or_garbled_and_synced_ones_never() {
        let fs = CrashFs::new();
        write(&fs, "/a", b"old ").sync_all().unwrap();
        fs.sync_dir(Path::new("/")).unwrap();
        write(&fs, "/a", b"new bytes");
        let fates: Vec<Vec<u8>> = fates(&fs, "/a").into_iter().map(Option::unwrap).collect();
        assert!(fates.iter().all(|bytes| bytes.starts_with(b"old ")));
        assert!(fates.contains(&b"old ".to_vec()) && fates.contains(&b"old new bytes".to_vec()));
        assert!(fates.iter().any(|bytes| bytes.len() == 8 && b"old new bytes".starts_with(bytes)));
        assert!(fates.iter().any(|bytes| bytes.len() == 13 && bytes != b"old new bytes"));
    }

    #[test]
    fn a_folder_that_is_lost_takes_its_files_with_it() {
        let fs = CrashFs::new();
        fs.create_dir_all(Path::new("/x/y")).unwrap();
        write(&fs, "/x/y/a", b"a").sync_all().unwrap();
        fs.sync_dir(Path::new("/x/y")).unwrap();
        fs.sync_dir(Path::new("/x")).unwrap();
        assert_eq!(fates(&fs, "/x/y/a"), BTreeSet::from([None, Some(b"a".to_vec())]));
        fs.sync_dir(Path::new("/")).unwrap();
        assert_eq!(fates(&fs, "/x/y/a"), BTreeSet::from([Some(b"a".to_vec())]));
    }

    #[test]
    fn a_disk_can_ignore_syncs() {
        for syncs in [Syncs::FilesIgnored, Syncs::FoldersIgnored] {
            let fs = CrashFs::new().with_syncs(syncs);
            write(&fs, "/a", b"old").sync_all().unwrap();
            fs.sync_dir(Path::new("/")).unwrap();
            assert!(fates(&fs, "/a").len() > 1, "{syncs:?}");
        }
    }

    #[test]
    fn a_seed_repeats_itself() {
        let fs = CrashFs::new();
        for i in 0..20 {
            write(&fs, &format!("/{i}"), b"some bytes");
        }
        let see = |fs: CrashFs| {
            let names = fs.list(Path::new("/"), 100).unwrap();
            names.iter().map(|name| fs.read(Path::new(name), 100).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(see(fs.crash(5)), see(fs.crash(5)));
        assert_ne!(see(fs.crash(5)), see(fs.crash(6)));
    }
}
