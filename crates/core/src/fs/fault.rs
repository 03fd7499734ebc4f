//! A file system whose k-th operation fails.

use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Fs, FsError, LockError, LockGuard, Metadata, ReadSeek, Spill, WriteFile};

/// What can go wrong with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full; of a write, the first half arrives.
    NoSpace,
    /// The device fails; of a write, the first half arrives.
    InputOutput,
    /// The operation is not permitted.
    NoAccess,
    /// A write takes only the first half and says so; other operations succeed.
    ShortWrite,
    /// The process ends at once, as by `kill -9`.
    Kill,
}

impl Fault {
    /// The faults that a caller can see and survive.
    pub const ALL: [Fault; 4] = [Fault::NoSpace, Fault::InputOutput, Fault::NoAccess, Fault::ShortWrite];

    /// What the system would say, if it has the time to.
    fn error(self) -> Option<io::Error> {
        match self {
            Fault::NoSpace => Some(io::ErrorKind::StorageFull.into()),
            Fault::InputOutput => Some(io::Error::other("input/output error")),
            Fault::NoAccess => Some(io::ErrorKind::PermissionDenied.into()),
            Fault::ShortWrite => None,
            Fault::Kill => std::process::abort(),
        }
    }
}

/// A file system that counts operations and makes chosen ones fail. Clones count together.
///
/// Every call counts, and so does every read, write and sync of an open file; seeking does not.
#[derive(Debug, Clone)]
pub struct FaultFs {
    inner: Arc<dyn Fs>,
    plan: Plan,
}

impl FaultFs {
    /// A file system over another one, without faults as yet.
    pub fn over(inner: Arc<dyn Fs>) -> Self {
        Self { inner, plan: Plan::default() }
    }

    /// Counts from zero again and lets operation `k`, counted from one, fail.
    pub fn fail_at(&self, k: u64, fault: Fault) {
        self.plan.set(k, k, fault);
    }

    /// Counts from zero again and lets operation `k`, counted from one, and all after it fail.
    pub fn fail_from(&self, k: u64, fault: Fault) {
        self.plan.set(k, u64::MAX, fault);
    }

    /// How many operations have run since the last choice of a fault.
    pub fn operations(&self) -> u64 {
        self.plan.lock().count
    }

    /// Counts an operation and lets it fail if it is its turn.
    fn turn(&self, action: &'static str, path: &Path) -> Result<(), FsError> {
        self.plan.turn().map_err(FsError::io(action, path))
    }
}

/// Which operations fail, and how many there were.
#[derive(Debug, Clone, Default)]
struct Plan(Arc<Mutex<Count>>);

#[derive(Debug, Default)]
struct Count {
    count: u64,
    fault: Option<(std::ops::RangeInclusive<u64>, Fault)>,
}

impl Plan {
    fn lock(&self) -> std::sync::MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, first: u64, last: u64, fault: Fault) {
        *self.lock() = Count { count: 0, fault: Some((first..=last, fault)) };
    }

    /// Counts an operation; its fault, if it has one.
    fn next(&self) -> Option<Fault> {
        let mut plan = self.lock();
        plan.count += 1;
        plan.fault.as_ref().filter(|(turns, _)| turns.contains(&plan.count)).map(|&(_, fault)| fault)
    }

    fn turn(&self) -> io::Result<()> {
        self.next().and_then(Fault::error).map_or(Ok(()), Err)
    }
}

