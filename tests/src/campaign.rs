//! Faults in great numbers, for a night rather than for each change: `cargo xtask campaign`.
//!
//! [`kill()`] sends SIGKILL to the command while it runs one of [`SUBJECTS`], again and again until it gets to its end, and wants
//! the bytes of an undisturbed run. [`resume()`] interrupts trainings at each kind of place under each kind of setting.
//! `tests/it/crash.rs` does so a few times in each test run.

mod cost;
mod ending;
mod kill;
mod resume;
mod subjects;
mod table;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use clap::{Parser, Subcommand};

pub use cost::{BOUND, Cost};
pub use kill::{Attempt, Failure, Kills, Tally, Wrong, kill};
pub use resume::{Cell, resume};
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
    /// Interrupt trainings before each kind of batch and epoch, with each kind of threads and batches, go on, and compare every byte
    /// with undisturbed ones: 432 cells.
    Resume,
    /// Train digits with checkpoints and without, in pairs, and tell what they cost; for a quiet machine.
    Checkpoints {
        /// How many pairs.
        #[arg(long, value_name = "N", default_value = "11")]
        pairs: NonZeroUsize,
    },
}

/// Does what the command line says, with the command `binary`; whether nothing went wrong.
///
/// # Errors
/// If the figures cannot be printed.
pub fn run(arguments: Arguments, binary: &Path) -> io::Result<bool> {
    match arguments.campaign {
        Campaign::Kill { kills, seed, only, first } => {
            kill_and_tell(&Kills { count: kills, seed, only, first }, binary)
        }
        Campaign::Resume => resume_and_tell(),
        Campaign::Checkpoints { pairs } => {
            let cost = Cost::measure(binary, pairs.get());
            write!(io::stdout(), "{}", cost.line())?;
            Ok(cost.share() <= BOUND)
        }
    }
}

fn resume_and_tell() -> io::Result<bool> {
    let cells = Cell::all();
    let wrong = resume(&cells, |done| {
        let _ = write!(io::stderr(), "\r{done} of {} cells ", cells.len());
    });
    let list: String = wrong.iter().map(|cell| format!("- {cell}\n")).collect();
    write!(io::stdout(), "\n{} of {} cells end in other bytes\n{list}", wrong.len(), cells.len())?;
    Ok(wrong.is_empty())
}

fn kill_and_tell(kills: &Kills, binary: &Path) -> io::Result<bool> {
    let tell = |tally: &Tally| {
        let Tally { subject, runs, kills, failures, .. } = tally;
        let _ = write!(io::stderr(), "\r{subject}: {kills} kills, {runs} runs, {} wrong ", failures.len());
    };
    let tallies = kill(kills, binary, tell);
    write!(io::stdout(), "{}", table(&tallies, kills.seed))?;
    Ok(tallies.iter().all(|tally| tally.failures.is_empty()))
}
