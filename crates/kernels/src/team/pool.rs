//! The threads behind a [`Team`](super::Team).
//!
//! One word tells all: the number of the job, whether it is open, and how many workers are inside. A worker enters an open job
//! that it has not seen, takes tasks until none is left, and leaves. The caller opens a job, takes tasks as well, closes it and
//! waits for the last worker to leave; a worker that sleeps through a job is not waited for.
//!
//! Each thread begins with a stretch of the tasks that is its own and then helps the others. So what one job wrote is read by the
//! same thread in the next, as far as both are cut alike: between cores that share no cache the way is long.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How often a worker looks for the next job before it sleeps: some 50 microseconds, which is longer than the gaps inside a
/// training step and shorter than anybody would notice.
const LOOKS: u32 = 4_000;

/// Bits 0 to 15 of the word: workers inside.
const INSIDE: u64 = 0xffff;
/// Bit 16: whether workers may enter.
const OPEN: u64 = 1 << 16;
/// Bits 17 and above: the number of the job.
const NEXT: u64 = 1 << 17;

/// Bits of a stretch's word that count; those above number its job.
const TAKEN: u64 = 0xffff_ffff;

/// A task as the caller lent it, its lifetime forgotten.
type Task = *const (dyn Fn(usize) + Sync);

#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    word: AtomicU64,
    job: UnsafeCell<Option<(Task, usize)>>,
    stretches: Box<[Stretch]>,
    /// What the first task that panicked has thrown.
    thrown: Mutex<Option<Box<dyn Any + Send>>>,
    quit: AtomicBool,
    asleep: AtomicUsize,
    bed: Mutex<()>,
    morning: Condvar,
}

// SAFETY: `job` is written by the one caller (see `Pool::run`) while the word is closed and nobody is inside, and read by workers
// that are inside: never at the same time. Entering reads the word that opening wrote, and the caller sees the word that the last
// one to leave wrote, so each sees what the other did before. The task it points to is `Sync`. All else is atomic or locked.
unsafe impl Sync for Shared {}
// SAFETY: only the pointer in `job` is not `Send` by itself, and the task it points to may be called by any thread.
unsafe impl Send for Shared {}

/// How many tasks of a thread's stretch are taken, in the lower half of a word; the upper half says of which job. So nobody has to
/// set it back before the next one. In a cache line of its own, which stays with its thread.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stretch(AtomicU64);

impl Stretch {
    /// Takes one of `len` tasks of a job, if any is left.
    fn take(&self, job: u64, len: usize) -> Option<usize> {
        let job = job << 32;
        let taken = |word: u64| if word & !TAKEN == job { (word & TAKEN) as usize } else { 0 };
        let more = |word: u64| (taken(word) < len).then(|| job | (taken(word) as u64 + 1));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(taken)
    }
}

impl Pool {
    pub(super) fn new(workers: usize) -> Pool {
        let workers = workers.min(INSIDE as usize - 1);
        let shared = Arc::new(Shared {
            word: AtomicU64::new(0),
            job: UnsafeCell::new(None),
            stretches: (0..=workers).map(|_| Stretch::default()).collect(),
            thrown: Mutex::new(None),
            quit: AtomicBool::new(false),
            asleep: AtomicUsize::new(0),
            bed: Mutex::new(()),
            morning: Condvar::new(),
        });
        let start = |i: usize| {
            let shared = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name(format!("baeum-{}", i + 1));
            builder.spawn(move || shared.work(i + 1)).ok()
        };
        let threads = (0..workers).map_while(start).collect();
        Pool { shared, threads }
    }

    /// The most tasks of a job.
    pub(super) const MOST: usize = TAKEN as usize;

    pub(super) fn workers(&self) -> usize {
        self.threads.len()
    }

