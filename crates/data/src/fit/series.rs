//! What the steps of a series teach: each counts once.

use baeum_core::{Anchor, Anchored, Decode, Field, Kind, Split, Splits, Target, TargetStats, Train};

use super::rows::Rows;
use crate::DataError;
use crate::config::{SeriesConfig, StepConfig};
use crate::plan::{DataPlan, SERIES};
use crate::source::Raw;

/// All rows of the steps that training windows are made of.
pub(super) fn every(each_step: &dyn Raw) -> Result<Split<Train>, DataError> {
    let splits = Splits::new((0..each_step.rows()).collect(), vec![], vec![]);
    splits
        .map(|splits| splits.train)
        .map_err(|error| DataError::Changed { wants: "each step once".to_owned(), got: error.to_string() })
}

/// A field as one step of it is: the same, unless it is a series.
pub(super) fn of_step(field: &Field) -> Field {
    let kind = match field.kind {
        Kind::Series { channels, .. } => Kind::Series { channels, steps: 1 },
        Kind::Number
        | Kind::Numbers { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Text
        | Kind::Image { .. } => field.kind.clone(),
    };
    Field { kind, ..field.clone() }
}

/// How the next steps are answered, and what the training steps are on average.
pub(super) fn target(
    plan: &DataPlan,
    config: &SeriesConfig,
    rows: &Rows<'_>,
    input: Option<&Field>,
) -> Result<(Target, TargetStats), DataError> {
    let columns = rows.field.columns.clone();
    let moments = rows.moments(&[], columns.len(), columns.len())?;
    if let Some((column, only)) = columns.iter().zip(&moments).find(|(_, moments)| moments.is_constant()) {
        let (wants, got) = ("at least two different numbers".to_owned(), format!("only {}", only.mean()));
        return Err(DataError::Column { column: column.clone(), wants, got });
    }
    let (mean, std): (Vec<f64>, Vec<f64>) =
        moments.iter().map(|moments| (moments.mean(), moments.divisor())).unzip();
    let decode = Decode::Forecast {
        anchor: anchor(plan, config, &columns, input)?,
        columns,
        steps: config.horizon,
        scale: std.clone(),
        offset: mean.clone(),
        unit: plan.config.unit.clone(),
    };
    Ok((
        Target { field: rows.field.name.clone(), decode },
        TargetStats::Steps { mean, std, season: config.season },
    ))
}

/// What the answer is measured from: from the window, where the network sees no more than that of it.
fn anchor(
    plan: &DataPlan,
    config: &SeriesConfig,
    targets: &[String],
    input: Option<&Field>,
) -> Result<Option<Anchored>, DataError> {
    let steps = plan.field(SERIES).and_then(|field| field.steps.as_deref()).unwrap_or_default();
    let measures = |step: &StepConfig| {
        if let StepConfig::Difference { .. } = step {
            return Some(Anchor::Last);
        }
        let StepConfig::NormaliseWindow { by } = step else { return None };
        Some(*by)
    };
    let Some(by) = steps.iter().find_map(measures) else { return Ok(None) };
    let channels: &[String] = input.map_or(&[], |field| &field.columns);
    let place = |target: &String| {
        channels.iter().position(|channel| channel == target).ok_or_else(|| {
            let wants = format!("`{target}` among them, for it is measured from its window");
            DataError::setting("data.series.channels", wants, "others")
        })
    };
    let channels = targets.iter().map(place).collect::<Result<_, DataError>>()?;
    Ok(Some(Anchored { field: SERIES.to_owned(), channels, steps: config.window, by }))
}
