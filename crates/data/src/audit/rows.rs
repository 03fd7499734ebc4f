//! Rows that stand, equal or nearly so, in two parts of the data.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Seen;
use crate::DataError;
use crate::sheet::Names;
use crate::source::{Cell, Raw};

/// How many bits of a number's mantissa count: its first four digits, nearly.
const BITS: u32 = 13;

/// The hash of what a row nearly says: numbers to four digits, names in small letters with single spaces.
///
/// Numbers on both sides of a rounding border differ, however close: some twins are missed, none is made up.
pub(super) fn folded<'a>(inputs: impl Iterator<Item = Cell<'a>>) -> u64 {
    let mut record = vec![];
    inputs.for_each(|cell| fold(&mut record, &cell));
    crate::split::sample_id(&record)
}

/// Writes what a cell nearly says.
fn fold(record: &mut Vec<u8>, cell: &Cell<'_>) {
    match cell {
        Cell::Missing => record.push(0),
        Cell::Number(number) => {
            record.push(1);
            record.extend(rounded(*number));
        }
        Cell::Numbers(numbers) => {
            write(record, 2, &numbers.iter().copied().flat_map(rounded).collect::<Vec<u8>>());
        }
        Cell::Name(name) => {
            let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
            write(record, 3, words.join(" ").as_bytes());
        }
        Cell::Image(image) => write(record, 4, &image.bytes),
    }
}

/// One field of all rows, ready to be folded.
pub(super) struct Folding<'a> {
    raw: &'a dyn Raw,
    field: usize,
    /// Its names, if they are few, and by their places the first that is folded alike; behind them stands nothing.
    names: Option<(&'a Names, Vec<u32>)>,
}

impl<'a> Folding<'a> {
    pub(super) fn new(raw: &'a dyn Raw, field: usize) -> Folding<'a> {
        let first_alike = |names: &'a Names| {
            let cells = names.values().iter().map(|name| Cell::Name(name)).chain([Cell::Missing]);
            let mut seen = BTreeMap::new();
            let first = |(place, cell)| *seen.entry(folded(std::iter::once(cell))).or_insert(place);
            (names, (0..).zip(cells).map(first).collect())
        };
        Folding { raw, field, names: raw.names(field).map(first_alike) }
    }

    /// Writes what a row nearly says.
    pub(super) fn write(&self, record: &mut Vec<u8>, row: usize) -> Result<(), DataError> {
        match &self.names {
            Some((names, first)) => {
                let place = names.place(row)?.and_then(|place| first.get(place));
                let place = place.or(first.last()).copied().unwrap_or_default();
                record.push(5);
                record.extend(place.to_le_bytes());
            }
            None => fold(record, &self.raw.cell(row, self.field)?),
        }
        Ok(())
    }
}

/// A value by its kind, length and bytes, so that no two rows write the same; the kinds that are not written so have one
/// length each.
fn write(record: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    record.push(kind);
    record.extend((bytes.len() as u64).to_le_bytes());
    record.extend(bytes);
}

fn rounded(number: f64) -> [u8; 8] {
    let dropped = f64::MANTISSA_DIGITS - 1 - BITS;
    let number = number + 0.0; // -0 becomes 0
    let bits = number.to_bits().saturating_add(1 << (dropped - 1)) >> dropped;
    if number.is_nan() { u64::MAX.to_le_bytes() } else { bits.to_le_bytes() }
}

/// How often two rows of these hashes are the same: a share of all pairs.
pub(super) fn agreement(mut hashes: Vec<u64>) -> f64 {
    hashes.sort_unstable();
    let pairs = |rows: usize| rows as f64 * (rows as f64 - 1.0);
    let same: f64 = hashes.chunk_by(|one, other| one == other).map(|rows| pairs(rows.len())).sum();
    same / pairs(hashes.len()).max(1.0)
}

/// Which rows have a twin, by their hashes; `is_held_out` says which of them do not teach.
pub(super) fn twins(hashes: &[u64], is_held_out: &[bool]) -> Seen {
    let mut rows: Vec<(u64, usize)> = hashes.iter().copied().zip(0..).collect();
    rows.par_sort_unstable();
    let mut seen = Seen::of(is_held_out);
    for rows in rows.chunk_by(|(one, _), (other, _)| one == other).filter(|rows| rows.len() > 1) {
        let rows = rows.iter().map(|(_, row)| *row);
        let (held_out, teaching): (Vec<usize>, Vec<usize>) = rows.partition(|row| is_held_out[*row]);
        if teaching.len() > 1 {
            seen.within.twins += teaching.len();
        }
        if let Some(&first) = teaching.first() {
            seen.across.twins += held_out.len();
            seen.pairs.extend(held_out.into_iter().map(|row| (row, first)));
        }
    }
    seen.pairs.sort_unstable();
    seen
}
