use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use baeum_core::fs::FsError;

use super::advice::advice;
use crate::StageError;
use crate::artifacts::ArtifactError;
use crate::fetch::FetchError;
use crate::label::LabelError;
use crate::predict::PredictError;
use crate::recipe::RecipeError;
use crate::run::RunError;
use crate::watch::LogError;

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum Failure {
    #[error(transparent)]
    Recipe(#[from] Box<RecipeError>),
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Label(#[from] LabelError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Fs(#[from] FsError),
    /// The operating system gave no way to hear of signals.
    #[error("could not listen for signals")]
    Signals(#[source] io::Error),
    /// A signal came, and a checkpoint was kept.
    #[error("stopped by {}; the same command goes on from the last checkpoint", signal(*.0))]
    Stopped(u8),
    /// A signal came while there was nothing to keep.
    #[error("stopped by {}", signal(*.0))]
    Interrupted(u8),
    /// Files of a run are not what they were.
    #[error("{0} of the run's files are not what was written")]
    Damaged(usize),
    /// A step that was kept because something was wrong with it.
    #[error("the step does not go wrong as it did; it wants the program that it was kept by")]
    NotReproduced,
    /// Words on the command line that do not fit together.
    #[error("{0}")]
    Usage(String),
    /// The command for a graphics card is there and cannot be used.
    #[error("could not become the command for the card, `{}`: {why}", .command.display())]
    Beside {
        /// Where it lies.
        command: PathBuf,
        /// What it or the system says.
        why: String,
    },
    /// What was asked for is printed, and standard output is closed.
    #[error("could not print")]
    Print(#[source] io::Error),
}

impl Failure {
    /// For the shell; the table stands in `baeum --help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Recipe(error) => error.exit_code(),
            Failure::Log(_) | Failure::Usage(_) | Failure::Beside { .. } => 2,
            Failure::Stage(error) => error.exit_code(),
            Failure::Fetch(error) => error.exit_code(),
            Failure::Label(error) => error.exit_code(),
            Failure::Fs(_) | Failure::Print(_) => 4,
            Failure::Signals(_) => 1,
            Failure::Stopped(signal) | Failure::Interrupted(signal) => signal.saturating_add(128),
            Failure::Damaged(_) | Failure::NotReproduced => 8,
        }
    }

    /// What the person at the terminal sees: a recipe's mistake with its line and a caret, anything else with its causes, and
    /// what to do where a disk refused.
    pub fn render(&self) -> String {
        match self {
            Failure::Recipe(error) => error.render(io::stderr().is_terminal()),
            Failure::Stage(_)
            | Failure::Fetch(_)
            | Failure::Label(_)
            | Failure::Log(_)
            | Failure::Fs(_)
            | Failure::Signals(_)
            | Failure::Stopped(_)
            | Failure::Interrupted(_)
            | Failure::Damaged(_)
            | Failure::NotReproduced
            | Failure::Usage(_)
            | Failure::Beside { .. }
            | Failure::Print(_) => self.told(),
        }
    }

    fn told(&self) -> String {
        let said = Chain(self).to_string();
        let help = advice(self, &said).map_or_else(String::new, |help| format!("\n  = help: {help}"));
        format!("error: {said}{help}")
    }
}

impl From<RecipeError> for Failure {
    fn from(error: RecipeError) -> Failure {
        Failure::Recipe(Box::new(error))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        Failure::Stage(error.into())
    }
}

impl From<PredictError> for Failure {
    fn from(error: PredictError) -> Failure {
        Failure::Stage(error.into())
    }
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Failure {
        Failure::Stage(error.into())
    }
}

/// An error and its causes, joined by colons.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut last, mut next) = (String::new(), Some(self.0));
        while let Some(error) = next {
            let text = error.to_string();
            // A transparent error says what its cause says.
            if text != last {
                f.write_str(if last.is_empty() { "" } else { ": " })?;
                f.write_str(&text)?;
            }
            (last, next) = (text, error.source());
        }
        Ok(())
    }
}

fn signal(number: u8) -> String {
    match number {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}