    /// Calls `task` with every number below `count`, which is at most [`Pool::MOST`].
    ///
    /// # Safety
    /// While it runs, nobody else calls it: neither another thread nor a task.
    pub(super) unsafe fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes. The pointer is followed inside the job alone, and this function does not return
        // before the job is closed and everybody has left it. Nor does it unwind before: what tasks throw is caught and kept, and
        // nothing else here can panic.
        let task: Task = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Task>(task) };
        // SAFETY: by the caller's promise the job before was left by all and closed, so nobody reads.
        unsafe { *shared.job.get() = Some((task, count)) };
        let job = (shared.word.load(Ordering::Relaxed) + NEXT) / NEXT;
        if job & TAKEN == 0 {
            // Half a word numbers jobs: the first number again, so nothing of the old ones may be left.
            shared.stretches.iter().for_each(|stretch| stretch.0.store(0, Ordering::Relaxed));
        }
        shared.word.fetch_add(NEXT | OPEN, Ordering::SeqCst);
        if shared.asleep.load(Ordering::SeqCst) > 0 {
            drop(shared.in_bed());
            shared.morning.notify_all();
        }
        shared.take_tasks(0, job, task, count);
        shared.word.fetch_and(!OPEN, Ordering::AcqRel);
        let mut looks = 0;
        while shared.word.load(Ordering::Acquire) & INSIDE != 0 {
            looks += 1;
            // Where others want the processor too, a worker may have lost its core in the middle of a task: it can have this one.
            if looks % LOOKS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
        let thrown = shared.thrown().take();
        if let Some(thrown) = thrown {
            resume_unwind(thrown);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::SeqCst);
        drop(self.shared.in_bed());
        self.shared.morning.notify_all();
        for thread in self.threads.drain(..) {
            // A worker catches its panics, so it has none to hand over.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn in_bed(&self) -> MutexGuard<'_, ()> {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thrown(&self) -> MutexGuard<'_, Option<Box<dyn Any + Send>>> {
        self.thrown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a worker.
    fn work(&self, own: usize) {
        let mut seen = 0;
        while let Some(job) = self.wait_for_other_than(seen) {
            seen = job;
            if self.enter(job) {
                // SAFETY: this thread is inside, so the caller neither writes the job nor takes the task back.
                if let Some((task, count)) = unsafe { *self.job.get() } {
                    self.take_tasks(own, job, task, count);
                }
                self.word.fetch_sub(1, Ordering::Release);
            }
        }
    }

    /// The number of an open job that is not `seen`; none when the pool is dropped.
    fn wait_for_other_than(&self, seen: u64) -> Option<u64> {
        let fresh = || {
            let word = self.word.load(Ordering::SeqCst);
            (word & OPEN != 0 && word / NEXT != seen).then_some(word / NEXT)
        };
        loop {
            for _ in 0..LOOKS {
                if self.quit.load(Ordering::SeqCst) {
                    return None;
                }
                if let Some(job) = fresh() {
                    return Some(job);
                }
                std::hint::spin_loop();
            }
            let mut bed = self.in_bed();
            self.asleep.fetch_add(1, Ordering::SeqCst);
            // Looked at once more after `asleep` was raised: a caller that opened a job before saw no sleeper.
            while fresh().is_none() && !self.quit.load(Ordering::SeqCst) {
                bed = self.morning.wait(bed).unwrap_or_else(PoisonError::into_inner);
            }
            self.asleep.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Whether this worker is now inside the job.
    fn enter(&self, job: u64) -> bool {
        let entered = |word: u64| (word & OPEN != 0 && word / NEXT == job).then_some(word + 1);
        self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, entered).is_ok()
    }

    /// Takes tasks until none is left: those of the own stretch first, then those of the threads behind.
    fn take_tasks(&self, own: usize, job: u64, task: Task, count: usize) {
        let all = self.stretches.len();
        let start = |stretch: usize| (stretch as u64 * count as u64 / all as u64) as usize; // below 2^48
        for stretch in (own..all).chain(0..own) {
            let first = start(stretch);
            while let Some(i) = self.stretches[stretch].take(job, start(stretch + 1) - first) {
                self.do_task(task, first + i);
            }
        }
    }

    fn do_task(&self, task: Task, i: usize) {
        // SAFETY: the caller of `run` waits inside it until this thread has left the job, and there the task is borrowed.
        let task = unsafe { &*task };
        if let Err(thrown) = catch_unwind(AssertUnwindSafe(|| task(i))) {
            let mut first = self.thrown();
            match *first {
                None => *first = Some(thrown),
                // Not dropped: that might panic again, here where nobody catches it.
                Some(_) => std::mem::forget(thrown),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half a word numbers jobs, so after 2^32 of them a number comes again.
    #[test]
    fn numbers_of_jobs_come_again() {
        let pool = Pool::new(1);
        for first in [0, TAKEN - 1] {
            pool.shared.word.store(first * NEXT, Ordering::SeqCst);
            for _ in 0..4 {
                let done: [AtomicUsize; 9] = Default::default();
                let task = |i: usize| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                };
                // SAFETY: nobody else knows this pool.
                unsafe { pool.run(done.len(), &task) };
                assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1), "{done:?}");
            }
        }
    }
}
