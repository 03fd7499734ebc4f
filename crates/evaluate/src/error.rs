use baeum_core::{NetworkError, SourceError, Task};

/// Why the network could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// A setting of the recipe is impossible.
    #[error("`{path}` wants {wanted}, got {got}")]
    Setting {
        /// Where it stands in the recipe.
        path: &'static str,
        /// What it may be.
        wanted: String,
        /// What it is.
        got: String,
    },
    /// There is nothing to score on.
    #[error(
        "the test split wants at least 1 row, got 0; give `data.split` a share, a column or files for `test`"
    )]
    NoTestRows,
    /// A target of which nobody knows what training rows answer on average, or none at all.
    #[error("evaluate wants targets, each with its statistics, got {got}")]
    Targets {
        /// How many there are.
        got: usize,
    },
    /// A metric of a target that the data do not have.
    #[error("evaluate wants a target of the data, got `{got}`")]
    Head {
        /// Its name.
        got: String,
    },
    /// The parts of the dataset contradict each other.
    #[error("the dataset wants {part} that fit the task `{task}`, got {got}", task = .task.name())]
    Dataset {
        /// Which part.
        part: &'static str,
        /// What the answer is like.
        task: Task,
        /// What came.
        got: String,
    },
    /// A test row whose class the network was never told of.
    #[error("row {row} wants a class below {classes}, got {got}")]
    Class {
        /// Its place in the source, counted from zero.
        row: usize,
        /// How many classes there are.
        classes: usize,
        /// What came.
        got: f64,
    },
    /// A truth that is no number.
    #[error("row {row} wants a finite target, got {got}")]
    Truth {
        /// Its place in the source, counted from zero.
        row: usize,
        /// What came.
        got: f64,
    },
    /// The network yields something of another shape than the target asks for.
    #[error("target `{target}` wants network output of shape {wanted:?}, got {got}")]
    Output {
        /// The target.
        target: String,
        /// Rows and width.
        wanted: Vec<usize>,
        /// What came.
        got: String,
    },
    /// The network answered with NaN or infinity.
    #[error(
        "row {row} wants finite numbers from the network, got {got}; train with a smaller `train.learning_rate`"
    )]
    NotFinite {
        /// Its place in the source, counted from zero.
        row: usize,
        /// The first such number.
        got: f64,
    },
    /// A row could not be read.
    #[error("could not read the rows to be scored")]
    Source(#[from] SourceError),
    /// The network refused a batch.
    #[error("could not run the network on the rows to be scored")]
    Network(#[from] NetworkError),
}

impl EvaluateError {
    /// Where in the recipe the offender stands, if it stands there.
    pub fn path(&self) -> Option<String> {
        match self {
            EvaluateError::Setting { path, .. } => Some((*path).to_owned()),
            EvaluateError::NoTestRows => Some("data.split".to_owned()),
            EvaluateError::Targets { .. }
            | EvaluateError::Head { .. }
            | EvaluateError::Dataset { .. }
            | EvaluateError::Class { .. }
            | EvaluateError::Truth { .. }
            | EvaluateError::Output { .. }
            | EvaluateError::NotFinite { .. }
            | EvaluateError::Source(_)
            | EvaluateError::Network(_) => None,
        }
    }
}
