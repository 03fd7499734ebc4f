use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baeum_core::Fs;
use baeum_core::commit::{MANIFEST, Set, commit_set, read_set, sweep};
use baeum_core::fs::LockGuard;

use super::checkpoints::{CHECKPOINTS, Checkpoints, hand_over, take_back};
use super::disk::{discard, duplicate, ensure_folder, is_output, tree, unfinished};
use super::lock::Claim;
use super::plan::{Decision, Earlier, Found, View};
use super::record::{Done, Origin, Record, StageRecord, hashes, output};
use super::{Files, Key, Reason, RunError, Runs, Stage};

/// Where a run keeps steps of training that were not taken.
const REPLAY: &str = "replay";

/// A run folder that this process works on; nobody else does while this lives.
///
/// For each stage in order: [`Run::begin`], then, unless its output was found, the work and [`Run::finish`].
#[derive(Debug)]
pub struct Run {
    runs: Runs,
    path: PathBuf,
    record: Record,
    earlier: Earlier,
    outputs: BTreeMap<Stage, String>,
    lock: (LockGuard, Claim),
}

/// A stage that was begun.
#[derive(Debug)]
pub struct Begun {
    /// The stage.
    pub stage: Stage,
    /// Why it has to run or has not.
    pub reasons: Vec<Reason>,
    /// Its output if it was found, in the run or in the cache; then there is nothing to do.
    pub output: Option<Files>,
    /// Where it can leave points to go on from, and find those that it left.
    pub checkpoints: Checkpoints,
    key: Key,
}

/// What a stage has put out in a run, whoever works on it, every byte checked.
///
/// # Errors
/// [`RunError::NoOutput`] if the stage was not done; [`RunError::Commit`] if its output is damaged.
pub fn output_of(fs: &dyn Fs, run: &Path, stage: Stage) -> Result<Set, RunError> {
    let folder = run.join(stage.folder());
    if !fs.exists(&folder.join(MANIFEST))? && Record::read(fs, run)?.done(stage).is_none() {
        return Err(RunError::NoOutput { run: run.to_owned(), stage });
    }
    Ok(read_set(fs, &folder)?)
}

