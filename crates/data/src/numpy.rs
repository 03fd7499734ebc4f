//! Files of NumPy: one array, or several in an archive.

mod bytes;
pub(crate) mod npy;
mod npz;
mod zip;

pub(crate) use npy::{Array, Values};

use crate::refusal::Refusal;
use npz::Npz;

/// What stands between the name of an archive and that of an array in it.
pub(crate) const IN_ARCHIVE: char = '#';

/// The array that a file is, or the one of this name in an archive; no more than so many bytes unpacked.
///
/// # Errors
/// [`Refusal`] for broken files, unknown names, and arrays of what no field can be.
pub(crate) fn read(bytes: &[u8], name: Option<&str>, most_bytes: u64) -> Result<Array, Refusal> {
    let Some(name) = name else { return npy::read(bytes) };
    Npz::open(bytes)?.read(name, most_bytes)
}
