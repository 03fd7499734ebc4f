//! The learning-rate finder over a recipe: what it finds, and the page that shows it. No run is opened or changed.

use baeum_evaluate::markup::{number, page, rates, section};
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
    let seed = context.place.seed;
    let mut network = network(&model.graph, &model.weights, runner(&context.plans.run, seed))?;
    drop(model.weights);
    let progress = &context.place.progress;
    progress.begin("trying learning rates", range.steps());
    let mut counted = |point: &RatePoint| {
        progress.add(1);
        watch(point)
    };
    let plan = &context.plans.train;
    let found = baeum_train::find_rate(plan, range, seed, &mut *network, &dataset, &mut counted);
    progress.end();
    Ok(found?)
}

/// The curve as one self-contained HTML page, a sibling of the report. `said`: the step size of the recipe.
pub fn rate_page(curve: &RateCurve, title: &str, said: f64) -> String {
    let points: Vec<_> = curve.points.iter().map(|point| (point.rate, point.loss, point.mean)).collect();
    let drawn = rates(&points, curve.suggested().map(|rate| (rate, "suggested")));
    let caption = "Each dot is the loss of one batch, before a step of that size; the line is their running mean. A step size \
                   is good where the mean falls, well before it rises again.";
    let figure = |drawing: String| {
        format!("<figure><div class=\"wide\">{drawing}</div><figcaption>{caption}</figcaption></figure>")
    };
    let head = format!("<p class=\"lead\">{}</p>", lead(curve, said));
    page(
        "Baeum learning rate",
        title,
        &head,
        [section("rates", "Loss over the step size", drawn.map(figure))],
    )
}

/// The suggestion in a sentence or two. Markup.
fn lead(curve: &RateCurve, said: f64) -> String {
    let said = format!("The recipe says {}.", number(said));
    match (curve.suggested(), curve.lowest()) {
        (Some(rate), Some(lowest)) => format!(
            "Suggested is <strong>{}</strong>, a tenth of the step size at which the running mean of the loss was lowest, \
             {}. {said}",
            number(rate),
            number(lowest.rate),
        ),
        (_, _) => {
            format!("The running mean of the loss did not fall by a tenth, so nothing is suggested. {said}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_what_is_suggested_and_why() {
        let point = |rate, loss| RatePoint { rate, loss, mean: loss };
        let mut points = vec![point(1e-4, 2.0); 10];
        points.extend([point(1e-2, 1.0), point(1.0, 9.0)]);
        let page = rate_page(&RateCurve { points: points.clone(), is_cut: true }, "iris", 0.01);
        for part in [
            "<title>iris · Baeum learning rate</title>",
            "Suggested is <strong>0.001000</strong>, a tenth of the step size at which the running mean of the loss was \
             lowest, 0.01000. The recipe says 0.01000.",
            ">suggested: 0.001000</text>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let curve = RateCurve { points: points[..10].to_vec(), is_cut: true };
        let page = rate_page(&curve, "iris", 0.01);
        assert!(page.contains("so nothing is suggested") && !page.contains(">suggested:"));
    }
}
