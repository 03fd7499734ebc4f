//! The `baeum` command.
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Data loading and candle's networks allocate at every step; this allocator keeps what it has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// candle reads this once, before anything else could say it; its pool spins between products and costs more than it brings.
const CANDLE_THREADS: &str = "CANDLE_NUM_THREADS";

pub(crate) fn main() -> ExitCode {
    if env::var_os(CANDLE_THREADS).is_none()
        && let Ok(itself) = env::current_exe()
    {
        // Becomes the same program with the variable set; returns only if that fails, and then it is merely slower.
        let _ = Command::new(itself).args(env::args_os().skip(1)).env(CANDLE_THREADS, "1").exec();
    }
    baeum::cli::main()
}
