use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::Fs;
use baeum_core::commit::{CommitError, commit_set, leftovers, read_set};

use super::disk::{above, discard, ensure_folder};
use super::lock::Claim;
use super::{Files, Key, RunError, Stage};

/// Where a stage keeps them, below its folder.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// The points that an interrupted stage can go on from: `3-train/checkpoints/000012`, each a set of its own.
///
/// The number counts what was ever saved and is not used twice, so the greatest is the newest; there is no link to it.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    fs: Arc<dyn Fs>,
    claim: Option<Claim>,
    folder: PathBuf,
    key: Key,
}

/// A point to go on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How many epochs were done.
    pub epoch: u64,
    /// What the stage had saved.
    pub files: Files,
}

/// Moves them into the unfinished folder that is to take the place of their stage's.
pub(super) fn hand_over(fs: &dyn Fs, stage_folder: &Path, ready: &Path) -> Result<(), RunError> {
    relocate(fs, &stage_folder.join(CHECKPOINTS), &ready.join(CHECKPOINTS))
}

/// Gives them back to their stage where a process was killed between [`hand_over`] and the change of folders: with the
/// unfinished folder they would be swept away.
pub(super) fn take_back(fs: &dyn Fs, run: &Path, stage: Stage) -> Result<(), RunError> {
    let place = run.join(stage.folder()).join(CHECKPOINTS);
    let beginning = format!(".{}.", stage.folder());
    for unfinished in leftovers(fs, run)? {
        let name = unfinished.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&beginning) && !fs.exists(&place)? {
            relocate(fs, &unfinished.join(CHECKPOINTS), &place)?;
        }
    }
    Ok(())
}

/// Gives a folder another place, durably; nothing if it is not there.
fn relocate(fs: &dyn Fs, from: &Path, to: &Path) -> Result<(), RunError> {
    if fs.exists(from)? {
        ensure_folder(fs, above(to))?;
        fs.rename(from, to)?;
        fs.sync_dir(above(to))?;
    }
    Ok(())
}

/// The newest point to go on from.
#[derive(Debug)]
pub struct Newest {
    /// The newest one that is whole; none at the first start.
    pub checkpoint: Option<Checkpoint>,
    /// What is wrong with newer ones: the work since `checkpoint` will be repeated, which is to be said.
    pub damaged: Vec<CommitError>,
}

impl Checkpoints {
    /// Those of the output `key`, in the folder of its stage; `claim` of whoever saves some.
    pub(super) fn of(fs: Arc<dyn Fs>, claim: Option<Claim>, stage_folder: &Path, key: Key) -> Checkpoints {
        Checkpoints { fs, claim, folder: stage_folder.join(CHECKPOINTS), key }
    }

    /// Saves one after so many epochs, then removes all but the newest `keep`: with two there is one to fall back to when a
    /// disk has damaged the newest.
    ///
    /// # Errors
    /// [`RunError::Gone`], and nothing is written; [`RunError::Commit`], and the earlier ones are as they were; [`RunError::Fs`] if
    /// old ones cannot be removed.
    pub fn save(&self, epoch: u64, files: &Files, keep: usize) -> Result<(), RunError> {
        let fs = &*self.fs;
        self.claim.iter().try_for_each(|claim| claim.refuse_gone(fs))?;
        ensure_folder(fs, &self.folder)?;
        let numbers = self.numbers()?;
        let next = numbers.last().map_or(1, |newest| newest + 1);
        commit_set(fs, &self.set(next), files, &format!("{}{epoch}", self.made_from()))?;
        for old in numbers.iter().rev().skip(keep.saturating_sub(1)) {
            discard(fs, &self.set(*old))?;
        }
        Ok(())
    }

    /// Walks down from the newest to one that is whole and was made for this output.
    ///
    /// # Errors
    /// [`RunError::Fs`] and [`RunError::Commit`] if the disk refuses; damage is no error here.
    pub fn newest(&self) -> Result<Newest, RunError> {
        let mut damaged = vec![];
        for number in self.numbers()?.into_iter().rev() {
            match read_set(&*self.fs, &self.set(number)) {
                Ok(set) => {
                    let epoch =
                        set.fingerprint.strip_prefix(&self.made_from()).and_then(|epoch| epoch.parse().ok());
                    let Some(epoch) = epoch else { continue };
                    return Ok(Newest { checkpoint: Some(Checkpoint { epoch, files: set.files }), damaged });
                }
                Err(error) if error.is_damage() => damaged.push(error),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Newest { checkpoint: None, damaged })
    }

    /// The numbers in use, ascending.
    fn numbers(&self) -> Result<Vec<u64>, RunError> {
        let names = match self.fs.list(&self.folder, u64::MAX) {
            Err(error) if error.is_absent() => return Ok(vec![]),
            names => names?,
        };
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn set(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}"))
    }

    /// The fingerprint of a set, but for the number of epochs.
    fn made_from(&self) -> String {
        format!("{} after epoch ", self.key)
    }
}
