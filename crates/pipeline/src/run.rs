//! Runs: folders, fingerprints and files. Nothing here knows what a stage computes.
//!
//! A run is a folder, `runs/digits-0007`, with a folder for each stage. What a stage puts out is kept under a [`Key`], a
//! BLAKE3 over all that decided it, so that a stage whose key is known is not computed again. In reading order:

mod cpu;
mod stage;

mod key;
mod plan;
mod reason;

mod cache;
mod checkpoints;
mod disk;
mod record;
mod time;

mod clean;
mod folder;
mod list;
mod lock;
mod runs;
mod verify;

mod error;

pub use checkpoints::{Checkpoint, Checkpoints, Newest};
pub use clean::Cleaned;
pub use cpu::CpuClass;
pub use error::RunError;
pub use folder::{Begun, Run, output_of};
pub use key::{Identity, Key, fingerprint, fingerprints};
pub use list::{Listed, State};
pub use lock::Owner;
pub use plan::{Action, Plan, Step};
pub use reason::{Change, Reason};
pub use record::{Done, Origin, Record, StageRecord};
pub use runs::Runs;
pub use stage::Stage;
pub use time::utc;
pub use verify::{Flaw, Problem, verify};

#[cfg(test)]
mod tests;

/// The bytes of each file of an output, by its path below the folder, with `/` between the parts.
pub type Files = std::collections::BTreeMap<String, Vec<u8>>;
