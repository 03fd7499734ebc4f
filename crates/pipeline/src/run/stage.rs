use std::fmt;

use serde::{Deserialize, Serialize};

/// A step of the pipeline. One word each: crate, recipe section, command and folder in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Read, split and fit the transforms.
    Data,
    /// Describe the network and its first weights.
    Models,
    /// Learn.
    Train,
    /// Measure on rows that nothing has looked at.
    Evaluate,
    /// Write the learned function down in other formats, and prove it.
    Export,
}

impl Stage {
    /// Every stage, in the order they run in.
    pub const ALL: [Stage; 5] = [Stage::Data, Stage::Models, Stage::Train, Stage::Evaluate, Stage::Export];

    /// The word used in recipes, commands and messages.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Data => "data",
            Stage::Models => "models",
            Stage::Train => "train",
            Stage::Evaluate => "evaluate",
            Stage::Export => "export",
        }
    }

    /// Its folder in a run.
    pub fn folder(self) -> &'static str {
        match self {
            Stage::Data => "1-data",
            Stage::Models => "2-models",
            Stage::Train => "3-train",
            Stage::Evaluate => "4-evaluate",
            Stage::Export => "5-export",
        }
    }

    /// The stages whose output it takes.
    pub fn upstream(self) -> &'static [Stage] {
        match self {
            Stage::Data => &[],
            Stage::Models => &[Stage::Data],
            Stage::Train => &[Stage::Data, Stage::Models],
            Stage::Evaluate | Stage::Export => &[Stage::Data, Stage::Models, Stage::Train],
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_stand_in_the_order_they_run_in() {
        assert!(Stage::ALL.is_sorted());
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage.folder(), format!("{}-{stage}", place + 1));
            assert!(stage.upstream().iter().all(|before| *before < stage));
            assert_eq!(serde_json::to_value(stage).ok(), Some(stage.name().into()));
        }
    }
}
