//! Every test that looks at more than one crate, or at the command as users run it, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod bad_input;
mod budget;
mod crash;
mod edges;
mod faults;
mod interop;
mod lessons;
mod limits;
mod pages;
mod swap;
