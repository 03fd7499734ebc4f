//! Where the bytes of a table lie.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;

use baeum_core::fs::{FsError, ReadSeek};
use baeum_core::{Fs, Limits, Progress};

use super::decoder::Decoded;
use crate::DataError;
use crate::config::Encoding;
use crate::packed::{Packing, Unpacked};

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

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.reader.seek(place)
    }
}

/// What went wrong while a table was read: as it was told on the way, or else what the disk says.
pub(crate) fn failed(table: &str) -> impl Fn(io::Error) -> DataError + '_ {
    |error| error.downcast().unwrap_or_else(|error| FsError::io("read", table.as_ref())(error).into())
}

/// Marks what the disk says, for whoever reads through others.
struct Told<'a, R> {
    table: &'a str,
    reader: R,
}

impl<R: Read> Read for Told<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.reader.read(room).map_err(|error| io::Error::other(failed(self.table)(error)))
    }
}

impl Stored<'_> {
    /// One in memory.
    pub(crate) fn memory(name: &str, bytes: Vec<u8>) -> Stored<'static> {
        Stored { name: name.to_owned(), bytes: Bytes::Memory(bytes) }
    }

    /// What there is to read, as it lies there.
    pub(crate) fn open(&self) -> Result<Box<dyn ReadSeek + '_>, DataError> {
        Ok(match &self.bytes {
            Bytes::Memory(bytes) => Box::new(Cursor::new(bytes.as_slice())),
            Bytes::File { fs, path, progress } => Box::new(Counted { reader: fs.open(path)?, progress }),
        })
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> Result<u64, DataError> {
        Ok(match &self.bytes {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File { fs, path, .. } => fs.metadata(path)?.len,
        })
    }

    /// What there is to read, unpacked on the way; errors are for [`failed`].
    pub(crate) fn unpacked<'s>(&'s self, limits: &'s Limits) -> Result<Box<dyn Read + Send + 's>, DataError> {
        let reader = self.open()?;
        let Some(packing) = Packing::of(&self.name) else {
            return Ok(Box::new(reader));
        };
        let reader = Told { table: &self.name, reader };
        Ok(Box::new(Unpacked::new((&self.name, packing), reader, self.len()?, limits)?))
    }

    /// The same as UTF-8; what says that it is UTF-8 comes as it is.
    pub(super) fn text<'s>(
        &'s self,
        encoding: Encoding,
        limits: &'s Limits,
    ) -> Result<Box<dyn Read + Send + 's>, DataError> {
        let reader = self.unpacked(limits)?;
        Ok(match encoding {
            Encoding::Utf8 => reader,
            Encoding::Utf16 | Encoding::Cp949 | Encoding::Latin1 => {
                Box::new(Decoded::new(&self.name, encoding, reader))
            }
        })
    }
}
