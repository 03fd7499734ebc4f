//! Rows that stand, equal or nearly so, in two parts of the data.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use super::Seen;
use crate::DataError;
use crate::hash::Folded;
use crate::source::{Cell, FewCells, Raw};

/// How many bits of a number's mantissa count: its first four digits, nearly.
const BITS: u32 = 13;

/// The hash of what a cell nearly says; each kind of value begins with a number of its own.
pub(super) fn folded(cell: &Cell<'_>) -> u64 {
    let mut hasher = Folded::default();
    match cell {
        Cell::Missing => hasher.write_u8(1),
        Cell::Number(number) => {
            hasher.write_u8(2);
            hasher.write_u64(rounded(*number));
        }
        Cell::Numbers(numbers) => {
            hasher.write_u8(3);
            numbers.iter().for_each(|number| hasher.write_u64(rounded(*number)));
        }
        Cell::Name(name) => {
            hasher.write_u8(4);
            let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
            hasher.write(words.join(" ").as_bytes());
        }
        Cell::Image(image) => {
            hasher.write_u8(5);
            hasher.write(&image.bytes);
        }
    }
    hasher.finish()
}

/// One field of all rows, ready to be folded.
pub(super) struct Folding<'a> {
    raw: &'a dyn Raw,
    field: usize,
    /// Its different cells, if they are few, and what each nearly says.
    few: Option<(FewCells<'a>, Vec<u64>)>,
}

impl<'a> Folding<'a> {
    pub(super) fn new(raw: &'a dyn Raw, field: usize) -> Folding<'a> {
        let fold_each = |few: FewCells<'a>| (few, few.cells().iter().map(folded).collect());
        Folding { raw, field, few: raw.few(field).map(fold_each) }
    }

    /// The hash of what a row nearly says: numbers to four digits, names in small letters with single spaces.
    ///
    /// Numbers on both sides of a rounding border differ, however close: some twins are missed, none is made up.
    pub(super) fn hash(&self, row: usize) -> Result<u64, DataError> {
        match &self.few {
            Some((few, hashes)) => Ok(hashes[few.place(row)?]),
            None => Ok(folded(&self.raw.cell(row, self.field)?)),
        }
    }
}

/// What a row nearly says in all of these fields.
pub(super) fn hash(fields: &[Folding<'_>], row: usize) -> Result<u64, DataError> {
    let mut hasher = Folded::default();
    for field in fields {
        hasher.write_u64(field.hash(row)?);
    }
    Ok(hasher.finish())
}

/// A number by its first bits.
fn rounded(number: f64) -> u64 {
    let dropped = f64::MANTISSA_DIGITS - 1 - BITS;
    let number = number + 0.0; // -0 becomes 0
    if number.is_nan() { u64::MAX } else { number.to_bits().saturating_add(1 << (dropped - 1)) >> dropped }
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
    let mut seen = Seen::of(is_held_out);
    let mut repeated = hashes.to_vec();
    repeated.par_sort_unstable();
    repeated = repeated.chunk_by(u64::eq).filter(|equal| equal.len() > 1).map(|equal| equal[0]).collect();
    // Only rows with a twin are put together: nearly always they are few.
    let repeated: HashSet<u64, BuildHasherDefault<Folded>> = repeated.into_iter().collect();
    let has_twin = |row: &usize| repeated.contains(&hashes[*row]);
    let mut rows: Vec<(u64, usize)> = match repeated.is_empty() {
        true => vec![],
        false => (0..hashes.len()).into_par_iter().filter(has_twin).map(|row| (hashes[row], row)).collect(),
    };
    rows.par_sort_unstable();
    for rows in rows.chunk_by(|(one, _), (other, _)| one == other) {
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
