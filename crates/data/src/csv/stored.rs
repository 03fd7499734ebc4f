//! Where the bytes of a table lie.

use std::io::Read;
use std::path::PathBuf;

use baeum_core::{Fs, Limit, Limits};

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
    File { fs: &'a dyn Fs, path: PathBuf },
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
            Bytes::File { fs, path } => Box::new(fs.open(path)?),
        })
    }

    /// All of it, as it lies there.
    pub(crate) fn all(self, limits: &Limits) -> Result<(String, Vec<u8>), DataError> {
        let bytes = match self.bytes {
            Bytes::Memory(bytes) => bytes,
            Bytes::File { fs, path } => limits.read(Limit::InflatedBytes, fs, &path)?,
        };
        Ok((self.name, bytes))
    }

    /// All of it, unpacked.
    pub(crate) fn unpacked(&self, limits: &Limits) -> Result<Vec<u8>, DataError> {
        let bytes = match &self.bytes {
            Bytes::Memory(bytes) => bytes.clone(),
            Bytes::File { fs, path } => limits.read(Limit::InflatedBytes, *fs, path)?,
        };
        if self.is_packed() { gzip::unpacked(&self.name, &bytes, limits) } else { Ok(bytes) }
    }
}
