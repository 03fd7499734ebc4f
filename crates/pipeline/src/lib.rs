//! Baeum (배움, "learning") finds a function from data: examples and one recipe in; a trained, measured and exported model out.
//!
//! ```no_run
//! use std::sync::Arc;
//! use baeum::{Context, NoHooks, Recipe, Stages, data::Place, fs::RealFs};
//!
//! let recipe = "[data]\nsource = { csv = { path = \"iris.csv\" } }\ntarget = \"species\"\n\n[models.mlp]\nhidden = [16]\n";
//! let plans = Recipe::parse("recipe.toml", recipe, &[])?.check()?;
//! let (limits, progress) = (plans.run.limits().clone(), Default::default());
//! let place = Place { fs: Arc::new(RealFs), base: "datasets/iris".into(), folders: vec![], limits, seed: 7, progress, cache: None };
//! let outcome = baeum::run(&Context { plans: &plans, place: &place, hooks: &NoHooks }, &Stages::default())?;
//! println!("{:?}", outcome.report.metrics);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Words stand at the root, stages are modules, and the command is [`cli::main`]. In reading order:

mod generate;
mod golden;
pub mod label;
mod predict;
pub mod recipe;
mod replay;
mod stages;
mod start;

mod artifacts;
mod profile;
mod rate;
pub mod run;
mod samples;
mod seeds;
mod session;

pub mod cli;
mod error;
pub mod fetch;
pub mod watch;

pub use artifacts::{ArtifactError, predictor};
pub use error::StageError;
pub use generate::{GenerateError, Generation};
pub use golden::golden;
pub use predict::{Note, Predict, PredictError, Prediction};
pub use rate::find_rate;
pub use recipe::{Plans, Recipe, RecipeError};
pub use replay::Replay;
pub use seeds::{Seeded, Seeds, Spread};
pub use session::{Audience, Goal, Job, Session, Told, identity};
pub use stages::{Context, Hooks, NoHooks, Outcome, Prepared, Stages, Step, run};

pub use baeum_core::tagged::Several;
pub use baeum_core::{
    Adam, Ahead, Anchor, Anchored, Answer, Approximate, Batch, Blueprint, ChannelAxis, Clock, Counter, DType,
    Data, Dataset, DatePart, Decayed, Decode, Denoise, Dim, Distribution, End, Ended, EpochRecord, Expected,
    Field, Filter, Fit, Fs, Graph, GraphError, HeadLoss, HeadMetric, Init, InputSpec, Interpolation, Kind,
    Layer, Limit, Limits, Loss, LossParts, Lost, LostWhat, MeanOf, Method, MetricName, Model, Network,
    NetworkError, Node, NodeId, Padding, Param, ParamKind, Part, Phase, Pipeline, Positions, Predictor,
    Probes, Progress, Record, Returns, Rng, Role, RunnerUp, Schema, Scored, Shape, ShapeError, Size2, Source,
    SourceError, Splits, State, Target, TargetStats, Task, Tensor, TextForm, Trained, Transform, Update,
    UpdateStats, Value, Weights,
};
pub use baeum_core::{clock, commit, fs, weights_file};

#[doc(inline)]
pub use baeum_data as data;
pub use baeum_evaluate as evaluate;
pub use baeum_export as export;
pub use baeum_models as models;
pub use baeum_train as train;
