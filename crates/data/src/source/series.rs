//! Tables whose rows are the steps of series: examples are windows of them.

mod columns;
mod last;
mod order;
mod step;
mod windows;

use baeum_core::{Field, Kind, Role, Split, Task, Train};

use super::{Raw, Scan, Targets, field};
use crate::config::SeriesConfig;
use crate::csv::shown_cell;
use crate::plan::{DataPlan, SERIES, SplitPlan, TableFiles, TableFormat};
use crate::profile::Repair;
use crate::sheet::{self, Sheet, Wanted};
use crate::split::{Part, sample_id, time};
use crate::{DataError, Place};

use columns::Columns;
pub(crate) use last::last_windows;
use windows::{Track, Windows};

/// The steps of a table in their order, and the windows over them.
pub(super) struct SeriesScan<'a> {
    plan: &'a DataPlan,
    columns: Columns,
    windows: Windows,
}

/// Reads a table, puts its steps in order, and finds the windows that lie in one part.
pub(super) fn scan<'a>(
    plan: &'a DataPlan,
    config: &SeriesConfig,
    (format, files): (&TableFormat, &[TableFiles]),
    place: &Place,
) -> Result<SeriesScan<'a>, DataError> {
    let (missing, on_bad) = (plan.missing(format), plan.config.on_bad);
    let (sheet, _) = sheet::read(format, files, (&missing, &plan.words(), &[]), on_bad, place)?;
    let sheet = &sheet;
    let columns = Columns::find(plan, config, sheet)?;
    let moments = columns.time.map(|time| there(sheet, time)).transpose()?;
    let groups = columns.group.map(|group| there(sheet, group)).transpose()?;
    let order = order::order(config, sheet, moments.as_deref(), groups.as_deref())?;
    let reorder = |cells: Vec<String>| order.rows.iter().map(|&row| cells[row].clone()).collect::<Vec<_>>();
    let moments = moments.map(reorder);
    let parts = parts(plan, sheet, &order, moments.as_deref())?;
    let track = Track {
        channels: numbers(sheet, &columns.channels, &order.rows)?,
        told: numbers(sheet, &columns.targets, &order.rows)?,
        moments,
        groups: groups.map(reorder),
        files: sheet.files.clone(),
        rows: order.rows,
        series: order.series,
    };
    let until = (order.left_out > 0).then_some(Repair::Until { count: order.left_out });
    let repairs = sheet.repairs().into_iter().chain(until).collect();
    let windows = Windows::new(track, config, parts.as_deref(), (on_bad, repairs))?;
    Ok(SeriesScan { plan, columns, windows })
}

/// The cells of a column that has one in each row.
fn there(sheet: &Sheet, column: usize) -> Result<Vec<String>, DataError> {
    let cell = |(row, cell): (usize, Option<String>)| {
        cell.ok_or_else(|| sheet.refuse(row, column, "a value to order by", "an empty cell".to_owned()))
    };
    sheet.texts(column)?.into_iter().enumerate().map(cell).collect()
}

/// Columns of numbers in the order of the steps.
fn numbers(sheet: &Sheet, columns: &[usize], rows: &[usize]) -> Result<Vec<Vec<f64>>, DataError> {
    let column = |&column: &usize| {
        let (cells, mut numbers) = (sheet.typed(column, Wanted::Numbers)?, vec![]);
        cells.copy_numbers(0..sheet.rows(), &mut numbers)?;
        Ok(rows.iter().map(|&row| numbers[row]).collect())
    };
    columns.iter().map(column).collect()
}

