mod answers;
mod cached;
mod kept;
mod mixed;
mod told;

use std::cell::RefCell;

use baeum_core::{Batch, Kind, Record, Role, Schema, Source, SourceError, Stream, Target, Tensor};
use rayon::prelude::*;

use crate::augment::{Augmenter, Dice, Mixer};
use crate::encoder::{Encoder, Ready};
use crate::plan::DataPlan;
use crate::sheet::{Long, Room};
use crate::source::{Cell, Raw};
use crate::{DataError, Place};

use answers::Answers;
use kept::Kept;

/// Up to here the numbers of all examples stay in memory; beyond, they are computed anew for each batch, ahead of time. The
/// bytes are the same.
pub(crate) const KEPT_BYTES: usize = 1 << 28;

/// Rows that one thread encodes at least; fewer are not worth a thread, unless they are wide.
const RUN: usize = 64;

/// So many numbers are worth a thread.
const WIDE: usize = 1 << 12;

/// Examples, ready for a network.
pub(crate) struct Examples {
    raw: Box<dyn Raw>,
    schema: Schema,
    encoder: Encoder,
    /// For each input what its fields of few cells give.
    ready: Vec<Ready>,
    /// Where the numbers of all rows are, for each input.
    kept: Vec<Kept>,
    targets: Vec<Answers>,
    augment: Option<(Vec<Augmenter>, Stream)>,
    mixer: Option<Mixer>,
}

impl Examples {
    /// Encodes targets, and inputs as far as they fit into so many bytes of memory.
    ///
    /// # Errors
    /// [`DataError`] for the first row that cannot become numbers.
    pub(crate) fn new(
        raw: Box<dyn Raw>,
        schema: Schema,
        encoder: Encoder,
        (targets, unlabelled): (&[Target], &[usize]),
        plan: &DataPlan,
        (place, mut room): (&Place, usize),
    ) -> Result<Examples, DataError> {
        let targets = targets
            .iter()
            .map(|target| {
                Answers::new(raw.as_ref(), &schema, (target, unlabelled), &plan.naming(&target.field))
            })
            .collect::<Result<_, _>>()?;
        let ready = (0..encoder.inputs()).map(|input| encoder.ready(input, raw.as_ref())).collect();
        let (kept, augment, mixer) = (vec![], None, None);
        let mut examples = Examples { raw, schema, encoder, ready, kept, targets, augment, mixer };
        for input in 0..examples.encoder.inputs() {
            let kept = examples.keep(input, room, place)?;
            examples.kept.push(kept);
            room = room.saturating_sub(examples.bytes(input));
        }
        Ok(examples)
    }

    /// The same examples, changed in these ways while the network learns; `stream` draws how.
    pub(crate) fn augmented(self, ways: Vec<Augmenter>, stream: Stream) -> Examples {
        Examples { augment: (!ways.is_empty()).then_some((ways, stream)), ..self }
    }

    /// The same examples, mixed with each other while the network learns.
    pub(crate) fn mixed(self, mixer: Option<Mixer>) -> Examples {
        Examples { mixer, ..self }
    }

