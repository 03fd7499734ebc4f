//! Rows that stand, equal or nearly so, in two parts of the data.

use std::collections::BTreeMap;

use super::Seen;
use crate::source::Cell;

/// How many bits of a number's mantissa count: its first four digits, nearly.
const BITS: u32 = 13;

/// The hash of what a row nearly says: numbers to four digits, names in small letters with single spaces.
///
/// Numbers on both sides of a rounding border differ, however close: some twins are missed, none is made up.
pub(super) fn folded<'a>(inputs: impl Iterator<Item = Cell<'a>>) -> u64 {
    let mut record = vec![];
    for cell in inputs {
        match cell {
            Cell::Missing => write(&mut record, 0, &[]),
            Cell::Number(number) => write(&mut record, 1, &rounded(number)),
            Cell::Numbers(numbers) => {
                write(&mut record, 2, &numbers.iter().copied().flat_map(rounded).collect::<Vec<u8>>());
            }
            Cell::Name(name) => {
                let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
                write(&mut record, 3, words.join(" ").as_bytes());
            }
            Cell::Image(image) => write(&mut record, 4, &image.bytes),
        }
    }
    crate::split::sample_id(&record)
}

/// A value by its kind, length and bytes, so that no two rows write the same.
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
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    hashes.iter().enumerate().for_each(|(row, hash)| groups.entry(*hash).or_default().push(row));
    let mut seen = Seen::of(is_held_out);
    for rows in groups.into_values().filter(|rows| rows.len() > 1) {
        let (held_out, teaching): (Vec<usize>, Vec<usize>) = rows.iter().partition(|row| is_held_out[**row]);
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
