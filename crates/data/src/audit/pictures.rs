//! Images that stand, as copies in another size, quality or light, in two parts of the data.

mod likeness;
mod near;
mod small;
mod waves;

use std::borrow::Cow;

use rayon::prelude::*;

use super::rows::folded;
use super::{Alike, Seen, halves};
use crate::DataError;
use crate::source::{Cell, Pixels};

use likeness::{Likeness, WAVE_BITS, likeness};
use near::Near;
use small::{Small, alike};

/// Smaller images look like each other anyhow; only equal ones are told.
const LEAST_SIDE: usize = 32;

/// Small images that are kept take so many bytes at most; beyond, one that has to be compared is read again.
pub(super) const KEPT_BYTES: usize = 1 << 28;

/// All images of a field, each looked at once.
pub(super) struct Looked<Read> {
    read: Read,
    /// What each says, as of any other cell.
    pub(super) hashes: Vec<u64>,
    likenesses: Vec<Option<Likeness>>,
    /// The first of them, as they are compared.
    kept: Vec<Option<Small>>,
}

impl<'a, Read: Fn(usize) -> Result<Cell<'a>, DataError> + Sync> Looked<Read> {
    /// Looks at so many images; `read` gives that of a row, and those that are kept fill so much `room`.
    pub(super) fn at(rows: usize, read: Read, room: usize) -> Result<Looked<Read>, DataError> {
        let look = |row: usize| {
            let cell = read(row)?;
            let small = small_of(&cell);
            let likeness = small.as_ref().and_then(likeness);
            let kept = small.filter(|small| likeness.is_some() && (row + 1) * small.bytes() <= room);
            Ok((folded(std::iter::once(cell)), (likeness, kept)))
        };
        let looked: Vec<_> = (0..rows).into_par_iter().map(look).collect::<Result<_, DataError>>()?;
        let (hashes, (likenesses, kept)) = looked.into_iter().unzip();
        Ok(Looked { read, hashes, likenesses, kept })
    }

    /// Which images that do not teach are copies of one that does.
    pub(super) fn copies(&self, is_held_out: &[bool]) -> Result<Seen, DataError> {
        halves(is_held_out, |parts| {
            let hash = |(likeness, part): (&Option<Likeness>, &Option<bool>)| {
                part.and(likeness.map(|likeness| likeness.waves))
            };
            let hashes: Vec<Option<u64>> = self.likenesses.iter().zip(parts).map(hash).collect();
            let parts: Vec<u8> = parts.iter().map(|part| u8::from(*part == Some(true))).collect();
            let near = Near::new(&hashes, &parts, WAVE_BITS);
            let found = (0..parts.len()).into_par_iter().map(|row| self.pairs_of(row, &near));
            let pairs = found.collect::<Result<Vec<_>, DataError>>()?.concat();
            let mut rows: Vec<usize> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
            rows.sort_unstable();
            rows.dedup();
            Ok(Alike { pairs, rows, unfinished: 0 })
        })
    }

    /// The copies of an image among the later ones of another part.
    fn pairs_of(&self, row: usize, near: &Near<'_>) -> Result<Vec<(usize, usize)>, DataError> {
        let is_near = |other: &usize| {
            self.likenesses[row].zip(self.likenesses[*other]).is_some_and(|(one, other)| one.is_near(other))
        };
        let others: Vec<usize> = near.of(row).into_iter().filter(is_near).collect();
        let mut pairs = vec![];
        let Some(one) = (if others.is_empty() { None } else { self.small(row)? }) else { return Ok(pairs) };
        for other in others {
            if self.small(other)?.is_some_and(|other| alike(&one, &other)) {
                pairs.push((row, other));
            }
        }
        Ok(pairs)
    }

    /// An image as it is compared.
    fn small(&self, row: usize) -> Result<Option<Cow<'_, Small>>, DataError> {
        match &self.kept[row] {
            Some(small) => Ok(Some(Cow::Borrowed(small))),
            None => Ok(small_of(&(self.read)(row)?).map(Cow::Owned)),
        }
    }
}

/// What is compared of the image that a cell holds, if it is large enough.
fn small_of(cell: &Cell<'_>) -> Option<Small> {
    let is_large = |image: &Pixels<'_>| image.height.min(image.width) >= LEAST_SIDE;
    match cell {
        Cell::Image(image) => is_large(image).then(|| Small::of(image)),
        Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Name(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// Soft waves, others for each seed.
    fn picture(side: usize, seed: f64) -> Cell<'static> {
        let level = |place: usize| {
            let (y, x) = ((place / side) as f64 / side as f64, (place % side) as f64 / side as f64);
            (120.0 + 50.0 * (7.0 * x + 3.0 * seed).sin() * (5.0 * y + seed * seed).cos() + 30.0 * x * y) as u8
        };
        let bytes: Vec<u8> = (0..side * side).map(level).collect();
        Cell::Image(Pixels { height: side, width: side, channels: 1, bytes: bytes.into() })
    }

    #[test]
    fn what_was_kept_and_what_is_read_again_are_alike() {
        // Rows 1 and 4 are larger copies of rows 0 and 3; the last is too small to be compared.
        let read = |row: usize| {
            Ok([
                picture(40, 0.3),
                picture(64, 0.3),
                picture(50, 1.7),
                picture(36, 2.6),
                picture(72, 2.6),
                picture(20, 0.3),
            ]
            .into_iter()
            .nth(row)
            .unwrap())
        };
        let is_held_out = [false, true, false, true, false, true];
        let copies = |room| Looked::at(6, read, room).unwrap().copies(&is_held_out).unwrap();
        assert_eq!(copies(KEPT_BYTES).pairs, [(1, 0), (3, 4)]);
        for room in [0, 3 * 4 * 32 * 32] {
            assert_eq!(copies(room), copies(KEPT_BYTES));
        }
    }
}
