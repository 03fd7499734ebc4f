//! An allocator that counts, for tests that promise to allocate nothing, or no more than was said.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, counted. A test binary installs it with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting {
    allocations: AtomicUsize,
    taken: AtomicUsize,
    peak: AtomicUsize,
}

impl Counting {
    /// One that has counted nothing yet.
    pub const fn new() -> Counting {
        let [allocations, taken, peak] = [const { AtomicUsize::new(0) }; 3];
        Counting { allocations, taken, peak }
    }

    /// How often memory was asked for so far, by all threads.
    pub fn allocations(&self) -> usize {
        self.allocations.load(Ordering::SeqCst)
    }

    /// Begins to look for the most bytes, and gives how many are taken now.
    pub fn begin(&self) -> usize {
        let taken = self.taken.load(Ordering::SeqCst);
        self.peak.store(taken, Ordering::SeqCst);
        taken
    }

    /// The most bytes that were taken at one time since [`Counting::begin`].
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }

    fn count(&self, freed: usize, taken: usize) {
        self.allocations.fetch_add(usize::from(taken > 0), Ordering::SeqCst);
        let before = self.taken.fetch_add(taken, Ordering::SeqCst);
        self.peak.fetch_max(before + taken, Ordering::SeqCst);
        self.taken.fetch_sub(freed, Ordering::SeqCst);
    }
}

impl Default for Counting {
    fn default() -> Counting {
        Counting::new()
    }
}

// SAFETY: every call is handed to `System` as it came, which keeps the promises of an allocator; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count(0, layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.count(0, layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        self.count(layout.size(), len);
        // SAFETY: as above; `memory` came from `System`, because all memory of this allocator does.
        unsafe { System.realloc(memory, layout, len) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.count(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}
