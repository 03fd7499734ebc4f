//! The files that PyTorch's side reads: `protocol.json`, first weights, rows, and the order of each epoch.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baeum::train::{Schedule, TrainConfig};
use baeum::{Batch, Data, Decode, Rng, Tensor, weights_file};
use serde_json::{Value, json};

use super::{Failure, Opened};
use crate::{said_loss, said_method};

/// So many bytes of augmented rows are handed over at most, all epochs together.
const MOST: usize = 1 << 30;

const EPOCHS_GIVEN: &str = "its rows come augmented, so that its time has no augmentation in it";
const LEFT_OUT: &str = "its rows are not augmented, for those of all epochs do not fit into memory";

impl Opened {
    /// What the recipe asks for that PyTorch's side does not know.
    pub(super) fn unspoken(&self) -> Option<String> {
        let said = &self.recipe.train;
        let known = TrainConfig {
            epochs: said.epochs,
            max_steps: said.max_steps,
            batch_size: said.batch_size,
            optimizer: said.optimizer.clone(),
            decay: said.decay,
            learning_rate: said.learning_rate,
            warmup_epochs: said.warmup_epochs,
            schedule: said.schedule.clone(),
            clip: said.clip,
            ema: said.ema,
            loss: said.loss.clone(),
            checkpoint: said.checkpoint.clone(),
            ..TrainConfig::default()
        };
        let why = if known != *said || matches!(said.schedule, Schedule::Plateau(_)) {
            "it does not know all settings of `train`"
        } else if self.dataset.targets.len() > 1 {
            "it knows one target alone"
        } else if self.recipe.data.mix.is_some() {
            "it does not mix rows"
        } else {
            return None;
        };
        Some(why.to_owned())
    }

    /// Writes what [`super::train`] reads into an empty folder; gives what is to be said of it, if anything is.
    ///
    /// # Errors
    /// What cannot be read or written.
    pub fn hand_over(&self, folder: &Path) -> Result<String, Failure> {
        let (splits, source) = (&self.dataset.splits, &self.dataset.source);
        fs::write(folder.join("protocol.json"), self.protocol()?.to_string())?;
        write(&folder.join("start.safetensors"), &self.model.weights)?;
        write(&folder.join("orders.safetensors"), &[("orders".to_owned(), self.orders()?)].into())?;
        write(&folder.join("valid.safetensors"), &tensors(source.batch(splits.valid.rows())?))?;
        self.hand_over_train(folder)
    }

    /// The training rows: once, or as each epoch sees them.
    fn hand_over_train(&self, folder: &Path) -> Result<String, Failure> {
        let (rows, source) = (self.dataset.splits.train.rows(), &self.dataset.source);
        let (plain, first) = (source.batch(rows)?, source.training_batch(rows, 0)?);
        let (is_augmented, size) = (plain != first, bytes(&first));
        drop(first);
        let epochs = self.epochs()?;
        if !is_augmented || size * epochs as usize > MOST {
            write(&folder.join("train.safetensors"), &tensors(plain))?;
            return Ok(if is_augmented { LEFT_OUT.to_owned() } else { String::new() });
        }
        for epoch in 0..epochs {
            let batch = source.training_batch(rows, epoch)?;
            write(&folder.join(format!("train-{epoch:04}.safetensors")), &tensors(batch))?;
        }
        Ok(EPOCHS_GIVEN.to_owned())
    }

    fn protocol(&self) -> Result<Value, Failure> {
        let (plan, update) = (&self.plans.train, self.plans.train.largest_update());
        let loss = plan.loss(self.dataset.task)?;
        let steps_per_epoch = self.steps_per_epoch()?;
        let rates: Vec<f64> = (0..plan.steps(steps_per_epoch)?)
            .map(|step| plan.learning_rate(step, steps_per_epoch, &[]))
            .collect();
        Ok(json!({
            "graph": self.model.graph,
            "seed": self.place.seed,
            "batch_size": plan.batch_size(),
            "rates": rates,
            "padding": self.padding(),
            "loss": { "name": loss.name(), "numbers": said_loss(&loss) },
            "method": said_method(update.method),
            "learning_rate": update.learning_rate,
            "weight_decay": update.weight_decay,
            "decayed": update.decayed,
            "clip": update.clip,
            "ema": update.ema,
        }))
    }

    /// The piece behind the end of a text, which nothing is lost by.
    fn padding(&self) -> Option<usize> {
        let decode = self.dataset.targets.first().map(|target| &target.decode);
        let Some(Decode::Next { padding, .. }) = decode else { return None };
        Some(*padding)
    }

    /// The places of the training rows in the order of each epoch: `[epochs, rows]`.
    fn orders(&self) -> Result<Tensor, Failure> {
        let (train, rng) = (&self.dataset.splits.train, Rng::new(self.place.seed));
        let place = |row: usize| train.rows().binary_search(&row).map(|place| place as i64);
        let epochs = self.epochs()?;
        let orders = (0..epochs).flat_map(|epoch| train.order(&rng, epoch));
        let places = orders.map(place).collect::<Result<Vec<i64>, _>>();
        let places = places.map_err(|_| "an epoch has a row that is none to learn from")?;
        Ok(Tensor::new([epochs as usize, train.rows().len()], places)?)
    }

    fn steps_per_epoch(&self) -> Result<usize, Failure> {
        Ok(self.plans.train.steps_per_epoch(self.dataset.splits.train.rows().len())?)
    }

    /// Those that are begun.
    fn epochs(&self) -> Result<u32, Failure> {
        let steps_per_epoch = self.steps_per_epoch()?;
        Ok(self.plans.train.steps(steps_per_epoch)?.div_ceil(steps_per_epoch as u64) as u32)
    }
}

/// Inputs and the target under names of their own.
fn tensors(batch: Batch) -> BTreeMap<String, Tensor> {
    let inputs = batch.inputs.into_iter().map(|(name, tensor)| (format!("input.{name}"), tensor));
    inputs.chain(batch.targets.into_iter().map(|target| ("target".to_owned(), target))).collect()
}

fn bytes(batch: &Batch) -> usize {
    let size = |tensor: &Tensor| match tensor.data() {
        Data::F32(numbers) => size_of_val(&numbers[..]),
        Data::F64(numbers) => size_of_val(&numbers[..]),
        Data::I64(numbers) => size_of_val(&numbers[..]),
        Data::U8(numbers) => size_of_val(&numbers[..]),
    };
    batch.inputs.values().chain(&batch.targets).map(size).sum()
}

fn write(path: &Path, tensors: &BTreeMap<String, Tensor>) -> Result<(), Failure> {
    Ok(fs::write(path, weights_file::write(tensors, &BTreeMap::new())?)?)
}
