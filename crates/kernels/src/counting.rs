//! An allocator that counts, for tests that promise to allocate nothing, or not much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, counted. A test binary installs it with `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting {
    allocations: AtomicUsize,
    bytes: AtomicUsize,
    peak: AtomicUsize,
}

impl Counting {
    /// One that has counted nothing yet.
    pub const fn new() -> Counting {
        let [allocations, bytes, peak] = [const { AtomicUsize::new(0) }; 3];
        Counting { allocations, bytes, peak }
    }

    /// How often memory was asked for so far, by all threads.
    pub fn allocations(&self) -> usize {
        self.allocations.load(Ordering::SeqCst)
    }

    /// How many bytes `work` had at a time that were not there before; others that work meanwhile are counted too.
    pub fn peak<T>(&self, work: impl FnOnce() -> T) -> (T, usize) {
        let before = self.bytes.load(Ordering::SeqCst);
        self.peak.store(before, Ordering::SeqCst);
        let done = work();
        (done, self.peak.load(Ordering::SeqCst).saturating_sub(before))
    }

    fn take(&self, bytes: usize) {
        self.allocations.fetch_add(1, Ordering::SeqCst);
        let now = self.bytes.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }

    fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
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
        self.take(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.take(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        self.take(len);
        self.give_back(layout.size());
        // SAFETY: as above; `memory` came from `System`, because all memory of this allocator does.
        unsafe { System.realloc(memory, layout, len) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.give_back(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}
