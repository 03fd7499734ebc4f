use std::collections::BTreeMap;

use super::Sheet;
use crate::DataError;
use crate::csv::{Cells, FileRows, Names, Seen, Wanted, located, number, seen, shown_cell};
use crate::error::quoted;
use crate::profile::{LISTED, Repair};
use crate::split::sample_id;

/// Columns whose files say themselves which are numbers and which are words.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) columns: Vec<String>,
    pub(super) cells: Vec<Cells>,
    pub(super) files: Vec<FileRows>,
    pub(super) repairs: Vec<Repair>,
}

impl Frame {
    /// Adds the rows of another file with the same columns, in any order.
    pub(super) fn append(&mut self, other: Frame) -> Result<(), DataError> {
        if self.files.is_empty() {
            *self = other;
            return Ok(());
        }
        let file = other.name().to_owned();
        if let Some(name) = other.columns.iter().find(|name| self.column(name).is_none()) {
            let wants = format!("the columns of `{}`", self.name());
            return Err(DataError::file(&file, wants, format!("{}, which it has not", quoted(name))));
        }
        for (place, name) in self.columns.iter().enumerate() {
            let Some(from) = other.column(name) else {
                let wants = format!("the column {} of `{}`", quoted(name), self.name());
                return Err(DataError::file(&file, wants, "none"));
            };
            if !self.cells[place].extend(&other.cells[from]) {
                let wants =
                    format!("{} in {}, as in `{}`", self.cells[place].kind(), quoted(name), self.name());
                return Err(DataError::file(&file, wants, other.cells[from].kind()));
            }
        }
        self.files.extend(other.files);
        self.repairs.extend(other.repairs);
        Ok(())
    }

    /// The file of a row, and the row's number there.
    fn locate(&self, row: usize) -> (&str, usize) {
        match located(&self.files, row) {
            Some((file, number)) => (&file.name, number),
            None => (self.name(), row + 1),
        }
    }
}

impl Cells {
    fn kind(&self) -> &'static str {
        match self {
            Cells::Numbers(_) => "numbers",
            Cells::Names(_) => "words",
        }
    }

    /// Leaves out the cells of some rows.
    fn leave_out(&mut self, is_out: impl Fn(usize) -> bool) {
        match self {
            Cells::Numbers(numbers) => {
                let mut row = 0..;
                numbers.retain(|_| row.next().is_none_or(|row| !is_out(row)));
            }
            Cells::Names(names) => {
                let mut kept = Names::default();
                let rows = (0..names.len()).filter(|&row| !is_out(row));
                rows.for_each(|row| kept.push(names.get(row)));
                *names = kept;
            }
        }
    }

    /// Appends cells of the same kind; a column in which nothing was found so far becomes what comes.
    fn extend(&mut self, other: &Cells) -> bool {
        match (&mut *self, other) {
            (Cells::Numbers(mine), Cells::Numbers(others)) => mine.extend(others),
            (Cells::Names(mine), Cells::Names(others)) => {
                (0..others.len()).for_each(|row| mine.push(others.get(row)));
            }
            (Cells::Numbers(mine), Cells::Names(others)) if mine.iter().all(|number| number.is_nan()) => {
                let mut names = Names::default();
                (0..mine.len()).for_each(|_| names.push(None));
                (0..others.len()).for_each(|row| names.push(others.get(row)));
                *self = Cells::Names(names);
            }
            (Cells::Names(mine), Cells::Numbers(others)) if others.iter().all(|number| number.is_nan()) => {
                (0..others.len()).for_each(|_| mine.push(None));
            }
            (Cells::Numbers(_), Cells::Names(_)) | (Cells::Names(_), Cells::Numbers(_)) => return false,
        }
        true
    }

    /// A cell as text.
    fn text(&self, row: usize) -> Option<String> {
        match self {
            Cells::Numbers(numbers) => numbers.get(row).filter(|number| !number.is_nan()).map(f64::to_string),
            Cells::Names(names) => names.get(row).map(str::to_owned),
        }
    }
}

impl Sheet for Frame {
    fn name(&self) -> &str {
        self.files.first().map(|file| file.name.as_str()).unwrap_or_default()
    }

