use std::path::PathBuf;

use baeum_core::commit::CommitError;
use baeum_core::fs::{FsError, shown};

use super::{Owner, Reason, Stage};

/// A run could not be opened, or its folder could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The disk refused.
    #[error(transparent)]
    Fs(#[from] FsError),
    /// Something could not be committed, or what was committed is damaged.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Another process works on the run.
    #[error("`{}` is locked by {}; wait until it ends", shown(.run), Owner::named(.owner.as_ref()))]
    Locked {
        /// The run's folder.
        run: PathBuf,
        /// Who holds the lock, as far as its note can be read.
        owner: Option<Owner>,
    },
    /// A name that no folder can have, or that would lead elsewhere.
    #[error("`run.name` wants 1 to 200 bytes of letters, digits, `-`, `_` or `.`, the first of them no `.`, got `{}`", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
    },
    /// The folder is no longer the one that this process works on.
    #[error(
        "`{}` wants to stay where it is while its run is at work, got it removed, moved away or made anew; run the same command again", shown(.run)
    )]
    Gone {
        /// The run's folder.
        run: PathBuf,
    },
    /// There is no such run.
    #[error("`{}` wants to be a run, got no `run.json` there; `baeum runs` lists them", shown(.run))]
    Absent {
        /// Where it was looked for.
        run: PathBuf,
    },
    /// The run was begun with something else, and would not go on as it began.
    #[error("`{}` wants to go on as it began, got {}; start a new run without `--resume`", shown(.run), list(.differences))]
    Differs {
        /// The run's folder.
        run: PathBuf,
        /// What is no longer the same.
        differences: Vec<Reason>,
    },
    /// There is no step that a training has kept.
    #[error(
        "`{}` wants to be a step that a training has kept, such as `runs/digits-0001/replay/000012`, got no `set.json` there", shown(.path)
    )]
    NoStep {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The output of an earlier stage is needed and not there.
    #[error("`{}` wants an output of `{stage}`, got none; run `{stage}` first", shown(.run))]
    NoOutput {
        /// The run's folder.
        run: PathBuf,
        /// The earlier stage.
        stage: Stage,
    },
    /// A run's record is not what was written.
    #[error("could not read `{}`", shown(.path))]
    Record {
        /// The record.
        path: PathBuf,
        /// Where it is wrong.
        source: serde_json::Error,
    },
    /// A run's record was written by another version of Baeum.
    #[error("`{}` wants version {wanted}, got {got}", shown(.path))]
    Version {
        /// The record.
        path: PathBuf,
        /// The version that is understood.
        wanted: u64,
        /// The version that is written there.
        got: u64,
    },
}

impl RunError {
    /// What the process says to whoever started it (reliability.md 1.10).
    pub fn exit_code(&self) -> u8 {
        match self {
            RunError::Name { .. }
            | RunError::Absent { .. }
            | RunError::Differs { .. }
            | RunError::NoStep { .. }
            | RunError::NoOutput { .. } => 2,
            RunError::Fs(_) | RunError::Gone { .. } => 4,
            RunError::Commit(error) if error.is_damage() => 8,
            RunError::Commit(_) => 4,
            RunError::Locked { .. } => 7,
            RunError::Record { .. } | RunError::Version { .. } => 8,
        }
    }
}

fn list(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::to_string).collect::<Vec<_>>().join(", ")
}