impl Run {
    /// Cleans up behind an interrupted process, and writes once to every place that the stages will write to.
    pub(super) fn open(
        runs: Runs,
        path: PathBuf,
        lock: (LockGuard, Claim),
        record: Record,
    ) -> Result<Run, RunError> {
        let fs = &**runs.fs();
        Stage::ALL.into_iter().try_for_each(|stage| take_back(fs, &path, stage))?;
        let checkpoints = Stage::ALL.map(|stage| path.join(stage.folder()).join(CHECKPOINTS));
        for folder in [path.clone(), path.join(REPLAY)].into_iter().chain(checkpoints) {
            if fs.exists(&folder)? {
                sweep(fs, &folder)?;
            }
        }
        ensure_folder(fs, runs.cache().root())?;
        let probe = unfinished(runs.cache().root(), &path);
        fs.create_dir(&probe)?;
        fs.remove_dir_all(&probe)?;
        let earlier = runs.earlier(&path)?;
        record.write(fs, &path)?;
        Ok(Run { path, record, earlier, outputs: BTreeMap::new(), lock, runs })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder with what all runs share.
    pub fn shared(&self) -> PathBuf {
        self.runs.cache().root().to_owned()
    }

    /// What it was begun with, and how far it is.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Finds the output of a stage, or notes that the stage is at work.
    ///
    /// # Errors
    /// [`RunError::NoOutput`] if a stage before it has none, and whatever the disk refuses. Damage is no error: what is
    /// damaged is made anew.
    pub fn begin(&mut self, stage: Stage) -> Result<Begun, RunError> {
        self.lock.1.refuse_gone(self.fs())?;
        let Decision { key, found, reasons } = self.decide(stage)?;
        let key = key.ok_or_else(|| self.nothing_before(stage))?;
        let output = match found {
            Found::InRun(set) => Some(self.note(stage, set, Origin::Computed)?),
            Found::InCache(set) => {
                let ready = unfinished(&self.path, &self.folder(stage));
                duplicate(self.fs(), &self.runs.cache().object(&key), &ready, &set)?;
                self.install(stage, &ready)?;
                Some(self.note(stage, set, Origin::Cache)?)
            }
            Found::Nowhere => {
                let record = StageRecord { key: key.clone(), started: self.runs.now(), done: None };
                self.record.stages.insert(stage, record);
                self.record.write(self.fs(), &self.path)?;
                None
            }
        };
        let checkpoints = Checkpoints::of(
            self.runs.fs().clone(),
            Some(self.lock.1.clone()),
            &self.folder(stage),
            key.clone(),
        );
        Ok(Begun { stage, reasons, output, checkpoints, key })
    }

    /// Keeps what a stage has put out, in the cache and in the run, and hands back what stands there: read again, and each
    /// file compared with its hash.
    ///
    /// # Errors
    /// [`RunError::Commit`] and [`RunError::Fs`]; then the folder of the stage and its checkpoints are as they were, or the
    /// cache has the output.
    pub fn finish(&mut self, begun: Begun, files: Files) -> Result<Files, RunError> {
        let Begun { stage, key, .. } = begun;
        self.lock.1.refuse_gone(self.fs())?;
        let set = Set { fingerprint: key.to_string(), files };
        let ready = unfinished(&self.path, &self.folder(stage));
        commit_set(self.fs(), &ready, &set.files, &set.fingerprint)?;
        // First the cache: from there on nothing can be lost.
        self.runs.cache().keep(&key, &ready, &set, &self.path)?;
        self.install(stage, &ready)?;
        let kept = read_set(self.fs(), &self.folder(stage))?;
        self.note(stage, kept, Origin::Computed)
    }

    /// Keeps a step that was not taken, beside the stages and as a set of its own, and says where; what stood under that name goes.
    ///
    /// # Errors
    /// [`RunError::Commit`] and [`RunError::Fs`] if the disk refuses.
    pub fn keep_replay(&self, name: &str, files: &Files) -> Result<PathBuf, RunError> {
        self.lock.1.refuse_gone(self.fs())?;
        let folder = self.path.join(REPLAY);
        ensure_folder(self.fs(), &folder)?;
        let path = folder.join(name);
        discard(self.fs(), &path)?;
        commit_set(self.fs(), &path, files, name)?;
        Ok(path)
    }

    /// Takes what stands in the folder of a stage as its output, whoever wrote it.
    ///
    /// # Errors
    /// [`RunError::NoOutput`] if nothing stands there, and whatever the disk refuses.
    pub fn adopt(&mut self, stage: Stage) -> Result<Files, RunError> {
        let files = self.standing(stage)?;
        if files.is_empty() {
            return Err(RunError::NoOutput { run: self.path.clone(), stage });
        }
        let known = read_set(self.fs(), &self.folder(stage)).ok().filter(|set| set.files == files);
        if let Some(set) = known {
            return self.note(stage, set, Origin::Found);
        }
        let set = Set { fingerprint: Key::found(&files).to_string(), files };
        let ready = unfinished(&self.path, &self.folder(stage));
        commit_set(self.fs(), &ready, &set.files, &set.fingerprint)?;
        self.install(stage, &ready)?;
        self.note(stage, set, Origin::Found)
    }

    fn fs(&self) -> &dyn Fs {
        &**self.runs.fs()
    }

    fn folder(&self, stage: Stage) -> PathBuf {
        self.path.join(stage.folder())
    }

    fn decide(&self, stage: Stage) -> Result<Decision, RunError> {
        let run = Some((self.path.as_path(), &self.record));
        let (fs, cache, identity) = (self.runs.fs(), &self.runs.cache(), &self.record.identity);
        View { fs, cache, identity, run, earlier: &self.earlier }.decide(stage, &self.outputs)
    }

    fn nothing_before(&self, stage: Stage) -> RunError {
        let missing = stage.upstream().iter().find(|before| !self.outputs.contains_key(before));
        RunError::NoOutput { run: self.path.clone(), stage: *missing.unwrap_or(&stage) }
    }

    /// The files of a stage as they stand in its folder.
    fn standing(&self, stage: Stage) -> Result<Files, RunError> {
        let folder = self.folder(stage);
        let names = tree(self.fs(), &folder)?.into_iter().filter(|name| is_output(name));
        let read = |name: String| Ok((name.clone(), self.fs().read(&folder.join(name), u64::MAX)?));
        names.map(read).collect()
    }

    /// Gives a committed set its place; checkpoints that stand there stay.
    fn install(&self, stage: Stage, ready: &Path) -> Result<(), RunError> {
        let (fs, folder) = (self.fs(), self.folder(stage));
        hand_over(fs, &folder, ready)?;
        discard(fs, &folder)?;
        fs.rename(ready, &folder)?;
        Ok(fs.sync_dir(&self.path)?)
    }

    /// Notes that the output of a stage stands in its folder.
    fn note(&mut self, stage: Stage, set: Set, origin: Origin) -> Result<Files, RunError> {
        let output = output(&set);
        self.outputs.insert(stage, output.clone());
        if self.record.done(stage).is_some_and(|done| done.output == output) {
            return Ok(set.files);
        }
        let finished = self.runs.now();
        let started = self.record.stages.get(&stage).map_or(&finished, |begun| &begun.started).clone();
        let done = Done { finished, origin, output, files: hashes(&set) };
        let record = StageRecord { key: Key::of(&set), started, done: Some(done) };
        self.record.stages.insert(stage, record);
        self.record.write(self.fs(), &self.path)?;
        Ok(set.files)
    }
}
