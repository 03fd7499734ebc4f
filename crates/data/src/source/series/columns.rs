//! What each column of a table of steps is for.

use baeum_core::{fits, nearest};

use crate::DataError;
use crate::config::SeriesConfig;
use crate::plan::{DataPlan, SERIES, SplitPlan};
use crate::sheet::{Seen, Sheet};

/// The places of columns by what they are for.
#[derive(Debug)]
pub(super) struct Columns {
    /// The names of all columns.
    pub(super) names: Vec<String>,
    /// What the network sees.
    pub(super) channels: Vec<usize>,
    /// What it tells.
    pub(super) targets: Vec<usize>,
    pub(super) time: Option<usize>,
    pub(super) group: Option<usize>,
    /// What nobody needs.
    pub(super) others: Vec<usize>,
}

impl Columns {
    /// Finds the columns that the recipe names.
    pub(super) fn find(plan: &DataPlan, config: &SeriesConfig, sheet: &Sheet) -> Result<Columns, DataError> {
        let place =
            |path: &str, name: &Option<String>| name.as_ref().map(|name| find(sheet, path, name)).transpose();
        let time = place("data.series.time", &config.time)?;
        let group = place("data.series.group", &config.group)?;
        let mut apart: Vec<usize> = time.into_iter().chain(group).collect();
        for (place, name) in plan.config.ignore.iter().enumerate() {
            apart.push(find(sheet, &format!("data.ignore[{place}]"), name)?);
        }
        if let SplitPlan::Column { name, .. } = &plan.split {
            apart.push(find(sheet, "data.split.column.name", name)?);
        }
        let free: Vec<usize> = (0..sheet.columns.len()).filter(|place| !apart.contains(place)).collect();
        let channels = match config.channels.is_empty() {
            true => free.clone(),
            false => {
                let mut channels = vec![];
                for (place, pattern) in config.channels.iter().enumerate() {
                    let path = format!("data.series.channels[{place}]");
                    channels.extend(fitting(sheet, &path, pattern, &free, &channels)?);
                }
                channels
            }
        };
        let targets = fitting(sheet, "data.target", &plan.target, &free, &[])?;
        let used: Vec<usize> = channels.iter().chain(&targets).chain(&time).chain(&group).copied().collect();
        let others = (0..sheet.columns.len()).filter(|place| !used.contains(place)).collect();
        let columns = Columns { names: sheet.columns.clone(), channels, targets, time, group, others };
        columns.refuse_words(sheet)?;
        Ok(columns)
    }

    /// What the answer is called: as its column, or `forecast` where it has several.
    pub(super) fn answer(&self, target: &str) -> String {
        match &self.targets[..] {
            [one] if self.names[*one] != SERIES => self.names[*one].clone(),
            [_] => "forecast".to_owned(),
            _ if target.contains('*') => "forecast".to_owned(),
            _ => target.to_owned(),
        }
    }

    /// Refuses a channel that holds anything but numbers.
    fn refuse_words(&self, sheet: &Sheet) -> Result<(), DataError> {
        let mut columns = [&self.channels[..], &self.targets].concat();
        columns.sort_unstable();
        columns.dedup();
        let rows: Vec<usize> = (0..sheet.rows()).collect();
        for (column, seen) in columns.iter().zip(sheet.look(&columns, &rows)?) {
            let got = match seen {
                Seen::Numbers => continue,
                Seen::Names | Seen::Words { .. } => "names",
                Seen::Nothing => "no value",
            };
            let wants = "numbers in each column that nothing else names";
            let got = format!("{got} in `{}`; put it under `data.ignore`", self.names[*column]);
            return Err(DataError::setting("data.series", wants, got));
        }
        Ok(())
    }
}

/// The column of a name.
pub(super) fn find(sheet: &Sheet, path: &str, name: &str) -> Result<usize, DataError> {
    sheet.column(name).ok_or_else(|| {
        let near = nearest(name, sheet.columns.iter().map(String::as_str)).map(str::to_owned);
        let (path, file, name) = (path.to_owned(), sheet.name().to_owned(), name.to_owned());
        DataError::Unknown { path, file, name, near }
    })
}

/// The free columns that a name or a pattern means, those that are taken left out.
fn fitting(
    sheet: &Sheet,
    path: &str,
    pattern: &str,
    free: &[usize],
    taken: &[usize],
) -> Result<Vec<usize>, DataError> {
    if !pattern.contains('*') {
        let column = find(sheet, path, pattern)?;
        return match free.contains(&column) && !taken.contains(&column) {
            true => Ok(vec![column]),
            false => {
                Err(DataError::setting(path, "a column that nothing else names", format!("`{pattern}`")))
            }
        };
    }
    let is_meant = |column: &&usize| fits(pattern, &sheet.columns[**column]) && !taken.contains(column);
    let found: Vec<usize> = free.iter().filter(is_meant).copied().collect();
    match found.is_empty() {
        false => Ok(found),
        true => Err(DataError::setting(path, "a pattern that columns fit", format!("`{pattern}`"))),
    }
}
