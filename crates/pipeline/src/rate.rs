//! The learning-rate finder over a recipe: before a training that asks for it, or alone, and then no run is opened or changed.

use baeum_core::{Dataset, Model};
use baeum_models::network;
use baeum_train::{RateCurve, RatePoint, RateRange, Signal};

use crate::StageError;
use crate::stages::{Context, Stages, runner};

/// Reads the data of a recipe, builds its network, and tries step sizes on it.
///
/// # Errors
/// What the stages refuse; [`StageError::Memory`] if there is not enough.
pub fn find_rate(
    context: &Context<'_>,
    range: &RateRange,
    watch: &mut dyn FnMut(&RatePoint) -> Signal,
) -> Result<RateCurve, StageError> {
    let stages = Stages::default();
    let dataset = (stages.data)(context, ())?.dataset;
    let model = (stages.models)(context, dataset.clone())?;
    crate::stages::expected(context, &model)?;
    tried(context, &model, &dataset, range, watch)
}

/// Tries step sizes on a network that has learned nothing, and lets go of it.
pub(crate) fn tried(
    context: &Context<'_>,
    model: &Model,
    dataset: &Dataset,
    range: &RateRange,
    watch: &mut dyn FnMut(&RatePoint) -> Signal,
) -> Result<RateCurve, StageError> {
    let Context { plans, place, .. } = context;
    let mut network = network(&model.graph, &model.weights, runner(&plans.run, place.seed))?;
    place.progress.begin("trying learning rates", range.steps());
    let mut counted = |point: &RatePoint| {
        place.progress.add(1);
        watch(point)
    };
    let found = baeum_train::find_rate(&plans.train, range, place.seed, &mut *network, dataset, &mut counted);
    place.progress.end();
    Ok(found?)
}
