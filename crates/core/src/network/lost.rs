use std::fmt;

use serde::{Deserialize, Serialize};

/// Where numbers that are not finite come from: what a network finds first when it looks at every number of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lost {
    /// The node, as the graph calls it.
    pub node: String,
    /// What of it.
    pub what: LostWhat,
    /// The rows of the batch in which it shows, ascending; none for what all rows share.
    pub rows: Vec<usize>,
}

/// What of a node is not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostWhat {
    /// What a batch brings.
    Input,
    /// What it has learned, or keeps as running statistics.
    Parameter,
    /// What it yields.
    Value,
    /// The loss between what it yields and the targets.
    Loss,
    /// The gradient of what it reads or has learned.
    Gradient,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.node.escape_debug();
        match self.what {
            LostWhat::Input => write!(f, "the input `{node}` is not finite"),
            LostWhat::Parameter => write!(f, "a parameter of `{node}` is not finite"),
            LostWhat::Value => write!(f, "what `{node}` yields is not finite, though all it reads is"),
            LostWhat::Loss => write!(f, "the loss of `{node}` is not finite, though what it yields is"),
            LostWhat::Gradient => {
                write!(f, "the gradient behind `{node}` is finite, the one it passes on is not")
            }
        }
    }
}
