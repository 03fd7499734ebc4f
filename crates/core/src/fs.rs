//! The one door to the disk.
//!
//! Whoever reads or writes takes a `&dyn Fs`: [`RealFs`] in a run, [`FaultFs`] where a test makes the k-th
//! operation fail, [`CrashFs`] where it cuts the power. Other people's code gets bytes or a reader from here,
//! never a path.

mod crash;
mod fault;
mod real;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
pub(crate) mod scratch;
mod spill;

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

pub use crash::{CrashFs, Syncs};
pub use fault::{Fault, FaultFs};
pub use real::RealFs;
pub use spill::Spill;

/// A file system, as far as Baeum needs one.
///
/// Operations follow links, as the system does, except where they say otherwise. Errors name the path.
pub trait Fs: Send + Sync + fmt::Debug {
    /// What stands at a path.
    fn metadata(&self, path: &Path) -> Result<Metadata, FsError>;

    /// Opens a regular file to read it.
    fn open(&self, path: &Path) -> Result<Box<dyn ReadSeek>, FsError>;

    /// The names in a folder, sorted; counted, and refused if there are more than `at_most`.
    fn list(&self, path: &Path, at_most: u64) -> Result<Vec<OsString>, FsError>;

    /// Where a symbolic link points, as written in it; `None` if there is nothing, or something else than a
    /// link.
    fn read_link(&self, path: &Path) -> Result<Option<PathBuf>, FsError>;

    /// Makes a folder that was not there.
    fn create_dir(&self, path: &Path) -> Result<(), FsError>;

    /// Makes a folder and those above it, as far as they are missing.
    fn create_dir_all(&self, path: &Path) -> Result<(), FsError>;

    /// Makes a file that was not there; `mode` are its Unix permissions, `None` stands for the usual ones.
    fn create_new(&self, path: &Path, mode: Option<u32>) -> Result<Box<dyn WriteFile>, FsError>;

    /// Opens a file to write at its end; makes it if it is missing.
    fn append(&self, path: &Path) -> Result<Box<dyn WriteFile>, FsError>;

    /// Cuts a file to a length.
    fn set_len(&self, path: &Path, len: u64) -> Result<(), FsError>;

    /// Gives a file or a folder another name; a file of that name is replaced at once.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// Removes a file; of a link, the link.
    fn remove_file(&self, path: &Path) -> Result<(), FsError>;

    /// Removes a folder and all that is in it.
    fn remove_dir_all(&self, path: &Path) -> Result<(), FsError>;

    /// Makes the names in a folder durable: files made, renamed or removed stay so when the power is cut.
    fn sync_dir(&self, path: &Path) -> Result<(), FsError>;

    /// Gives a file a second name.
    fn hard_link(&self, from: &Path, to: &Path) -> Result<(), FsError>;

    /// Takes the lock of a file, which is made if it is missing and never removed; does not wait.
    ///
    /// # Errors
    /// [`LockError::Held`] if another holds it.
    fn lock(&self, path: &Path) -> Result<LockGuard, LockError>;

    /// Makes a file without a name, for what does not fit into memory; it is gone with its last user.
    fn spill(&self) -> Result<Box<dyn Spill>, FsError>;

    /// Whether anything stands at a path.
    fn exists(&self, path: &Path) -> Result<bool, FsError> {
        match self.metadata(path) {
            Ok(_) => Ok(true),
            Err(error) if error.is_absent() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads a whole regular file of at most so many bytes; a longer one is refused before anything is read.
    fn read(&self, path: &Path, at_most: u64) -> Result<Vec<u8>, FsError> {
        let too_much =
            |found| FsError::TooMuch { path: path.to_owned(), limit: at_most, unit: "bytes", found };
        let file = self.open(path)?;
        let len = self.metadata(path)?.len;
        if len > at_most {
            return Err(too_much(len));
        }
        let mut bytes = Vec::new();
        let no_memory = |_| FsError::io("read", path)(io::ErrorKind::OutOfMemory.into());
        bytes.try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX)).map_err(no_memory)?;
        // The file may have grown since.
        let read =
            file.take(at_most.saturating_add(1)).read_to_end(&mut bytes).map_err(FsError::io("read", path))?
                as u64;
        if read > at_most { Err(too_much(read)) } else { Ok(bytes) }
    }
}

