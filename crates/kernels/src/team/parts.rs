//! Slices cut into parts, one for each task.

use std::marker::PhantomData;

use super::Team;
use crate::arena::{Lying, Span};

/// A slice cut into parts of one length; the last may be shorter.
struct Parts<'a, T> {
    start: *mut T,
    len: usize,
    size: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: through shared parts elements are reached by `part` alone, whose caller promises that each part is taken once; parts do
// not meet, and `T: Send` lets each move to another thread.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    fn of(slice: &'a mut [T], size: usize) -> Parts<'a, T> {
        assert!(size > 0, "parts want a length above zero");
        Parts { start: slice.as_mut_ptr(), len: slice.len(), size, slice: PhantomData }
    }

    fn count(&self) -> usize {
        self.len.div_ceil(self.size)
    }

    /// # Safety
    /// Each part is taken once at most while the parts live.
    #[expect(clippy::mut_from_ref, reason = "each part is taken once, so no two references meet")]
    unsafe fn part(&self, i: usize) -> &mut [T] {
        assert!(i < self.count(), "there is no part {i}");
        let first = i * self.size;
        // SAFETY: `i` is at most `(len - 1) / size`, so `first` does not overflow and is below `len`, and the part ends at `len` at
        // the latest. The slice is borrowed mutably while the parts live; by the caller's promise nobody else holds this part.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), self.size.min(self.len - first)) }
    }
}

/// A slice of which several spans are taken.
struct Spans<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: as for parts: elements are reached by `span` alone, whose caller promises that spans do not meet.
unsafe impl<T: Send> Sync for Spans<'_, T> {}

