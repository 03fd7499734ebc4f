//! The seam to time, so that a test can say how much of it has passed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from.
///
/// Logic asks for [`elapsed`](Clock::elapsed) alone. [`wall`](Clock::wall) is for people's eyes: it jumps,
/// and it never enters hashed bytes.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time since this clock was made; it never goes back.
    fn elapsed(&self) -> Duration;

    /// The time since 1 January 1970, UTC, as the system believes it; zero if the system believes in an
    /// earlier date.
    fn wall(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn wall(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A clock that stands still until it is told to move. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    elapsed: Arc<Mutex<Duration>>,
    start: Duration,
}

impl ManualClock {
    /// A clock that was made `start` after 1 January 1970.
    pub fn new(start: Duration) -> Self {
        Self { elapsed: Arc::default(), start }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for ManualClock {
    fn elapsed(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wall(&self) -> Duration {
        self.start + self.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_when_told() {
        let clock = ManualClock::new(Duration::from_secs(1_000));
        let same: Box<dyn Clock> = Box::new(clock.clone());
        assert_eq!((same.elapsed(), same.wall()), (Duration::ZERO, Duration::from_secs(1_000)));
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(same.elapsed(), Duration::from_millis(1_500));
        assert_eq!(same.wall(), Duration::from_millis(1_001_500));
    }

    #[test]
    fn the_system_clock_never_goes_back() {
        let clock = SystemClock::new();
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first);
        assert!(clock.wall() > Duration::from_secs(1_700_000_000), "a machine set before 2023");
    }
}
