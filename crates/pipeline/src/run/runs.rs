use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::commit::commit_file;
use baeum_core::{Clock, Fs};

use super::cache::Cache;
use super::disk::ensure_folder;
use super::plan::{Earlier, View};
use super::record::{RECORD, Record};
use super::{Identity, Plan, Run, RunError, Stage, lock, utc};

/// The longest name of a run, in bytes: with a number and the dress of unfinished work it still fits any file system.
const NAME_BYTES: usize = 200;

/// The folder of all runs, usually `runs`.
#[derive(Clone, Debug)]
pub struct Runs {
    fs: Arc<dyn Fs>,
    clock: Arc<dyn Clock>,
    root: PathBuf,
}

impl Runs {
    /// The runs in a folder, which need not be there yet.
    pub fn new(fs: Arc<dyn Fs>, clock: Arc<dyn Clock>, root: impl Into<PathBuf>) -> Runs {
        Runs { fs, clock, root: root.into() }
    }

    /// Goes on with the newest unfinished run of that name and identity, or begins the next number.
    ///
    /// Whatever keeps a run from being written is found here, before any work is done. `recipe_text` is kept as
    /// `recipe.toml`.
    ///
    /// # Errors
    /// [`RunError::Locked`] if another process works on that run, [`RunError::Name`], and whatever the disk refuses.
    pub fn open(&self, name: &str, recipe_text: &str, identity: Identity) -> Result<Run, RunError> {
        check_name(name)?;
        while let Some((path, _)) = self.unfinished(name, &identity)? {
            let run = self.reopen(path, identity.clone())?;
            // Another process may have finished it while its lock was asked for.
            if !run.record().finished() {
                return Ok(run);
            }
        }
        self.begin(name, recipe_text, identity)
    }

    /// Goes on with this very run, named as [`Runs::locate`] takes it.
    ///
    /// # Errors
    /// [`RunError::Differs`] with all that is not as it was, [`RunError::Absent`], and those of [`Runs::open`].
    pub fn resume(&self, run: &str, identity: &Identity) -> Result<Run, RunError> {
        let path = self.locate(run)?;
        let differences = identity.differences(&Record::read(&*self.fs, &path)?.identity);
        match differences.is_empty() {
            true => self.reopen(path, identity.clone()),
            false => Err(RunError::Differs { run: path, differences }),
        }
    }

    /// What [`Runs::open`] would find to do; changes nothing.
    ///
    /// # Errors
    /// [`RunError::Name`], and whatever the disk refuses.
    pub fn plan(&self, name: &str, identity: &Identity) -> Result<Plan, RunError> {
        check_name(name)?;
        let unfinished = self.unfinished(name, identity)?;
        let run = match &unfinished {
            Some((path, _)) => path.clone(),
            None => self.folder(name, self.next_number(name)?),
        };
        let (cache, earlier) = (self.cache(), self.earlier(&run)?);
        let known = unfinished.as_ref().map(|(path, record)| (path.as_path(), record));
        let steps = View { fs: &self.fs, cache: &cache, identity, run: known, earlier: &earlier }.steps()?;
        Ok(Plan { run, continues: known.is_some(), steps })
    }

    /// The folder of a run: by its name (`digits-0007`), by its recipe's name for the newest (`digits`), or by its path. Where the
    /// newest is one of a list of seeds, it is the one of them that was exported.
    ///
    /// # Errors
    /// [`RunError::Absent`], and whatever the disk refuses.
    pub fn locate(&self, run: &str) -> Result<PathBuf, RunError> {
        for path in [self.root.join(run), PathBuf::from(run)] {
            if self.fs.exists(&path.join(RECORD))? {
                return Ok(path);
            }
        }
        let newest = self.pick(run, |path, record| Some((path.to_owned(), record.chosen)))?;
        let Some((path, chosen)) = newest else { return Err(RunError::Absent { run: run.into() }) };
        let best = chosen.map(|name| self.root.join(name)).filter(|best| *best != path);
        match best {
            Some(best) if self.fs.exists(&best.join(RECORD))? => Ok(best),
            Some(_) | None => Ok(path),
        }
    }

    /// Notes in the record of a run that `best`, the run of another seed, was chosen in its place.
    ///
    /// # Errors
    /// [`RunError::Locked`] if a process works on it, and whatever the disk refuses.
    pub fn set_aside(&self, run: &str, best: &str) -> Result<(), RunError> {
        let path = self.root.join(run);
        let _lock = lock::take(&*self.fs, &path, self.now())?;
        let mut record = Record::read(&*self.fs, &path)?;
        record.chosen = Some(best.to_owned());
        record.write(&*self.fs, &path)
    }

    /// The newest run of a name, finished or not.
    ///
    /// # Errors
    /// Whatever the disk refuses.
    pub fn newest(&self, name: &str) -> Result<Option<PathBuf>, RunError> {
        self.pick(name, |path, _| Some(path.to_owned()))
    }

    pub(super) fn fs(&self) -> &Arc<dyn Fs> {
        &self.fs
    }

