//! Numbers in memory that starts on a cache line.

use std::ops::{Deref, DerefMut};

/// 64 bytes: a cache line, and the widest vector.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; Buffer::LINE]);

/// A slice of `f32` whose first element stands on a cache line.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// Numbers in a cache line.
    pub const LINE: usize = 16;

    /// As many zeros.
    pub fn zeros(len: usize) -> Buffer {
        Buffer { lines: vec![Line([0.0; Buffer::LINE]); len.div_ceil(Buffer::LINE)], len }
    }

    /// As many zeros; none if there is no memory for them.
    pub fn try_zeros(len: usize) -> Option<Buffer> {
        let (mut lines, count) = (Vec::new(), len.div_ceil(Buffer::LINE));
        lines.try_reserve_exact(count).ok()?;
        lines.resize(count, Line([0.0; Buffer::LINE]));
        Some(Buffer { lines, len })
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is 16 `f32` without padding, and `len`, which only the two constructors set, is at most 16 times the number of lines.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above; the lines are borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

/// The same memory as words: for masks, ids and places that stand beside numbers.
pub fn as_words(numbers: &[f32]) -> &[u32] {
    // SAFETY: `f32` and `u32` have one size and alignment, and every pattern of bits is a `u32`.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

/// As [`as_words`], to write to.
pub fn as_words_mut(numbers: &mut [f32]) -> &mut [u32] {
    // SAFETY: as above, and every pattern of bits is an `f32` as well.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), numbers.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_starts_on_a_line() {
        for len in [0, 1, 16, 17, 1000] {
            let mut buffer = Buffer::zeros(len);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.as_ptr() as usize % 64, 0);
            buffer.fill(1.0);
            assert_eq!(buffer.iter().sum::<f32>(), len as f32);
        }
        assert!(Buffer::try_zeros(usize::MAX).is_none());
        assert_eq!(Buffer::try_zeros(17).map(|buffer| buffer.to_vec()), Some(vec![0.0; 17]));
        as_words_mut(&mut Buffer::zeros(3)).copy_from_slice(&[1, 2, u32::MAX]);
    }
}
