//! A place in bytes that cannot leave them.
use crate::error::ReadError;

/// Reads little-endian words one after another; every step past the end is an error that says where.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at `at` in `bytes`; `what` names them in errors.
    pub(crate) fn new(what: &'static str, bytes: &'a [u8], at: usize) -> Cursor<'a> {
        Cursor { what, bytes, at }
    }

    /// How many bytes lie before it.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.refuse(format!("{count} more bytes"), self.left()))?;
        self.at += count;
        Ok(taken)
    }

    /// The next byte.
    pub(crate) fn u8(&mut self) -> Result<u8, ReadError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next two bytes as a number.
    pub(crate) fn u16(&mut self) -> Result<u16, ReadError> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes as a number.
    pub(crate) fn u32(&mut self) -> Result<u32, ReadError> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next eight bytes as a number.
    pub(crate) fn u64(&mut self) -> Result<u64, ReadError> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next `count` bytes as text.
    pub(crate) fn text(&mut self, count: usize) -> Result<&'a str, ReadError> {
        let at = self.at;
        let bytes = self.take(count)?;
        str::from_utf8(bytes).map_err(|_| {
            ReadError::malformed(format!("{} at byte {at}", self.what), "UTF-8 text", "other bytes")
        })
    }

    /// An error about this place.
    pub(crate) fn refuse(&self, wanted: impl Into<String>, got: impl ToString) -> ReadError {
        ReadError::malformed(format!("{} at byte {}", self.what, self.at), wanted, got)
    }
}
