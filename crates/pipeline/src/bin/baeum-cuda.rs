//! The same command, built for a graphics card: it starts only where the driver and the toolkit's libraries are, so that `baeum`, which
//! starts anywhere, stands beside it and becomes it.
#[path = "baeum.rs"]
mod baeum_command;

use std::process::ExitCode;

fn main() -> ExitCode {
    baeum_command::main()
}
