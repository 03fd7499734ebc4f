//! A team of threads that works on numbered tasks. Nothing is allocated once it stands.
//!
//! Which thread takes which task is left to chance; what a task computes never is. Tasks are cut by shapes alone, each writes
//! its own part, and so the number of threads decides no bit.

mod columns;
mod parts;
mod pool;

use std::sync::{Mutex, TryLockError};

pub(crate) use columns::{Column, Columns};
use pool::Pool;

/// Threads that share tasks. The caller is one of them.
#[derive(Debug)]
pub struct Team {
    pool: Pool,
    /// Held while tasks run: who finds it taken, inside a task or beside one, works alone.
    at_work: Mutex<()>,
}

impl Team {
    /// A team of this many threads, the caller counted in; at least one.
    ///
    /// A thread that the system refuses is done without: results do not depend on it.
    pub fn new(threads: usize) -> Team {
        Team { pool: Pool::new(threads.saturating_sub(1)), at_work: Mutex::new(()) }
    }

    /// How many threads there are, the caller counted in.
    pub fn threads(&self) -> usize {
        self.pool.workers() + 1
    }

    /// Calls `task` with every number below `count`, several at the same time, and returns when all are done.
    ///
    /// Inside a task it calls them one after the other. A panic in a task is passed on once the threads are done with the others.
    pub fn run(&self, count: usize, task: &(impl Fn(usize) + Sync)) {
        let guard = match self.at_work.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        match guard {
            Some(_guard) if count > 1 && self.pool.workers() > 0 => {
                let each = count.div_ceil(Pool::MOST);
                let several = |i: usize| (i * each..count.min((i + 1) * each)).for_each(task);
                // SAFETY: the guard is held until the pool is done, so whoever else comes here, a task too, finds it taken.
                unsafe { self.pool.run(count.div_ceil(each), &several) }
            }
            Some(_) | None => (0..count).for_each(task),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_task_is_done_once() {
        for threads in [1, 2, 3, 8] {
            let team = Team::new(threads);
            for count in [0, 1, 2, 7, 1000, (1 << 20) + 5] {
                let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                team.run(count, &|i| {
                    done[i].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|times| times.load(Ordering::Relaxed) == 1), "{threads} {count}");
            }
        }
    }

    #[test]
    fn thousands_of_short_jobs_follow_each_other() {
        let team = Team::new(4);
        let sum = AtomicUsize::new(0);
        for _ in 0..20_000 {
            team.run(3, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
        }
        assert_eq!(sum.load(Ordering::Relaxed), 60_000);
    }

    #[test]
    fn a_job_inside_a_task_is_done_by_its_thread() {
        let team = Team::new(2);
        let sum = AtomicUsize::new(0);
        team.run(4, &|_| {
            team.run(5, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.load(Ordering::Relaxed), 40);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_works_on() {
        let team = Team::new(3);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            team.run(8, &|i| assert_ne!(i, 5, "five"));
        }));
        // It is the task's own panic.
        assert!(result.unwrap_err().downcast_ref::<String>().unwrap().contains("five"));
        let sum = AtomicUsize::new(0);
        team.run(8, &|i| {
            sum.fetch_add(i, Ordering::Relaxed);
        });
        assert_eq!(sum.load(Ordering::Relaxed), 28);
    }

    #[test]
    fn what_tasks_throw_may_panic_again_when_it_is_dropped() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::resume_unwind(Box::new("dropped"));
            }
        }
        let team = Team::new(2);
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            team.run(8, &|_| std::panic::resume_unwind(Box::new(Bomb)));
        }));
        std::mem::forget(result.unwrap_err().downcast::<Bomb>().unwrap());
        team.run(8, &|_| {});
    }

    #[test]
    fn sleeping_threads_wake_up() {
        let team = Team::new(2);
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(20));
            let sum = AtomicUsize::new(0);
            team.run(100, &|i| {
                sum.fetch_add(i, Ordering::Relaxed);
            });
            assert_eq!(sum.load(Ordering::Relaxed), 4950);
        }
    }
}
