//! `cargo xtask bench`: built as the command is, then run. All it does stands in `baeum_tests::bench`.
use std::io::{self, Write};
use std::process::ExitCode;

use baeum_tests::bench;
use clap::Parser;

/// The allocator of the `baeum` command, so that what is measured is what users run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match bench::run(&bench::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", error.chain());
            ExitCode::FAILURE
        }
    }
}
