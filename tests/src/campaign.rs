//! Faults in great numbers, for a night rather than for each change: `cargo xtask campaign`.
//!
//! [`kill()`] sends SIGKILL to the command while it runs one of [`SUBJECTS`], again and again until it gets to its end, and wants
//! the bytes of an undisturbed run. `tests/it/crash.rs` does so a few times in each test run.

mod ending;
mod kill;
mod subjects;
mod table;

use std::io::{self, Write};
use std::path::Path;

use clap::{Parser, Subcommand};

pub use kill::{Attempt, Failure, Kills, Tally, Wrong, kill};
pub use subjects::{SUBJECTS, Subject};
pub use table::table;

/// Faults in great numbers.
#[derive(Debug, Parser)]
#[command(name = "campaign", max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    campaign: Campaign,
}

#[derive(Debug, Subcommand)]
enum Campaign {
    /// Kill runs at random moments, let the same command go on, and compare every byte with an undisturbed run.
    Kill {
        /// How many kills in all.
        #[arg(long, value_name = "N", default_value_t = 1000)]
        kills: usize,
        /// Decides when each comes, and how many threads go on.
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
        /// One recipe alone.
        #[arg(long, value_name = "NAME", value_parser = SUBJECTS.map(|subject| subject.name))]
        only: Option<String>,
        /// The run to begin with, to repeat one that went wrong.
        #[arg(long, value_name = "RUN", default_value_t = 0)]
        first: u64,
    },
}

/// Does what the command line says, with the command `binary`; whether nothing went wrong.
///
/// # Errors
/// If the figures cannot be printed.
pub fn run(arguments: Arguments, binary: &Path) -> io::Result<bool> {
    let Campaign::Kill { kills, seed, only, first } = arguments.campaign;
    let tell = |tally: &Tally| {
        let Tally { subject, runs, kills, failures, .. } = tally;
        let _ = write!(io::stderr(), "\r{subject}: {kills} kills, {runs} runs, {} wrong ", failures.len());
    };
    let tallies = kill(&Kills { count: kills, seed, only, first }, binary, tell);
    write!(io::stdout(), "{}", table(&tallies, seed))?;
    Ok(tallies.iter().all(|tally| tally.failures.is_empty()))
}
