//! Fields that are the target by another name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use baeum_core::{Kind, Role, Task};

use super::{Audit, Found, copies};
use crate::DataError;
use crate::config::Leak;
use crate::labels::Labels;
use crate::profile::{Warning, Why};
use crate::source::Cell;

/// So many rows tell in most cases that a field is not the label by other names.
const FIRST: usize = 1_000;

/// What a field may be a copy of.
enum Told {
    /// The label of each row by its place, or whether a label fits.
    Labels(Vec<usize>),
    Numbers(Vec<f64>),
}

impl Audit<'_> {
    /// Refuses fields that are the target by another name, or one of its labels or columns.
    pub(super) fn target(&self, task: Task, train: &[usize]) -> Result<Vec<Warning>, DataError> {
        let Some(target) = self.fields.iter().position(|field| field.role == Role::Target) else {
            return Ok(vec![]);
        };
        let (told, mut warnings) = (self.told(task, target, train)?, vec![]);
        for (place, field) in self.inputs() {
            let is_one = matches!(field.kind, Kind::Number | Kind::Category);
            if is_one && self.copies_one(place, train, &told)? {
                warnings.extend(self.give_away(&field.name, &self.fields[target].name)?);
            }
        }
        Ok(warnings)
    }

    fn column(&self, field: usize, rows: &[usize]) -> Result<Vec<Cell<'_>>, DataError> {
        rows.iter().map(|&row| self.raw.cell(row, field)).collect()
    }

    /// What is told of the training rows.
    fn told(&self, task: Task, target: usize, train: &[usize]) -> Result<Vec<Told>, DataError> {
        Ok(match task {
            Task::Classify => vec![Told::Labels(places(self.column(target, train)?))],
            Task::MultiLabel => self.label_by_label(target, train)?.into_iter().map(Told::Labels).collect(),
            Task::Regress => numbers(&self.column(target, train)?).into_iter().map(Told::Numbers).collect(),
            Task::Generate => vec![], // what comes next is in the text itself
        })
    }

    /// For each label whether it fits each row, 1 or 0.
    fn label_by_label(&self, target: usize, train: &[usize]) -> Result<Vec<Vec<usize>>, DataError> {
        let field = &self.fields[target];
        let labels = Labels::new(field, target, &field.labels, &self.plan.naming());
        let (mut fits, mut each) = (vec![0.0; field.labels.len()], vec![vec![]; field.labels.len()]);
        for &row in train {
            labels.fits(self.raw, row, &mut fits)?;
            each.iter_mut().zip(&fits).for_each(|(label, fits)| label.push(usize::from(*fits > 0.0)));
        }
        Ok(each)
    }

    /// Whether a field is one of these by another name.
    fn copies_one(&self, field: usize, train: &[usize], told: &[Told]) -> Result<bool, DataError> {
        let first = self.column(field, &train[..train.len().min(FIRST)])?;
        // The first rows allow it for few fields; it saves looking at all of them.
        let is_possible = |told: &&Told| match told {
            Told::Labels(labels) => copies::may_rename(&first, labels),
            Told::Numbers(_) => true,
        };
        let possible: Vec<&Told> = told.iter().filter(is_possible).collect();
        if possible.is_empty() {
            return Ok(false);
        }
        let values = self.column(field, train)?;
        let value = |cell: &Cell<'_>| if let Cell::Number(number) = cell { *number } else { f64::NAN };
        let is_copy = |told: &&Told| match told {
            Told::Labels(labels) => copies::copies_label(&values, labels),
            Told::Numbers(numbers) => {
                copies::copies_number(&values.iter().map(value).collect::<Vec<f64>>(), numbers)
            }
        };
        Ok(possible.iter().any(is_copy))
    }

    fn give_away(&self, field: &str, target: &str) -> Result<Option<Warning>, DataError> {
        let found = Found::Copy { field: field.to_owned(), target: target.to_owned() };
        match self.plan.config.audit.allow.contains(&Leak::Target) {
            true => Ok(Some(Warning::Leak { found, why: Why::Allowed })),
            false => Err(DataError::Leak { found: Box::new(found) }),
        }
    }
}

/// Each label's place among all of them.
fn places(targets: Vec<Cell<'_>>) -> Vec<usize> {
    let mut names: BTreeMap<Cow<'_, str>, usize> = BTreeMap::new();
    let mut places = vec![];
    for cell in targets {
        let name = match cell {
            Cell::Name(name) => Cow::Borrowed(name),
            Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_) => Cow::Owned(cell.shown()),
        };
        let next = names.len();
        places.push(*names.entry(name).or_insert(next));
    }
    places
}

/// The numbers of a target, column by column; a missing one is NaN.
fn numbers(cells: &[Cell<'_>]) -> Vec<Vec<f64>> {
    let of_row = |cell: &Cell<'_>| match cell {
        Cell::Number(number) => vec![*number],
        Cell::Numbers(numbers) => numbers.to_vec(),
        Cell::Missing | Cell::Name(_) | Cell::Image(_) => vec![],
    };
    let rows: Vec<Vec<f64>> = cells.iter().map(of_row).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |place: usize| rows.iter().map(|row| row.get(place).copied().unwrap_or(f64::NAN)).collect();
    (0..width).map(column).collect()
}
