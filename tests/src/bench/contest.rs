use super::Record;

/// What is measured, and beside whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contest {
    /// Training steps, beside PyTorch.
    Train,
    /// Answers, beside ONNX Runtime on the file that we export.
    Predict,
}

impl Contest {
    /// Both.
    pub const ALL: [Contest; 2] = [Contest::Train, Contest::Predict];

    /// Where its measurements are kept, one JSON line each, from the root of the workspace.
    pub fn records(self) -> &'static str {
        match self {
            Contest::Train => "docs/bench/train.jsonl",
            Contest::Predict => "docs/bench/predict.jsonl",
        }
    }

    /// Its verb on the command line.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Contest::Train => "train",
            Contest::Predict => "predict",
        }
    }

    /// Who else takes part.
    pub(super) fn peer(self) -> &'static str {
        match self {
            Contest::Train => "PyTorch",
            Contest::Predict => "ONNX Runtime",
        }
    }

    /// What is done over and over.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Contest::Train => "step",
            Contest::Predict => "call",
        }
    }

    /// What a measurement is called in tables and notes.
    pub(super) fn label(self, record: &Record) -> String {
        match (self, record.rows) {
            (Contest::Train, _) => record.workload.clone(),
            (Contest::Predict, 1) => format!("{}, 1 row", record.workload),
            (Contest::Predict, rows) => format!("{}, {rows} rows", record.workload),
        }
    }

    /// How many rows the calls take that are measured; a training step takes what its workload says.
    pub(super) fn rows(self) -> &'static [usize] {
        match self {
            Contest::Train => &[],
            Contest::Predict => &[1, 64],
        }
    }
}