impl Fs for FaultFs {
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError> {
        self.turn("look at", path)?;
        self.inner.metadata(path)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn ReadSeek>, FsError> {
        self.turn("open", path)?;
        Ok(Box::new(FaultFile { inner: self.inner.open(path)?, plan: self.plan.clone() }))
    }

    fn list(&self, path: &Path, at_most: u64) -> Result<Vec<OsString>, FsError> {
        self.turn("list", path)?;
        self.inner.list(path, at_most)
    }

    fn read_link(&self, path: &Path) -> Result<Option<PathBuf>, FsError> {
        self.turn("follow the link", path)?;
        self.inner.read_link(path)
    }

    fn create_dir(&self, path: &Path) -> Result<(), FsError> {
        self.turn("create the folder", path)?;
        self.inner.create_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), FsError> {
        self.turn("create the folder", path)?;
        self.inner.create_dir_all(path)
    }

    fn create_new(&self, path: &Path, mode: Option<u32>) -> Result<Box<dyn WriteFile>, FsError> {
        self.turn("create", path)?;
        Ok(Box::new(FaultFile { inner: self.inner.create_new(path, mode)?, plan: self.plan.clone() }))
    }

    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FsError> {
        self.turn("open", path)?;
        Ok(Box::new(FaultFile { inner: self.inner.append(path)?, plan: self.plan.clone() }))
    }

    fn set_len(&self, path: &Path, len: u64) -> Result<(), FsError> {
        self.turn("cut", path)?;
        self.inner.set_len(path, len)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.turn("rename", from)?;
        self.inner.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<(), FsError> {
        self.turn("remove", path)?;
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), FsError> {
        self.turn("remove", path)?;
        self.inner.remove_dir_all(path)
    }

    fn sync_dir(&self, path: &Path) -> Result<(), FsError> {
        self.turn("sync the folder", path)?;
        self.inner.sync_dir(path)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> Result<(), FsError> {
        self.turn("link", to)?;
        self.inner.hard_link(from, to)
    }

    fn lock(&self, path: &Path) -> Result<LockGuard, LockError> {
        self.turn("lock", path)?;
        self.inner.lock(path)
    }

    fn spill(&self) -> Result<Box<dyn Spill>, FsError> {
        self.turn("create", Path::new("a file without a name"))?;
        Ok(Box::new(FaultSpill { inner: self.inner.spill()?, plan: self.plan.clone() }))
    }
}

/// An open file whose operations are counted too.
struct FaultFile<F: ?Sized> {
    plan: Plan,
    inner: Box<F>,
}

impl Write for FaultFile<dyn WriteFile> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(fault) = self.plan.next() else { return self.inner.write(bytes) };
        let written = self.inner.write(&bytes[..bytes.len().div_ceil(2)])?;
        fault.error().map_or(Ok(written), Err)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl WriteFile for FaultFile<dyn WriteFile> {
    fn sync_all(&mut self) -> io::Result<()> {
        self.plan.turn()?;
        self.inner.sync_all()
    }
}

impl Read for FaultFile<dyn ReadSeek> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.plan.turn()?;
        self.inner.read(buffer)
    }
}

/// The same of a file without a name.
#[derive(Debug)]
struct FaultSpill {
    plan: Plan,
    inner: Box<dyn Spill>,
}

impl Spill for FaultSpill {
    fn write_at(&self, bytes: &[u8], place: u64) -> Result<(), FsError> {
        self.plan.turn().map_err(FsError::io("write", Path::new("a file without a name")))?;
        self.inner.write_at(bytes, place)
    }

    fn read_at(&self, room: &mut [u8], place: u64) -> Result<(), FsError> {
        self.plan.turn().map_err(FsError::io("read", Path::new("a file without a name")))?;
        self.inner.read_at(room, place)
    }
}

impl Seek for FaultFile<dyn ReadSeek> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::CrashFs;
    use super::*;

    fn faulty() -> (FaultFs, CrashFs) {
        let inner = CrashFs::new();
        (FaultFs::over(Arc::new(inner.clone())), inner)
    }

    #[test]
    fn only_the_chosen_operation_fails() {
        let (fs, _) = faulty();
        fs.fail_at(2, Fault::NoAccess);
        fs.create_dir(Path::new("/a")).unwrap();
        let error = fs.create_dir(Path::new("/b")).unwrap_err();
        assert_eq!(
            (error.to_string(), error.kind()),
            ("could not create the folder `/b`".into(), Some(io::ErrorKind::PermissionDenied))
        );
        fs.create_dir(Path::new("/b")).unwrap();
        assert_eq!(fs.clone().operations(), 3);
    }

    #[test]
    fn a_lasting_fault_stays() {
        let (fs, inner) = faulty();
        fs.fail_from(2, Fault::NoSpace);
        fs.create_dir(Path::new("/a")).unwrap();
        for _ in 0..3 {
            let error = fs.create_dir(Path::new("/b")).unwrap_err();
            assert_eq!(error.kind(), Some(io::ErrorKind::StorageFull));
        }
        assert!(!inner.exists(Path::new("/b")).unwrap());
    }

    #[test]
    fn a_failed_write_leaves_its_first_half() {
        for (fault, written) in [(Fault::InputOutput, "1234"), (Fault::ShortWrite, "1234567")] {
            let (fs, inner) = faulty();
            fs.fail_at(2, fault);
            let result = fs.append(Path::new("/a")).unwrap().write_all(b"1234567");
            assert_eq!(result.is_err(), fault == Fault::InputOutput);
            assert_eq!(inner.read(Path::new("/a"), 7).unwrap(), written.as_bytes());
        }
    }

    #[test]
    fn reads_and_syncs_of_open_files_fail_too() {
        let (fs, _) = faulty();
        let mut file = fs.append(Path::new("/a")).unwrap();
        fs.fail_at(1, Fault::InputOutput);
        assert_eq!(file.sync_all().unwrap_err().to_string(), "input/output error");
        fs.fail_at(3, Fault::InputOutput); // open, look, read
        assert_eq!(fs.read(Path::new("/a"), 9).unwrap_err().to_string(), "could not read `/a`");
    }
}
