//! The proof that a file agrees with the predictor it was written from.
mod answers;
mod check;
mod engine;
mod feed;
mod golden;
mod manifest;
mod parity;
mod recurrent;
mod reference;
mod resize;
mod rten;

pub use check::{Verified, verify};
pub use golden::Golden;
pub use manifest::{Entry, FileEntry, Manifest};
pub use parity::{Parity, TargetParity, compare};

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests;
