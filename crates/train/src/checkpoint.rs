use std::collections::BTreeMap;
use std::time::Duration;

use baeum_core::weights_file::{self, WeightsFileError};
use baeum_core::{EpochRecord, HeadMetric, Limits, LossParts, Network, Scored, State, Weights};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::best::names;
use crate::history::best_epochs;

/// All that decides the next bit of a training, and nothing that follows from it.
///
/// No random state: draws go by seed, epoch and step. No best epoch and no patience: they follow from the history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// What the network must keep; `state.step` is higher for each checkpoint of a run, so it can name it.
    pub state: State,
    /// How many batches of the epoch it stands in are behind it; 0 between two epochs.
    pub batch: usize,
    /// The loss of these batches.
    pub loss: LossParts,
    /// The epochs behind it.
    pub history: Vec<EpochRecord>,
    /// The weights of the best of these epochs, the best first, as many as the recipe keeps; none if every one was lost.
    pub best: Vec<Weights>,
    /// How long training has taken, if it may only take so long; else zero.
    pub elapsed: Duration,
}

/// Why files are no checkpoint that training can go on from.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file too few.
    #[error("a checkpoint wants `{file}`, got a set without it")]
    Missing {
        /// The file.
        file: &'static str,
    },
    /// A file too many.
    #[error("a checkpoint wants `state.safetensors`, `best.safetensors` and `progress.json`, got `{}`", .file.escape_debug())]
    Unknown {
        /// The file.
        file: String,
    },
    /// Tensors that cannot be read or written.
    #[error("could not read or write `{file}` of the checkpoint")]
    Weights {
        /// The file.
        file: &'static str,
        /// Why.
        source: WeightsFileError,
    },
    /// The rest cannot be read or written.
    #[error("could not read or write `progress.json` of the checkpoint")]
    Progress(#[source] serde_json::Error),
    /// Another layout.
    #[error("the checkpoint wants to be of version {VERSION}, got {got}")]
    Version {
        /// The version it has.
        got: u32,
    },
    /// A tensor that is neither weight nor moment.
    #[error("`state.safetensors` wants names that begin with `weights.` or `moments.`, got `{name}`")]
    Tensor {
        /// Its name.
        name: String,
    },
    /// Epochs that do not follow each other.
    #[error("the history of a checkpoint wants epoch {wanted}, got {got}")]
    History {
        /// The epoch that has its turn.
        wanted: usize,
        /// The epoch that stands there.
        got: u32,
    },
    /// Best weights without an epoch, or an epoch without them.
    #[error(
        "a checkpoint wants the weights of {wanted} of its epochs, got {got}; `train.checkpoint.best` says how many"
    )]
    Best {
        /// How many its history and the recipe ask for.
        wanted: usize,
        /// How many there are.
        got: usize,
    },
    /// Epochs that were judged by something else.
    #[error("the checkpoint wants a recipe whose `train.best` is [{wanted}], got [{got}]")]
    Metrics {
        /// What its epochs were judged by.
        wanted: String,
        /// What the recipe names.
        got: String,
    },
    /// A place in the epoch that the data do not have.
    #[error(
        "the checkpoint wants an epoch of more than {batch} batches, got one of {steps_per_epoch}; it belongs to other data or another `train.batch_size`"
    )]
    Batch {
        /// How many batches are behind it.
        batch: usize,
        /// How many an epoch has.
        steps_per_epoch: usize,
    },
}

/// The version of the layout below.
const VERSION: u32 = 1;

const STATE: &str = "state.safetensors";
const BEST: &str = "best.safetensors";
const PROGRESS: &str = "progress.json";

/// Where the weights of one of the best epochs stand: `best.safetensors`, `best-2.safetensors`.
fn best_file(rank: usize) -> String {
    if rank == 0 { BEST.to_owned() } else { format!("best-{}.safetensors", rank + 1) }
}

impl Checkpoint {
    /// The epoch in which training goes on, counted from zero.
    pub fn epoch(&self) -> u32 {
        self.history.len() as u32
    }