    /// Makes sure that every row can become numbers; those that are kept already have.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let anew = (0..self.kept.len()).filter(|&input| matches!(self.kept[input], Kept::Nowhere));
        anew.into_iter().try_for_each(|input| self.each_run(input, |_| Ok(())))
    }

    /// Calls `visit` with the numbers of all rows, many of them at a time.
    fn each_run(
        &self,
        input: usize,
        mut visit: impl FnMut(&[f32]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        for first in (0..self.raw.rows()).step_by(RUN * 64) {
            let rows: Vec<usize> = (first..self.raw.rows().min(first + RUN * 64)).collect();
            visit(&self.encode(input, &rows).map_err(|(_, error)| error)?)?;
        }
        Ok(())
    }

    /// The numbers of all rows, on the disk: columns are read row by row there, but once.
    fn encode_beyond(&self, input: usize, room: &Room) -> Result<Long<f32>, DataError> {
        let mut kept = Long::default();
        self.each_run(input, |numbers| Ok(kept.extend(numbers, room)?))?;
        Ok(kept)
    }

    /// The numbers of all rows.
    fn encode_all(&self, input: usize) -> Result<Vec<f32>, DataError> {
        let mut numbers = vec![0.0; self.raw.rows() * self.encoder.width(input)];
        let refused = self.write(input, |place| place, &mut numbers);
        refused.map_or(Ok(numbers), |(_, error)| Err(error))
    }

    /// The numbers of some rows, or the first that has none; every thread count gives the same.
    fn encode(&self, input: usize, rows: &[usize]) -> Result<Vec<f32>, (usize, DataError)> {
        let mut numbers = vec![0.0; rows.len() * self.encoder.width(input)];
        let refused = self.write(input, |place| rows[place], &mut numbers);
        refused.map_or(Ok(numbers), Err)
    }

    /// Writes the numbers of rows; the first that has none.
    fn write(
        &self,
        input: usize,
        row: impl Fn(usize) -> usize + Sync,
        numbers: &mut [f32],
    ) -> Option<(usize, DataError)> {
        let width = self.encoder.width(input);
        let walked = self.encoder.walked(input, &self.ready[input], self.raw.as_ref());
        let source = (&walked[..], self.raw.as_ref());
        let rows = numbers.par_chunks_exact_mut(width).with_min_len(run(width)).enumerate();
        rows.find_map_first(|(place, out)| {
            let row = row(place);
            let encode = |out: &mut [f32]| self.encoder.encode_row(input, source, row, out);
            let refused = self.pieces_or(row, out, encode);
            refused.err().map(|error| (row, error))
        })
    }

    /// Writes the pieces of a row that was cut before, a text and so the one field that the network sees; or else encodes it.
    fn pieces_or(
        &self,
        row: usize,
        out: &mut [f32],
        encode: impl FnOnce(&mut [f32]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let Some(pieces) = self.raw.pieces(row) else { return encode(out) };
        pieces.write_seen(out);
        Ok(())
    }

    /// The numbers of some rows as training sees them in an epoch; every thread count gives the same.
    fn augment(&self, input: usize, rows: &[usize], epoch: u32) -> Result<Vec<f32>, (usize, DataError)> {
        let Some((ways, stream)) = &self.augment else { return self.numbers(input, rows) };
        let width = self.encoder.width(input);
        let mut numbers = vec![0.0; rows.len() * width];
        let write = |(i, out): (usize, &mut [f32])| {
            let dice = Dice::of_input(*stream, (rows[i], epoch), input);
            self.encode_augmented(input, rows[i], ways, dice, out).err().map(|error| (rows[i], error))
        };
        let refused = numbers.par_chunks_exact_mut(width).enumerate().find_map_first(write);
        refused.map_or(Ok(numbers), Err)
    }

    /// One row: its image or its series is changed before its steps, the pieces of its text behind them.
    fn encode_augmented(
        &self,
        input: usize,
        row: usize,
        ways: &[Augmenter],
        mut dice: Dice,
        out: &mut [f32],
    ) -> Result<(), DataError> {
        let changed = RefCell::new(&mut dice);
        let cell = |field: usize| {
            let cell = self.raw.cell(row, field)?;
            let way = ways.iter().find(|way| way.field == field);
            Ok(match (way, cell) {
                (Some(way), Cell::Image(image)) => Cell::Image(way.image(&image, &mut changed.borrow_mut())),
                (Some(way), Cell::Numbers(mut series)) => {
                    let kind = &self.schema.fields[field].kind;
                    let channels = if let Kind::Series { channels, .. } = kind { *channels } else { 1 };
                    way.series(series.to_mut(), channels, &mut changed.borrow_mut());
                    Cell::Numbers(series)
                }
                (_, cell) => cell,
            })
        };
        self.pieces_or(row, out, |out| self.encoder.encode(input, cell, || self.raw.place(row), out))?;
        let is_text = |way: &&Augmenter| {
            self.schema.fields[way.field].kind == Kind::Text && self.encoder.reads(input, way.field)
        };
        if let Some(way) = ways.iter().find(is_text) {
            way.places(out, &mut dice); // a text is the one field of its input
        }
        Ok(())
    }

    /// A batch of numbers that `read` gives for each input.
    fn batch_of(
        &self,
        rows: &[usize],
        read: impl Fn(usize) -> Result<Vec<f32>, (usize, DataError)>,
    ) -> Result<Batch, SourceError> {
        self.refuse_row_beyond(rows)?;
        let mut batch = Batch { rows: rows.len(), ..Batch::default() };
        let failed = |(row, error): (usize, DataError)| SourceError { row, source: error.into() };
        let first = rows.first().copied().unwrap_or(0);
        for input in 0..self.encoder.inputs() {
            let numbers = read(input).map_err(failed)?;
            let (name, tensor) =
                self.encoder.tensor(input, numbers).map_err(|error| failed((first, error)))?;
            batch.inputs.insert(name, tensor);
        }
        let is_unknown = |row: &usize| self.targets.iter().any(|answers| !answers.has(*row));
        batch.targets = match !rows.is_empty() && rows.iter().all(is_unknown) {
            true => vec![], // nobody knows them
            false => self.targets(rows)?,
        };
        Ok(batch)
    }

    /// The numbers of some rows, from memory if they are there.
    fn numbers(&self, input: usize, rows: &[usize]) -> Result<Vec<f32>, (usize, DataError)> {
        let width = self.encoder.width(input);
        let mut numbers = Vec::with_capacity(rows.len() * width);
        for &row in rows {
            let copied = match &self.kept[input] {
                Kept::Nowhere => return self.encode(input, rows),
                Kept::Long(kept) => {
                    kept.copy(row * width..(row + 1) * width, &mut numbers).map_err(DataError::from)
                }
                Kept::Cached(kept) => self.read_or_encode(input, row, kept, &mut numbers),
            };
            copied.map_err(|error| (row, error))?;
        }
        Ok(numbers)
    }

    fn refuse_row_beyond(&self, rows: &[usize]) -> Result<(), SourceError> {
        match rows.iter().find(|row| **row >= self.raw.rows()) {
            None => Ok(()),
            Some(&row) => {
                Err(SourceError { row, source: format!("there are {} rows", self.raw.rows()).into() })
            }
        }
    }
}

/// How many rows of this width one thread encodes at least.
fn run(width: usize) -> usize {
    (WIDE / width.max(1)).clamp(1, RUN)
}

impl Source for Examples {
    fn len(&self) -> usize {
        self.raw.rows()
    }

    fn record(&self, row: usize) -> Result<Record, SourceError> {
        self.refuse_row_beyond(&[row])?;
        let mut record = Record::new();
        for (place, field) in self.schema.fields.iter().enumerate() {
            match field.role {
                Role::Ignored => {}
                Role::Input | Role::Target | Role::Id => {
                    let cell = self
                        .raw
                        .cell(row, place)
                        .map_err(|error| SourceError { row, source: error.into() })?;
                    let value =
                        cell.into_value().map_err(|error| SourceError { row, source: error.into() })?;
                    record.insert(field.name.clone(), value);
                }
            }
        }
        Ok(record)
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        self.batch_of(rows, |input| self.numbers(input, rows))
    }

    fn targets(&self, rows: &[usize]) -> Result<Vec<Tensor>, SourceError> {
        self.refuse_row_beyond(rows)?;
        let without = |row: &&usize| self.targets.iter().any(|answers| !answers.has(**row));
        if let Some(&row) = rows.iter().find(without) {
            return Err(SourceError { row, source: "it has no label, so it is in no part".into() });
        }
        let first = rows.first().copied().unwrap_or(0);
        let tensor = |answers: &Answers| {
            let tensor = answers.gather(self.raw.as_ref(), rows);
            tensor.map_err(|error| SourceError { row: first, source: error.into() })
        };
        self.targets.iter().map(tensor).collect()
    }

    fn training_batch(&self, rows: &[usize], epoch: u32) -> Result<Batch, SourceError> {
        match &self.mixer {
            Some(mixer) => self.mixed_batch(mixer, rows, epoch),
            None => self.batch_of(rows, |input| self.augment(input, rows, epoch)),
        }
    }

    fn is_at_hand(&self) -> bool {
        self.augment.is_none() && self.kept.iter().all(Kept::is_in_memory)
    }
}
