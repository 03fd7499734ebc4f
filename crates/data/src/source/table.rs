//! Examples column by column.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::{Field, Kind, Role, SchemaError};

use super::{Cell, FewCells, Raw, several};
use crate::DataError;
use crate::csv::{FileRows, row_place};
use crate::profile::Repair;
use crate::sheet::{Cells, Long, Room, Sheet, Wanted};

/// Rows column by column, in the order of a schema.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) places: Places,
    pub(crate) rows: usize,
    pub(crate) repairs: Vec<Repair>,
}

/// One field of all rows.
#[derive(Debug)]
pub(crate) enum Column {
    /// A field that nobody needs.
    Absent,
    /// One column of the table.
    One(Arc<Cells>),
    /// Several, row after row.
    Vector { len: usize, numbers: Long<f64> },
}

/// So many rows are put side by side in one go.
const RUN: usize = 1 << 12;

/// How messages call the rows.
#[derive(Debug)]
pub(crate) enum Places {
    /// Rows of files, each with its number of rows.
    Files(Vec<FileRows>),
    /// Rows that were computed.
    Drawn,
}

/// The columns of a table by their names.
type Named<'a> = BTreeMap<&'a str, usize>;

/// Refuses a table that lacks a column which the network needs.
fn refuse_absent(named: &Named<'_>, fields: &[Field]) -> Result<(), DataError> {
    for field in fields.iter().filter(|field| field.role == Role::Input) {
        if let Some(column) = field.columns.iter().find(|column| !named.contains_key(column.as_str())) {
            let kind = if let Kind::Numbers { .. } = field.kind { Kind::Number } else { field.kind.clone() };
            return Err(SchemaError::Absent { field: column.clone(), kind }.into());
        }
    }
    Ok(())
}

/// Types the columns that the fields are read from; ignored ones, and targets that the table does not have,
/// stay absent.
pub(crate) fn load(sheet: &Sheet, fields: &[Field]) -> Result<Table, DataError> {
    let named = sheet.places();
    refuse_absent(&named, fields)?;
    // Cells are refused in the order of the columns, whatever the order of the fields.
    let mut wanted: BTreeMap<usize, Wanted> = BTreeMap::new();
    for field in fields {
        let kind = match field.kind {
            Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } => Wanted::Numbers,
            Kind::Category | Kind::Text | Kind::Image { .. } => Wanted::Names,
            Kind::Labels { .. } => continue, // their cells are read as lists
        };
        wanted.extend(places(&named, field).map(|column| (column, kind)));
    }
    let mut typed = BTreeMap::new();
    for (column, kind) in wanted {
        typed.insert(column, sheet.typed(column, kind)?);
    }
    let column = |field: &Field| {
        if let Kind::Labels { separator } = &field.kind {
            return lists(sheet, places(&named, field).collect(), field, separator);
        }
        let cells: Vec<Arc<Cells>> =
            places(&named, field).filter_map(|column| typed.get(&column).cloned()).collect();
        join(field, cells, sheet)
    };
    let columns = fields.iter().map(column).collect::<Result<_, DataError>>()?;
    let (places, rows, repairs) = (Places::Files(sheet.files.clone()), sheet.rows(), sheet.repairs());
    Ok(Table { columns, places, rows, repairs })
}

/// The columns of a table that a field is read from.
fn places<'a>(named: &'a Named<'_>, field: &'a Field) -> impl Iterator<Item = usize> + 'a {
    let is_read = field.role != Role::Ignored;
    field.columns.iter().filter(move |_| is_read).filter_map(|name| named.get(name.as_str()).copied())
}

/// The labels of each row in these columns; absent where the table lacks one.
fn lists(sheet: &Sheet, columns: Vec<usize>, field: &Field, separator: &str) -> Result<Column, DataError> {
    match columns.len() == field.columns.len() {
        true => several::names(sheet, &columns, separator).map(Column::One),
        false => Ok(Column::Absent),
    }
}

/// The cells of a field's columns, as one.
fn join(field: &Field, mut cells: Vec<Arc<Cells>>, sheet: &Sheet) -> Result<Column, DataError> {
    Ok(match field.kind {
        Kind::Numbers { len } if cells.len() == len => {
            Column::Vector { len, numbers: vector(&cells, sheet.rows(), &sheet.room)? }
        }
        Kind::Numbers { .. } => Column::Absent,
        Kind::Number
        | Kind::Series { .. }
        | Kind::Category
        | Kind::Labels { .. }
        | Kind::Text
        | Kind::Image { .. } => cells.pop().map_or(Column::Absent, Column::One),
    })
}

/// Columns of numbers row by row.
fn vector(columns: &[Arc<Cells>], rows: usize, room: &Room) -> Result<Long<f64>, DataError> {
    let mut vector = Long::default();
    for first in (0..rows).step_by(RUN) {
        let run = first..rows.min(first + RUN);
        let mut numbers = vec![f64::NAN; run.len() * columns.len()];
        for (place, cells) in columns.iter().enumerate() {
            let mut column = vec![];
            cells.copy_numbers(run.clone(), &mut column)?;
            let places = numbers.iter_mut().skip(place).step_by(columns.len());
            places.zip(column).for_each(|(number, cell)| *number = cell);
        }
        vector.extend(&numbers, room)?;
    }
    Ok(vector)
}

impl Raw for Table {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        Ok(match &self.columns[field] {
            Column::One(cells) => cells.cell(row)?,
            Column::Vector { len, numbers } => {
                let rows = row * len..(row + 1) * len;
                Cell::Numbers(match numbers.in_memory() {
                    Some(numbers) => Cow::Borrowed(&numbers[rows]),
                    None => {
                        let mut vector = Vec::with_capacity(*len);
                        numbers.copy(rows, &mut vector)?;
                        Cow::Owned(vector)
                    }
                })
            }
            Column::Absent => Cell::Missing,
        })
    }

    fn few(&self, field: usize) -> Option<FewCells<'_>> {
        let Column::One(cells) = &self.columns[field] else { return None };
        match &**cells {
            Cells::Names(names) => Some(FewCells::Names(names)),
            Cells::FewNumbers(few) => Some(FewCells::Numbers(few)),
            Cells::Numbers(_) | Cells::Texts(_) => None,
        }
    }

    fn beyond(&self) -> Option<Room> {
        self.columns.iter().find_map(|column| match column {
            Column::One(cells) => cells.beyond(),
            Column::Vector { numbers, .. } => numbers.beyond(),
            Column::Absent => None,
        })
    }

    fn repairs(&self) -> Vec<Repair> {
        self.repairs.clone()
    }

    fn place(&self, row: usize) -> String {
        match &self.places {
            Places::Drawn => format!("example {}", row + 1),
            Places::Files(files) => row_place(files, row),
        }
    }
}
