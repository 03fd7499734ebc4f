//! One training step, ours against PyTorch's: `cargo xtask bench train`; answers, ours against ONNX Runtime's: `cargo xtask bench
//! predict`; texts gone on with, ours against PyTorch's: `cargo xtask bench generate`; files to batches, ours against the tools that people know: `cargo xtask bench data`; a whole training: `cargo xtask bench fashion`; and kernels alone: `cargo xtask bench kernels`.
//!
//! The two take turns in processes of their own, in pairs of changing order (ours, theirs; theirs, ours), so that a machine that
//! grows slower or faster does so for both. What counts is the ratio within a pair. Before anything is timed, both take one step from
//! the same start and must agree.
//!
//! `train` is where to begin; it asks `start`, `peer` and `trial`, and lets `worker` and PyTorch take `turns` through `process`. What
//! they say becomes a `record`, and records a `table`. `predict` does the same with answers, and `generate` with texts.

mod args;
mod brief;
mod contest;
mod data;
mod error;

mod fashion;
mod generate;
mod kernels;

mod record;
mod spread;
mod table;

pub(crate) mod machine;
mod peer;
mod predict;
pub(crate) mod process;
mod start;
mod train;
mod trial;
mod turns;
mod worker;

use std::fs;

pub use args::{
    Arguments, DataArguments, DataWorkerArguments, FashionArguments, KernelArguments, TrainArguments, Verb,
    WorkerArguments,
};
use brief::brief;
pub use contest::Contest;
pub use data::Job;
pub use error::BenchError;
pub use record::{PeerTiming, Record, Timing, parse_records};
pub use spread::Spread;
use table::with_part;
pub use table::{newest, table, tables, with_table};

use crate::root;

/// The page that shows the newest of them in short.
pub const PAGE: &str = "README.md";

/// The page that shows the newest of them with each kind of instructions, and how they were made.
pub const FULL_PAGE: &str = "docs/bench.md";

/// Does what the command line says.
///
/// # Errors
/// [`BenchError`] says what could not be measured, read or written.
pub fn run(arguments: &Arguments) -> Result<(), BenchError> {
    match &arguments.verb {
        Verb::Train(arguments) => train::train(arguments),
        Verb::Predict(arguments) => predict::predict(arguments),
        Verb::Generate(arguments) => generate::generate(arguments),
        Verb::Data(arguments) => data::data(arguments),
        Verb::DataWorker(arguments) => data::print(arguments),
        Verb::Fashion(arguments) => fashion::fashion(arguments),
        Verb::Worker(arguments) => worker::print(arguments),
        Verb::Kernels(arguments) => {
            kernels::print(arguments);
            Ok(())
        }
        Verb::Table => rewrite_page(),
    }
}

/// The page as it should be: `page` with the newest measurements in short between its markers.
///
/// # Errors
/// [`BenchError`] if the measurements cannot be read, or if `page` has no markers.
pub fn expected_page(page: &str) -> Result<String, BenchError> {
    let page = Contest::ALL.into_iter().try_fold(page.to_owned(), |page, contest| {
        with_table(contest, &page, &brief(contest, &records(contest)?))
    })?;
    fashion::page_with(&page, &kept(fashion::RECORDS)?)
}

/// [`FULL_PAGE`] as it should be.
///
/// # Errors
/// [`BenchError`] if the measurements cannot be read.
pub fn expected_full_page() -> Result<String, BenchError> {
    let head = "# All measurements\n\nWritten by `cargo xtask bench table` from the lines in `docs/bench/` and compared by a test \
                (`tests/it/pages.rs`); do not edit. What is measured, and how, stands in the [README](../README.md#how-fast).\n";
    Contest::ALL.into_iter().try_fold(head.to_owned(), |page, contest| {
        Ok(format!("{page}\n## {}\n\n{}", contest.title(), tables(contest, &records(contest)?)))
    })
}

fn records(contest: Contest) -> Result<Vec<Record>, BenchError> {
    parse_records(contest, &kept(contest.records())?)
}

/// The lines of a file of records; a clean checkout may have none yet.
fn kept(records: &str) -> Result<String, BenchError> {
    let path = root().join(records);
    match path.exists() {
        true => fs::read_to_string(&path).map_err(BenchError::file("read", &path)),
        false => Ok(String::new()),
    }
}

fn rewrite_page() -> Result<(), BenchError> {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(BenchError::file("read", &path))?;
    fs::write(&path, expected_page(&page)?).map_err(BenchError::file("write", &path))?;
    let path = root().join(FULL_PAGE);
    fs::write(&path, expected_full_page()?).map_err(BenchError::file("write", &path))
}
