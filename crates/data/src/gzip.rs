//! Files packed by gzip, unpacked as far as the limits allow.

use std::io::Read;

use baeum_core::{Limit, Limits};

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

/// What a packed file holds.
///
/// # Errors
/// [`DataError`] for a file that is cut short or broken, and for one that holds more than the limits allow.
pub(crate) fn unpacked(file: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, DataError> {
    let packed = bytes.len() as u64;
    let by_ratio = limits.get(Limit::ArchiveRatio).saturating_mul(packed).max(RATIO_MATTERS);
    let most = limits.get(Limit::InflatedBytes).min(by_ratio);
    let mut content = vec![];
    // One byte more than may be there tells that it is too much.
    let mut reader = flate2::bufread::MultiGzDecoder::new(bytes).take(most.saturating_add(1));
    reader.read_to_end(&mut content).map_err(|error| failed(file, error))?;
    admit(file, content.len() as u64, packed, limits)?;
    Ok(content)
}

/// What stands in the way of unpacking.
pub(crate) fn failed(file: &str, error: std::io::Error) -> DataError {
    match error.kind() == std::io::ErrorKind::UnexpectedEof {
        true => DataError::file(file, "to be whole", "a file that was cut short"),
        false => DataError::Decode { file: file.to_owned(), format: "gzip", source: error.into() },
    }
}
