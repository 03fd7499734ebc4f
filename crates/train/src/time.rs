//! How long training has taken. What the recipe says in minutes, and which checkpoints there are, is all that depends on it.

use std::time::Duration;

use baeum_core::Clock;

/// Counts from where an interrupted training left off.
pub(crate) struct Stopwatch<'a> {
    clock: &'a dyn Clock,
    began: Duration,
    before: Duration,
    kept: Duration,
    /// How long the last checkpoint took to keep.
    took: Duration,
}

/// No checkpoint is sooner behind another, unless the recipe says so: to do less than this again costs nobody much.
const SOONEST: Duration = Duration::from_secs(10);

/// How many times as long training goes on as the last checkpoint took: so all of them take a twentieth of it at most.
const TIMES: u32 = 20;

impl<'a> Stopwatch<'a> {
    /// Begins to count behind what was counted before.
    pub(crate) fn begin(clock: &'a dyn Clock, before: Duration) -> Stopwatch<'a> {
        let began = clock.elapsed();
        Stopwatch { clock, began, before, kept: began, took: Duration::ZERO }
    }

    /// All of it, with what was counted before.
    pub(crate) fn total(&self) -> Duration {
        self.before.saturating_add(self.clock.elapsed() - self.began)
    }

    /// Since a checkpoint was kept, or since it began to count.
    pub(crate) fn since_kept(&self) -> Duration {
        self.clock.elapsed() - self.kept
    }

    /// Has a checkpoint kept, and notes how long that took.
    pub(crate) fn keep<E>(&mut self, keep: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let before = self.clock.elapsed();
        keep()?;
        self.kept = self.clock.elapsed();
        self.took = self.kept - before;
        Ok(())
    }

    /// Whether enough was learned since the last checkpoint for the next one to cost little of the time.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.since_kept() >= SOONEST.max(self.took.saturating_mul(TIMES))
    }
}

/// So many minutes, or as many as there are.
pub(crate) fn minutes(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
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
        time.keep(|| Ok::<(), ()>(())).unwrap();
        clock.advance(minutes(0.25));
        assert_eq!((time.total(), time.since_kept()), (minutes(8.75), minutes(0.25)));
    }

    #[test]
    fn a_checkpoint_waits_ten_seconds_and_twenty_times_what_the_last_one_took() {
        let clock = ManualClock::default();
        let mut time = Stopwatch::begin(&clock, minutes(7.0));
        let mut worth = |seconds: u64, took: u64| {
            let waits = [seconds - 1, 1].map(|seconds| {
                clock.advance(Duration::from_secs(seconds));
                time.is_worth_keeping()
            });
            let keep = || {
                clock.advance(Duration::from_secs(took));
                Ok::<(), ()>(())
            };
            time.keep(keep).unwrap();
            waits
        };
        assert_eq!(worth(10, 0), [false, true], "what was before an interruption is kept");
        assert_eq!(worth(10, 3), [false, true]);
        assert_eq!(worth(60, 1), [false, true]);
        assert_eq!(worth(20, 0), [false, true]);
    }

    #[test]
    fn what_could_not_be_kept_was_not() {
        let clock = ManualClock::default();
        let mut time = Stopwatch::begin(&clock, Duration::ZERO);
        clock.advance(SOONEST);
        assert_eq!(time.keep(|| Err("full")), Err("full"));
        assert_eq!(time.since_kept(), SOONEST);
    }

    #[test]
    fn minutes_that_no_clock_can_count_are_as_many_as_there_are() {
        assert_eq!(minutes(0.5), Duration::from_secs(30));
        assert_eq!(minutes(1e300), Duration::MAX);
    }
}
