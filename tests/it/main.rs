//! Every test that looks at more than one crate, or at the command as users run it, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod budget;
mod edges;
