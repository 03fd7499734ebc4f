//! What columns hold that the network must not see, and rows that it cannot.

use std::collections::BTreeMap;

use baeum_core::{Moment, Task};

use super::several;
use super::sheet::Use;
use crate::DataError;
use crate::config::{FieldConfig, KindConfig};
use crate::csv::{number, shown_cell};
use crate::plan::splits::REPEAT;
use crate::plan::{DataPlan, IMAGE_ALONE};
use crate::sheet::Sheet;

/// Refuses columns that the network would see beside an image.
pub(super) fn refuse_beside(image: &str, names: &[String], uses: &[Use]) -> Result<(), DataError> {
    let is_seen = |used: &Use| matches!(used, Use::Alone | Use::Vector(_));
    let seen = names.iter().zip(uses).filter(|(name, used)| is_seen(used) && *name != image);
    let others: Vec<String> = seen.map(|(name, _)| format!("`{name}`")).collect();
    if others.is_empty() {
        return Ok(());
    }
    let got = format!(
        "{} beside it; put what is no image under `data.ignore`, or name several `data.inputs`",
        others.join(", ")
    );
    Err(DataError::setting(format!("data.fields.{image}.kind"), IMAGE_ALONE, got))
}

/// The columns of the repeats that this run does not use say what others judge by: the network must not see them.
pub(super) fn leave_out_repeats(sheet: &Sheet, uses: &mut [Use], pattern: &str) {
    let Some((before, after)) = pattern.split_once(REPEAT) else { return };
    for (column, used) in sheet.columns.iter().zip(uses) {
        let number = column.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        let is_repeat = number
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_repeat && *used == Use::Alone {
            *used = Use::Ignored;
        }
    }
}

/// The rows that hold something else where the recipe says that a number or a date stands. What only looks like a
/// column of numbers is known by its training rows, which are not drawn yet.
pub(super) fn bad_cells(
    plan: &DataPlan,
    sheet: &Sheet,
    uses: &[Use],
    target: &[usize],
) -> Result<BTreeMap<usize, DataError>, DataError> {
    let mut refused = several::refused(sheet, target, &several::flags(plan, sheet))?;
    for (column, used) in uses.iter().enumerate() {
        let kind = match used {
            Use::Vector(_) => Some(KindConfig::Number),
            Use::Target => {
                let task = plan.head_of(&sheet.columns[column]).map_or(plan.task, |head| head.task);
                (task == Some(Task::Regress)).then_some(KindConfig::Number)
            }
            Use::Alone => plan.field(&sheet.columns[column]).and_then(FieldConfig::kind),
            Use::Id | Use::Ignored => None,
        };
        let wants: fn(&str) -> Option<&'static str> = match kind {
            Some(KindConfig::Number) => |cell| number(cell).err(),
            Some(KindConfig::Date) => |cell| Moment::parse(cell).is_none().then_some(Moment::WANTED),
            Some(KindConfig::Category | KindConfig::Text | KindConfig::Image { .. }) | None => continue,
        };
        for (row, cell) in sheet.texts(column)?.into_iter().enumerate() {
            if let Some((wants, cell)) = cell.and_then(|cell| Some((wants(&cell)?, cell))) {
                let refuse = || sheet.refuse(row, column, wants, shown_cell(&cell));
                refused.entry(row).or_insert_with(refuse);
            }
        }
    }
    Ok(refused)
}

/// So many cells of a column are numbers, for each that is none, if it was to be a column of numbers.
const NUMBERS: usize = 10;

/// The first cell of a column that is no number, where nearly all others are.
pub(super) fn odd_cell(sheet: &Sheet, column: usize) -> Result<Option<DataError>, DataError> {
    let (mut numbers, mut others, mut first) = (0, 0, None);
    for (row, cell) in sheet.texts(column)?.into_iter().enumerate() {
        match cell {
            Some(cell) if number(&cell).is_err() => {
                others += 1;
                first.get_or_insert((row, cell));
            }
            Some(_) => numbers += 1,
            None => {}
        }
    }
    Ok(first.filter(|_| others * NUMBERS <= numbers).map(|(row, cell)| {
        let got = format!("{}; put what stands for nothing under `data.missing`", shown_cell(&cell));
        sheet.refuse(row, column, "a number, as nearly all cells of the column are", got)
    }))
}
