use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::Job;

/// Our training step against PyTorch's.
#[derive(Debug, Parser)]
#[command(name = "bench", max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the command can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Measure every workload, print the table, keep the measurements and show them in the README.
    Train(TrainArguments),
    /// Measure answers of one row and of 64, keep the measurements and show them in the README.
    Predict(TrainArguments),
    /// Go on with texts by the most probable pieces, keep the measurements and show them in the README.
    Generate(TrainArguments),
    /// Read images, a table and texts on both sides, measure memory, keep the measurements and show them in the README.
    Data(DataArguments),
    /// Train fashion-mnist's recipe from a cold start on both sides, keep times and accuracies and show them in the README.
    Fashion(FashionArguments),
    /// Measure one workload on our side alone, in this process; prints one JSON line.
    Worker(WorkerArguments),
    /// Read one job's files on our side alone, in this process; prints one JSON line.
    DataWorker(DataWorkerArguments),
    /// Measure kernels alone, beside the peak of this processor.
    Kernels(KernelArguments),
    /// Write the table of the README anew from the measurements that are kept.
    Table,
}

/// What `train`, `predict` and `generate` take.
#[derive(Debug, Args)]
pub struct TrainArguments {
    /// This workload alone.
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    /// How many pairs of runs.
    #[arg(long, value_name = "N", default_value = "7")]
    pub pairs: NonZeroUsize,
    /// How many steps, calls or texts each run measures; without it, as many as the workload says.
    #[arg(long, value_name = "N")]
    pub steps: Option<NonZeroUsize>,
    /// How many threads both sides have.
    #[arg(long, value_name = "N", default_value = "2")]
    pub threads: NonZeroUsize,
    /// Only print: keep nothing, and leave the README as it is.
    #[arg(long)]
    pub print_only: bool,
}

/// What `data` takes.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The folder with the folders `adult`, `fashion-mnist` and `nsmc`.
    pub data: PathBuf,
    /// This job alone.
    #[arg(long, value_name = "NAME")]
    pub only: Option<Job>,
    /// How many pairs of runs.
    #[arg(long, value_name = "N", default_value = "5")]
    pub pairs: NonZeroUsize,
    /// How many threads or worker processes both sides have.
    #[arg(long, value_name = "N", default_value = "2")]
    pub threads: NonZeroUsize,
    /// Only print: keep nothing, and leave the README as it is.
    #[arg(long)]
    pub print_only: bool,
}

/// What `data-worker` takes.
#[derive(Debug, Args)]
pub struct DataWorkerArguments {
    /// The job.
    pub job: Job,
    /// Twice as many rows of it.
    #[arg(long)]
    pub twice: bool,
    /// The folder with the files of all jobs.
    #[arg(long, value_name = "DIR")]
    pub files: PathBuf,
    /// The folder with what was fitted before.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// How often the files are read.
    #[arg(long, value_name = "N", default_value = "1")]
    pub passes: usize,
}

/// What `fashion` takes.
#[derive(Debug, Args)]
pub struct FashionArguments {
    /// The folder with the four files of fashion-mnist.
    pub data: PathBuf,
    /// How many epochs.
    #[arg(long, value_name = "N", default_value = "10")]
    pub epochs: NonZeroUsize,
    /// How many threads both sides have.
    #[arg(long, value_name = "N", default_value = "2")]
    pub threads: NonZeroUsize,
    /// How many seeds: with each, both sides train once.
    #[arg(long, value_name = "N", default_value = "3")]
    pub seeds: NonZeroUsize,
    /// Print alone: nothing is kept, and the README stays as it is.
    #[arg(long)]
    pub print_only: bool,
    /// Train with this seed on our side alone, in this process; prints one JSON line.
    #[arg(long, value_name = "SEED")]
    pub ours_alone: Option<u64>,
}

/// What `worker` takes.
#[derive(Debug, Args)]
pub struct WorkerArguments {
    /// The workload.
    pub name: String,
    /// How many steps are measured.
    #[arg(long, value_name = "N")]
    pub steps: NonZeroUsize,
    /// How many threads there are.
    #[arg(long, value_name = "N")]
    pub threads: NonZeroUsize,
    /// Answer so many rows instead of training.
    #[arg(long, value_name = "ROWS")]
    pub answer: Option<NonZeroUsize>,
    /// Go on with texts instead of training.
    #[arg(long, conflicts_with = "answer")]
    pub generate: bool,
}

/// What `kernels` takes.
#[derive(Debug, Args)]
pub struct KernelArguments {
    /// How many threads there are.
    #[arg(long, value_name = "N", default_value = "2")]
    pub threads: NonZeroUsize,
}
