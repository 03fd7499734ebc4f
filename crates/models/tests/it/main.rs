//! What can be asked of this crate from outside; one binary, so that candle is linked once.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod allocations;
mod by_hand;
mod candle_contract;
mod golden;
mod recipe;
mod threads;

/// Counts what every test allocates; one of them looks.
#[global_allocator]
static ALLOCATOR: baeum_kernels::Counting = baeum_kernels::Counting::new();
