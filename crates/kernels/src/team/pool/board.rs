//! Where a caller writes a job and workers look for it.

use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

use super::place::NUMBERS;

/// Calls a task, of which only the address is known, with a number.
type Call = unsafe fn(*const (), usize);

/// A job, one line of memory.
///
/// Written by the caller alone and read at any time: a reader that finds other numbers before and after knows that what it read is
/// mixed (a sequence lock; Boehm, "Can Seqlocks Get Along with Programming Language Memory Models?", 2012).
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Board {
    /// Twice the number of the job; one more while it is written.
    version: AtomicU64,
    call: AtomicPtr<()>,
    data: AtomicPtr<()>,
    count: AtomicUsize,
}

/// Tasks numbered from 0, of which some may be taken and done already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// Below [`NUMBERS`]; no two that follow each other are the same.
    pub(super) number: u64,
    /// How many tasks there are.
    pub(super) count: usize,
    call: *mut (),
    data: *mut (),
}

impl Job {
    /// What a board shows that nobody has written on.
    pub(super) const NONE: Job =
        Job { number: 0, count: 0, call: std::ptr::null_mut(), data: std::ptr::null_mut() };

    /// The tasks of the thread `own` among so many: at least one for the first.
    pub(super) fn stretch(&self, own: usize, threads: usize) -> std::ops::Range<usize> {
        let start = |own: usize| (own * self.count).div_ceil(threads);
        start(own)..start(own + 1)
    }

    /// Calls task `i`.
    ///
    /// # Safety
    /// The job was made by [`Board::next`] with a task that is still borrowed.
    pub(super) unsafe fn call(&self, i: usize) {
        // SAFETY: by the caller's promise both come from `Board::next`: `call` is the function of the type of `data`.
        unsafe { std::mem::transmute::<*mut (), Call>(self.call)(self.data, i) }
    }
}

/// # Safety
/// `data` is a borrowed `F`.
unsafe fn call<F: Fn(usize)>(data: *const (), i: usize) {
    // SAFETY: by the caller's promise.
    unsafe { (*data.cast::<F>())(i) }
}

impl Board {
    /// The job behind the one that the board shows, not yet written.
    pub(super) fn next<F: Fn(usize) + Sync>(&self, count: usize, task: &F) -> Job {
        let number = (self.version.load(Ordering::Relaxed) / 2 + 1) % NUMBERS;
        let data = std::ptr::from_ref(task).cast::<()>().cast_mut(); // which nobody writes through
        Job { number, count, call: call::<F> as Call as *mut (), data }
    }

    /// Shows a job. Whoever reads it sees what its writer did before.
    pub(super) fn post(&self, job: &Job) {
        self.version.store(2 * job.number + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.call.store(job.call, Ordering::Relaxed);
        self.data.store(job.data, Ordering::Relaxed);
        self.count.store(job.count, Ordering::Relaxed);
        self.version.store(2 * job.number, Ordering::Release);
    }

    /// The job that is shown; none while it is written.
    pub(super) fn read(&self) -> Option<Job> {
        let version = self.version.load(Ordering::Acquire);
        let job = Job {
            number: version / 2,
            count: self.count.load(Ordering::Relaxed),
            call: self.call.load(Ordering::Relaxed),
            data: self.data.load(Ordering::Relaxed),
        };
        fence(Ordering::Acquire);
        (version.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == version).then_some(job)
    }

    /// Whether it shows this job.
    pub(super) fn shows(&self, job: &Job) -> bool {
        self.version.load(Ordering::Relaxed) == 2 * job.number
    }

    #[cfg(test)]
    pub(super) fn set_number(&self, number: u64) {
        self.version.store(2 * number, Ordering::Relaxed);
    }
}
