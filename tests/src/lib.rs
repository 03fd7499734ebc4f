//! What the tests share: one small graph for every layer, the command as users run it, temporary folders, and expected files;
//! the training steps that are measured, with the bench that measures them; what the recipes reach; and campaigns of faults.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may panic")]

pub mod bench;
pub mod campaign;
pub mod results;

mod cases;
mod command;
mod files;
mod pictures;
mod said;
mod workloads;

pub use cases::{NAMES, cases, predictor, steps};
pub use command::{Outcome, baeum, baeum_path, cargo, chain, child, wait_for, wait_for_checkpoint};
pub use files::{Scratch, expect_file, public, root, unpack};
pub use pictures::{pictures, pictures_of_size};
pub use said::{said_loss, said_method};
pub use workloads::{Workload, workloads};
