//! What TensorBoard shows of a run.
mod answers;
mod texts;

use std::io::Write;
use std::path::{Path, PathBuf};

use baeum_core::fs::{FsError, WriteFile};
use baeum_core::{Clock, Dataset, Ended, EpochRecord, Fs, Graph, Network, State};
use baeum_export::log::tensorboard::{self, Setting};
use baeum_train::Event;
use serde_json::Value;

use super::settings::{settings, text_of};
use super::{Shown, WatchError, Watcher};
use crate::samples::pictures;

/// An event file for TensorBoard, which shows all runs by `tensorboard --logdir runs`: curves, the graph and the settings; and what a
/// network is like inside, where that is wanted.
pub struct TensorBoard<'a> {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    clock: &'a dyn Clock,
    inside: Option<Inside>,
}

/// What is looked at behind each epoch.
struct Inside {
    graph: Graph,
    /// How many rows go through the network at once.
    rows: usize,
}

/// How many training images are shown.
const IMAGES: usize = 8;

/// What the moments of a parameter that are means of its gradients are called behind its name.
const MEANS: [&str; 2] = [".exp_avg", ".momentum_buffer"];

impl<'a> TensorBoard<'a> {
    /// A file of its own in `folder`; a run that goes on adds another one, which TensorBoard joins by step.
    ///
    /// # Errors
    /// [`FsError`] if the disk refuses.
    pub fn create(fs: &dyn Fs, folder: &Path, clock: &'a dyn Clock) -> Result<TensorBoard<'a>, FsError> {
        fs.create_dir_all(folder)?;
        let free = (0..).map(|n| folder.join(format!("events.out.tfevents.{n:06}.baeum")));
        for path in free {
            if fs.exists(&path)? {
                continue;
            }
            let mut file = fs.create_new(&path, None)?;
            let header = tensorboard::header(clock.wall().as_secs_f64());
            file.write_all(&header).map_err(FsError::io("write", &path))?;
            return Ok(TensorBoard { file, path, clock, inside: None });
        }
        unreachable!("the numbers do not end")
    }

    /// Shows the network, and the settings that runs are compared by.
    ///
    /// # Errors
    /// [`FsError`] if the disk refuses.
    pub fn begin(&mut self, shown: &Shown<'_>, graph: &Graph) -> Result<(), FsError> {
        let said = settings(shown.recipe).into_iter().map(|(path, value)| (path, setting(value)));
        let said: Vec<(String, Setting)> = said.collect();
        self.add(&tensorboard::graph(self.wall(), graph))?;
        self.add(&tensorboard::settings(self.wall(), &shown.run_name(), &said))
    }

    /// Shows some training images now, and behind each epoch what the network is like inside. `rows`: how many of `data` go through it
    /// at once.
    ///
    /// # Errors
    /// [`FsError`] if the disk refuses.
    pub fn look_inside(&mut self, graph: &Graph, data: &Dataset, rows: usize) -> Result<(), FsError> {
        for (place, picture) in pictures(data, IMAGES).iter().enumerate() {
            let label = picture.label.as_deref().unwrap_or("image");
            let tag = format!("train/{place} {label}");
            self.add(&tensorboard::image(self.wall(), 0, &tag, &picture.png, picture.size))?;
        }
        self.inside = Some(Inside { graph: graph.clone(), rows });
        Ok(())
    }

    fn epoch(&mut self, record: &EpochRecord) -> Result<(), FsError> {
        let mut points = vec![("loss/train".to_owned(), Some(record.train_loss))];
        points.push(("loss/valid".to_owned(), record.valid_loss));
        points.extend(
            record.valid_metrics.iter().map(|scored| (format!("{}/valid", scored.metric), scored.value)),
        );
        points.push(("learning_rate".to_owned(), Some(record.learning_rate)));
        for (tag, value) in points {
            if let Some(value) = value {
                self.add(&tensorboard::scalar(self.wall(), record.step, &tag, value))?;
            }
        }
        self.file.flush().map_err(FsError::io("write", &self.path))
    }

    /// Of each parameter, and of the mean of its gradients.
    fn histograms(&mut self, state: &State) -> Result<(), FsError> {
        let weights = state.weights.iter().map(|(name, tensor)| (format!("weights/{name}"), tensor));
        let mean = |name: &str| {
            MEANS.iter().find_map(|end| Some(format!("mean_gradients/{}", name.strip_suffix(end)?)))
        };
        let gradients = state.moments.iter().filter_map(|(name, tensor)| Some((mean(name)?, tensor)));
        for (tag, tensor) in weights.chain(gradients) {
            if let Ok(numbers) = tensor.f32s() {
                self.add(&tensorboard::histogram(self.wall(), state.step, &tag, numbers))?;
            }
        }
        Ok(())
    }

    fn wall(&self) -> f64 {
        self.clock.wall().as_secs_f64()
    }

    fn add(&mut self, record: &[u8]) -> Result<(), FsError> {
        self.file.write_all(record).map_err(FsError::io("write", &self.path))
    }
}

fn setting(value: &Value) -> Setting {
    match (value.as_f64(), value.as_bool()) {
        (Some(number), _) => Setting::Number(number),
        (None, Some(on)) => Setting::Switch(on),
        (None, None) => Setting::Text(text_of(value)),
    }
}

impl Watcher for TensorBoard<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        match event {
            Event::Start { .. } | Event::Step { .. } | Event::Checkpoint { .. } => Ok(()),
            Event::Epoch { record, .. } => Ok(self.epoch(record)?),
            Event::End { end: Ended::Done | Ended::EarlyStop | Ended::OutOfTime, .. } => {
                Ok(self.add(&tensorboard::finished(self.wall()))?)
            }
            Event::End { end: Ended::Stopped, .. } => Ok(()),
        }
    }

    fn look(&mut self, net: &mut dyn Network, data: &Dataset, state: &State) -> Result<(), WatchError> {
        let Some(Inside { graph, rows }) = &self.inside else { return Ok(()) };
        let (curves, texts) = (answers::curves(net, data, *rows)?, texts::told(graph, data, state)?);
        self.histograms(state)?;
        for (tag, curve) in curves {
            self.add(&curve.record(self.wall(), state.step, &tag))?;
        }
        if let Some((tag, rows)) = texts {
            self.add(&tensorboard::texts(self.wall(), state.step, tag, &rows))?;
        }
        Ok(())
    }
}