impl<'a, T> Spans<'a, T> {
    fn of(slice: &'a mut [T]) -> Spans<'a, T> {
        Spans { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// # Safety
    /// Spans that are taken while this lives do not meet.
    #[expect(clippy::mut_from_ref, reason = "spans do not meet, so no two references do")]
    unsafe fn span(&self, span: &Span) -> &mut [T] {
        assert!(span.end <= self.len && span.start <= span.end, "{span:?} reaches beyond {}", self.len);
        // SAFETY: the span was found to lie within the slice, which is borrowed mutably while this lives; by the caller's promise
        // nobody else holds a part of it.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(span.start), span.len()) }
    }
}

impl Team {
    /// Calls `task` with every tensor and its numbers in each of the slices, several at the same time.
    ///
    /// # Panics
    /// If a tensor reaches into the one before, or beyond a slice.
    pub fn lying<T: Send, const N: usize>(
        &self,
        slices: [&mut [T]; N],
        tensors: &[Lying],
        task: impl Fn(&Lying, [&mut [T]; N]) + Sync,
    ) {
        let mut end = 0;
        for Lying { span, .. } in tensors {
            assert!(end <= span.start && span.start <= span.end, "{span:?} does not lie behind {end}");
            end = span.end;
        }
        let slices = slices.map(Spans::of);
        self.run(tensors.len(), &|i| {
            let tensor = &tensors[i];
            // SAFETY: `run` calls with each number once, and each tensor was found to begin where the one before ends, or behind.
            task(tensor, slices.each_ref().map(|slice| unsafe { slice.span(&tensor.span) }));
        });
    }

    /// Calls `task` with every part of `out`, several at the same time: parts of `size` elements, the last one shorter if `size`
    /// does not divide the length.
    ///
    /// # Panics
    /// If `size` is zero.
    pub fn parts<T: Send>(&self, out: &mut [T], size: usize, task: impl Fn(usize, &mut [T]) + Sync) {
        let parts = Parts::of(out, size);
        self.run(parts.count(), &|i| {
            // SAFETY: `run` calls with each number once.
            task(i, unsafe { parts.part(i) });
        });
    }

    /// As [`Team::parts`], over two slices that are cut into equally many parts.
    ///
    /// # Panics
    /// If a size is zero, or the numbers of parts differ.
    pub fn parts2<A: Send, B: Send>(
        &self,
        (a, size_a): (&mut [A], usize),
        (b, size_b): (&mut [B], usize),
        task: impl Fn(usize, &mut [A], &mut [B]) + Sync,
    ) {
        let (a, b) = (Parts::of(a, size_a), Parts::of(b, size_b));
        assert_eq!(a.count(), b.count(), "slices differ in the number of their parts");
        self.run(a.count(), &|i| {
            // SAFETY: `run` calls with each number once.
            let (a, b) = unsafe { (a.part(i), b.part(i)) };
            task(i, a, b);
        });
    }

    /// As [`Team::parts`], over three slices that are cut into equally many parts.
    ///
    /// # Panics
    /// If a size is zero, or the numbers of parts differ.
    pub fn parts3<A: Send, B: Send, C: Send>(
        &self,
        (a, size_a): (&mut [A], usize),
        (b, size_b): (&mut [B], usize),
        (c, size_c): (&mut [C], usize),
        task: impl Fn(usize, &mut [A], &mut [B], &mut [C]) + Sync,
    ) {
        let (a, b, c) = (Parts::of(a, size_a), Parts::of(b, size_b), Parts::of(c, size_c));
        let counts = [a.count(), b.count(), c.count()];
        assert!(counts == [a.count(); 3], "slices differ in the number of their parts");
        self.run(a.count(), &|i| {
            // SAFETY: `run` calls with each number once.
            let (a, b, c) = unsafe { (a.part(i), b.part(i), c.part(i)) };
            task(i, a, b, c);
        });
    }

    /// As [`Team::parts`], over slices of one length.
    ///
    /// # Panics
    /// If `size` is zero, or the numbers of parts differ.
    pub fn parts_of<T: Send, const N: usize>(
        &self,
        slices: [&mut [T]; N],
        size: usize,
        task: impl Fn(usize, [&mut [T]; N]) + Sync,
    ) {
        let parts = slices.map(|slice| Parts::of(slice, size));
        let count = parts.first().map_or(0, Parts::count);
        assert!(
            parts.iter().all(|parts| parts.count() == count),
            "slices differ in the number of their parts"
        );
        self.run(count, &|i| {
            // SAFETY: `run` calls with each number once.
            task(i, parts.each_ref().map(|parts| unsafe { parts.part(i) }));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_slice() {
        let team = Team::new(3);
        for len in [0, 1, 9, 10, 11, 100] {
            let (mut a, mut b) = (vec![0; len], vec![0; len.div_ceil(10)]);
            team.parts2((&mut a, 10), (&mut b, 1), |i, a, b| {
                a.fill(i + 1);
                b[0] = a.len();
            });
            assert!(a.iter().enumerate().all(|(place, part)| *part == place / 10 + 1), "{a:?}");
            assert_eq!(b.iter().sum::<usize>(), len);
        }
    }

    #[test]
    fn tensors_get_their_numbers_of_every_slice() {
        let tensors = [(0..3, [1, 3]), (4..4, [0, 2]), (4..10, [2, 3])];
        let tensors = tensors.map(|(span, sizes)| Lying { span, sizes });
        for threads in [1, 3] {
            let (mut a, mut b) = ([0; 12], [0; 11]);
            Team::new(threads).lying([&mut a, &mut b], &tensors, |at, [a, b]| {
                a.fill(at.sizes[0]);
                b.fill(a.len());
            });
            assert_eq!(a, [1, 1, 1, 0, 2, 2, 2, 2, 2, 2, 0, 0]);
            assert_eq!(b, [3, 3, 3, 0, 6, 6, 6, 6, 6, 6, 0]);
        }
    }

    fn lie(spans: &[Span]) {
        let tensors: Vec<Lying> = spans.iter().map(|span| Lying::of(span.clone(), &[1])).collect();
        Team::new(2).lying([&mut [0; 12]], &tensors, |_, _| {});
    }

    #[test]
    #[should_panic(expected = "2..8 does not lie behind 3")]
    fn tensors_do_not_meet() {
        lie(&[0..3, 2..8]);
    }

    #[test]
    #[should_panic(expected = "9..5 does not lie behind 3")]
    fn a_tensor_does_not_end_before_it_begins() {
        lie(&[0..3, Span { start: 9, end: 5 }, 5..8]);
    }

    #[test]
    #[should_panic(expected = "9..13 reaches beyond 12")]
    fn a_tensor_lies_within() {
        lie(&[0..3, 9..13]);
    }

    #[test]
    #[should_panic(expected = "slices differ in the number of their parts")]
    fn slices_have_equally_many_parts() {
        Team::new(1).parts3((&mut [0; 2], 1), (&mut [0; 2], 1), (&mut [0; 3], 1), |_, _, _, _| {});
    }
}
