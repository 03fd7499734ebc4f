mod hooks;
mod watchers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use baeum_core::commit::CommitError;
use baeum_core::tagged::Several;
use baeum_core::{Clock, Dataset, taken_memory};
use baeum_data::{DataError, ExampleCache, Place};
use baeum_models::Memory;
use baeum_train::{FailedStep, TrainError};

use crate::artifacts::{self, ArtifactError};
use crate::fetch::{LIST, SourceList};
use crate::recipe::{Parsed, Plans, Recipe};
use crate::run::{Begun, CpuClass, Files, Identity, Reason, Run, RunError, Runs, Stage, fingerprints};
use crate::stages::{self, Context, Hooks, NoHooks, Stages};
use crate::watch::{Signals, Watcher};
use crate::{StageError, replay, start};
use hooks::RunHooks;

/// A recipe at work in a run folder: stages that have not changed are taken from where they stand, the others run, and
/// everything is written through the commit protocol, so that a killed session goes on where it was.
///
/// The same five stages as [`crate::run()`]; here each hands on files, which is what makes any of them replaceable by a
/// program in another language: `--from evaluate` goes on with whatever stands in the folders before it.
pub struct Session<'a> {
    job: &'a Job,
    /// Where the recipe is run, and what later runs find there.
    place: Arc<Place>,
    signals: Signals,
    run: Run,
    outputs: BTreeMap<Stage, Files>,
    dataset: Option<Dataset>,
}

/// A recipe that was checked, and the machine it is to run on.
#[derive(Debug)]
pub struct Job {
    /// The recipe with its text, so that mistakes can be shown in it.
    pub parsed: Parsed,
    /// What it means.
    pub plans: Plans,
    /// Where it is run.
    pub place: Place,
    /// Where its runs are kept.
    pub runs: Runs,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// What its runs are called.
    pub name: String,
    /// The recipe as it is meant, `--set` included; kept in the run folder.
    pub text: String,
}

impl Job {
    /// The same with one of its seeds: what a recipe that names this seed alone would be.
    ///
    /// # Errors
    /// [`StageError::Artifact`] if the recipe cannot be written down.
    pub fn of_seed(&self, seed: u64) -> Result<Job, StageError> {
        let (mut parsed, plans) = (self.parsed.clone(), self.plans.clone());
        parsed.recipe.run.seed = Several(vec![seed]);
        let text = parsed.recipe.to_toml().map_err(ArtifactError::from)?;
        Ok(Job {
            parsed,
            plans: Plans { run: plans.run.of_seed(seed), ..plans },
            place: Place { seed, ..self.place.clone() },
            runs: self.runs.clone(),
            clock: Arc::clone(&self.clock),
            name: self.name.clone(),
            text,
        })
    }
}

/// How a session finds its run folder.
#[derive(Clone, Debug)]
pub enum Goal {
    /// Goes on with the newest unfinished run that equals this one, or begins the next.
    Any,
    /// Exactly this run, or a refusal with the list of differences.
    Resume(String),
    /// The newest run of the recipe's name, under the same rule: `--from` goes on with what stands there.
    Newest,
}