    fn rows(&self) -> usize {
        self.files.iter().map(|file| file.rows).sum()
    }

    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn ids(&self) -> Vec<u64> {
        let id = |row: usize| {
            let mut record = vec![];
            for cells in &self.cells {
                match cells {
                    Cells::Numbers(numbers) => record.extend(numbers[row].to_le_bytes()),
                    Cells::Names(names) => {
                        let name = names.get(row).unwrap_or_default();
                        record.extend((name.len() as u64).to_le_bytes());
                        record.extend(name.as_bytes());
                    }
                }
            }
            sample_id(&record)
        };
        (0..self.rows()).map(id).collect()
    }

    fn texts(&self, column: usize) -> Vec<Option<String>> {
        (0..self.rows()).map(|row| self.cells[column].text(row)).collect()
    }

    fn look(&self, columns: &[usize], rows: &[usize]) -> Vec<Seen> {
        let look = |&column: &usize| match &self.cells[column] {
            Cells::Numbers(numbers) if rows.iter().all(|row| numbers[*row].is_nan()) => Seen::Nothing,
            Cells::Numbers(_) => Seen::Numbers,
            Cells::Names(names) => seen(rows.iter().filter_map(|row| names.get(*row))),
        };
        columns.iter().map(look).collect()
    }

    fn typed(&self, wanted: &[(usize, Wanted)]) -> Result<Vec<Cells>, DataError> {
        let typed = |&(column, wanted): &(usize, Wanted)| match (wanted, &self.cells[column]) {
            (Wanted::Names, Cells::Names(_)) => Ok(self.cells[column].clone()),
            (Wanted::Names, cells @ Cells::Numbers(_)) => {
                let mut names = Names::default();
                (0..self.rows()).for_each(|row| names.push(cells.text(row).as_deref()));
                Ok(Cells::Names(names))
            }
            (Wanted::Numbers, Cells::Numbers(numbers)) => {
                match numbers.iter().position(|number| number.is_infinite()) {
                    None => Ok(Cells::Numbers(numbers.clone())),
                    Some(row) => Err(self.refuse(row, column, "a finite number", numbers[row].to_string())),
                }
            }
            (Wanted::Numbers, Cells::Names(names)) => {
                let read = |row: usize| {
                    let Some(name) = names.get(row) else { return Ok(f64::NAN) };
                    number(name).map_err(|wants| self.refuse(row, column, wants, shown_cell(name)))
                };
                Ok(Cells::Numbers((0..self.rows()).map(read).collect::<Result<_, DataError>>()?))
            }
        };
        wanted.iter().map(typed).collect()
    }

    fn places(&self) -> Vec<FileRows> {
        self.files.clone()
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn leave_out(&mut self, reasons: &BTreeMap<usize, String>) {
        let mut before = 0;
        for file in &mut self.files {
            let here = reasons.range(before..before + file.rows).map(|(row, reason)| (row - before, reason));
            let here: Vec<(usize, &String)> = here.collect();
            before += file.rows;
            add_skipped(&mut self.repairs, &file.name, &here);
            file.leave_out(here.iter().map(|(row, _)| *row));
        }
        self.cells.iter_mut().for_each(|cells| cells.leave_out(|row| reasons.contains_key(&row)));
    }

    fn refuse(&self, row: usize, column: usize, wants: &'static str, got: String) -> DataError {
        let (file, row) = self.locate(row);
        DataError::Cell { file: file.to_owned(), row, column: self.columns[column].clone(), wants, got }
    }
}

/// Tells of rows of a file that were left out, behind those that were when it was read.
fn add_skipped(repairs: &mut Vec<Repair>, file: &str, rows: &[(usize, &String)]) {
    if rows.is_empty() {
        return;
    }
    let mut reasons = rows.iter().map(|(_, reason)| (*reason).clone());
    for repair in repairs.iter_mut() {
        if let Repair::Skipped { file: of, count, first } = repair
            && of == file
        {
            *count += rows.len();
            first.extend(reasons.by_ref().take(LISTED.saturating_sub(first.len())));
            return;
        }
    }
    let first = reasons.take(LISTED).collect();
    repairs.push(Repair::Skipped { file: file.to_owned(), count: rows.len(), first });
}
