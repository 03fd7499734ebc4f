//! A step of training that was not taken, kept in the folder of its run and run again: `baeum replay`.

use std::path::Path;

use baeum_core::commit::{CommitError, read_set};
use baeum_core::{Fs, Graph};
use baeum_models::network;
use baeum_train::{FailedStep, Finding};

use crate::StageError;
use crate::artifacts::{ArtifactError, GRAPH};
use crate::recipe::{Plans, Recipe, RecipeError};
use crate::run::{Files, RunError};
use crate::stages::runner;

const RECIPE: &str = "recipe.toml";

/// A step, its network and its recipe: all that it takes to run it again. No data are read.
#[derive(Debug)]
pub struct Replay {
    /// The step, with what was wrong when it was kept.
    pub step: FailedStep,
    plans: Plans,
    graph: Graph,
}

/// The step with its graph and the recipe as it was meant, by name.
pub(crate) fn files(step: &FailedStep, graph: Vec<u8>, recipe: &str) -> Result<Files, ArtifactError> {
    let mut files = step.files()?;
    files.insert(GRAPH.to_owned(), graph);
    files.insert(RECIPE.to_owned(), recipe.as_bytes().to_vec());
    Ok(files)
}

impl Replay {
    /// What a run has kept in `folder`.
    ///
    /// # Errors
    /// [`StageError::Run`] if the folder is none of these or was damaged, [`StageError::Artifact`] if a file cannot be read.
    pub fn open(fs: &dyn Fs, folder: &Path) -> Result<Replay, StageError> {
        let mut files = match read_set(fs, folder) {
            Err(CommitError::NoManifest { path }) => return Err(RunError::NoStep { path }.into()),
            read => read.map_err(RunError::from)?.files,
        };
        let mut take = |file| files.remove(file).ok_or(ArtifactError::Missing { file });
        let (recipe, graph) = (take(RECIPE)?, take(GRAPH)?);
        let plans = plans(&recipe).map_err(|source| unread(RECIPE, source))?;
        let graph = serde_json::from_slice(&graph).map_err(|source| unread(GRAPH, source))?;
        let step = FailedStep::from_files(files, &plans.train, plans.run.limits());
        Ok(Replay { step: step.map_err(ArtifactError::from)?, plans, graph })
    }

    /// Runs the very step, and says what is wrong with it now.
    ///
    /// # Errors
    /// [`StageError::Models`] or [`StageError::Train`] if the network is not that of the step.
    pub fn again(&self) -> Result<Finding, StageError> {
        let runner = runner(&self.plans.run, self.plans.run.seed());
        let mut network = network(&self.graph, &self.step.state.weights, runner)?;
        Ok(self.step.again(&self.plans.train, &mut *network)?)
    }
}

fn plans(recipe: &[u8]) -> Result<Plans, RecipeError> {
    Recipe::from_bytes(RECIPE, recipe, &[])?.check()
}

fn unread(file: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> ArtifactError {
    ArtifactError::Read { file, source: Box::new(source) }
}