/// A file open for reading.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// A file open for writing.
pub trait WriteFile: Write + Send {
    /// Makes what was written durable. If it fails, what the disk holds is unknown; asking again proves
    /// nothing.
    fn sync_all(&mut self) -> io::Result<()>;
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// File, folder or something else.
    pub kind: FileKind,
    /// Length of a file in bytes.
    pub len: u64,
    /// Unix permissions; `None` on other systems.
    pub mode: Option<u32>,
}

/// What a path can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file, the only kind that is read as data.
    File,
    /// A folder.
    Dir,
    /// A device, a pipe, a socket.
    Other,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileKind::File => "a regular file",
            FileKind::Dir => "a folder",
            FileKind::Other => "a device, pipe or socket",
        })
    }
}

/// An operation on the disk failed.
#[derive(Debug, thiserror::Error)]
pub enum FsError {
    /// The system refused.
    #[error("could not {action} `{}`", shown(.path))]
    Io {
        /// What was tried, in the words of a message.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Data can be read from regular files alone.
    #[error("`{}` wants to be a regular file, got {kind}", shown(.path))]
    NotAFile {
        /// What was to be opened.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// A file is too long, or a folder too full.
    #[error("`{}` wants at most {limit} {unit}, got {found}", shown(.path))]
    TooMuch {
        /// The file or folder.
        path: PathBuf,
        /// What the caller allows.
        limit: u64,
        /// What is counted.
        unit: &'static str,
        /// What was found.
        found: u64,
    },
}

impl FsError {
    /// Wraps what the system said about `action` on `path`; made for `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FsError {
        move |source| FsError::Io { action, path: path.to_owned(), source }
    }

    /// The path in question.
    pub fn path(&self) -> &Path {
        match self {
            FsError::Io { path, .. } | FsError::NotAFile { path, .. } | FsError::TooMuch { path, .. } => path,
        }
    }

    /// The kind of the system's refusal, if it was one.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            FsError::Io { source, .. } => Some(source.kind()),
            FsError::NotAFile { .. } | FsError::TooMuch { .. } => None,
        }
    }

    /// Whether there is nothing at the path.
    pub fn is_absent(&self) -> bool {
        self.kind() == Some(io::ErrorKind::NotFound)
    }
}

/// A lock, held until this is dropped or the process ends.
pub struct LockGuard(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send + Sync>);

impl LockGuard {
    /// Wraps what holds the lock while it lives.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self(Box::new(held))
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockGuard")
    }
}

/// A lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process, or another part of this one, holds it.
    #[error("`{}` is locked by another run", shown(.path))]
    Held {
        /// The lock file.
        path: PathBuf,
    },
    /// The lock file could not be opened or locked.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// A path as a message shows it: control characters and those that turn the direction of text are escaped.
pub fn shown(path: &Path) -> String {
    let turns_text =
        |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let escaped = |c: char| c.is_control() || turns_text(c);
    let show = |c: char| if escaped(c) { c.escape_default().to_string() } else { c.to_string() };
    path.to_string_lossy().chars().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_tricks() {
        assert_eq!(shown(Path::new("배움/a b.csv")), "배움/a b.csv");
        assert_eq!(shown(Path::new("a\u{1b}[31m\n\u{202e}gnp.exe")), "a\\u{1b}[31m\\n\\u{202e}gnp.exe");
    }

    #[test]
    fn errors_name_the_action_and_the_path() {
        let error = FsError::io("sync", Path::new("out/x"))(io::ErrorKind::StorageFull.into());
        assert_eq!(error.to_string(), "could not sync `out/x`");
        assert_eq!(error.kind(), Some(io::ErrorKind::StorageFull));
        assert!(!error.is_absent());
        let error = FsError::NotAFile { path: "x".into(), kind: FileKind::Other };
        assert_eq!(error.to_string(), "`x` wants to be a regular file, got a device, pipe or socket");
        assert_eq!((error.kind(), error.path()), (None, Path::new("x")));
    }
}
