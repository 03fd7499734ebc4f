//! How long training has taken. What the recipe says in minutes is all that depends on it.

use std::time::Duration;

use baeum_core::Clock;

/// Counts from where an interrupted training left off.
pub(crate) struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    began: Duration,
    before: Duration,
    kept: Duration,
}

impl<'a> Stopwatch<'a> {
    /// Begins to count behind what was counted before.
    pub(crate) fn begin(clock: &'a dyn Clock, before: Duration) -> Stopwatch<'a> {
        let began = clock.elapsed();
        Stopwatch { clock, began, before, kept: began }
    }

    /// All of it, with what was counted before.
    pub(crate) fn total(&self) -> Duration {
        self.before.saturating_add(self.clock.elapsed() - self.began)
    }

    /// Since a checkpoint was kept, or since it began to count.
    pub(crate) fn since_kept(&self) -> Duration {
        self.clock.elapsed() - self.kept
    }

    /// A checkpoint was kept.
    pub(crate) fn keep(&mut self) {
        self.kept = self.clock.elapsed();
    }
}

/// So many minutes, or as many as there are.
pub(crate) fn minutes(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use baeum_core::clock::ManualClock;

    use super::*;

    #[test]
    fn it_goes_on_counting_behind_an_interruption() {
        let clock = ManualClock::default();
        clock.advance(minutes(100.0));
        let mut time = Stopwatch::begin(&clock, minutes(7.0));
        clock.advance(minutes(1.5));
        assert_eq!((time.total(), time.since_kept()), (minutes(8.5), minutes(1.5)));
        time.keep();
        clock.advance(minutes(0.25));
        assert_eq!((time.total(), time.since_kept()), (minutes(8.75), minutes(0.25)));
    }

    #[test]
    fn minutes_that_no_clock_can_count_are_as_many_as_there_are() {
        assert_eq!(minutes(0.5), Duration::from_secs(30));
        assert_eq!(minutes(1e300), Duration::MAX);
    }
}
