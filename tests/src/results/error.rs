use std::io;
use std::path::{Path, PathBuf};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// A recipe that is no lesson.
    #[error("`{name}` is not a recipe of `datasets`; there are {known}")]
    Lesson {
        /// What was asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The disk refused.
    #[error("could not {what} `{}`", .path.display())]
    File {
        /// Read or write.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The command did not start.
    #[error("could not start `baeum`")]
    Start {
        /// What the system said.
        source: io::Error,
    },
    /// The command refused or failed.
    #[error("could not go on without a run of `{recipe}`: it said\n{said}")]
    Failed {
        /// Which recipe.
        recipe: &'static str,
        /// Its standard error.
        said: String,
    },
    /// PyTorch's side failed.
    #[error("could not train `{recipe}` in PyTorch")]
    Peer {
        /// Which recipe.
        recipe: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A lesson is to be tried in PyTorch, which is not there.
    #[error("`--try-peer` wants PyTorch, got no Python that has it; `cargo xtask results` brings one")]
    NoPeer,
    /// JSON that is not what was agreed on.
    #[error("could not read `{line}` from `{from}`")]
    Json {
        /// Where it stands.
        from: String,
        /// The line, or its beginning.
        line: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// JSON that cannot be written.
    #[error("could not write JSON")]
    Unwritten(#[from] serde_json::Error),
}

impl ResultError {
    /// What the system says of a file becomes a refusal.
    pub(super) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ResultError {
        let path = path.to_owned();
        move |source| ResultError::File { what, path, source }
    }
}
