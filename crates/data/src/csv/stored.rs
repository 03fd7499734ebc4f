//! Where the bytes of a table lie.

use std::io::{self, Read};
use std::path::PathBuf;

use baeum_core::{Fs, Limit, Limits, Progress};

use crate::{DataError, gzip};

/// A table that can be read more than once.
#[derive(Debug)]
pub(crate) struct Stored<'a> {
    /// As messages call it.
    pub(crate) name: String,
    pub(crate) bytes: Bytes<'a>,
}

/// Its bytes.
#[derive(Debug)]
pub(crate) enum Bytes<'a> {
    Memory(Vec<u8>),
    /// Whoever waits is told of each that is read.
    File {
        fs: &'a dyn Fs,
        path: PathBuf,
        progress: &'a Progress,
    },
}

/// Tells of each byte that is read.
struct Counted<'a, R> {
    reader: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(room)?;
        self.progress.add(read);
        Ok(read)
    }
}

impl Stored<'_> {
    /// One in memory.
    pub(crate) fn memory(name: &str, bytes: Vec<u8>) -> Stored<'static> {
        Stored { name: name.to_owned(), bytes: Bytes::Memory(bytes) }
    }

    pub(super) fn is_packed(&self) -> bool {
        self.name.ends_with(".gz")
    }

    /// What there is to read, as it lies there.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send + '_>, DataError> {
        Ok(match &self.bytes {
            Bytes::Memory(bytes) => Box::new(bytes.as_slice()),
            Bytes::File { fs, path, progress } => Box::new(Counted { reader: fs.open(path)?, progress }),
        })
    }

    /// All of it, as it lies there.
    pub(crate) fn all(&self, limits: &Limits) -> Result<Vec<u8>, DataError> {
        Ok(match &self.bytes {
            Bytes::Memory(bytes) => bytes.clone(),
            Bytes::File { fs, path, .. } => limits.read(Limit::InflatedBytes, *fs, path)?,
        })
    }

    /// What there is to read, unpacked.
    pub(crate) fn unpacked_reader(&self, limits: &Limits) -> Result<Box<dyn Read + Send + '_>, DataError> {
        if self.is_packed() { Ok(Box::new(io::Cursor::new(self.unpacked(limits)?))) } else { self.open() }
    }

    /// All of it, unpacked.
    pub(crate) fn unpacked(&self, limits: &Limits) -> Result<Vec<u8>, DataError> {
        let bytes = self.all(limits)?;
        if self.is_packed() { gzip::unpacked(&self.name, &bytes, limits) } else { Ok(bytes) }
    }
}
