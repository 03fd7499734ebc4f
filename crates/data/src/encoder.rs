//! From records to what the network takes. The one implementation: training, prediction and golden rows all
//! go through it.

mod line;
mod normal;
mod numbers;
mod ready;
mod windows;

use std::collections::BTreeMap;

use baeum_core::{Batch, DType, Data, End, InputSpec, Record, Role, Schema, Tensor, Value};

use crate::DataError;
use crate::plan::steps::{Change, Form};
use crate::source::{Cell, Raw};

pub(crate) use line::Line;
use line::Wrong;
pub(crate) use ready::{Ready, ReadyLine, Walked};

/// Turns records into the inputs of a network.
///
/// Numbers become `f32` first and every step computes in `f32`, as the steps inside an exported graph do.
#[derive(Clone, Debug)]
pub struct Encoder {
    schema: Schema,
    inputs: Vec<Input>,
}

/// One input of the network, its fields side by side.
#[derive(Clone, Debug)]
struct Input {
    name: String,
    dtype: DType,
    shape: Vec<usize>,
    width: usize,
    lines: Vec<Line>,
}

impl Encoder {
    /// An encoder for these inputs of records of this schema.
    ///
    /// # Errors
    /// [`DataError::Steps`] if the steps of a field do not fit it or each other, or do not fill the shape of
    /// the input.
    pub fn new(schema: &Schema, inputs: &[InputSpec]) -> Result<Encoder, DataError> {
        let inputs = inputs.iter().map(|spec| Input::new(schema, spec)).collect::<Result<_, DataError>>()?;
        Ok(Encoder { schema: schema.clone(), inputs })
    }

    /// The records as a batch without targets: inputs by name, each `[rows, ..]`.
    ///
    /// # Errors
    /// [`DataError::Schema`] if a record does not fit the schema, [`DataError::Value`] if a value cannot
    /// become numbers; both name the field, and the second the record, counted from 1.
    pub fn batch(&self, records: &[Record]) -> Result<Batch, DataError> {
        records.iter().try_for_each(|record| self.schema.check(record))?;
        let mut batch = Batch { rows: records.len(), ..Batch::default() };
        for place in 0..self.inputs.len() {
            let mut numbers = vec![0.0; self.width(place) * records.len()];
            for (row, out) in numbers.chunks_exact_mut(self.width(place)).enumerate() {
                let cell = |field: usize| {
                    let value = records[row].get(&self.schema.fields[field].name).unwrap_or(&Value::Missing);
                    Ok(Cell::from(value))
                };
                self.encode(place, cell, || format!("record {}", row + 1), out)?;
            }
            let (name, tensor) = self.tensor(place, numbers)?;
            batch.inputs.insert(name, tensor);
        }
        Ok(batch)
    }

    /// The texts of a record that have more pieces than the network sees: the field, how many it sees, and from which end.
    ///
    /// # Errors
    /// As [`Encoder::batch`].
    pub fn cut_texts(&self, record: &Record) -> Result<Vec<(&str, usize, End)>, DataError> {
        let mut cut = vec![];
        for line in self.inputs.iter().flat_map(|input| &input.lines) {
            let name = &self.schema.fields[line.field()].name;
            let Some(value) = record.get(name) else { continue };
            let limit = line.limit(&Cell::from(value));
            let limit = limit.map_err(|wrong| self.refused(line, "record 1".to_owned(), wrong))?;
            cut.extend(limit.map(|(length, keep)| (name.as_str(), length, keep)));
        }
        Ok(cut)
    }

    /// How many inputs there are.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// Whether an input is made of the field at this place of the schema.
    pub(crate) fn reads(&self, input: usize, field: usize) -> bool {
        self.inputs[input].lines.iter().any(|line| line.field() == field)
    }

    /// How many numbers a row has in an input.
    pub(crate) fn width(&self, input: usize) -> usize {
        self.inputs[input].width
    }

