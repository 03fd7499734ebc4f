use super::{Job, Record, generate};
use crate::workloads;

/// What is measured, and beside whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contest {
    /// Training steps, beside PyTorch.
    Train,
    /// Answers, beside ONNX Runtime on the file that we export.
    Predict,
    /// Texts gone on with, beside PyTorch with a key-value cache.
    Generate,
    /// Files to batches, beside the tools that people know for it.
    Data,
}

impl Contest {
    /// All of them.
    pub const ALL: [Contest; 4] = [Contest::Train, Contest::Predict, Contest::Generate, Contest::Data];

    /// Where its measurements are kept, one JSON line each, from the root of the workspace.
    pub fn records(self) -> &'static str {
        match self {
            Contest::Train => "docs/bench/train.jsonl",
            Contest::Predict => "docs/bench/predict.jsonl",
            Contest::Generate => "docs/bench/generate.jsonl",
            Contest::Data => "docs/bench/data.jsonl",
        }
    }

    /// Its heading on the page of all measurements.
    pub(super) fn title(self) -> &'static str {
        match self {
            Contest::Train => "Training steps",
            Contest::Predict => "Answers",
            Contest::Generate => "Texts gone on with",
            Contest::Data => "Files to batches",
        }
    }

    /// Its verb on the command line.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Contest::Train => "train",
            Contest::Predict => "predict",
            Contest::Generate => "generate",
            Contest::Data => "data DIR",
        }
    }

    /// Who else takes part.
    pub(super) fn peer(self) -> &'static str {
        match self {
            Contest::Train | Contest::Generate => "PyTorch",
            Contest::Predict => "ONNX Runtime",
            Contest::Data => "the other",
        }
    }

    /// Whether it measures what our kernels compute, which a processor's instructions decide.
    pub(super) fn is_about_kernels(self) -> bool {
        match self {
            Contest::Train | Contest::Predict | Contest::Generate => true,
            Contest::Data => false,
        }
    }

    /// What is done over and over.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Contest::Train => "step",
            Contest::Predict => "call",
            Contest::Generate => "piece",
            Contest::Data => "pass",
        }
    }

    /// What a measurement is called in tables and notes.
    pub(super) fn label(self, record: &Record) -> String {
        match (self, record.rows) {
            (Contest::Train | Contest::Generate, _) => record.workload.clone(),
            (Contest::Data, rows) => format!("{}, {rows} rows", record.workload),
            (Contest::Predict, 1) => format!("{}, 1 row", record.workload),
            (Contest::Predict, rows) => format!("{}, {rows} rows", record.workload),
        }
    }

    /// The names of what is measured, in the order of the table.
    pub(super) fn names(self) -> Vec<&'static str> {
        match self {
            Contest::Train | Contest::Predict => workloads().iter().map(|workload| workload.name).collect(),
            Contest::Generate => generate::NAMES.to_vec(),
            Contest::Data => Job::ALL.map(Job::name).to_vec(),
        }
    }

    /// How many rows the calls take that are measured; a training step takes what its workload says.
    pub(super) fn rows(self) -> &'static [usize] {
        match self {
            Contest::Train | Contest::Generate | Contest::Data => &[],
            Contest::Predict => &[1, 64],
        }
    }
}
