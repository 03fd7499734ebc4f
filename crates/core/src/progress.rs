use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The seam to whoever waits: what long work is about, and how far it is. Clones tell of the same work.
///
/// Work counts and nobody is called: who wants to know looks, as often as suits a person's eyes. One phase follows the
/// other; each piece that is done costs one addition.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Told>);

#[derive(Default)]
struct Told {
    /// Which phase it is, its name, and how many pieces it has; a name of nothing stands for no work.
    phase: Mutex<(usize, &'static str, usize)>,
    done: AtomicUsize,
}

/// A phase of work, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// How many came before it.
    pub number: usize,
    /// What is done, such as `reading`.
    pub name: &'static str,
    /// How many pieces are done; 0 also where nobody counts.
    pub done: usize,
    /// How many there are; 0 if nobody knows.
    pub of: usize,
}

impl Phase {
    /// The share that is done, if pieces are counted, and no more than were expected.
    pub fn share(&self) -> Option<f64> {
        let is_counted = self.done > 0 && self.done <= self.of;
        is_counted.then(|| self.done as f64 / self.of as f64)
    }
}

impl Progress {
    /// The next phase begins, of so many pieces; 0 if nobody knows how many.
    pub fn begin(&self, name: &'static str, of: usize) {
        let mut phase = self.0.phase.lock().unwrap_or_else(PoisonError::into_inner);
        *phase = (phase.0 + 1, name, of);
        self.0.done.store(0, Ordering::Relaxed);
    }

    /// More pieces of the present phase are done.
    pub fn add(&self, pieces: usize) {
        self.0.done.fetch_add(pieces, Ordering::Relaxed);
    }

    /// The work is done.
    pub fn end(&self) {
        self.begin("", 0);
    }

    /// The present phase; none while there is no work.
    pub fn phase(&self) -> Option<Phase> {
        let (number, name, of) = *self.0.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.0.done.load(Ordering::Relaxed);
        (!name.is_empty()).then_some(Phase { number, name, done, of })
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn clones_tell_of_the_same_work() {
        let progress = Progress::default();
        assert_eq!(progress.phase(), None);
        let other = progress.clone();
        progress.begin("reading", 4);
        other.add(3);
        let phase = progress.phase().unwrap();
        assert_eq!((phase.name, phase.done, phase.of, phase.share()), ("reading", 3, 4, Some(0.75)));
        other.begin("fitting", 0);
        let next = progress.phase().unwrap();
        assert_eq!((next.number, next.name, next.done), (phase.number + 1, "fitting", 0));
        other.end();
        assert_eq!(progress.phase(), None);
    }

    #[test]
    fn a_share_wants_pieces_that_are_counted() {
        let share = |done, of| Phase { number: 0, name: "reading", done, of }.share();
        assert_eq!([share(0, 4), share(5, 4), share(3, 0)], [None; 3]);
        assert_eq!(share(4, 4), Some(1.0));
    }
}