    /// Where a run begins or goes on; `net` is put there.
    pub(crate) fn begin(
        from: Option<Checkpoint>,
        net: &mut dyn Network,
        steps_per_epoch: usize,
        metrics: &[HeadMetric],
        best_kept: usize,
    ) -> Result<Checkpoint, TrainError> {
        let Some(from) = from else { return Ok(Checkpoint::default()) };
        if from.batch >= steps_per_epoch {
            return Err(CheckpointError::Batch { batch: from.batch, steps_per_epoch }.into());
        }
        for record in &from.history {
            let wanted: Vec<HeadMetric> =
                record.valid_metrics.iter().map(|scored| scored.metric.clone()).collect();
            if wanted != metrics {
                let (wanted, got) = (names(&wanted), names(metrics));
                return Err(CheckpointError::Metrics { wanted, got }.into());
            }
        }
        let (wanted, got) = (best_epochs(&from.history).len().min(best_kept), from.best.len());
        if wanted != got {
            return Err(CheckpointError::Best { wanted, got }.into());
        }
        net.load(&from.state)?;
        Ok(from)
    }

    /// Notes what the epoch did, keeps its weights if they are among the `best_kept` best, and says whether they are the best.
    pub(crate) fn close_epoch(&mut self, record: EpochRecord, best_kept: usize) -> bool {
        let epoch = record.epoch;
        self.history.push(record);
        (self.batch, self.loss) = (0, LossParts::default());
        let rank = best_epochs(&self.history).iter().position(|best| best.epoch == epoch);
        if let Some(rank) = rank.filter(|rank| *rank < best_kept) {
            self.best.insert(rank, self.state.averaged());
            self.best.truncate(best_kept);
        }
        rank == Some(0)
    }

    /// The checkpoint as files by name. The same checkpoint always gives the same bytes.
    ///
    /// # Errors
    /// [`CheckpointError::Weights`] if a tensor has a name that no file can hold.
    pub fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, CheckpointError> {
        let weights = self.state.weights.iter().map(|(name, tensor)| (format!("weights.{name}"), tensor));
        let moments = self.state.moments.iter().map(|(name, tensor)| (format!("moments.{name}"), tensor));
        let failed = |file| move |source| CheckpointError::Weights { file, source };
        let none = BTreeMap::new();
        let state = weights_file::write(&weights.chain(moments).collect(), &none).map_err(failed(STATE))?;
        let mut files = BTreeMap::from([(STATE.to_owned(), state)]);
        for (rank, best) in self.best.iter().enumerate() {
            files.insert(best_file(rank), weights_file::write(best, &none).map_err(failed(BEST))?);
        }
        let progress = serde_json::to_vec_pretty(&Progress::of(self)).map_err(CheckpointError::Progress)?;
        files.insert(PROGRESS.to_owned(), progress);
        Ok(files)
    }

    /// The checkpoint in these files, bit for bit as it was.
    ///
    /// # Errors
    /// [`CheckpointError`] says what does not fit; nothing is repaired.
    pub fn from_files(
        files: &BTreeMap<String, Vec<u8>>,
        limits: &Limits,
    ) -> Result<Checkpoint, CheckpointError> {
        let best: Vec<String> = (0..).map(best_file).take_while(|file| files.contains_key(file)).collect();
        let is_known = |file: &String| [STATE, PROGRESS].contains(&file.as_str()) || best.contains(file);
        if let Some(file) = files.keys().find(|file| !is_known(file)) {
            return Err(CheckpointError::Unknown { file: file.clone() });
        }
        let bytes = |file| files.get(file).ok_or(CheckpointError::Missing { file });
        let tensors = |file, bytes| {
            let contents = weights_file::read(bytes, limits);
            contents.map(|(tensors, _)| tensors).map_err(|source| CheckpointError::Weights { file, source })
        };
        let progress: Progress =
            serde_json::from_slice(bytes(PROGRESS)?).map_err(CheckpointError::Progress)?;
        let best = best.iter().map(|file| tensors(BEST, &files[file])).collect::<Result<_, _>>()?;
        progress.with(tensors(STATE, bytes(STATE)?)?, best)
    }
}

/// `progress.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    version: u32,
    step: u64,
    batch: usize,
    loss_sum: Exact,
    loss_weight: Exact,
    /// Only where there is a budget: elsewhere no clock enters these bytes.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    elapsed: Duration,
    history: Vec<Epoch>,
}

/// An [`EpochRecord`] whose numbers come back exactly.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    epoch: u32,
    step: u64,
    train_loss: Exact,
    valid_loss: Option<Exact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    valid_metrics: Vec<ExactScore>,
    learning_rate: Exact,
}

/// A [`Scored`] whose number comes back exactly.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExactScore {
    metric: HeadMetric,
    value: Option<Exact>,
}

/// A number as text. JSON has no NaN, and `serde_json` may read a number one bit off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact(pub(crate) f64);

