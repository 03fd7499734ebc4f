use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::fs::shown;
use baeum_core::{Fs, Limit, Limits, Rng};

use crate::DataError;

/// Where a recipe is run: the disk, the folders, the limits, and the seed.
#[derive(Clone, Debug)]
pub struct Place {
    /// The disk.
    pub fs: Arc<dyn Fs>,
    /// The recipe's own folder: relative paths start here.
    pub base: PathBuf,
    /// Other folders in which files are looked for, in this order: `--data DIR`, `BAEUM_DATA`, the cache.
    pub folders: Vec<PathBuf>,
    /// How much of anything is accepted.
    pub limits: Limits,
    /// Decides what is drawn by lot.
    pub seed: u64,
}

impl Place {
    /// The file or folder that the recipe calls `name`: beside the recipe, or else in one of the folders,
    /// under its whole relative path or under its last part alone.
    ///
    /// # Errors
    /// [`DataError::Absent`] says where it was looked for; [`DataError::Fs`] if the disk refuses to tell.
    pub(crate) fn find(&self, name: &str) -> Result<PathBuf, DataError> {
        let relative = Path::new(name);
        let mut looked = vec![self.base.join(relative)];
        for folder in &self.folders {
            looked.push(folder.join(relative));
            looked.extend(relative.file_name().map(|last| folder.join(last)));
        }
        looked.dedup();
        for path in &looked {
            if self.fs.exists(path)? {
                return Ok(path.clone());
            }
        }
        let looked = looked.iter().map(|path| format!("`{}`", shown(path))).collect();
        Err(DataError::Absent { file: shown_name(name), looked })
    }

    /// The bytes of the file that the recipe calls `name`.
    pub(crate) fn read(&self, name: &str, limit: Limit) -> Result<Vec<u8>, DataError> {
        let span = tracing::debug_span!("file", name = %shown_name(name));
        span.in_scope(|| Ok(self.limits.read(limit, self.fs.as_ref(), &self.find(name)?)?))
    }

    /// The randomness of the run.
    pub(crate) fn rng(&self) -> Rng {
        Rng::new(self.seed)
    }
}

/// A name of the recipe as a message shows it.
pub(crate) fn shown_name(name: &str) -> String {
    shown(Path::new(name))
}
