//! Lines of fields with few different cells: walked once for each cell, and not row by row.

use super::{Encoder, Line};
use crate::source::{FewCells, Raw};

/// No field keeps more numbers than these.
const MOST_NUMBERS: usize = 1 << 16;

/// What each line of an input gives for each cell of its field, where these are few.
#[derive(Debug)]
pub(crate) struct Ready(Vec<Option<ReadyLine>>);

/// The same with the cells of a source at hand.
pub(crate) struct Walked<'a> {
    line: &'a ReadyLine,
    few: FewCells<'a>,
}

impl Walked<'_> {
    /// The numbers of a row; none if its cell was refused, or cannot be read again.
    pub(super) fn get(&self, row: usize) -> Option<&[f32]> {
        self.line.get(self.few.place(row).ok()?)
    }
}

/// The numbers of each cell of a field, or that it has none.
#[derive(Debug)]
pub(crate) struct ReadyLine {
    numbers: Vec<f32>,
    width: usize,
    is_refused: Vec<bool>,
}

impl ReadyLine {
    /// None where its cells are many, or give many numbers.
    pub(crate) fn of(line: &Line, raw: &dyn Raw) -> Option<ReadyLine> {
        let (cells, width) = (raw.few(line.field())?.cells(), line.width());
        if cells.len().checked_mul(width).is_none_or(|numbers| numbers > MOST_NUMBERS) {
            return None;
        }
        let mut numbers = vec![0.0; cells.len() * width];
        let walk = |(cell, out): (_, &mut [f32])| {
            line.encode(cell, out).and_then(|()| line.refuse_infinite(cell, out)).is_err()
        };
        let is_refused = cells.iter().zip(numbers.chunks_exact_mut(width)).map(walk).collect();
        Some(ReadyLine { numbers, width, is_refused })
    }

    /// The numbers of the cell at a place; none if it was refused.
    pub(crate) fn get(&self, place: usize) -> Option<&[f32]> {
        let is_refused = self.is_refused.get(place).copied().unwrap_or(true);
        (!is_refused).then(|| &self.numbers[place * self.width..(place + 1) * self.width])
    }
}

impl Encoder {
    /// What is ready of an input, with the cells of a source at hand.
    pub(crate) fn walked<'a>(
        &self,
        input: usize,
        ready: &'a Ready,
        raw: &'a dyn Raw,
    ) -> Vec<Option<Walked<'a>>> {
        let of = |(line, ready): (&Line, &'a Option<ReadyLine>)| {
            Some(Walked { line: ready.as_ref()?, few: raw.few(line.field())? })
        };
        self.inputs[input].lines.iter().zip(&ready.0).map(of).collect()
    }

    /// Walks the lines of an input for the few cells of their fields.
    pub(crate) fn ready(&self, input: usize, raw: &dyn Raw) -> Ready {
        Ready(self.inputs[input].lines.iter().map(|line| ReadyLine::of(line, raw)).collect())
    }
}
