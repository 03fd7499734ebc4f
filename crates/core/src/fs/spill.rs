//! Files without a name, for what does not fit into memory.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::FsError;

/// A file that only its owner knows. Any thread may read and write it, at any place.
pub trait Spill: Send + Sync + fmt::Debug {
    /// Writes bytes at a place; the file grows as far as it has to.
    ///
    /// # Errors
    /// [`FsError`] names the folder whose disk is full.
    fn write_at(&self, bytes: &[u8], place: u64) -> Result<(), FsError>;

    /// Reads as many bytes as there is room for.
    ///
    /// # Errors
    /// [`FsError`] if the disk refuses, or nothing was written there.
    fn read_at(&self, room: &mut [u8], place: u64) -> Result<(), FsError>;
}

/// One in the system's folder for what passes, which `TMPDIR` moves.
#[derive(Debug)]
pub(super) struct OnDisk {
    file: File,
    folder: PathBuf,
}

/// Tells the files of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl OnDisk {
    /// Makes one; the name that it needs for that is taken away at once, so that nothing is left however the process ends.
    pub(super) fn below(folder: &Path) -> Result<OnDisk, FsError> {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("baeum-{}-{next}", std::process::id()));
        let open = || {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            std::fs::remove_file(&path).map(|()| file)
        };
        let file =
            open().map_err(FsError::io("create a file for what does not fit into memory in", folder))?;
        Ok(OnDisk { file, folder: folder.to_owned() })
    }
}

impl Spill for OnDisk {
    fn write_at(&self, bytes: &[u8], place: u64) -> Result<(), FsError> {
        let failed = FsError::io("write what does not fit into memory to", &self.folder);
        write_all_at(&self.file, bytes, place).map_err(failed)
    }

    fn read_at(&self, room: &mut [u8], place: u64) -> Result<(), FsError> {
        let failed = FsError::io("read what did not fit into memory from", &self.folder);
        read_exact_at(&self.file, room, place).map_err(failed)
    }
}

#[cfg(unix)]
use std::os::unix::fs::FileExt;

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    file.write_all_at(bytes, place)
}

#[cfg(unix)]
fn read_exact_at(file: &File, room: &mut [u8], place: u64) -> io::Result<()> {
    file.read_exact_at(room, place)
}

/// One thread at a time moves to a place and writes there.
#[cfg(not(unix))]
static TURN: Mutex<()> = Mutex::new(());

#[cfg(not(unix))]
fn write_all_at(mut file: &File, bytes: &[u8], place: u64) -> io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(place))?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, room: &mut [u8], place: u64) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(room)
}

/// One in memory, for a file system that is there itself.
#[derive(Debug, Default)]
pub(super) struct InMemory(Mutex<Vec<u8>>);

impl Spill for InMemory {
    fn write_at(&self, bytes: &[u8], place: u64) -> Result<(), FsError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let range = place as usize..place as usize + bytes.len();
        let len = all.len().max(range.end);
        all.resize(len, 0);
        all[range].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, room: &mut [u8], place: u64) -> Result<(), FsError> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let beyond = || FsError::io("read", Path::new("memory"))(io::ErrorKind::UnexpectedEof.into());
        let there = all.get(place as usize..place as usize + room.len()).ok_or_else(beyond)?;
        room.copy_from_slice(there);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn what_was_written_is_read_and_leaves_no_name() {
        let scratch = Scratch::new();
        let folder = scratch.join("a");
        std::fs::create_dir(&folder).unwrap();
        let (on_disk, in_memory) = (OnDisk::below(&folder).unwrap(), InMemory::default());
        for spill in [&on_disk as &dyn Spill, &in_memory] {
            spill.write_at(b"three", 3).unwrap();
            spill.write_at(b"one", 0).unwrap();
            let mut room = [0; 4];
            spill.read_at(&mut room, 1).unwrap();
            assert_eq!(&room, b"neth");
            assert_eq!(spill.read_at(&mut room, 5).unwrap_err().kind(), Some(io::ErrorKind::UnexpectedEof));
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = OnDisk::below(Path::new("/nowhere/at/all")).unwrap_err();
        let expect = "could not create a file for what does not fit into memory in `/nowhere/at/all`";
        assert_eq!(error.to_string(), expect);
    }
}
