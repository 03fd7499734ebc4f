//! Fields that are the target by another name.

use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Role, Task};

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
    pub(super) fn targets(&self, task: Task) -> Result<Vec<Warning>, DataError> {
        let is_target = |(_, field): &(usize, &Field)| field.role == Role::Target;
        let mut warnings = vec![];
        for (target, field) in self.fields.iter().enumerate().filter(is_target) {
            let task = match (self.plan.head(&field.name), &field.kind) {
                (Some(_), Kind::Number | Kind::Numbers { .. }) => Task::Regress,
                (Some(_), Kind::Labels { .. }) => Task::MultiLabel,
                (Some(_), _) => Task::Classify,
                (None, _) => task,
            };
            warnings.extend(self.target(task, target)?);
        }
        Ok(warnings)
    }

    fn target(&self, task: Task, target: usize) -> Result<Vec<Warning>, DataError> {
        let first: Vec<usize> = self.train().take(FIRST).collect();
        let (of_first, mut warnings) = (self.told(task, target, &first)?, vec![]);
        for (place, field) in self.inputs() {
            let is_one = matches!(field.kind, Kind::Number | Kind::Category);
            // Mostly the first rows say that a field is no label by another name; of numbers they say little.
            let are_numbers = matches!(of_first.first(), Some(Told::Numbers(_)));
            let may_copy = || self.copied(place, &first, &of_first, copies::may_rename);
            if is_one && (are_numbers || may_copy()?.is_some()) {
                let all: Vec<usize> = self.train().collect();
                let told = self.told(task, target, &all)?;
                if let Some(copied) = self.copied(place, &all, &told, copies::copies_label)? {
                    warnings.extend(self.give_away(&field.name, one_of(&self.fields[target], copied))?);
                }
            }
        }
        Ok(warnings)
    }

    /// What is told of some rows.
    fn told(&self, task: Task, target: usize, rows: &[usize]) -> Result<Vec<Told>, DataError> {
        Ok(match task {
            Task::Classify => vec![Told::Labels(places(&self.column(target, rows)?))],
            Task::MultiLabel => self.label_by_label(target, rows)?.into_iter().map(Told::Labels).collect(),
            Task::Regress => self.numbers(target, rows)?.into_iter().map(Told::Numbers).collect(),
            Task::Generate => vec![], // what comes next is in the text itself
        })
    }

    /// Which of these a field is by another name in some rows, if it is one; `renames` says it of labels.
    fn copied(
        &self,
        field: usize,
        rows: &[usize],
        told: &[Told],
        renames: fn(&[Cell<'_>], &[usize]) -> bool,
    ) -> Result<Option<usize>, DataError> {
        let (cells, numbers) = match told.first() {
            None => return Ok(None),
            Some(Told::Labels(_)) => (self.column(field, rows)?, vec![]),
            Some(Told::Numbers(_)) => (vec![], self.numbers(field, rows)?.concat()),
        };
        let is_copy = |told: &Told| match told {
            Told::Labels(labels) => renames(&cells, labels),
            Told::Numbers(told) => copies::copies_number(&numbers, told),
        };
        Ok(told.iter().position(is_copy))
    }

    fn column(&self, field: usize, rows: &[usize]) -> Result<Vec<Cell<'_>>, DataError> {
        rows.iter().map(|&row| self.raw.cell(row, field)).collect()
    }

    /// The numbers of a field, column by column; what is none is NaN.
    fn numbers(&self, field: usize, rows: &[usize]) -> Result<Vec<Vec<f64>>, DataError> {
        let width = if let Kind::Numbers { len } = self.fields[field].kind { len } else { 1 };
        let mut columns = vec![Vec::with_capacity(rows.len()); width];
        for &row in rows {
            let cell = self.raw.cell(row, field)?;
            let number = |place: usize| match &cell {
                Cell::Number(number) => *number,
                Cell::Numbers(numbers) => numbers.get(place).copied().unwrap_or(f64::NAN),
                Cell::Missing | Cell::Name(_) | Cell::Image(_) => f64::NAN,
            };
            columns.iter_mut().enumerate().for_each(|(place, column)| column.push(number(place)));
        }
        Ok(columns)
    }

    /// For each label whether it fits each row, 1 or 0.
    fn label_by_label(&self, target: usize, rows: &[usize]) -> Result<Vec<Vec<usize>>, DataError> {
        let field = &self.fields[target];
        let labels = Labels::new(field, target, &field.labels, &self.plan.naming(&field.name));
        let (mut fits, mut each) = (vec![0.0; field.labels.len()], vec![vec![]; field.labels.len()]);
        for &row in rows {
            labels.fits(self.raw, row, &mut fits)?;
            each.iter_mut().zip(&fits).for_each(|(label, fits)| label.push(usize::from(*fits > 0.0)));
        }
        Ok(each)
    }

    fn give_away(&self, field: &str, target: &str) -> Result<Option<Warning>, DataError> {
        let found = Found::Copy { field: field.to_owned(), target: target.to_owned() };
        match self.plan.config.audit.allow.contains(&Leak::Target) {
            true => Ok(Some(Warning::Leak { found, why: Why::Allowed })),
            false => Err(DataError::Leak { found: Box::new(found) }),
        }
    }
}

/// What a person calls one of the things that a target tells: a column, or a label.
fn one_of(target: &Field, place: usize) -> &str {
    let names = match target.kind {
        Kind::Numbers { .. } => &target.columns[..],
        Kind::Labels { .. } => &target.labels,
        Kind::Number | Kind::Series { .. } | Kind::Category | Kind::Image { .. } | Kind::Text => &[],
    };
    names.get(place).unwrap_or(&target.name)
}

/// Each label's place among all of them.
fn places(targets: &[Cell<'_>]) -> Vec<usize> {
    let mut names = BTreeMap::new();
    let mut place = |cell: &Cell<'_>| {
        let name = match cell {
            Cell::Name(name) => (*name).to_owned(),
            Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_) => cell.clone().shown(),
        };
        let next = names.len();
        *names.entry(name).or_insert(next)
    };
    targets.iter().map(&mut place).collect()
}
