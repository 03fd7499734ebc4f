use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use baeum_core::clock::SystemClock;
use baeum_core::{
    Blueprint, Clock, Dataset, Decode, Field, Graph, HeadMetric, Kind, Layer, Loss, Model, Network, Node,
    Predictor, RateCurve, RatePoint, Role, RunnerUp, State, Target, Trained, free_memory,
};
use baeum_data::{Place, Profile};
use baeum_evaluate::Report;
use baeum_export::Files;
use baeum_models::{Device, Memory, ModelError, RunnerConfig, network};
use baeum_train::{
    Best, Checkpoint, Ended, Event, Outside, RateRange, Signal, TrainError, TrainPlan, fewest_at_once,
};

use crate::recipe::{RunPlan, list};
use crate::{Plans, StageError, golden, rate, start};

/// What every stage is told beside its input.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the recipe means, section by section.
    pub plans: &'a Plans,
    /// Where the recipe is run: disk, folders, limits, seed.
    pub place: &'a Place,
    /// Where training keeps its checkpoints, and who watches.
    pub hooks: &'a dyn Hooks,
}

/// Where training keeps its checkpoints, and who watches it. Everything has a default: nothing is kept, nobody watches.
pub trait Hooks {
    /// The checkpoint to go on from, if there is one.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn resume(&self) -> Result<Option<Checkpoint>, StageError> {
        Ok(None)
    }

    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// Whatever keeps it from being written; training stops.
    fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Box<dyn Error + Send + Sync>> {
        let _ = checkpoint;
        Ok(())
    }

    /// Where time comes from.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock::new())
    }

    /// Looks at the network behind an epoch.
    fn look(&self, net: &mut dyn Network, data: &Dataset, state: &State) {
        let _ = (net, data, state);
    }

    /// May stop what happens before training begins.
    fn go_on(&self) -> Signal {
        Signal::Go
    }

    /// Is told what happens, and may stop it.
    fn see(&self, event: &Event) -> Signal {
        let _ = event;
        Signal::Go
    }
}

/// Nothing is kept, nobody watches.
pub struct NoHooks;

impl Hooks for NoHooks {}

/// What the data stage hands on.
pub struct Prepared {
    /// Examples ready for a network.
    pub dataset: Dataset,
    /// What was found in the files; empty for data from elsewhere.
    pub profile: Profile,
}

