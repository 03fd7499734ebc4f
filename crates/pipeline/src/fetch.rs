//! `baeum fetch`: the one door to the network. It opens the addresses written in a `source.toml`, each with its checksum, and nothing
//! else in Baeum ever connects anywhere.
mod download;
mod list;

use std::path::{Path, PathBuf};

use baeum_core::fs::FsError;

pub use download::{Fetched, Progress, fetch};
pub use list::{SourceFile, SourceList};

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A recipe without a list beside it.
    #[error("the recipe's folder wants a `source.toml` that lists the files, got none at `{}`", .path.display())]
    NoList {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The list does not parse.
    #[error("could not read the list `{}`", .path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// Why, with line and column.
        source: toml::de::Error,
    },
    /// An entry of the list that is not allowed.
    #[error("`{}`: `{name}` wants {wanted}, got `{got}`", .path.display())]
    Entry {
        /// The list.
        path: PathBuf,
        /// The file's name in it.
        name: String,
        /// The rule.
        wanted: &'static str,
        /// What stands there.
        got: String,
    },
    /// No connection, or it broke.
    #[error(
        "could not download `{name}` from `{url}`; what has arrived is kept, the same command goes on from there"
    )]
    Network {
        /// The file.
        name: String,
        /// Its address.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server answered, but not with the file.
    #[error(
        "could not download `{name}`: `{url}` answered {status}; 404 and 410 say that it is not there, 429 and those from 500 on that another try may do"
    )]
    Status {
        /// The file.
        name: String,
        /// Its address.
        url: String,
        /// The status of HTTP.
        status: u16,
    },
    /// The server sent something else.
    #[error(
        "`{name}` wants {wanted} bytes with sha256 {wanted_sha256}, got {got} bytes with {got_sha256}; the file was not kept"
    )]
    Checksum {
        /// The file.
        name: String,
        /// The length in the list.
        wanted: u64,
        /// The checksum in the list.
        wanted_sha256: String,
        /// The length that came.
        got: u64,
        /// Its checksum.
        got_sha256: String,
    },
    /// The disk refused.
    #[error(transparent)]
    Fs(#[from] FsError),
}

impl FetchError {
    /// For the shell: 2 fix the list, 4 try again, 8 what came is not what was asked for.
    pub fn exit_code(&self) -> u8 {
        match self {
            FetchError::NoList { .. } | FetchError::List { .. } | FetchError::Entry { .. } => 2,
            FetchError::Network { .. } | FetchError::Status { .. } | FetchError::Fs(_) => 4,
            FetchError::Checksum { .. } => 8,
        }
    }
}

/// What the list is called that stands beside a recipe.
pub const LIST: &str = "source.toml";

/// The list of a recipe: `source.toml` beside it.
pub fn list_of(recipe: &Path) -> PathBuf {
    recipe.with_file_name(LIST)
}
