//! Files packed by gzip or zstd, unpacked as far as the limits allow.

use std::io::{self, BufReader, Read};

use baeum_core::{Limit, Limits};
use flate2::bufread::MultiGzDecoder;

use crate::DataError;

/// From here on a packed file may not be many times shorter than what is in it; below, that is no harm.
const RATIO_MATTERS: u64 = 16 << 20;

/// Refuses a file of so many packed bytes that unpacks to too many.
pub(crate) fn admit(file: &str, unpacked: u64, packed: u64, limits: &Limits) -> Result<(), DataError> {
    limits.admit(Limit::InflatedBytes, format_args!("`{file}`"), unpacked)?;
    if unpacked > RATIO_MATTERS {
        limits.admit(Limit::ArchiveRatio, format_args!("`{file}`"), unpacked.div_ceil(packed.max(1)))?;
    }
    Ok(())
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// What the end of its name says.
    pub(crate) fn of(file: &str) -> Option<Packing> {
        match file.rsplit_once('.')? {
            (_, "gz") => Some(Packing::Gzip),
            (_, "zst") => Some(Packing::Zstd),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Packing::Gzip => "gzip",
            Packing::Zstd => "zstd",
        }
    }

    /// Files behind each other are one. zstd refuses those that want to look back by more than 128 MiB.
    fn reader<'a>(self, packed: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(packed))),
            Packing::Zstd => Box::new(zstd::Decoder::new(packed)?),
        })
    }
}

/// What a packed file holds, unpacked and counted while it is read.
pub(crate) struct Unpacked<'a> {
    file: &'a str,
    packing: Packing,
    reader: Box<dyn Read + Send + 'a>,
    packed: u64,
    unpacked: u64,
    limits: &'a Limits,
}

impl<'a> Unpacked<'a> {
    /// What `reader` holds, which has so many packed bytes.
    ///
    /// # Errors
    /// [`DataError`] if there is no memory to unpack it.
    pub(crate) fn new(
        (file, packing): (&'a str, Packing),
        reader: impl Read + Send + 'a,
        packed: u64,
        limits: &'a Limits,
    ) -> Result<Unpacked<'a>, DataError> {
        let reader = packing.reader(reader).map_err(|error| failed(file, packing, error))?;
        Ok(Unpacked { file, packing, reader, packed, unpacked: 0, limits })
    }

    /// How many bytes may still come, and one more, which tells that it is too much.
    fn left(&self) -> usize {
        let by_ratio = self.limits.get(Limit::ArchiveRatio).saturating_mul(self.packed).max(RATIO_MATTERS);
        let most = self.limits.get(Limit::InflatedBytes).min(by_ratio);
        usize::try_from(most.saturating_sub(self.unpacked)).unwrap_or(usize::MAX).saturating_add(1)
    }
}

impl Read for Unpacked<'_> {
    /// An error holds a [`DataError`]: a file that is cut short or broken, or holds more than the limits allow.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(self.left());
        let told = |error: io::Error| {
            error.downcast().unwrap_or_else(|error| failed(self.file, self.packing, error))
        };
        let read = self.reader.read(&mut room[..len]).map_err(|error| io::Error::other(told(error)))?;
        self.unpacked += read as u64;
        admit(self.file, self.unpacked, self.packed, self.limits).map_err(io::Error::other)?;
        Ok(read)
    }
}

/// What stands in the way of unpacking.
pub(crate) fn failed(file: &str, packing: Packing, error: io::Error) -> DataError {
    match error.kind() == io::ErrorKind::UnexpectedEof {
        true => DataError::file(file, "to be whole", "a file that was cut short"),
        false => DataError::Decode { file: file.to_owned(), format: packing.name(), source: error.into() },
    }
}
