//! What a thread of the team has of a job.

use std::sync::atomic::{AtomicU64, Ordering};

use super::board::Job;

/// Bits of a word that count tasks; those above have the number of their job.
const BITS: u32 = 20;

/// The most tasks that a word counts.
pub(super) const MOST: usize = (1 << BITS) - 1;

/// Jobs are numbered below this, then from zero again.
pub(super) const NUMBERS: u64 = 1 << (u64::BITS - BITS);

/// A thread's tasks, and how many it has done: each in a line of its own, so that who looks at the one leaves the other alone.
///
/// Both words say of which job they are, so nobody has to set them back for the next. A number counts as later than another if it is
/// at most half of all numbers ahead: a thread would have to stand still for 2^43 jobs, which take months, to take a later for an
/// earlier one.
#[derive(Debug, Default)]
pub(super) struct Place {
    taken: Word,
    done: Word,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Word(AtomicU64);

impl Place {
    /// Takes one of the `len` tasks here, if the job is still the latest and any is left.
    ///
    /// Of a job whose tasks are all done nothing is left to take, whatever came behind it.
    pub(super) fn take(&self, job: &Job, len: usize) -> Option<usize> {
        let taken = |word: u64| match job.number.wrapping_sub(word >> BITS) % NUMBERS {
            0 => Some(word as usize & MOST),
            behind if behind < NUMBERS / 2 => Some(0),
            _ => None, // it is of a later job
        };
        let more =
            |word: u64| taken(word).filter(|taken| *taken < len).map(|taken| pack(job.number, taken + 1));
        self.taken.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().and_then(taken)
    }

    /// Takes the first task, of a job that nobody else knows yet.
    pub(super) fn begin(&self, job: &Job) {
        self.taken.0.store(pack(job.number, 1), Ordering::Relaxed);
    }

    /// Says how many tasks this thread has done, here and elsewhere. Whoever reads it sees what they wrote.
    pub(super) fn tell(&self, job: &Job, done: usize) {
        self.done.0.store(pack(job.number, done), Ordering::Release);
    }

    /// How many it said.
    pub(super) fn done(&self, job: &Job) -> usize {
        let word = self.done.0.load(Ordering::Acquire);
        if word >> BITS == job.number { word as usize & MOST } else { 0 }
    }

    /// From time to time, before a job: words of long ago would look as if they were of later ones.
    pub(super) fn renew(&self, job: &Job) {
        if job.number.is_multiple_of(NUMBERS / 4) {
            let before = job.number.wrapping_sub(1) % NUMBERS;
            self.taken.0.store(pack(before, MOST), Ordering::Relaxed);
            self.done.0.store(pack(before, 0), Ordering::Relaxed);
        }
    }
}

fn pack(number: u64, tasks: usize) -> u64 {
    number << BITS | tasks as u64
}
