//! `cargo xtask campaign`: built as the command is, then run. All it does stands in `baeum_tests::campaign`.
use std::io;
use std::process::ExitCode;

use baeum_tests::campaign;
use clap::Parser;

fn main() -> io::Result<ExitCode> {
    // The command that was built with it lies beside it.
    let binary = std::env::current_exe()?.with_file_name("baeum");
    let well = campaign::run(campaign::Arguments::parse(), &binary)?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