/// The part of each step; nothing where whole series are divided.
fn parts(
    plan: &DataPlan,
    sheet: &Sheet,
    order: &order::Order,
    moments: Option<&[String]>,
) -> Result<Option<Vec<Part>>, DataError> {
    // Without moments the first step of each series counts as its first moment.
    let places: Vec<String>;
    let moments = match moments {
        Some(moments) => moments,
        None => {
            places = order.series.iter().flat_map(|series| 0..series.len()).map(|i| i.to_string()).collect();
            &places
        }
    };
    match &plan.split {
        SplitPlan::Time { column, valid, test } => {
            let shares = [1.0 - valid - test, *valid, *test];
            time::deal(column, moments, shares).map(Some)
        }
        SplitPlan::Moments { column, valid, test } => {
            time::deal_at(column, moments, valid.as_deref(), test).map(Some)
        }
        SplitPlan::Column { name, .. } => {
            let column = columns::find(sheet, "data.split.column.name", name)?;
            let cells = sheet.texts(column)?;
            let part = |&row: &usize| {
                let cell = cells[row].as_deref().unwrap_or_default();
                let refuse = || sheet.refuse(row, column, "`train`, `valid` or `test`", shown_cell(cell));
                Part::named(cell.trim()).ok_or_else(refuse)
            };
            order.rows.iter().map(part).collect::<Result<_, DataError>>().map(Some)
        }
        SplitPlan::Groups { .. }
        | SplitPlan::Random { .. }
        | SplitPlan::Stratified { .. }
        | SplitPlan::Usual { .. }
        | SplitPlan::Hash { .. }
        | SplitPlan::Fold { .. }
        | SplitPlan::Lists(_)
        | SplitPlan::Files
        | SplitPlan::Given { .. } => Ok(None),
    }
}

impl Scan for SeriesScan<'_> {
    fn rows(&self) -> usize {
        self.windows.rows()
    }

    fn ids(&mut self) -> Result<Vec<u64>, DataError> {
        let id = |row: usize| {
            let bytes = |numbers: &[f64]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
            Ok(sample_id(&[bytes(&self.windows.seen(row)), bytes(&self.windows.told(row))].concat()))
        };
        match self.windows.parts().is_none() {
            true => (0..self.windows.rows()).map(id).collect(),
            false => Ok(vec![0; self.windows.rows()]), // nothing is drawn
        }
    }

    fn parts(&self) -> Result<Option<Vec<Part>>, DataError> {
        Ok(self.windows.parts())
    }

    fn targets(&self) -> Result<Targets, DataError> {
        Ok(Targets::each(self.windows.rows()))
    }

    fn cells(&self) -> Result<Vec<String>, DataError> {
        Ok((0..self.windows.rows()).filter_map(|row| self.windows.group(row).map(str::to_owned)).collect())
    }

    fn task(&self, _: &Targets) -> Result<Task, DataError> {
        Ok(Task::Regress)
    }

    fn fields(&self, _task: Task, _train: &Split<Train>) -> Result<Vec<Field>, DataError> {
        let Columns { names, channels, targets, time, group, others } = &self.columns;
        let named = |places: &[usize]| places.iter().map(|&place| names[place].clone()).collect::<Vec<_>>();
        let kind = |channels: &[usize], steps| Kind::Series { channels: channels.len(), steps };
        let (window, horizon) = self.windows.sizes();
        let seen = Field { columns: named(channels), ..field(SERIES, kind(channels, window), Role::Input) };
        let told = Field {
            columns: named(targets),
            ..field(&self.columns.answer(&self.plan.target), kind(targets, horizon), Role::Target)
        };
        let beside = |place: &usize, kind| field(&names[*place], kind, Role::Id);
        let time = time.iter().map(|time| beside(time, Kind::Text));
        let group = group.iter().map(|group| beside(group, Kind::Category));
        let taken = [seen.name.clone(), told.name.clone()];
        let free = others.iter().filter(|place| !taken.contains(&names[**place]));
        let others = free.map(|place| field(&names[*place], Kind::Text, Role::Ignored));
        Ok([seen, told].into_iter().chain(time).chain(group).chain(others).collect())
    }

    fn load(self: Box<Self>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError> {
        Ok(Box::new(self.windows.with_fields(fields)))
    }
}

#[cfg(test)]
mod tests;
