//! Where examples come from. Each kind of source is read in two steps: far enough to be divided, and then
//! typed.

mod columns;
mod few;
mod files;
mod folder;
pub(crate) mod function;
pub(crate) mod idx;
pub(crate) mod listing;
pub(crate) mod numpy;
pub(crate) mod pictured;
mod plain_text;
mod relabelled;
mod series;
mod several;
mod sheet;
mod table;
mod targets;
mod text_folder;

use std::borrow::Cow;
use std::ops::Range;

use baeum_core::{Field, Kind, Role, Split, Splits, Task, Tensor, Train, Value};

use crate::plan::{DataPlan, SourcePlan};
use crate::profile::Repair;
use crate::sheet::Room;
use crate::split::Part;
use crate::text::Pieces;
use crate::{DataError, Place};

pub(crate) use few::FewCells;
pub(crate) use plain_text::without_ends;
pub(crate) use relabelled::{Relabelled, Target};
pub(crate) use series::last_windows;
pub(crate) use table::load;
use table::{Column, Places, Table};
pub(crate) use targets::Targets;

/// A source, read far enough to be divided.
pub(crate) trait Scan {
    /// How many examples there are.
    fn rows(&self) -> usize;

    /// Looks at every example; a number for each that depends on what it says alone.
    fn ids(&mut self) -> Result<Vec<u64>, DataError>;

    /// The part of each example, where the source itself says it.
    fn parts(&self) -> Result<Option<Vec<Part>>, DataError>;

    /// What lists of rows call each row: its place, counted from 0, where it has no name.
    fn names(&self) -> Result<Vec<String>, DataError> {
        Ok((0..self.rows()).map(|row| row.to_string()).collect())
    }

    /// The targets as they are written.
    fn targets(&self) -> Result<Targets, DataError>;

    /// The cells of the column that decides the parts, if the plan names one; each row has one.
    fn cells(&self) -> Result<Vec<String>, DataError> {
        Ok(vec![])
    }

    /// What people call each example, as a file of labels does: its number from 0, unless it has a better name. `None`
    /// where it has none.
    fn called(&self) -> Result<Vec<Option<String>>, DataError> {
        Ok((0..self.rows()).map(|row| Some(row.to_string())).collect())
    }

    /// What targets look like, if the recipe does not say it.
    ///
    /// # Errors
    /// [`DataError`] if they cannot be read again.
    fn task(&self, targets: &Targets) -> Result<Task, DataError>;

    /// The fields of a record, as far as the training rows tell; labels and ranges come later.
    fn fields(&self, task: Task, train: &Split<Train>) -> Result<Vec<Field>, DataError>;

    /// The examples, typed.
    fn load(self: Box<Self>, fields: &[Field]) -> Result<Box<dyn Raw>, DataError>;
}

/// Examples as they were read, before any transform; in memory or on disk.
pub(crate) trait Raw: Send + Sync {
    /// How many there are.
    fn rows(&self) -> usize;

    /// What the field at this place of the schema holds.
    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError>;

    /// A row, as messages call it.
    fn place(&self, row: usize) -> String;

    /// The different cells of a field, where it is known that they are few.
    fn few(&self, _field: usize) -> Option<FewCells<'_>> {
        None
    }

    /// Whether an example is read and decoded each time that it is asked for.
    fn is_decoded_anew(&self) -> bool {
        false
    }

    /// Where more can lie, if these examples found no room in memory.
    fn beyond(&self) -> Option<Room> {
        None
    }

    /// Height and width of the image of a row in this field, where they are known without decoding it.
    fn image_size(&self, _row: usize, _field: usize) -> Option<(usize, usize)> {
        None
    }

    /// Which steps of a series an example sees, and which it tells; none where it stands for itself.
    fn steps(&self, _row: usize) -> Option<Steps> {
        None
    }

    /// The steps of a series that these examples see or tell, each once and as an example of its own: what a mean is taken
    /// of, so that no step counts more often than another. None where examples stand for themselves.
    fn each_step(&self, _rows: &[usize]) -> Option<Box<dyn Raw + '_>> {
        None
    }

    /// The pieces of an example that was cut out of a text piece by piece.
    fn pieces(&self, _row: usize) -> Option<Pieced<'_>> {
        None
    }

    /// Cuts a text whose parts or lines are divided so into examples.
    ///
    /// # Errors
    /// [`DataError`] for a part that is too short.
    fn cut(self: Box<Self>, _pieces: &Pieces, _divided: &Splits) -> Result<Divided, DataError> {
        let (wants, got) = ("a text that is gone on with".to_owned(), "another source".to_owned());
        Err(DataError::Changed { wants, got })
    }

    /// What was done so that they could be read.
    fn repairs(&self) -> Vec<Repair> {
        vec![]
    }

    /// How many files were left out because they are hidden.
    fn hidden_files(&self) -> usize {
        0
    }
}

