//! The last window of each series of a table: what a forecast starts from.

use baeum_core::{Field, Kind, Record, Role, Schema, SchemaError, Value};

use super::{numbers, order, there};
use crate::DataError;
use crate::config::SeriesConfig;
use crate::sheet::Sheet;

/// A record for each series of a table, in the order of their names: its last steps, and its name where there are several.
///
/// # Errors
/// [`SchemaError::Absent`] for a channel that is missing, and [`DataError`] for a series that is shorter than a window.
pub(crate) fn last_windows(
    sheet: &Sheet,
    schema: &Schema,
    seen: &Field,
    steps: usize,
) -> Result<Vec<Record>, DataError> {
    let channel = |name: &String| {
        let absent = || SchemaError::Absent { field: name.clone(), kind: Kind::Number };
        sheet.column(name).ok_or_else(absent)
    };
    let channels = seen.columns.iter().map(channel).collect::<Result<Vec<_>, _>>()?;
    let beside = |kind: Kind| {
        let field = schema.with_role(Role::Id).find(|field| field.kind == kind)?;
        sheet.column(&field.name).map(|column| (field.name.clone(), column))
    };
    let (time, group) = (beside(Kind::Text), beside(Kind::Category));
    let moments = time.as_ref().map(|(_, column)| there(sheet, *column)).transpose()?;
    let groups = group.as_ref().map(|(_, column)| there(sheet, *column)).transpose()?;
    let config = SeriesConfig {
        time: time.map(|(name, _)| name),
        group: group.as_ref().map(|(name, _)| name.clone()),
        channels: vec![],
        window: steps,
        horizon: 1,
        season: 1,
        stride: 1,
        until: None,
    };
    let order = order::order(&config, sheet, moments.as_deref(), groups.as_deref())?;
    let columns = numbers(sheet, &channels, &order.rows)?;
    let record = |series: &std::ops::Range<usize>| {
        let name = groups.as_ref().map(|groups| groups[order.rows[series.start]].clone());
        let Some(start) = series.end.checked_sub(steps).filter(|start| *start >= series.start) else {
            let of = name.map(|name| format!(" of `{name}`")).unwrap_or_default();
            let wants = format!("the last {steps} steps{of} to forecast from");
            return Err(DataError::file(sheet.name(), wants, series.len().to_string()));
        };
        let window = columns.iter().flat_map(|column| &column[start..series.end]).copied().collect();
        let mut record = Record::from([(seen.name.clone(), Value::Numbers(window))]);
        record.extend(group.iter().zip(name).map(|((field, _), name)| (field.clone(), Value::Text(name))));
        Ok(record)
    };
    order.series.iter().map(record).collect()
}