/// A step of the pipeline: from what the stage before hands on to what it hands on itself.
pub type Step<In, Out> = Box<dyn Fn(&Context<'_>, In) -> Result<Out, StageError>>;

/// The five stages. Replace one and keep the rest: `Stages { train: Box::new(mine), ..Stages::default() }`.
#[expect(missing_docs, reason = "the field names are the stage names")]
pub struct Stages {
    pub data: Step<(), Prepared>,
    pub models: Step<Dataset, Model>,
    pub train: Step<(Model, Dataset), Trained>,
    pub evaluate: Step<(Predictor, Dataset), Report>,
    pub export: Step<(Predictor, Dataset), Files>,
}

/// What the five stages hand back.
pub struct Outcome {
    /// What was learned, and how.
    pub trained: Trained,
    /// How well it does on rows it never saw.
    pub report: Report,
    /// The exported files by name, each proven.
    pub files: Files,
}

impl Default for Stages {
    fn default() -> Stages {
        Stages {
            data: Box::new(|context, ()| data(context)),
            models: Box::new(|context, dataset| models(context, &dataset)),
            train: Box::new(|context, (model, dataset)| train(context, model, &dataset)),
            evaluate: Box::new(|context, (predictor, dataset)| evaluate(context, &predictor, &dataset)),
            export: Box::new(|context, (predictor, dataset)| golden::export(context, &predictor, &dataset)),
        }
    }
}

/// Data, models, training, evaluation, export: in that order, each fed by the one before. Nothing is written to disk;
/// [`crate::Session`] runs the same stages with a run folder, a cache and checkpoints around them.
///
/// # Errors
/// The first stage's error that occurs.
pub fn run(context: &Context<'_>, stages: &Stages) -> Result<Outcome, StageError> {
    let Prepared { dataset, profile: _ } = (stages.data)(context, ())?;
    let model = (stages.models)(context, dataset.clone())?;
    let trained = (stages.train)(context, (model, dataset.clone()))?;
    let report = (stages.evaluate)(context, (trained.predictor.clone(), dataset.clone()))?;
    let files = (stages.export)(context, (trained.predictor.clone(), dataset))?;
    Ok(Outcome { trained, report, files })
}

fn data(context: &Context<'_>) -> Result<Prepared, StageError> {
    let baeum_data::Prepared { dataset, profile, blueprint: _ } =
        baeum_data::prepare(&context.plans.data, context.place)?;
    Ok(Prepared { dataset, profile })
}

fn models(context: &Context<'_>, dataset: &Dataset) -> Result<Model, StageError> {
    let Context { plans, place, .. } = context;
    let model = baeum_models::build(&plans.models, place.seed, &dataset.inputs, &dataset.targets)?;
    refuse_other_columns(dataset, &model.graph)?;
    match plans.models.start() {
        None => Ok(model),
        Some(start) => start::started(model, start, place),
    }
}

/// A head that tells the next steps of each row it reads wants the rows seen and the columns told to be the same, unless there is
/// one of each and nothing is turned back.
fn refuse_other_columns(dataset: &Dataset, graph: &Graph) -> Result<(), StageError> {
    let is_series = |field: &&Field| matches!(field.kind, Kind::Series { .. }) && field.role == Role::Input;
    let Some(Field { columns: seen, .. }) = dataset.schema.fields.iter().find(is_series) else {
        return Ok(());
    };
    let is_restored = graph.nodes().iter().any(|node| matches!(node.layer, Layer::InstanceRestore { .. }));
    for (target, output) in dataset.targets.iter().zip(graph.outputs()) {
        let has_rows = graph.input_shapes(&graph[*output]).first().is_some_and(|shape| shape.rank() == 3);
        let Decode::Forecast { columns, .. } = &target.decode else { continue };
        if columns != seen && has_rows && (columns.len() > 1 || is_restored) {
            let named = |names: &[String]| list(names.iter().map(String::as_str));
            let rule = format!(
                "must be the columns that the network sees, {}, for it tells the next steps of each, got {}; \
                 `data.series.channels` says what it sees",
                named(seen),
                named(columns)
            );
            return Err(ModelError::Setting { path: "data.target".to_owned(), rule }.into());
        }
    }
    Ok(())
}

/// What a format of the recipe cannot say is refused here, before an hour of training is lost.
fn refuse_unspeakable(context: &Context<'_>, dataset: &Dataset, model: &Model) -> Result<(), StageError> {
    let parts = Blueprint {
        version: Blueprint::VERSION,
        schema: dataset.schema.clone(),
        inputs: dataset.inputs.clone(),
        graph: model.graph.clone(),
        targets: dataset.targets.clone(),
    };
    let plan = &context.plans.export;
    plan.formats().iter().try_for_each(|format| Ok(baeum_export::can(*format, &parts, plan)?))
}

/// A row that goes through the network alone has one value of each channel, of which a batch norm behind a dense layer can learn
/// nothing; it would be met at the end of the first epoch.
fn refuse_lone_rows(plan: &TrainPlan, dataset: &Dataset, graph: &Graph) -> Result<(), StageError> {
    let is_norm = |node: &&Node| matches!(node.layer, Layer::BatchNorm { .. }) && node.shape.rank() == 2;
    let Some(norm) = graph.nodes().iter().find(is_norm) else { return Ok(()) };
    if fewest_at_once(plan, dataset)? > 1 {
        return Ok(());
    }
    let rule = format!(
        "a number that leaves no row alone at the end of an epoch or of a batch, for `{}` wants two or more at once; another number, a `train.micro_batch` \
         that fits, or `train.drop_last = true` helps",
        norm.name
    );
    Err(TrainError::Setting { path: "train.batch_size".to_owned(), rule, got: plan.batch_size().to_string() }
        .into())
}

/// What a training on the processor will take, which is told before it begins.
///
/// # Errors
/// [`StageError::Memory`] if there is less.
pub(crate) fn expected(context: &Context<'_>, model: &Model) -> Result<Memory, StageError> {
    let (plan, fs) = (&context.plans.train, context.place.fs.as_ref());
    let rows = plan.part_rows();
    let memory = Memory::of(&model.graph, &plan.largest_update(), rows);
    match free_memory(fs) {
        Some(free) if free < memory.total() && context.plans.run.device() == Device::Cpu => {
            Err(StageError::Memory { wanted: memory.total(), free, rows })
        }
        Some(_) | None => Ok(memory),
    }
}

fn train(context: &Context<'_>, model: Model, dataset: &Dataset) -> Result<Trained, StageError> {
    refuse_unspeakable(context, dataset, &model)?;
    refuse_lone_rows(&context.plans.train, dataset, &model.graph)?;
    expected(context, &model)?;
    let Context { plans, place, hooks } = context;
    let rates = rates(context, &model, dataset)?;
    let mut network = network(&model.graph, &model.weights, runner(&context.plans.run, context.place.seed))?;
    let graph = model.graph; // the weights are the network's now, and freed here
    drop(model.weights);
    let from = hooks.resume()?;
    let mut keep = |checkpoint: &Checkpoint| hooks.keep(checkpoint);
    let mut watch = |event: &Event| hooks.see(event);
    let mut judge = |net: &mut dyn Network, data: &Dataset, metrics: &[HeadMetric]| {
        Ok(baeum_evaluate::judge(net, data, plans.train.part_rows(), metrics)?)
    };
    let look = &mut |net: &mut dyn Network, data: &Dataset, state: &State| hooks.look(net, data, state);
    let clock = &*hooks.clock();
    let outside = Outside { clock, keep: &mut keep, judge: &mut judge, look, watch: &mut watch };
    let fitted = baeum_train::fit(&plans.train, place.seed, &mut *network, dataset, from, outside)?;
    let (Ended::Done | Ended::EarlyStop | Ended::OutOfTime, Some(best)) = (fitted.end, fitted.best) else {
        return Err(StageError::Stopped);
    };
    let class_weights = by_label(&dataset.targets, &fitted.minimised);
    let drawn = baeum_train::drawn(&plans.train, dataset)?;
    let predictor = Predictor {
        schema: dataset.schema.clone(),
        inputs: dataset.inputs.clone(),
        graph,
        weights: best.weights,
        targets: dataset.targets.clone(),
    };
    let (history, end, best_epoch) = (fitted.history, fitted.end, best.epoch);
    let runner_up = |best: Best| RunnerUp { epoch: best.epoch, weights: best.weights };
    let runners_up = fitted.runners_up.into_iter().map(runner_up).collect();
    Ok(Trained { predictor, history, best_epoch, runners_up, end, class_weights, drawn, rates })
}

/// How the untrained network answers to growing step sizes, where the recipe asks for it. It is found anew when a training goes on, and is
/// the same each time.
fn rates(context: &Context<'_>, model: &Model, dataset: &Dataset) -> Result<Option<RateCurve>, StageError> {
    if !context.plans.train.finds_rate() {
        return Ok(None);
    }
    let mut stopped = false;
    let mut watch = |_: &RatePoint| {
        let signal = context.hooks.go_on();
        stopped = signal.is_stop();
        signal
    };
    let curve = rate::tried(context, model, dataset, &RateRange::default(), &mut watch)?;
    if stopped { Err(StageError::Stopped) } else { Ok(Some(curve)) }
}

/// What a row counted by its label, or a label that fitted, each behind its target where there are several; nothing where all counted
/// the same.
fn by_label(targets: &[Target], minimised: &Loss) -> BTreeMap<String, f32> {
    let mut weighed = BTreeMap::new();
    for (place, target) in targets.iter().enumerate() {
        let (Decode::Label { labels } | Decode::Labels { labels, .. }) = &target.decode else { continue };
        let (Loss::CrossEntropy { weights, .. } | Loss::BinaryCrossEntropy { weights }) =
            minimised.of_output(place).0
        else {
            continue;
        };
        let named = |label: &String| match targets {
            [_] => label.clone(),
            _ => format!("{}: {label}", target.field),
        };
        weighed.extend(labels.iter().map(named).zip(weights.iter().copied()));
    }
    weighed
}

fn evaluate(context: &Context<'_>, predictor: &Predictor, dataset: &Dataset) -> Result<Report, StageError> {
    let mut network =
        network(&predictor.graph, &predictor.weights, runner(&context.plans.run, context.place.seed))?;
    Ok(baeum_evaluate::score(&context.plans.evaluate, context.place.seed, &mut *network, dataset)?)
}

/// Where and how a network of a recipe computes.
pub(crate) fn runner(run: &RunPlan, seed: u64) -> RunnerConfig {
    RunnerConfig {
        seed,
        device: run.device(),
        threads: run.threads().unwrap_or(0),
        isa: run.isa(),
        precision: run.precision().tier(),
        ..RunnerConfig::default()
    }
}
