//! The command for a graphics card stands beside this one. candle links what a card is driven with, so that command starts only where
//! all of it is; this one starts anywhere, and becomes the other where a recipe names the card.
use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory;

use super::Failure;
use super::args::Cli;
use crate::recipe::{CheckError, Problem, RunConfigError};

const NAME: &str = "baeum-cuda";

/// Becomes the command for the card, with the same words, if it is there and this one was refused for want of it. Returns only if not,
/// with what is to be said.
pub(super) fn become_other(failure: Failure) -> Failure {
    match other().filter(|_| is_for_the_card(&failure)) {
        Some(other) => become_it(&other),
        None => failure,
    }
}

fn is_for_the_card(failure: &Failure) -> bool {
    let Failure::Recipe(error) = failure else { return false };
    matches!(error.problem(), Problem::Refused(CheckError::Run(RunConfigError::Device("cuda"))))
}

fn other() -> Option<PathBuf> {
    env::current_exe().ok().map(|this| this.with_file_name(NAME)).filter(|other| other.is_file())
}

/// Asks it for its version first: what the system says of a program that it cannot load would otherwise be all that anybody reads.
fn become_it(other: &Path) -> Failure {
    let version = Cli::command().render_long_version();
    let why = match Command::new(other).arg("--version").output() {
        Err(error) => error.to_string(),
        Ok(asked) if !asked.status.success() => {
            // The system's loader begins with the name of the program, which is said already.
            let (said, name) = (last_line(&asked.stderr), format!("{}: ", other.display()));
            said.strip_prefix(&name).unwrap_or(&said).to_owned()
        }
        Ok(asked) if asked.stdout != version.as_bytes() => {
            format!("it is `{}`, this is `{}`", last_line(&asked.stdout), version.trim())
        }
        Ok(_) => Command::new(other).args(env::args_os().skip(1)).exec().to_string(),
    };
    Failure::Beside { command: other.to_owned(), why }
}

fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().last().unwrap_or("it says nothing").escape_debug().to_string()
}
