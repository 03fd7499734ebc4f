//! Numbers out of bytes, from front to back.

/// What has not been read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next `count` bytes; `None`, and nothing read, if there are fewer.
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    /// The next two bytes, the lowest first.
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.word().map(u16::from_le_bytes)
    }

    /// The next four bytes, the lowest first.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.word().map(u32::from_le_bytes)
    }

    /// The next eight bytes, the lowest first.
    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.word().map(u64::from_le_bytes)
    }

    fn word<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (word, left) = self.0.split_first_chunk()?;
        self.0 = left;
        Some(*word)
    }
}