/// The pieces of an example, the last of which is only told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieced<'a> {
    pub(crate) pieces: &'a [u32],
    pub(crate) padding: u32,
}

impl Pieced<'_> {
    /// Writes the pieces that the network sees, filled up at the end.
    pub(crate) fn write_seen(self, out: &mut [f32]) {
        out.fill(self.padding as f32);
        // Places are below 2^24, which f32 holds exactly.
        out.iter_mut().zip(self.pieces).for_each(|(out, piece)| *out = *piece as f32);
    }

    /// The piece behind each of so many.
    pub(crate) fn told(self, length: usize) -> impl Iterator<Item = i64> {
        let filled = self.pieces.iter().copied().skip(1).chain(std::iter::repeat(self.padding));
        filled.map(i64::from).take(length)
    }
}

/// Examples, and how they are divided.
pub(crate) type Divided = (Box<dyn Raw>, Splits);

/// Which steps of a series an example is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) seen: Range<usize>,
    pub(crate) told: Range<usize>,
}

/// One value, borrowed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    /// A missing number is NaN.
    Numbers(Cow<'a, [f64]>),
    Name(&'a str),
    Image(Pixels<'a>),
}

/// A picture: bytes `[height, width, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pixels<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) bytes: Cow<'a, [u8]>,
}

/// Reads the source of a plan far enough to divide it.
pub(crate) fn scan<'a>(plan: &'a DataPlan, place: &'a Place) -> Result<Box<dyn Scan + 'a>, DataError> {
    Ok(match &plan.source {
        SourcePlan::Table { format, files } => match &plan.config.series {
            Some(series) => Box::new(series::scan(plan, series, (format, files), place)?),
            None => Box::new(sheet::scan(plan, format, files, place)?),
        },
        SourcePlan::Idx(config) => Box::new(idx::scan(plan, config, place)?),
        SourcePlan::Numpy(config) => Box::new(numpy::scan(plan, config, place)?),
        SourcePlan::Folder(config) => Box::new(folder::scan(plan, config, place)?),
        SourcePlan::Text { config, files } => Box::new(plain_text::scan(plan, config, files, place)?),
        SourcePlan::TextFolder(config) => Box::new(text_folder::scan(plan, config, place)?),
        SourcePlan::Function { config, formula } => Box::new(function::scan(plan, config, formula, place)?),
    })
}

/// A field that is read from the column of its own name.
pub(crate) fn field(name: &str, kind: Kind, role: Role) -> Field {
    Field { name: name.to_owned(), kind, role, columns: vec![name.to_owned()], labels: vec![], range: None }
}

impl Cell<'_> {
    /// The same value, owned.
    pub(crate) fn into_value(self) -> Result<Value, baeum_core::TensorError> {
        Ok(match self {
            Cell::Missing => Value::Missing,
            Cell::Number(number) => Value::Number(number),
            Cell::Numbers(numbers) => Value::Numbers(numbers.into_owned()),
            Cell::Name(name) => Value::Text(name.to_owned()),
            Cell::Image(image) => {
                let shape = [image.height, image.width, image.channels];
                Value::Image(Tensor::new(shape, image.bytes.into_owned())?)
            }
        })
    }

    /// What came, for messages.
    pub(crate) fn shown(&self) -> String {
        match self {
            Cell::Missing => "nothing".to_owned(),
            Cell::Number(number) => shown_number(*number),
            Cell::Numbers(numbers) => format!("{} numbers", numbers.len()),
            Cell::Name(name) => crate::error::quoted(name),
            Cell::Image(image) => format!("an image of {}x{} pixels", image.height, image.width),
        }
    }
}

/// A number with a power of ten where it would fill a line with zeros.
fn shown_number(number: f64) -> String {
    match number.abs() {
        1e-7..1e16 | 0.0 => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// The value of a record; an image that is none of bytes is taken for nothing.
impl<'a> From<&'a Value> for Cell<'a> {
    fn from(value: &'a Value) -> Cell<'a> {
        match value {
            Value::Missing => Cell::Missing,
            Value::Number(number) => Cell::Number(*number),
            Value::Numbers(numbers) => Cell::Numbers(Cow::Borrowed(numbers)),
            Value::Text(text) => Cell::Name(text),
            Value::Image(tensor) => match (tensor.shape(), tensor.u8s()) {
                ([height, width, channels], Ok(bytes)) => {
                    let (height, width, channels) = (*height, *width, *channels);
                    Cell::Image(Pixels { height, width, channels, bytes: Cow::Borrowed(bytes) })
                }
                _ => Cell::Missing,
            },
        }
    }
}

#[cfg(test)]
mod tests;
