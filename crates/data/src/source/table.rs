//! Examples in memory, column by column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use baeum_core::{Field, Kind, Role, SchemaError};

use super::{Cell, Raw, several};
use crate::DataError;
use crate::csv::{Cells, FileRows, Names, Wanted, row_place};
use crate::profile::Repair;
use crate::sheet::Sheet;

/// Rows in memory, column by column, in the order of a schema.
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
    Number(Vec<f64>),
    /// Row after row.
    Numbers {
        len: usize,
        numbers: Vec<f64>,
    },
    Names(Names),
}

/// How messages call the rows.
#[derive(Debug)]
pub(crate) enum Places {
    /// Rows of files, each with its number of rows.
    Files(Vec<FileRows>),
    /// Rows that were computed.
    Drawn,
}

/// Refuses a table that lacks a column which the network needs.
fn refuse_absent(sheet: &dyn Sheet, fields: &[Field]) -> Result<(), DataError> {
    for field in fields.iter().filter(|field| field.role == Role::Input) {
        if let Some(column) = field.columns.iter().find(|column| sheet.column(column).is_none()) {
            let kind = if let Kind::Numbers { .. } = field.kind { Kind::Number } else { field.kind.clone() };
            return Err(SchemaError::Absent { field: column.clone(), kind }.into());
        }
    }
    Ok(())
}

/// Types the columns that the fields are read from; ignored ones, and targets that the table does not have,
/// stay absent.
pub(crate) fn load(sheet: &dyn Sheet, fields: &[Field]) -> Result<Table, DataError> {
    refuse_absent(sheet, fields)?;
    let mut wanted: BTreeMap<usize, Wanted> = BTreeMap::new();
    let places = |field: &Field| -> Vec<usize> {
        match field.role {
            Role::Ignored => vec![],
            Role::Input | Role::Target | Role::Id => {
                field.columns.iter().filter_map(|name| sheet.column(name)).collect()
            }
        }
    };
    for field in fields {
        let kind = match field.kind {
            Kind::Number | Kind::Numbers { .. } | Kind::Series { .. } => Wanted::Numbers,
            Kind::Category | Kind::Text | Kind::Image { .. } => Wanted::Names,
            Kind::Labels { .. } => continue, // their cells are read as lists
        };
        wanted.extend(places(field).into_iter().map(|column| (column, kind)));
    }
    let wanted: Vec<(usize, Wanted)> = wanted.into_iter().collect();
    let mut typed: BTreeMap<usize, Cells> =
        wanted.iter().map(|(column, _)| *column).zip(sheet.typed(&wanted)?).collect();
    let columns = fields.iter().map(|field| {
        if let Kind::Labels { separator } = &field.kind {
            return lists(sheet, &places(field), field.columns.len(), separator);
        }
        let cells: Vec<Cells> = places(field).iter().filter_map(|column| typed.remove(column)).collect();
        Ok(join(field, cells, sheet.rows()))
    });
    let columns = columns.collect::<Result<_, DataError>>()?;
    let places = Places::Files(sheet.places());
    Ok(Table { columns, places, rows: sheet.rows(), repairs: sheet.repairs() })
}

/// The labels of each row; absent where the table lacks one of their columns.
fn lists(sheet: &dyn Sheet, columns: &[usize], wanted: usize, separator: &str) -> Result<Column, DataError> {
    match columns.len() == wanted {
        true => several::names(sheet, columns, separator).map(Column::Names),
        false => Ok(Column::Absent),
    }
}

/// The cells of a field's columns, as one.
fn join(field: &Field, mut cells: Vec<Cells>, rows: usize) -> Column {
    if let Kind::Numbers { len } = field.kind {
        let mut numbers = vec![f64::NAN; rows * len];
        for (place, cells) in cells.iter().enumerate().take(len) {
            if let Cells::Numbers(column) = cells {
                numbers
                    .iter_mut()
                    .skip(place)
                    .step_by(len)
                    .zip(column)
                    .for_each(|(number, cell)| *number = *cell);
            }
        }
        return if cells.len() == len { Column::Numbers { len, numbers } } else { Column::Absent };
    }
    match cells.pop() {
        Some(Cells::Numbers(numbers)) => Column::Number(numbers),
        Some(Cells::Names(names)) => Column::Names(names),
        None => Column::Absent,
    }
}

impl Raw for Table {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        Ok(match &self.columns[field] {
            Column::Number(numbers) if !numbers[row].is_nan() => Cell::Number(numbers[row]),
            Column::Numbers { len, numbers } => {
                Cell::Numbers(Cow::Borrowed(&numbers[row * len..(row + 1) * len]))
            }
            Column::Names(names) => names.get(row).map_or(Cell::Missing, Cell::Name),
            Column::Number(_) | Column::Absent => Cell::Missing,
        })
    }

    fn names(&self, field: usize) -> Option<&Names> {
        match &self.columns[field] {
            Column::Names(names) => Some(names),
            Column::Absent | Column::Number(_) | Column::Numbers { .. } => None,
        }
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
