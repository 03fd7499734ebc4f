//! Files of NumPy: one array, or several in an archive.

mod bytes;
pub(crate) mod npy;
mod npz;
mod zip;

pub(crate) use npy::{Array, Values};

use crate::error::quoted;
use crate::refusal::Refusal;
use npz::Npz;

/// How many arrays of an archive are named.
const NAMED: usize = 16;

/// What stands between the name of an archive and that of an array in it.
pub(crate) const IN_ARCHIVE: char = '#';

/// The array that a file is, or the one of this name in an archive; no more than so many bytes unpacked.
///
/// # Errors
/// [`Refusal`] for broken files, unknown names, and arrays of what no field can be.
pub(crate) fn read(bytes: &[u8], name: Option<&str>, most_bytes: u64) -> Result<Array, Refusal> {
    match name {
        Some(name) => Npz::open(bytes)?.read(name, most_bytes),
        None if bytes.starts_with(zip::MEMBER) => {
            let archive = Npz::open(bytes)?;
            let names: Vec<String> = archive.names().take(NAMED).map(quoted).collect();
            let wants = format!("the name of an array in it behind a `#`: {}", names.join(", "));
            Err(Refusal::new(wants, "none"))
        }
        None => npy::read(bytes),
    }
}
