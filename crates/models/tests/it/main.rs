//! What can be asked of this crate from outside; one binary, so that candle is linked once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod by_hand;
mod candle_contract;
mod golden;
mod recipe;
mod threads;
