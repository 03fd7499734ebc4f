//! The one way anything is written: whole or not at all, even if the power is cut.
//!
//! Three forms. [`commit_file`] replaces one file. [`commit_set`] writes a folder of files that belong
//! together, and [`read_set`] accepts it only if every byte is right. [`Log`] adds one record at a time to a
//! file. All of them promise: after an error or a crash, what stood there before is still there, and nothing
//! partial stands under a final name. What is only kept to save work is a [`Draft`], which promises less.

mod draft;
mod file;
mod log;
mod set;
mod temp;

use std::io;
use std::path::{Path, PathBuf};

pub use draft::Draft;
pub use file::commit_file;
pub use log::{Log, Opened, Record, TornTail, decode as record_of_line, encode as line_of_record};
pub use set::{MANIFEST, Set, commit_set, read_set};
pub use temp::{leftovers, sweep};

use crate::fs::{FsError, shown};

/// Something could not be committed, or what was committed is damaged.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The disk refused; what stood there before still does.
    #[error("could not commit `{}`", shown(.path))]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the disk said.
        source: FsError,
    },
    /// Everything is in place, but a power cut might still undo it.
    #[error("could not sync the folder of `{}`; written, durability unknown", shown(.path))]
    Durability {
        /// What was written.
        path: PathBuf,
        /// What the disk said.
        source: FsError,
    },
    /// The disk refused to let us look, or to clean up.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The path of a file has no name in it.
    #[error("`{}` wants a file name at its end", shown(.path))]
    Nameless {
        /// The path.
        path: PathBuf,
    },
    /// Links lead to links without end.
    #[error("`{}` wants to lead to a file, got a loop of links", shown(.path))]
    LinkLoop {
        /// The first link.
        path: PathBuf,
    },
    /// A set is written once, under a name of its own.
    #[error("`{}` wants a name that is free, got one that exists", shown(.path))]
    Exists {
        /// The set's folder.
        path: PathBuf,
    },
    /// A name in a set does not stay within its folder, or is taken.
    #[error("`{}` wants names of files within it, got `{}`", shown(.path), shown(Path::new(.name)))]
    Name {
        /// The set's folder.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A folder is no set: without a manifest it does not count.
    #[error("`{}` wants a `{MANIFEST}`, got none", shown(.path))]
    NoManifest {
        /// The set's folder.
        path: PathBuf,
    },
    /// A manifest is not the one that was written.
    #[error("`{}` is damaged: {reason}", shown(.path))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that the manifest lists is not there.
    #[error("`{}` is missing, though the manifest lists it", shown(.path))]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file is longer or shorter than it was.
    #[error("`{}` is damaged: it wants {wanted} bytes, got {got}", shown(.path))]
    Size {
        /// The file.
        path: PathBuf,
        /// The length in the manifest.
        wanted: u64,
        /// The length on the disk.
        got: u64,
    },
    /// A file has other bytes than it had.
    #[error("`{}` is damaged: its BLAKE3 differs from the manifest", shown(.path))]
    Hash {
        /// The file.
        path: PathBuf,
    },
    /// A log has a bad record before good ones, which no crash leaves behind.
    #[error("`{}` line {line} is damaged: {reason}", shown(.path))]
    Record {
        /// The log.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A log is shorter than it is known to have been.
    #[error("`{}` is damaged: it wants at least {wanted} bytes, got {got}", shown(.path))]
    LogLength {
        /// The log.
        path: PathBuf,
        /// The length it had.
        wanted: u64,
        /// The length on the disk.
        got: u64,
    },
    /// A record brings a key that the log adds itself.
    #[error("a record of `{}` wants no key `crc` of its own", shown(.path))]
    OwnCrc {
        /// The log.
        path: PathBuf,
    },
}

impl CommitError {
    /// Whether what stands on the disk is not what was once committed.
    pub fn is_damage(&self) -> bool {
        match self {
            CommitError::NoManifest { .. }
            | CommitError::Manifest { .. }
            | CommitError::Missing { .. }
            | CommitError::Size { .. }
            | CommitError::Hash { .. }
            | CommitError::Record { .. }
            | CommitError::LogLength { .. } => true,
            CommitError::Write { .. }
            | CommitError::Durability { .. }
            | CommitError::Fs(_)
            | CommitError::Nameless { .. }
            | CommitError::LinkLoop { .. }
            | CommitError::Exists { .. }
            | CommitError::Name { .. }
            | CommitError::OwnCrc { .. } => false,
        }
    }

    /// Wraps a refusal of the disk while `path` was being written.
    fn write(path: &Path) -> impl Fn(FsError) -> CommitError {
        move |source| CommitError::Write { path: path.to_owned(), source }
    }

    /// Wraps a refusal of the system while `path` was being written.
    fn write_io(path: &Path, action: &'static str) -> impl Fn(io::Error) -> CommitError {
        move |source| CommitError::write(path)(FsError::io(action, path)(source))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests;