    pub(super) fn cache(&self) -> Cache<'_> {
        Cache::of(&*self.fs, &self.root)
    }

    /// This moment, for people.
    pub(super) fn now(&self) -> String {
        utc(self.clock.wall())
    }

    /// Every run by name and number, in the order of both.
    pub(super) fn all(&self) -> Result<Vec<(String, u64)>, RunError> {
        let names = match self.fs.list(&self.root, u64::MAX) {
            Err(error) if error.is_absent() => return Ok(vec![]),
            names => names?,
        };
        let mut runs: Vec<_> = names.iter().filter_map(|name| split(name.to_str()?)).collect();
        runs.sort_unstable();
        Ok(runs)
    }

    pub(super) fn folder(&self, name: &str, number: u64) -> PathBuf {
        self.root.join(format!("{name}-{number:04}"))
    }

    /// For each stage, the newest other run of the name of `run` that has done it.
    pub(super) fn earlier(&self, run: &Path) -> Result<Earlier, RunError> {
        let mut earlier = Earlier::new();
        let Some((name, _)) = run.file_name().and_then(|name| split(name.to_str()?)) else {
            return Ok(earlier);
        };
        self.pick(&name, |path, record| {
            let record = Arc::new(record);
            for stage in Stage::ALL.into_iter().filter(|stage| path != run && record.done(*stage).is_some()) {
                earlier.entry(stage).or_insert_with(|| record.clone());
            }
            (earlier.len() == Stage::ALL.len()).then_some(())
        })?;
        Ok(earlier)
    }

    /// The newest run that would go on.
    fn unfinished(&self, name: &str, identity: &Identity) -> Result<Option<(PathBuf, Record)>, RunError> {
        self.pick(name, |path, record| {
            let same = !record.finished() && identity.differences(&record.identity).is_empty();
            same.then(|| (path.to_owned(), record))
        })
    }

    /// Goes through the runs of a name, newest first, until `choose` has chosen. Those whose record was never written are no
    /// runs; damaged ones are left out aloud.
    fn pick<T>(
        &self,
        name: &str,
        mut choose: impl FnMut(&Path, Record) -> Option<T>,
    ) -> Result<Option<T>, RunError> {
        for (of, number) in self.all()?.into_iter().rev().filter(|(of, _)| of == name) {
            let path = self.folder(&of, number);
            let chosen = match Record::read(&*self.fs, &path) {
                Ok(record) => choose(&path, record),
                Err(RunError::Absent { .. }) => None,
                Err(error @ (RunError::Record { .. } | RunError::Version { .. })) => {
                    tracing::warn!(run = %path.display(), %error, "leaving out a run");
                    None
                }
                Err(error) => return Err(error),
            };
            if chosen.is_some() {
                return Ok(chosen);
            }
        }
        Ok(None)
    }

    /// Goes on with a run whose identity was found to be this one.
    fn reopen(&self, path: PathBuf, identity: Identity) -> Result<Run, RunError> {
        let lock = lock::take(&*self.fs, &path, self.now())?;
        let mut record = Record::read(&*self.fs, &path)?;
        record.identity = identity;
        record.chosen = None; // until it is known again
        Run::open(self.clone(), path, lock, record)
    }

    fn begin(&self, name: &str, recipe_text: &str, identity: Identity) -> Result<Run, RunError> {
        ensure_folder(&*self.fs, &self.root)?;
        let path = self.take_number(name)?;
        let begun = lock::take(&*self.fs, &path, self.now()).and_then(|lock| {
            commit_file(&*self.fs, &path.join("recipe.toml"), recipe_text.as_bytes())?;
            Run::open(self.clone(), path.clone(), lock, Record::begin(self.now(), recipe_text, identity))
        });
        begun.inspect_err(|_| self.undo(&path))
    }

    /// Makes the folder of the next number. Whoever makes a folder owns it, so two processes never have one number.
    fn take_number(&self, name: &str) -> Result<PathBuf, RunError> {
        let mut number = self.next_number(name)?;
        loop {
            let path = self.folder(name, number);
            match self.fs.create_dir(&path) {
                Err(error) if error.kind() == Some(ErrorKind::AlreadyExists) => number += 1,
                made => {
                    made?;
                    self.fs.sync_dir(&self.root).inspect_err(|_| self.undo(&path))?;
                    return Ok(path);
                }
            }
        }
    }

    fn next_number(&self, name: &str) -> Result<u64, RunError> {
        let numbers = self.all()?.into_iter().filter(|(of, _)| of == name);
        Ok(numbers.map(|(_, number)| number).max().map_or(1, |newest| newest + 1))
    }

    /// Removes a folder that could not be made into a run. One with a record is a run: it will go on.
    fn undo(&self, path: &Path) {
        if let Ok(false) = self.fs.exists(&path.join(RECORD)) {
            // The first error is the one to tell; a folder without a record does no harm.
            let _ = self.fs.remove_dir_all(path);
        }
    }
}

/// Name and number of a run, by the name of its folder.
fn split(folder: &str) -> Option<(String, u64)> {
    let (name, number) = folder.rsplit_once('-')?;
    let digits = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| digits && check_name(name).is_ok())?;
    Some((name.to_owned(), number))
}

fn check_name(name: &str) -> Result<(), RunError> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() <= NAME_BYTES && !name.starts_with('.') && name.chars().all(plain) {
        true => Ok(()),
        false => Err(RunError::Name { name: name.to_owned() }),
    }
}
