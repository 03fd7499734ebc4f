//! Every test that looks at more than one crate, or at the command as users run it, in one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod bad_files;
mod bad_input;
mod beside;
mod budget;
mod crash;
mod devices;
mod dialects;
mod edges;
mod faults;
mod heads;
mod imbalance;
mod inputs;
mod interop;
mod labels;
mod lessons;
mod limits;
mod memory;
mod mixing;
mod pages;
mod quantiles;
mod rate;
mod seeds;
mod sentinel;
mod start;
mod swap;
mod tabm;
mod targets;
mod texts;
mod traps;
mod two_images;
mod unseen;
mod watchers;
mod workloads;

/// Counts what every test allocates; one of them looks.
#[global_allocator]
static ALLOCATOR: baeum_kernels::Counting = baeum_kernels::Counting::new();
