use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baeum_core::Fs;
use baeum_core::commit::Set;
use baeum_core::fs::shown;

use super::cache::{Cache, Look, look};
use super::checkpoints::Checkpoints;
use super::record::{Record, output};
use super::{Identity, Key, Reason, RunError, Stage};

/// What the next run would do, stage by stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The run folder: one that would go on, or a new one.
    pub run: PathBuf,
    /// Whether it would go on.
    pub continues: bool,
    /// What would become of each stage, in order.
    pub steps: Vec<Step>,
}

/// What becomes of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// What is done.
    pub action: Action,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What can be done for a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: its output stands in the run.
    Keep,
    /// Its output is taken from the cache.
    Take,
    /// It runs.
    Run,
}

/// All that is looked at to decide about a stage.
pub(super) struct View<'a> {
    pub(super) fs: &'a Arc<dyn Fs>,
    pub(super) cache: &'a Cache<'a>,
    pub(super) identity: &'a Identity,
    /// The run that goes on, with its record.
    pub(super) run: Option<(&'a Path, &'a Record)>,
    /// For each stage, the newest other run of this name that has done it.
    pub(super) earlier: &'a Earlier,
}

/// For each stage, a run to be compared with.
pub(super) type Earlier = BTreeMap<Stage, Arc<Record>>;

/// What is to be done for a stage.
pub(super) struct Decision {
    /// None as long as an earlier stage has to run first.
    pub(super) key: Option<Key>,
    pub(super) found: Found,
    pub(super) reasons: Vec<Reason>,
}

/// Where the output of a stage was found.
pub(super) enum Found {
    InRun(Set),
    InCache(Set),
    Nowhere,
}

impl View<'_> {
    /// Decides about all stages, as far as can be told without running one.
    pub(super) fn steps(&self) -> Result<Vec<Step>, RunError> {
        let mut outputs = BTreeMap::new();
        let one = |stage| {
            let Decision { found, reasons, .. } = self.decide(stage, &outputs)?;
            let (action, set) = match found {
                Found::InRun(set) => (Action::Keep, Some(set)),
                Found::InCache(set) => (Action::Take, Some(set)),
                Found::Nowhere => (Action::Run, None),
            };
            outputs.extend(set.map(|set| (stage, output(&set))));
            Ok(Step { stage, action, reasons })
        };
        Stage::ALL.into_iter().map(one).collect()
    }

    /// Decides about a stage, given what the stages before it have put out.
    pub(super) fn decide(
        &self,
        stage: Stage,
        outputs: &BTreeMap<Stage, String>,
    ) -> Result<Decision, RunError> {
        let Some(key) = self.identity.key(stage, outputs) else {
            return Ok(Decision { key: None, found: Found::Nowhere, reasons: self.changes(stage, outputs) });
        };
        let mut reasons = vec![];
        let found = self.find(stage, &key, &mut reasons)?;
        if reasons.is_empty() {
            match self.goes_on(stage, &key)? {
                Some(reason) => reasons.push(reason),
                None => reasons = self.changes(stage, outputs),
            }
        }
        Ok(Decision { key: Some(key), found, reasons })
    }

    /// Looks for an output, first in the run that goes on, then in the cache; says what was found, and what was damaged.
    fn find(&self, stage: Stage, key: &Key, reasons: &mut Vec<Reason>) -> Result<Found, RunError> {
        match self.in_run(stage, key)? {
            Look::Whole(set) => {
                reasons.push(Reason::Unchanged);
                return Ok(Found::InRun(set));
            }
            Look::Damaged(file) => reasons.push(self.damaged(&file)),
            Look::Absent => {}
        }
        match self.cache.look(key)? {
            Look::Whole(set) => {
                reasons.push(Reason::Cached);
                return Ok(Found::InCache(set));
            }
            Look::Damaged(file) => reasons.push(self.damaged(&file)),
            Look::Absent => {}
        }
        Ok(Found::Nowhere)
    }

    /// Looks for the output in the run that goes on.
    fn in_run(&self, stage: Stage, key: &Key) -> Result<Look, RunError> {
        let Some((run, record)) = self.run else { return Ok(Look::Absent) };
        let folder = run.join(stage.folder());
        let was_done =
            record.done(stage).is_some() && record.stages.get(&stage).is_some_and(|begun| begun.key == *key);
        match look(&**self.fs, &folder, key)? {
            // Checkpoints alone are no damage, but a finished stage without its manifest is.
            Look::Absent if was_done => Ok(Look::Damaged(folder)),
            found @ (Look::Whole(_) | Look::Absent | Look::Damaged(_)) => Ok(found),
        }
    }

    /// Whether the stage was interrupted after a checkpoint.
    fn goes_on(&self, stage: Stage, key: &Key) -> Result<Option<Reason>, RunError> {
        let Some((run, _)) = self.run else { return Ok(None) };
        let checkpoints = Checkpoints::of(self.fs.clone(), None, &run.join(stage.folder()), key.clone());
        Ok(checkpoints.newest()?.checkpoint.map(|checkpoint| Reason::Continues { epoch: checkpoint.epoch }))
    }

    /// What is new since the newest run that has done the stage.
    fn changes(&self, stage: Stage, outputs: &BTreeMap<Stage, String>) -> Vec<Reason> {
        let Some(before) = self.earlier.get(&stage) else { return vec![Reason::NeverRan] };
        let mut reasons = self.identity.slice(stage).differences(&before.identity.slice(stage));
        let was = |upstream: &Stage| before.done(*upstream).map(|done| &done.output);
        let moved =
            |upstream: &&Stage| outputs.get(upstream).is_none_or(|output| Some(output) != was(upstream));
        reasons.extend(stage.upstream().iter().filter(moved).map(|upstream| Reason::Upstream(*upstream)));
        if reasons.is_empty() {
            reasons.push(Reason::Gone);
        }
        reasons
    }

    /// Names a file as a message should: below the folder of all runs.
    fn damaged(&self, file: &Path) -> Reason {
        let runs = self.cache.root().parent().unwrap_or(file);
        Reason::OutputDamaged { file: shown(file.strip_prefix(runs).unwrap_or(file)) }
    }
}
