//! How targets of tables, images and texts are answered, and what the training rows answer on average.

use baeum_core::{Decode, Kind, Limits, Target, TargetStats, nearest};

use super::quantiles::quantile;
use super::rows::{Moments, Rows};
use crate::DataError;
use crate::labels::Labels;
use crate::plan::DataPlan;

/// What a target is answered by, and what the training rows answer on average.
pub(super) fn target(
    plan: &DataPlan,
    rows: &Rows<'_>,
    limits: &Limits,
) -> Result<(Target, TargetStats), DataError> {
    let levels = plan.quantiles(&rows.field.name);
    let (decode, stats) = match &rows.field.kind {
        Kind::Number if !levels.is_empty() => quantiles(plan, rows, levels)?,
        kind @ (Kind::Category | Kind::Labels { .. }) if !levels.is_empty() => {
            let (name, wants) = (&rows.field.name, "a number to be learned");
            return Err(DataError::setting(
                plan.path_of_head(name) + ".quantiles",
                wants,
                format!("`{name}`, {kind}"),
            ));
        }
        Kind::Category => {
            let (labels, counts) = Labels::learn(rows, &plan.naming(&rows.field.name), limits)?;
            (Decode::Label { labels }, TargetStats::Labels { counts })
        }
        Kind::Labels { .. } => {
            let (labels, counts) = Labels::learn(rows, &plan.naming(&rows.field.name), limits)?;
            let thresholds = thresholds(plan, &rows.field.name, &labels)?;
            let stats = TargetStats::LabelSets { rows: rows.train.rows().len() as u64, counts };
            (Decode::Labels { labels, thresholds }, stats)
        }
        Kind::Numbers { .. } => numbers(plan, rows)?,
        Kind::Number | Kind::Series { .. } | Kind::Text | Kind::Image { .. } => number(plan, rows)?,
    };
    Ok((Target { field: rows.field.name.clone(), decode }, stats))
}

/// How probable each label has to be to answer.
fn thresholds(plan: &DataPlan, target: &str, labels: &[String]) -> Result<Vec<f32>, DataError> {
    let (said, path) = plan.thresholds(target);
    if let Some(label) = said.keys().find(|label| !labels.contains(label)) {
        let near = nearest(label, labels.iter().map(String::as_str));
        let wants = near.map_or("a label of the training rows".to_owned(), |near| {
            format!("a label of the training rows, such as `{near}`")
        });
        return Err(DataError::setting(format!("{path}.{label}"), wants, format!("`{label}`")));
    }
    Ok(labels.iter().map(|label| said.get(label).map_or(0.5, |&threshold| threshold as f32)).collect())
}

fn number(plan: &DataPlan, rows: &Rows<'_>) -> Result<(Decode, TargetStats), DataError> {
    let moments = rows.numbers()?;
    refuse_constant(&rows.field.name, &moments)?;
    let (mean, std) = (moments.mean(), moments.divisor());
    let decode = Decode::Number { scale: std, offset: mean, unit: plan.unit(&rows.field.name) };
    Ok((decode, TargetStats::Numbers { mean, std }))
}

/// The quantiles of a number; those of the training rows are what a model says that looks at nothing.
fn quantiles(plan: &DataPlan, rows: &Rows<'_>, levels: &[f64]) -> Result<(Decode, TargetStats), DataError> {
    let moments = rows.numbers()?;
    refuse_constant(&rows.field.name, &moments)?;
    let (scale, offset, unit) = (moments.divisor(), moments.mean(), plan.unit(&rows.field.name));
    let sorted = rows.sorted(&[], 1)?.concat();
    let values = levels.iter().map(|&level| quantile(&sorted, level)).collect();
    let levels = levels.to_vec();
    Ok((Decode::Quantiles { levels, scale, offset, unit }, TargetStats::Quantiles { values }))
}

/// The numbers of several columns, each measured by itself.
fn numbers(plan: &DataPlan, rows: &Rows<'_>) -> Result<(Decode, TargetStats), DataError> {
    let columns = rows.field.columns.clone();
    let moments = rows.columns(columns.len())?;
    columns.iter().zip(&moments).try_for_each(|(column, moments)| refuse_constant(column, moments))?;
    let (mean, std): (Vec<f64>, Vec<f64>) =
        moments.iter().map(|moments| (moments.mean(), moments.divisor())).unzip();
    let unit = plan.unit(&rows.field.name);
    let decode = Decode::Numbers { columns, scale: std.clone(), offset: mean.clone(), unit };
    Ok((decode, TargetStats::Columns { mean, std }))
}

fn refuse_constant(column: &str, moments: &Moments) -> Result<(), DataError> {
    if !moments.is_constant() {
        return Ok(());
    }
    let (wants, got) = ("at least two different numbers".to_owned(), format!("only {}", moments.mean()));
    Err(DataError::Column { column: column.to_owned(), wants, got })
}
