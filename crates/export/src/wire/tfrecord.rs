//! Length-framed records with checksums, as TensorFlow and TensorBoard keep them.
use baeum_core::crc32c::{self, crc32c};

/// Length, its checksum.
const HEAD: usize = 12;
/// The checksum of the payload.
const TAIL: usize = 4;

/// One record around a payload.
pub(crate) fn record(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(HEAD + payload.len() + TAIL);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked(&length).to_le_bytes());
    record.extend_from_slice(payload);
    record.extend_from_slice(&masked(payload).to_le_bytes());
    record
}

/// The payloads of the whole records at the start of `bytes`; stops before the first torn or damaged one.
pub(crate) fn payloads(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (payload, after) = first(rest)?;
        rest = after;
        Some(payload)
    })
}

/// The size of the record around a payload.
pub(crate) fn size(payload: &[u8]) -> usize {
    HEAD + payload.len() + TAIL
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (length, length_crc) = head.split_at(8);
    let size = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (payload, rest) = rest.split_at_checked(size)?;
    let (payload_crc, rest) = rest.split_at_checked(TAIL)?;
    let whole = length_crc == masked(length).to_le_bytes() && payload_crc == masked(payload).to_le_bytes();
    whole.then_some((payload, rest))
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c::masked(crc32c(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_as_tensorflow_writes_it() {
        let golden = b"\x03\0\0\0\0\0\0\0\xb0\x99\x49\x0eabc\x6e\x57\xf1\x21";
        assert_eq!(record(b"abc"), golden);
        assert_eq!(golden.len(), size(b"abc"));
    }

    #[test]
    fn a_torn_or_damaged_record_ends_the_reading() {
        let bytes = [record(b"one"), record(b""), record(b"three")].concat();
        assert_eq!(payloads(&bytes).collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        for end in size(b"one") + size(b"")..bytes.len() {
            assert_eq!(payloads(&bytes[..end]).count(), 2, "{end}");
        }
        let mut damaged = bytes;
        damaged[HEAD] ^= 1;
        assert_eq!(payloads(&damaged).count(), 0);
    }
}