/// What a person is told while a session works.
#[derive(Debug)]
pub enum Told<'a> {
    /// A stage was found done.
    Found(Stage, &'a [Reason], &'a Files),
    /// A stage begins.
    Begins(Stage, &'a [Reason]),
    /// Newer checkpoints are damaged; the work since an older one is done again.
    Damaged(&'a [CommitError]),
    /// A step of the training was not taken; it is kept there to be run again, or the disk refuses to keep it.
    Diverged(Result<&'a Path, &'a StageError>),
    /// The training that begins will take so much memory, with so many rows at once.
    Expects {
        /// Beside the program and its examples.
        memory: Memory,
        /// What these take so far, in bytes, if the system tells it.
        taken: Option<u64>,
        /// How many rows go through the network at once.
        rows: usize,
    },
    /// A stage is done.
    Done(Stage, Duration, &'a Files),
}

/// Whom a session tells.
pub trait Audience {
    /// Takes note.
    fn told(&mut self, told: &Told<'_>);

    /// Another watcher of the training, such as a progress bar.
    fn watcher(&self) -> Option<Box<dyn Watcher + '_>> {
        None
    }
}

/// What decides the bytes of a run: recipe, code, data files, weights that it starts from, processor.
///
/// # Errors
/// [`StageError::Data`] if a data file is missing, [`StageError::NotFetched`] if it is one that can be fetched.
pub fn identity(recipe: &Recipe, plans: &Plans, place: &Place) -> Result<Identity, StageError> {
    let files = plans.data.files(place).map_err(|error| fetchable(error, place))?;
    let files = fingerprints(&*place.fs, &place.base, &files).map_err(RunError::from)?;
    let start = start::paths(&plans.models, place).map_err(|error| fetchable(error, place))?;
    start::refuse_lacking(&start, &plans.models, place)?;
    let weights = fingerprints(&*place.fs, &place.base, &start).map_err(RunError::from)?;
    let computed = plans.run.computed();
    let recipe = recipe.identity(computed).map_err(ArtifactError::from)?;
    Ok(Identity { weights, ..Identity::here(CpuClass::of(computed), recipe, files) })
}

/// Where a run keeps examples for those behind it: the numbers of photos are a matter of recipe, files and program, as the
/// output of the data stage is.
fn example_cache(run: &Run) -> Option<ExampleCache> {
    let key = run.record().identity.key(Stage::Data, &BTreeMap::new())?;
    Some(ExampleCache { folder: run.shared(), work: run.path().to_owned(), key: key.to_string() })
}

/// A file that is missing, but listed in the `source.toml` beside the recipe, is one to fetch.
fn fetchable(error: DataError, place: &Place) -> StageError {
    let DataError::Absent { file, .. } = &error else { return error.into() };
    // A list that is missing or wrong is no help, and no reason to hide that the file is missing.
    let list = SourceList::read(&*place.fs, &place.base.join(LIST)).ok();
    // What is missing may be a folder with all that is listed.
    let is_listed =
        |list: SourceList| list.files.iter().any(|listed| Path::new(&listed.name).starts_with(file));
    match list.is_some_and(is_listed) {
        true => StageError::NotFetched { file: file.clone(), source: error },
        false => error.into(),
    }
}

impl<'a> Session<'a> {
    /// Opens the run folder, after which nobody else works in it.
    ///
    /// # Errors
    /// [`StageError::Run`] if it is locked, differs or cannot be written; [`StageError::Data`] if a file is missing.
    pub fn open(job: &'a Job, goal: &Goal, signals: Signals) -> Result<Session<'a>, StageError> {
        let identity = identity(&job.parsed.recipe, &job.plans, &job.place)?;
        let run = match goal {
            Goal::Any => job.runs.open(&job.name, &job.text, identity)?,
            Goal::Resume(run) => job.runs.resume(run, &identity)?,
            Goal::Newest => job.runs.resume(&job.name, &identity)?,
        };
        let place = Arc::new(Place { cache: example_cache(&run), ..job.place.clone() });
        Ok(Session { job, place, signals, run, outputs: BTreeMap::new(), dataset: None })
    }

    /// Its run folder.
    pub fn path(&self) -> PathBuf {
        self.run.path().to_owned()
    }

    /// What a stage has put out; none if it was not reached.
    pub fn output(&self, stage: Stage) -> Option<&Files> {
        self.outputs.get(&stage)
    }

    /// Takes what stands in the folders of all stages before `from` as it is, whoever wrote it.
    ///
    /// # Errors
    /// [`StageError::Run`] if a folder is empty.
    pub fn adopt_before(&mut self, from: Stage) -> Result<(), StageError> {
        for stage in Stage::ALL.into_iter().filter(|stage| *stage < from) {
            let files = self.run.adopt(stage)?;
            self.outputs.insert(stage, files);
        }
        Ok(())
    }

    /// Runs every stage up to `to` that has no output yet.
    ///
    /// # Errors
    /// The first stage's error that occurs; [`StageError::Stopped`] after a signal.
    pub fn advance(&mut self, to: Stage, audience: &mut dyn Audience) -> Result<(), StageError> {
        for stage in Stage::ALL.into_iter().filter(|stage| *stage <= to) {
            if self.outputs.contains_key(&stage) {
                continue;
            }
            if self.signals.received().is_some() {
                return Err(StageError::Stopped);
            }
            self.one(stage, audience)?;
        }
        Ok(())
    }

    fn one(&mut self, stage: Stage, audience: &mut dyn Audience) -> Result<(), StageError> {
        let span = tracing::info_span!("stage", name = stage.name());
        let _entered = span.enter();
        let mut begun = self.run.begin(stage)?;
        let files = match begun.output.take() {
            Some(files) => {
                audience.told(&Told::Found(stage, &begun.reasons, &files));
                files
            }
            None => {
                audience.told(&Told::Begins(stage, &begun.reasons));
                let since = self.job.clock.elapsed();
                let files = self.compute(&begun, audience)?;
                let files = self.run.finish(begun, files)?;
                audience.told(&Told::Done(stage, self.job.clock.elapsed() - since, &files));
                files
            }
        };
        self.outputs.insert(stage, files);
        Ok(())
    }

    /// From the files of the stages before to the files of this one.
    fn compute(&mut self, begun: &Begun, audience: &mut dyn Audience) -> Result<Files, StageError> {
        let (stages, place) = (Stages::default(), Arc::clone(&self.place));
        let quiet = self.context(&place, &NoHooks);
        match begun.stage {
            Stage::Data => {
                let prepared = (stages.data)(&quiet, ())?;
                let files = artifacts::data(&self.job.name, &prepared)?;
                self.dataset = Some(prepared.dataset);
                Ok(files)
            }
            Stage::Models => {
                let dataset = self.dataset()?;
                Ok(artifacts::model(&(stages.models)(&quiet, dataset)?)?)
            }
            Stage::Train => self.train(&stages, begun, audience),
            Stage::Evaluate => {
                let dataset = self.dataset()?;
                let trained = artifacts::read_trained(self.of(Stage::Train)?, &self.job.place.limits)?;
                let report = (stages.evaluate)(&quiet, (trained.predictor.clone(), dataset))?;
                let Job { place, name, text, .. } = self.job;
                Ok(artifacts::report(&report, &trained, place.seed, (name, text))?)
            }
            Stage::Export => {
                let dataset = self.dataset()?;
                let trained = artifacts::read_trained(self.of(Stage::Train)?, &self.job.place.limits)?;
                let files = (stages.export)(&quiet, (trained.predictor, dataset))?;
                Ok(artifacts::exported(files))
            }
        }
    }

    fn train(
        &mut self,
        stages: &Stages,
        begun: &Begun,
        audience: &mut dyn Audience,
    ) -> Result<Files, StageError> {
        let dataset = self.dataset()?;
        let model = artifacts::read_model(self.of(Stage::Models)?, &self.job.place.limits)?;
        let memory = stages::expected(&self.context(&self.place, &NoHooks), &model)?;
        let (taken, rows) = (taken_memory(&*self.place.fs), self.job.plans.train.part_rows());
        audience.told(&Told::Expects { memory, taken, rows });
        let newest = begun.checkpoints.newest()?;
        if !newest.damaged.is_empty() {
            audience.told(&Told::Damaged(&newest.damaged));
        }
        let from =
            newest.checkpoint.map(|found| artifacts::read_checkpoint(found.files, &self.job.place.limits));
        let mut watchers: Vec<Box<dyn Watcher + '_>> = self.watchers(&model.graph, &dataset)?;
        watchers.extend(audience.watcher());
        let hooks = RunHooks {
            checkpoints: &begun.checkpoints,
            keep: self.job.plans.train.keep(),
            from: RefCell::new(from.transpose()?),
            signals: &self.signals,
            clock: Arc::clone(&self.job.clock),
            watchers: RefCell::new(watchers),
            failure: RefCell::default(),
        };
        let trained = (stages.train)(&self.context(&self.place, &hooks), (model, dataset));
        if !matches!(trained, Ok(_) | Err(StageError::Stopped)) {
            hooks.break_off();
        }
        let failure = hooks.failure.take();
        drop(hooks); // and with it the audience's own watcher
        if let Some(error) = failure {
            return Err(error.into());
        }
        if let Err(StageError::Train(TrainError::Diverged(step))) = &trained {
            audience.told(&Told::Diverged(self.keep_replay(step).as_deref()));
        }
        Ok(artifacts::trained(&trained?)?)
    }

    /// Keeps a step that was not taken.
    fn keep_replay(&self, step: &FailedStep) -> Result<PathBuf, StageError> {
        let graph = self.of(Stage::Models)?.get(artifacts::GRAPH).cloned().unwrap_or_default();
        let files = replay::files(step, graph, &self.job.text)?;
        Ok(self.run.keep_replay(&format!("{:06}", step.step), &files)?)
    }

    /// The examples, opened once.
    fn dataset(&mut self) -> Result<Dataset, StageError> {
        if let Some(dataset) = &self.dataset {
            return Ok(dataset.clone());
        }
        let blueprint = artifacts::read_data(self.of(Stage::Data)?)?;
        let dataset = baeum_data::open(&self.job.plans.data, &self.place, &blueprint)?;
        Ok(self.dataset.insert(dataset).clone())
    }

    fn of(&self, stage: Stage) -> Result<&Files, StageError> {
        let run = || self.run.path().to_owned();
        Ok(self.outputs.get(&stage).ok_or_else(|| RunError::NoOutput { run: run(), stage })?)
    }

    fn context<'b>(&self, place: &'b Place, hooks: &'b dyn Hooks) -> Context<'b>
    where
        'a: 'b,
    {
        Context { plans: &self.job.plans, place, hooks }
    }
}
