//! The .npz format of NumPy: a zip archive of .npy files.

#[cfg(test)]
mod tests;

use super::npy::{self, Array};
use super::zip::Zip;
use crate::error::quoted;
use crate::refusal::Refusal;

/// Arrays by name; each is unpacked when it is asked for.
#[derive(Debug)]
pub(crate) struct Npz<'a>(Zip<'a>);

/// The end of the name of every member.
const ENDING: &str = ".npy";

impl<'a> Npz<'a> {
    /// Reads the list of arrays.
    ///
    /// # Errors
    /// [`Refusal`] for what is no archive, and for one with members that are no arrays.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Npz<'a>, Refusal> {
        let zip = Zip::open(bytes)?;
        let other = zip.names().find(|name| !name.ends_with(ENDING)).map(quoted);
        match other {
            None => Ok(Npz(zip)),
            Some(other) => Err(Refusal::new("arrays alone, `NAME.npy`, in the archive", other)),
        }
    }

    /// The names as `np.savez(.., NAME=array)` has them, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.names().filter_map(|name| name.strip_suffix(ENDING))
    }

    /// How many bytes an array unpacks to, its header included, as the directory says.
    #[cfg(test)]
    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        self.0.size(&format!("{name}{ENDING}"))
    }

    /// An array, if it unpacks to at most so many bytes.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown name, for too many bytes, for broken ones, and for what [`npy::read`]
    /// refuses.
    pub(crate) fn read(&self, name: &str, most_bytes: u64) -> Result<Array, Refusal> {
        let member = format!("{name}{ENDING}");
        if self.0.size(&member).is_none() {
            let names: Vec<_> = self.names().take(super::NAMED).map(quoted).collect();
            return Err(Refusal::new(format!("an array out of {}", names.join(", ")), quoted(name)));
        }
        let bytes = self.0.read(&member, most_bytes)?;
        npy::read(&bytes)
            .map_err(|refusal| Refusal { got: format!("{}, in {}", refusal.got, quoted(&member)), ..refusal })
    }
}