impl Progress {
    fn of(checkpoint: &Checkpoint) -> Progress {
        let epoch = |record: &EpochRecord| Epoch {
            epoch: record.epoch,
            step: record.step,
            train_loss: Exact(record.train_loss),
            valid_loss: record.valid_loss.map(Exact),
            valid_metrics: record.valid_metrics.iter().map(ExactScore::of).collect(),
            learning_rate: Exact(record.learning_rate),
        };
        Progress {
            version: VERSION,
            step: checkpoint.state.step,
            batch: checkpoint.batch,
            loss_sum: Exact(checkpoint.loss.sum),
            loss_weight: Exact(checkpoint.loss.weight),
            elapsed: checkpoint.elapsed,
            history: checkpoint.history.iter().map(epoch).collect(),
        }
    }

    fn with(self, tensors: Weights, best: Vec<Weights>) -> Result<Checkpoint, CheckpointError> {
        if self.version != VERSION {
            return Err(CheckpointError::Version { got: self.version });
        }
        let loss = LossParts { sum: self.loss_sum.0, weight: self.loss_weight.0 };
        let history: Vec<EpochRecord> = self.history.into_iter().map(Epoch::record).collect();
        if let Some((wanted, record)) =
            history.iter().enumerate().find(|(place, record)| *place != record.epoch as usize)
        {
            return Err(CheckpointError::History { wanted, got: record.epoch });
        }
        let (epochs, got) = (best_epochs(&history).len(), best.len());
        let wanted = got.clamp(epochs.min(1), epochs);
        if wanted != got {
            return Err(CheckpointError::Best { wanted, got });
        }
        let state = state(self.step, tensors)?;
        Ok(Checkpoint { state, batch: self.batch, loss, history, best, elapsed: self.elapsed })
    }
}

impl ExactScore {
    fn of(Scored { metric, value }: &Scored) -> ExactScore {
        ExactScore { metric: metric.clone(), value: value.map(Exact) }
    }

    fn scored(self) -> Scored {
        Scored { metric: self.metric, value: self.value.map(|value| value.0) }
    }
}

impl Epoch {
    fn record(self) -> EpochRecord {
        EpochRecord {
            epoch: self.epoch,
            step: self.step,
            train_loss: self.train_loss.0,
            valid_loss: self.valid_loss.map(|loss| loss.0),
            valid_metrics: self.valid_metrics.into_iter().map(ExactScore::scored).collect(),
            learning_rate: self.learning_rate.0,
        }
    }
}

/// Weights and moments, told apart by the beginning of their names.
fn state(step: u64, tensors: Weights) -> Result<State, CheckpointError> {
    let mut state = State { step, ..State::default() };
    for (name, tensor) in tensors {
        match name.split_once('.') {
            Some(("weights", name)) => state.weights.insert(name.to_owned(), tensor),
            Some(("moments", name)) => state.moments.insert(name.to_owned(), tensor),
            Some(_) | None => return Err(CheckpointError::Tensor { name }),
        };
    }
    Ok(state)
}

impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0)) // the shortest text that is read back as the same number
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Exact, D::Error> {
        String::deserialize(deserializer)?.parse().map(Exact).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Tensor;

    use super::*;

    type Files = BTreeMap<String, Vec<u8>>;

    fn record(epoch: u32, valid_loss: Option<f64>) -> EpochRecord {
        // 0.1 + 0.2 and 1e-7 / 3 need all their digits.
        let value = Some(1.0 / 3.0);
        let metric = HeadMetric { head: Some("a kind".to_owned()), metric: baeum_core::MetricName::Accuracy };
        let valid_metrics = vec![Scored { metric, value }];
        let (train_loss, learning_rate) = (0.1 + 0.2, 1e-7 / 3.0);
        EpochRecord { epoch, step: u64::MAX, train_loss, valid_loss, valid_metrics, learning_rate }
    }

    fn checkpoint() -> Checkpoint {
        let tensors = |name: &str, x: f32| [(name.to_owned(), Tensor::vector(vec![x, -0.0]))].into();
        Checkpoint {
            state: State {
                step: 9,
                weights: tensors("head.weight", 0.1),
                moments: tensors("head.weight.exp_avg", 1e-40),
            },
            batch: 2,
            loss: LossParts { sum: 2.0 / 3.0, weight: 16.0 },
            history: vec![record(0, None), record(1, Some(f64::INFINITY)), record(2, Some(5e-324))],
            best: vec![tensors("head.weight", 0.3), tensors("head.weight", 0.2)],
            elapsed: Duration::new(61, 7),
        }
    }

    fn read(files: &Files) -> Result<Checkpoint, CheckpointError> {
        Checkpoint::from_files(files, &Limits::default())
    }

    #[test]
    fn files_give_the_checkpoint_back_bit_for_bit() {
        let files = checkpoint().files().unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["best-2.safetensors", BEST, PROGRESS, STATE]);
        assert_eq!(read(&files).unwrap(), checkpoint());
        assert_eq!(read(&files).unwrap().files().unwrap(), files, "-0 and 0 are equal, their bytes are not");
        assert_eq!(read(&Checkpoint::default().files().unwrap()).unwrap(), Checkpoint::default());
    }

    #[test]
    fn no_clock_enters_the_bytes_where_no_time_is_counted() {
        let progress = |elapsed| {
            let files = Checkpoint { elapsed, ..checkpoint() }.files().unwrap();
            String::from_utf8(files[PROGRESS].clone()).unwrap()
        };
        assert!(!progress(Duration::ZERO).contains("elapsed"));
        assert!(progress(Duration::from_secs(9)).contains("\"secs\": 9"));
    }

    #[test]
    fn a_loss_of_nan_is_not_taken_for_none() {
        let history = vec![record(0, Some(f64::NAN))];
        let files = Checkpoint { history, best: vec![], ..checkpoint() }.files().unwrap();
        assert!(read(&files).unwrap().history[0].valid_loss.unwrap().is_nan());
    }

    #[test]
    fn damaged_files_are_refused_or_differ() {
        let files = checkpoint().files().unwrap();
        for (name, bytes) in &files {
            for place in 0..bytes.len() {
                let cut = BTreeMap::from([(name.clone(), bytes[..place].to_vec())]);
                let cut = files.clone().into_iter().chain(cut).collect();
                assert!(read(&cut).is_err(), "{name} cut at {place}");
                let mut flipped = files.clone();
                flipped.get_mut(name).unwrap()[place] ^= 4;
                if let Ok(checkpoint) = read(&flipped) {
                    assert_ne!(checkpoint.files().unwrap(), files, "{name} flipped at {place}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let check = |change: &dyn Fn(&mut Files), expect: &str| {
            let mut files = checkpoint().files().unwrap();
            change(&mut files);
            assert_eq!(read(&files).unwrap_err().to_string(), expect);
        };
        let replace = |from: &'static str, to: &'static str| {
            move |files: &mut Files| {
                let text = String::from_utf8(files[PROGRESS].clone()).unwrap();
                assert!(text.contains(from));
                files.insert(PROGRESS.to_owned(), text.replace(from, to).into_bytes());
            }
        };
        check(
            &|files| drop(files.remove(STATE)),
            "a checkpoint wants `state.safetensors`, got a set without it",
        );
        let unknown =
            "a checkpoint wants `state.safetensors`, `best.safetensors` and `progress.json`, got `a\\nb`";
        check(&|files| drop(files.insert("a\nb".to_owned(), vec![])), unknown);
        check(
            &|files| drop(files.insert(BEST.to_owned(), vec![])),
            "could not read or write `best.safetensors` of the checkpoint",
        );
        check(&replace("\"version\": 1", "\"version\": 2"), "the checkpoint wants to be of version 1, got 2");
        check(&replace("\"epoch\": 1", "\"epoch\": 7"), "the history of a checkpoint wants epoch 1, got 7");
        check(&replace("\"16.0\"", "\"many\""), "could not read or write `progress.json` of the checkpoint");
        check(
            &|files| drop(files.remove(BEST)),
            "a checkpoint wants `state.safetensors`, `best.safetensors` and `progress.json`, got `best-2.safetensors`",
        );
        let fewer = |files: &mut Files| {
            files.remove("best-2.safetensors");
            files.remove(BEST);
        };
        let best =
            "a checkpoint wants the weights of 1 of its epochs, got 0; `train.checkpoint.best` says how many";
        check(&fewer, best);
        let more =
            |files: &mut Files| drop(files.insert("best-3.safetensors".to_owned(), files[BEST].clone()));
        check(&more, &best.replace("of 1 of its epochs, got 0", "of 2 of its epochs, got 3"));
        let swapped = |files: &mut Files| drop(files.insert(STATE.to_owned(), files[BEST].clone()));
        let names =
            "`state.safetensors` wants names that begin with `weights.` or `moments.`, got `head.weight`";
        check(&swapped, names);
    }
}
