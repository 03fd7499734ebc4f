use std::fmt;
use std::path::Path;

use baeum_core::Fs;
use baeum_core::commit::read_set;
use baeum_core::fs::{FsError, shown};

use super::cache::damaged_file;
use super::checkpoints::CHECKPOINTS;
use super::disk::{is_output, tree};
use super::record::{Done, Record};
use super::{RunError, Stage, fingerprint};

/// Something in a run folder is not as the run has written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, below the run folder.
    pub file: String,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What can be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is not there.
    Missing,
    /// It has other bytes.
    Changed,
    /// The run did not write it.
    Extra,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = shown(Path::new(&self.file));
        match self.flaw {
            Flaw::Missing => write!(f, "`{file}` is missing"),
            Flaw::Changed => write!(f, "`{file}` was changed"),
            Flaw::Extra => write!(f, "`{file}` was not written by the run"),
        }
    }
}

/// Compares every file of a run with its hash; an empty list means that each byte is as it was written.
///
/// # Errors
/// [`RunError::Absent`] if the folder is no run, [`RunError::Record`] if its record is damaged, and whatever the disk refuses.
pub fn verify(fs: &dyn Fs, run: &Path) -> Result<Vec<Problem>, RunError> {
    let record = Record::read(fs, run)?;
    let mut problems = vec![];
    problems.extend(compare(fs, run, "recipe.toml", &record.recipe_file)?);
    for stage in Stage::ALL {
        if let Some(done) = record.done(stage) {
            problems.extend(output(fs, run, stage, done)?);
        }
        problems.extend(checkpoints(fs, run, stage)?);
    }
    Ok(problems)
}

/// What is wrong with the output of a stage.
fn output(fs: &dyn Fs, run: &Path, stage: Stage, done: &Done) -> Result<Vec<Problem>, RunError> {
    let mut problems = vec![];
    for (name, hash) in &done.files {
        problems.extend(compare(fs, run, &format!("{}/{name}", stage.folder()), hash)?);
    }
    let names = tree(fs, &run.join(stage.folder()))?;
    let extra = names.iter().filter(|name| is_output(name) && !done.files.contains_key(*name));
    problems
        .extend(extra.map(|name| Problem { file: format!("{}/{name}", stage.folder()), flaw: Flaw::Extra }));
    // What is wrong with the files was told above; the manifest may be what is left.
    match problems.is_empty() {
        true => set(fs, run, stage.folder()),
        false => Ok(problems),
    }
}

/// What is wrong with the checkpoints of a stage.
fn checkpoints(fs: &dyn Fs, run: &Path, stage: Stage) -> Result<Vec<Problem>, RunError> {
    let folder = format!("{}/{CHECKPOINTS}", stage.folder());
    let names = match fs.list(&run.join(&folder), u64::MAX) {
        Err(error) if error.is_absent() => return Ok(vec![]),
        names => names?,
    };
    let sets = names.iter().map(|name| set(fs, run, &format!("{folder}/{}", name.to_string_lossy())));
    Ok(sets.collect::<Result<Vec<_>, _>>()?.concat())
}

/// What is wrong with a set: the first thing that its own manifest tells.
fn set(fs: &dyn Fs, run: &Path, folder: &str) -> Result<Vec<Problem>, RunError> {
    let Err(error) = read_set(fs, &run.join(folder)) else { return Ok(vec![]) };
    let Some(file) = damaged_file(&error) else { return Err(error.into()) };
    let flaw = if fs.exists(&file)? { Flaw::Changed } else { Flaw::Missing };
    let file = file.strip_prefix(run).unwrap_or(&file).to_string_lossy().into_owned();
    Ok(vec![Problem { file, flaw }])
}

/// Compares a file with its hash.
fn compare(fs: &dyn Fs, run: &Path, file: &str, hash: &str) -> Result<Option<Problem>, RunError> {
    let flaw = match fingerprint(fs, &run.join(file)) {
        Ok(found) if found == hash => return Ok(None),
        Ok(_) | Err(FsError::NotAFile { .. }) => Flaw::Changed,
        Err(error) if error.is_absent() => Flaw::Missing,
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Problem { file: file.to_owned(), flaw }))
}
