//! `cargo xtask results`: built as the command is, then run. All it does stands in `baeum_tests::results`.
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use baeum_tests::{chain, results};
use clap::Parser;

fn main() -> ExitCode {
    match results::run(&results::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let error: &dyn Error = &error;
            let _ = writeln!(io::stderr(), "error: {}", chain(error));
            ExitCode::FAILURE
        }
    }
}