    /// Writes the numbers of one row; `cell` gives what a field of the schema holds, and `place` names the
    /// row in messages.
    pub(crate) fn encode<'a>(
        &self,
        input: usize,
        cell: impl Fn(usize) -> Result<Cell<'a>, DataError>,
        place: impl Fn() -> String,
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let mut rest = out;
        for line in &self.inputs[input].lines {
            let (mine, others) = rest.split_at_mut(line.width());
            self.walk(line, &cell(line.field())?, &place, mine)?;
            rest = others;
        }
        Ok(())
    }

    /// The same for the row of a source whose lines were walked before where they could be.
    pub(crate) fn encode_row(
        &self,
        input: usize,
        (walked, raw): (&[Option<Walked<'_>>], &dyn Raw),
        row: usize,
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let mut rest = out;
        for (line, walked) in self.inputs[input].lines.iter().zip(walked) {
            let (mine, others) = rest.split_at_mut(line.width());
            match (walked.as_ref().and_then(|walked| walked.get(row)), &mut *mine) {
                (Some([number]), [mine]) => *mine = *number,
                (Some(numbers), mine) => mine.copy_from_slice(numbers),
                (None, mine) => self.walk(line, &raw.cell(row, line.field())?, || raw.place(row), mine)?,
            }
            rest = others;
        }
        Ok(())
    }

    /// Writes the numbers of one field of a row.
    fn walk(
        &self,
        line: &Line,
        cell: &Cell<'_>,
        place: impl Fn() -> String,
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let refused = line.encode(cell, out).and_then(|()| line.refuse_infinite(cell, out));
        refused.map_err(|wrong| self.refused(line, place(), wrong))
    }

    fn refused(&self, line: &Line, place: String, wrong: Wrong) -> DataError {
        let field = self.schema.fields[line.field()].name.clone();
        DataError::Value { place, field, wants: wrong.wants, got: wrong.got }
    }

    /// The numbers of some rows as the tensor of an input, with its name.
    pub(crate) fn tensor(&self, input: usize, numbers: Vec<f32>) -> Result<(String, Tensor), DataError> {
        let input = &self.inputs[input];
        let mut shape = vec![numbers.len().checked_div(input.width).unwrap_or(0)];
        shape.extend(&input.shape); // [rows, ..]
        let data = match input.dtype {
            DType::F32 => Data::F32(numbers),
            // Only places of names get here, and f32 holds all of them exactly.
            DType::I64 | DType::F64 | DType::U8 => {
                Data::I64(numbers.into_iter().map(|place| place as i64).collect())
            }
        };
        let tensor = Tensor::new(shape, data)
            .map_err(|error| steps(&input.name, "numbers for its shape", error.to_string()))?;
        Ok((input.name.clone(), tensor))
    }
}

impl Input {
    fn new(schema: &Schema, spec: &InputSpec) -> Result<Input, DataError> {
        let (mut lines, mut places) = (vec![], true);
        let inputs = schema.fields.iter().enumerate().filter(|(_, field)| field.role == Role::Input);
        let known: BTreeMap<&str, usize> =
            inputs.map(|(place, field)| (field.name.as_str(), place)).collect();
        for pipeline in &spec.columns {
            let field = known.get(pipeline.field.as_str()).copied();
            let field =
                field.ok_or_else(|| steps(&pipeline.field, "a field of the schema", "another name"))?;
            let mut form = Form::of(&schema.fields[field].kind);
            for step in &pipeline.steps {
                form = form
                    .after(Change::from(step))
                    .map_err(|misfit| steps(&pipeline.field, misfit.wants, misfit.got))?;
            }
            places &= matches!(form, Form::Place | Form::Pieces { .. });
            let shape = form.shape().map_err(|misfit| steps(&pipeline.field, misfit.wants, misfit.got))?;
            let width = size_of_item(&shape)
                .ok_or_else(|| steps(&pipeline.field, "sizes that can be", format!("{shape:?}")))?;
            let line = Line::new(field, &schema.fields[field].kind, &pipeline.steps, width);
            lines.push(line.map_err(|wrong| steps(&pipeline.field, wrong.wants, wrong.got))?);
        }
        let width = lines.iter().map(Line::width).sum(); // each is below MOST_NUMBERS
        if size_of_item(&spec.shape) != Some(width) || width == 0 {
            return Err(steps(
                &spec.name,
                &format!("as many numbers as the shape {:?} has", spec.shape),
                width.to_string(),
            ));
        }
        match spec.dtype {
            DType::F32 => {}
            DType::I64 if places => {}
            DType::I64 | DType::F64 | DType::U8 => {
                return Err(steps(&spec.name, "f32, or i64 for places of names", spec.dtype.to_string()));
            }
        }
        Ok(Input { name: spec.name.clone(), dtype: spec.dtype, shape: spec.shape.clone(), width, lines })
    }
}

/// Four bytes each, this is the memory that an image may take by default; a file that wants more numbers is
/// broken.
const MOST_NUMBERS: usize = 1 << 27;

/// How many numbers an item of a shape has, if that can be.
fn size_of_item(shape: &[usize]) -> Option<usize> {
    let size = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    size.filter(|size| *size <= MOST_NUMBERS)
}

fn steps(field: &str, wants: &str, got: impl Into<String>) -> DataError {
    DataError::Steps { field: field.to_owned(), wants: wants.to_owned(), got: got.into() }
}

#[cfg(test)]
mod tests;
