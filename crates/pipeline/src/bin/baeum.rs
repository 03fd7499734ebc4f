//! The `baeum` command.
use std::process::ExitCode;

fn main() -> ExitCode {
    baeum::cli::main()
}
