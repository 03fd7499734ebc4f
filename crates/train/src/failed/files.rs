//! The files of a failed step.
use std::collections::BTreeMap;

use baeum_core::weights_file::{self, WeightsFileError};
use baeum_core::{Batch, Expected, Limits, Loss, Task, Tensor, Weights};
use serde::{Deserialize, Serialize};

use super::{FailedHead, FailedStep, Finding};
use crate::checkpoint::Exact;
use crate::class_weights::weigh;
use crate::{Checkpoint, CheckpointError, TrainError, TrainPlan};

/// Why files are no step that can be tried again.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each error is documented on its own type")]
pub enum FailedStepError {
    /// A file too few.
    #[error("a step to try again wants `{file}`, got a set without it")]
    Missing {
        /// The file.
        file: &'static str,
    },
    /// Batches that cannot be read or written.
    #[error("could not read or write `batches.safetensors` of the step")]
    Batches(#[source] WeightsFileError),
    /// Batches without one of their tensors.
    #[error("`batches.safetensors` of the step wants a tensor `{name}`, got none")]
    Tensor {
        /// Its name.
        name: String,
    },
    /// The rest cannot be read or written.
    #[error("could not read or write `step.json` of the step")]
    Step(#[source] serde_json::Error),
    /// Another layout.
    #[error("the step wants to be of version {VERSION}, got {got}")]
    Version {
        /// The version it has.
        got: u32,
    },
    #[error(transparent)]
    State(#[from] CheckpointError),
    /// A recipe that the step is not of.
    #[error("the recipe wants to be that of the step")]
    Recipe(#[source] Box<TrainError>),
}

const VERSION: u32 = 1;
const STEP: &str = "step.json";
const BATCHES: &str = "batches.safetensors";

/// `step.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    version: u32,
    epoch: u32,
    step: u64,
    rows: Vec<usize>,
    ids: Vec<String>,
    learning_rate: Exact,
    task: Task,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    heads: Vec<FailedHead>,
    class_weights: Vec<f32>,
    /// Those of each head, if one has any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    head_weights: Vec<Vec<f32>>,
    /// The names of the network's inputs; tensors are called by their places here, for a name may be what no file can hold.
    inputs: Vec<String>,
    targets: usize,
    part_rows: Vec<usize>,
    finding: Finding,
}

impl FailedStep {
    /// The step as files by name, the recipe apart: it says how the step is taken.
    ///
    /// # Errors
    /// [`FailedStepError::State`] if a tensor has a name that no file can hold.
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, FailedStepError> {
        let state = Checkpoint { state: self.state.clone(), ..Checkpoint::default() };
        let mut files = state.files()?;
        let none = BTreeMap::new();
        let batches = weights_file::write(&self.tensors(), &none).map_err(FailedStepError::Batches)?;
        files.insert(BATCHES.to_owned(), batches);
        let said = serde_json::to_vec_pretty(&self.said()).map_err(FailedStepError::Step)?;
        files.insert(STEP.to_owned(), said);
        Ok(files)
    }

    /// The step in these files; `plan` is what the recipe of its run means.
    ///
    /// # Errors
    /// [`FailedStepError`] says what does not fit.
    pub fn from_files(
        mut files: BTreeMap<String, Vec<u8>>,
        plan: &TrainPlan,
        limits: &Limits,
    ) -> Result<FailedStep, FailedStepError> {
        let mut take = |file| files.remove(file).ok_or(FailedStepError::Missing { file });
        let said: Said = serde_json::from_slice(&take(STEP)?).map_err(FailedStepError::Step)?;
        if said.version != VERSION {
            return Err(FailedStepError::Version { got: said.version });
        }
        let (mut tensors, _) =
            weights_file::read(&take(BATCHES)?, limits).map_err(FailedStepError::Batches)?;
        let batches = said.part_rows.iter().enumerate();
        let batches = batches.map(|(part, rows)| said.batch(part, *rows, &mut tensors));
        let batches = batches.collect::<Result<_, _>>()?;
        let state = Checkpoint::from_files(&files, limits)?.state;
        let loss = said.loss(plan).map_err(|error| FailedStepError::Recipe(Box::new(error)))?;
        let Said { epoch, step, rows, ids, learning_rate, task, heads, finding, .. } = said;
        let learning_rate = learning_rate.0;
        Ok(FailedStep { epoch, step, rows, ids, learning_rate, task, heads, loss, batches, state, finding })
    }

    fn said(&self) -> Said {
        let first = self.batches.first();
        Said {
            version: VERSION,
            epoch: self.epoch,
            step: self.step,
            rows: self.rows.clone(),
            ids: self.ids.clone(),
            learning_rate: Exact(self.learning_rate),
            task: self.task,
            heads: self.heads.clone(),
            class_weights: class_weights(&self.loss),
            head_weights: head_weights(&self.loss),
            inputs: first.map(|batch| batch.inputs.keys().cloned().collect()).unwrap_or_default(),
            targets: first.map_or(0, |batch| batch.targets.len()),
            part_rows: self.batches.iter().map(|batch| batch.rows).collect(),
            finding: self.finding.clone(),
        }
    }

    fn tensors(&self) -> Weights {
        let of_part = |(part, batch): (usize, &Batch)| -> Vec<(String, Tensor)> {
            let inputs =
                batch.inputs.values().enumerate().map(|(i, tensor)| (input(part, i), tensor.clone()));
            let targets =
                batch.targets.iter().enumerate().map(|(i, tensor)| (target(part, i), tensor.clone()));
            inputs.chain(targets).collect()
        };
        self.batches.iter().enumerate().flat_map(of_part).collect()
    }
}

impl Said {
    /// What was minimised, with the weights that classes had.
    fn loss(&self, plan: &TrainPlan) -> Result<Loss, TrainError> {
        let heads: Vec<Expected<'_>> = self.heads.iter().map(FailedHead::expected).collect();
        let loss = if heads.is_empty() { None } else { plan.loss_of(&heads)? };
        let mut loss = loss.map_or_else(|| plan.loss(self.task), Ok)?;
        weigh(&mut loss, self.class_weights.clone());
        if let Loss::Heads(heads) = &mut loss {
            let pairs = heads.iter_mut().zip(&self.head_weights);
            pairs.for_each(|(head, weights)| weigh(&mut head.loss, weights.clone()));
        }
        Ok(loss)
    }

    fn batch(&self, part: usize, rows: usize, tensors: &mut Weights) -> Result<Batch, FailedStepError> {
        let mut take = |name: String| tensors.remove(&name).ok_or(FailedStepError::Tensor { name });
        let inputs =
            self.inputs.iter().enumerate().map(|(i, name)| Ok((name.clone(), take(input(part, i))?)));
        let inputs = inputs.collect::<Result<_, FailedStepError>>()?;
        let targets = (0..self.targets).map(|i| take(target(part, i))).collect::<Result<_, _>>()?;
        Ok(Batch { rows, inputs, targets })
    }
}

fn input(part: usize, place: usize) -> String {
    format!("part{part}.input{place}")
}

fn target(part: usize, place: usize) -> String {
    format!("part{part}.target{place}")
}

/// What rows count by their classes, if that is what a loss has.
fn class_weights(loss: &Loss) -> Vec<f32> {
    match loss {
        Loss::CrossEntropy { weights, .. } | Loss::BinaryCrossEntropy { weights } => weights.clone(),
        Loss::Mse | Loss::Mae | Loss::Huber { .. } | Loss::Quantile { .. } | Loss::Heads(_) => vec![],
    }
}

/// Those of each head; none if no head has any.
fn head_weights(loss: &Loss) -> Vec<Vec<f32>> {
    let Loss::Heads(heads) = loss else { return vec![] };
    let weights: Vec<Vec<f32>> = heads.iter().map(|head| class_weights(&head.loss)).collect();
    if weights.iter().all(Vec::is_empty) { vec![] } else { weights }
}
