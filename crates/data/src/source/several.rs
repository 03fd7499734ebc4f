//! Targets of several columns of a table, and cells that list several labels.

use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::Task;

use super::Targets;
use crate::DataError;
use crate::csv::shown_cell;
use crate::plan::DataPlan;
use crate::sheet::{Cells, Sheet, Wanted, Words};

/// What a column holds that says whether a label fits.
const YES_OR_NO: &str = "`1` or `0`, `true` or `false`, `yes` or `no`";

/// What each row of several columns of answers needs.
const ALL_OR_NONE: &str = "an answer in each column of the target, or in none";

/// Whether a label fits; libraries write whole numbers with a point where a column has gaps.
fn says_yes(cell: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(cell.trim()));
    match (is(["1", "1.0", "true", "yes"]), is(["0", "0.0", "false", "no"])) {
        (false, false) => None,
        (yes, _) => Some(yes),
    }
}

/// The cells of some columns, row by row.
fn rows(sheet: &Sheet, columns: &[usize]) -> Result<Vec<Vec<Option<String>>>, DataError> {
    let mut rows = vec![Vec::with_capacity(columns.len()); sheet.rows()];
    for &column in columns {
        rows.iter_mut().zip(sheet.texts(column)?).for_each(|(row, cell)| row.push(cell));
    }
    Ok(rows)
}

/// What a target says in each row, as one text; nothing where nobody knows it.
pub(super) fn targets(plan: &DataPlan, sheet: &Sheet, columns: &[usize]) -> Result<Targets, DataError> {
    match (plan.task, columns) {
        (_, [one]) => Ok(Targets::from(Arc::clone(&sheet.cells[*one]))),
        (Some(Task::MultiLabel), _) => Ok(labels(sheet, columns, plan.separator())?.into_iter().collect()),
        (Some(Task::Classify | Task::Regress | Task::Generate) | None, _) => {
            let joined =
                |row: Vec<Option<String>>| Some(row.into_iter().collect::<Option<Vec<_>>>()?.join(" "));
            Ok(rows(sheet, columns)?.into_iter().map(joined).collect())
        }
    }
}

/// The names of those columns that say yes, listed, row by row. Rows that [`refused`] names are among those without an
/// answer.
fn labels(sheet: &Sheet, columns: &[usize], separator: &str) -> Result<Vec<Option<String>>, DataError> {
    let listed = |row: Vec<Option<String>>| {
        let mut fitting = vec![];
        for (cell, &column) in row.into_iter().zip(columns) {
            if says_yes(&cell?)? {
                fitting.push(sheet.columns[column].as_str());
            }
        }
        Some(fitting.join(separator))
    };
    Ok(rows(sheet, columns)?.into_iter().map(listed).collect())
}

/// The labels of all rows of a table: as one column lists them, or the names of those that say yes.
///
/// # Errors
/// [`DataError::Cell`] for the first cell of several columns that says neither yes nor no, or nothing beside others.
pub(super) fn names(sheet: &Sheet, columns: &[usize], separator: &str) -> Result<Arc<Cells>, DataError> {
    if let [one] = columns {
        return sheet.typed(*one, Wanted::Names);
    }
    if let Some((_, error)) = refused(sheet, columns, columns)?.pop_first() {
        return Err(error);
    }
    let mut words = Words::default();
    for label in labels(sheet, columns, separator)? {
        words.push(label.as_deref(), &sheet.room)?;
    }
    Ok(Arc::new(words.cells(&sheet.room)?))
}

/// The columns of targets that say yes or no.
pub(super) fn flags(plan: &DataPlan, sheet: &Sheet) -> Vec<usize> {
    plan.flags().into_iter().filter_map(|name| sheet.column(name)).collect()
}

/// The rows in which some of several columns have an answer and others none, or `flags` one that is neither yes nor no.
pub(super) fn refused(
    sheet: &Sheet,
    columns: &[usize],
    flags: &[usize],
) -> Result<BTreeMap<usize, DataError>, DataError> {
    let refuse = |(number, row): (usize, Vec<Option<String>>)| {
        let has_some = row.iter().any(Option::is_some);
        let wrong = |(cell, &column): (&Option<String>, &usize)| match cell {
            Some(cell) if flags.contains(&column) && says_yes(cell).is_none() => {
                Some(sheet.refuse(number, column, YES_OR_NO, shown_cell(cell)))
            }
            None if has_some => Some(sheet.refuse(number, column, ALL_OR_NONE, "an empty cell".to_owned())),
            Some(_) | None => None,
        };
        row.iter().zip(columns).find_map(wrong).map(|error| (number, error))
    };
    match columns {
        [_] => Ok(BTreeMap::new()),
        several => Ok(rows(sheet, several)?.into_iter().enumerate().filter_map(refuse).collect()),
    }
}

/// Refuses a name of several answers together that a field has, or one of the columns of another target.
pub(super) fn refuse_name_of_another(plan: &DataPlan, sheet: &Sheet, target: &str) -> Result<(), DataError> {
    let own = plan.columns_of(target);
    let mut others =
        sheet.columns.iter().chain(plan.config.vectors.keys()).filter(|name| !own.contains(name));
    if !others.any(|name| *name == target) {
        return Ok(());
    }
    let path = if plan.config.targets.is_empty() {
        "data.target".to_owned()
    } else {
        plan.path_of_head(target) + ".name"
    };
    let wants = format!("no other column called `{target}`, as the answers are together");
    Err(DataError::setting(path, wants, "one; give it another name"))
}

/// The columns of the target, or those of the first of several.
pub(super) fn divided_by<'t>(plan: &DataPlan, target: &'t [usize]) -> &'t [usize] {
    let first = plan.config.targets.first().map_or(target.len(), |head| head.columns().len());
    &target[..target.len().min(first)]
}
