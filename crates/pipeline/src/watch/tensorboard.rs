use std::io::Write;
use std::path::{Path, PathBuf};

use baeum_core::fs::{FsError, WriteFile};
use baeum_core::{Clock, Fs};
use baeum_export::log::tensorboard;
use baeum_train::Event;

use super::{WatchError, Watcher};

/// An event file that TensorBoard draws as curves: `tensorboard --logdir runs`.
pub struct TensorBoard<'a> {
    file: Box<dyn WriteFile>,
    path: PathBuf,
    clock: &'a dyn Clock,
}

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
            return Ok(TensorBoard { file, path, clock });
        }
        unreachable!("the numbers do not end")
    }

    fn scalar(&mut self, step: u64, tag: &str, value: f64) -> Result<(), FsError> {
        let record = tensorboard::scalar(self.clock.wall().as_secs_f64(), step, tag, value);
        self.file.write_all(&record).map_err(FsError::io("write", &self.path))
    }
}

impl Watcher for TensorBoard<'_> {
    fn see(&mut self, event: &Event) -> Result<(), WatchError> {
        if let Event::Epoch { record, .. } = event {
            self.scalar(record.step, "loss/train", record.train_loss)?;
            if let Some(loss) = record.valid_loss {
                self.scalar(record.step, "loss/valid", loss)?;
            }
            for scored in &record.valid_metrics {
                if let Some(value) = scored.value {
                    self.scalar(record.step, &format!("{}/valid", scored.metric), value)?;
                }
            }
            self.scalar(record.step, "learning_rate", record.learning_rate)?;
            self.file.flush().map_err(FsError::io("write", &self.path))?;
        }
        Ok(())
    }
}
