//! The threads behind a [`Team`](super::Team).
//!
//! A caller writes a job on the [`Board`], where workers look. Each thread, the caller too, begins with a stretch of the tasks that
//! is its own, and says at its [`Place`] how many it has done; the caller leaves when all are. So in most jobs one line of memory
//! goes to a worker and one comes back, and no more: between cores that share no cache the way is long. And what one job wrote is
//! read by the same thread in the next, as far as both are cut alike.
//!
//! Who has waited a moment in vain, for the others to end or for the next job, helps the others. A worker that sleeps through a job
//! is not waited for: its tasks are done by who helps.

mod board;
mod place;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use board::{Board, Job};
use place::Place;

/// How often a worker looks for the next job before it sleeps: some 50 microseconds, which is longer than the gaps inside a
/// training step and shorter than anybody would notice.
const LOOKS: u32 = 4_000;

/// How often a thread looks before it helps: less than a microsecond. To look at the tasks of another takes their line of memory
/// away from it.
const PATIENCE: u32 = 50;

#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    board: Board,
    /// The caller's, then the workers'.
    places: Box<[Place]>,
    /// What the first task that panicked has thrown, and whether one has.
    thrown: Mutex<Option<Box<dyn Any + Send>>>,
    has_thrown: AtomicBool,
    quit: AtomicBool,
    asleep: AtomicUsize,
    bed: Mutex<()>,
    morning: Condvar,
}

impl Pool {
    pub(super) fn new(workers: usize) -> Pool {
        let shared = Arc::new(Shared {
            board: Board::default(),
            places: (0..=workers).map(|_| Place::default()).collect(),
            thrown: Mutex::new(None),
            has_thrown: AtomicBool::new(false),
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
    pub(super) const MOST: usize = place::MOST;

    pub(super) fn workers(&self) -> usize {
        self.threads.len()
    }

    /// Calls `task` with every number below `count`, which is above zero and at most [`Pool::MOST`].
    ///
    /// # Safety
    /// While it runs, nobody else calls it: neither another thread nor a task.
    pub(super) unsafe fn run<F: Fn(usize) + Sync>(&self, count: usize, task: &F) {
        let shared = &*self.shared;
        let job = shared.board.next(count, task);
        shared.places.iter().for_each(|place| place.renew(&job));
        // The first task is taken before anybody sees the job: to take it later would wait until the others have seen it.
        shared.places[0].begin(&job);
        shared.board.post(&job);
        shared.wake();
        shared.do_task(&job, 0);
        // Once more, behind a fence: who was falling asleep may have missed the job, and the caller the sleeper.
        fence(Ordering::SeqCst);
        shared.wake();
        let done = 1 + shared.work_off(0, &job);
        shared.await_others(&job, done);
        if shared.has_thrown.swap(false, Ordering::Relaxed)
            && let Some(thrown) = shared.thrown().take()
        {
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

    fn wake(&self) {
        if self.asleep.load(Ordering::Relaxed) > 0 {
            drop(self.in_bed());
            self.morning.notify_all();
        }
    }

    /// The life of a worker.
    fn work(&self, own: usize) {
        let mut seen = Job::NONE;
        while self.wait_for_other_than(&seen) {
            let Some(job) = self.board.read() else { continue };
            seen = job;
            let done = self.work_off(own, &job);
            if done > 0 {
                self.places[own].tell(&job, done);
            }
            if !looks(PATIENCE, || !self.board.shows(&job)) {
                let helped = self.help(own, &job);
                if helped > 0 {
                    self.places[own].tell(&job, done + helped);
                }
            }
        }
    }

    /// Returns when another job is shown or being written; false when the pool is dropped.
    fn wait_for_other_than(&self, seen: &Job) -> bool {
        let quits = || self.quit.load(Ordering::SeqCst);
        let is_over = || quits() || !self.board.shows(seen);
        if !looks(LOOKS, is_over) {
            let mut bed = self.in_bed();
            self.asleep.fetch_add(1, Ordering::SeqCst);
            // Looked at once more after `asleep` was raised: a caller that wrote a job before saw no sleeper.
            fence(Ordering::SeqCst);
            while !is_over() {
                bed = self.morning.wait(bed).unwrap_or_else(PoisonError::into_inner);
            }
            self.asleep.fetch_sub(1, Ordering::SeqCst);
        }
        !quits()
    }

    /// Does the tasks of a stretch until none is left to take; says how many.
    fn work_off(&self, stretch: usize, job: &Job) -> usize {
        let tasks = job.stretch(stretch, self.places.len());
        let mut done = 0;
        while let Some(i) = self.places[stretch].take(job, tasks.len()) {
            self.do_task(job, tasks.start + i);
            done += 1;
        }
        done
    }

    /// Does what is left of the others' stretches.
    fn help(&self, own: usize, job: &Job) -> usize {
        (own + 1..self.places.len()).chain(0..own).map(|stretch| self.work_off(stretch, job)).sum()
    }

    /// Returns when all tasks are done, of which the caller did so many.
    fn await_others(&self, job: &Job, mut done: usize) {
        let others = || self.places[1..].iter().map(|place| place.done(job)).sum::<usize>();
        if looks(PATIENCE, || done + others() == job.count) {
            return;
        }
        done += self.help(0, job);
        while !looks(LOOKS, || done + others() == job.count) {
            // Where others want the processor too, a worker may have lost its core in the middle of a task: it can have this one.
            std::thread::yield_now();
        }
    }

    /// Does a task that this thread took, or that the caller has.
    fn do_task(&self, job: &Job, i: usize) {
        // SAFETY: the caller of `run` borrows the task and waits inside until every task was said to be done. This one is not before
        // this function returns; and it could be taken, so the job was not yet over. Nor does `run` unwind before: what tasks throw is
        // caught and kept, and nothing else there can panic.
        let task = || unsafe { job.call(i) };
        if let Err(thrown) = catch_unwind(AssertUnwindSafe(task)) {
            let mut first = self.thrown();
            match *first {
                None => *first = Some(thrown),
                // Not dropped: that might panic again, here where nobody catches it.
                Some(_) => std::mem::forget(thrown),
            }
            self.has_thrown.store(true, Ordering::Relaxed);
        }
    }
}

/// Looks so many times whether something is so, and says whether it was.
fn looks(times: u32, is_so: impl Fn() -> bool) -> bool {
    (0..times).any(|_| {
        let found = is_so();
        if !found {
            std::hint::spin_loop();
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words number jobs with fewer bits than there are numbers, so they come again, and words of long ago are renewed.
    #[test]
    fn numbers_of_jobs_come_again() {
        let pool = Pool::new(2);
        for first in [0, 1, 2, 3, 4].map(|quarter| quarter * (place::NUMBERS / 4)) {
            pool.shared.board.set_number(first.saturating_sub(2) % place::NUMBERS);
            for count in [9, 2, 1, 3, 9, 2] {
                let done: [AtomicUsize; 9] = Default::default();
                let task = |i: usize| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                };
                // SAFETY: nobody else knows this pool.
                unsafe { pool.run(count, &task) };
                let times = done.map(AtomicUsize::into_inner);
                assert!(
                    times.iter().enumerate().all(|(i, times)| *times == usize::from(i < count)),
                    "{times:?}"
                );
            }
        }
    }
}
