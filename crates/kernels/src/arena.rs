//! One buffer for everything a network computes with, cut into spans.

use std::ops::Range;

use crate::buffer::Buffer;

/// A buffer that hands out several of its parts at the same time: the only place where one is split.
#[derive(Debug, Default)]
pub struct Arena {
    numbers: Buffer,
}

/// Where a part lies, in numbers from the start.
pub type Span = Range<usize>;

/// A tensor as rows and columns, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Its numbers.
    pub span: Span,
    /// `[out, rest]`: a convolution's kernel is a row for each filter.
    pub sizes: [usize; 2],
}

impl Lying {
    /// A tensor of these sizes, whose first axis is its rows.
    pub fn of(span: Span, sizes: &[usize]) -> Lying {
        let rows = sizes.first().copied().unwrap_or(1);
        Lying { sizes: [rows, span.len() / rows.max(1)], span }
    }
}

impl Arena {
    /// As many zeros.
    pub fn zeros(len: usize) -> Arena {
        Arena { numbers: Buffer::zeros(len) }
    }

    /// As many zeros; none if there is no memory for them.
    pub fn try_zeros(len: usize) -> Option<Arena> {
        Some(Arena { numbers: Buffer::try_zeros(len)? })
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// One part, to read.
    ///
    /// # Panics
    /// If it reaches beyond the end, as for all below.
    pub fn read(&self, span: &Span) -> &[f32] {
        &self.numbers[span.clone()]
    }

    /// One part, to write.
    pub fn write(&mut self, span: &Span) -> &mut [f32] {
        &mut self.numbers[span.clone()]
    }

    /// Several parts at the same time: some to read, some to write.
    ///
    /// # Panics
    /// If a part to write meets any other part.
    pub fn views<const R: usize, const W: usize>(
        &mut self,
        reads: [&Span; R],
        writes: [&Span; W],
    ) -> ([&[f32]; R], [&mut [f32]; W]) {
        for (i, write) in writes.iter().enumerate() {
            let others = reads.iter().chain(&writes[i + 1..]);
            for other in others {
                assert!(!meet(write, other), "a part to write meets another: {write:?} and {other:?}");
            }
        }
        let len = self.numbers.len();
        for span in reads.iter().chain(&writes) {
            assert!(span.start <= span.end && span.end <= len, "{span:?} reaches beyond {len}");
        }
        let start = self.numbers.as_mut_ptr();
        // SAFETY: every part was found to lie within the buffer, which is borrowed mutably for as long as the parts, and all come
        // from the one pointer; one to write meets no other, so nothing that is written is seen through a second reference.
        let read = |span: &Span| unsafe {
            std::slice::from_raw_parts(start.add(span.start).cast_const(), span.len())
        };
        // SAFETY: as above.
        let write =
            |span: &Span| unsafe { std::slice::from_raw_parts_mut(start.add(span.start), span.len()) };
        (reads.map(read), writes.map(write))
    }
}

/// Whether two parts share a number.
fn meet(a: &Span, b: &Span) -> bool {
    !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_handed_out_together() {
        let mut arena = Arena::zeros(40);
        arena.write(&(0..10)).fill(1.0);
        let ([a, again], [b, c]) = arena.views([&(0..10), &(5..10)], [&(10..20), &(30..40)]);
        b.copy_from_slice(a);
        c[..5].copy_from_slice(again);
        assert_eq!(arena.read(&(0..40)).iter().sum::<f32>(), 25.0);
        let ([], [empty]) = arena.views([], [&(5..5)]);
        assert!(empty.is_empty());
    }

    #[test]
    #[should_panic(expected = "a part to write meets another: 0..10 and 9..12")]
    fn what_is_written_is_read_by_nobody() {
        Arena::zeros(40).views([&(9..12)], [&(0..10)]);
    }

    #[test]
    #[should_panic(expected = "a part to write meets another: 0..10 and 5..6")]
    fn two_writers_do_not_meet() {
        Arena::zeros(40).views([], [&(0..10), &(5..6)]);
    }

    #[test]
    #[should_panic(expected = "30..41 reaches beyond 40")]
    fn a_part_lies_within() {
        Arena::zeros(40).views([&(30..41)], []);
    }
}
