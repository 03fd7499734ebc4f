//! Images that stand in two parts of the data, as copies in another size, quality or light, or turned or mirrored.

mod likeness;
mod near;
mod small;
mod waves;

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::rows::folded;
use super::{Alike, Seen, halves};
use crate::DataError;
use crate::source::{Cell, Pixels};

use likeness::{Likeness, WAVE_BITS, likeness};
use near::Near;
use small::{Small, TURNS, alike};

/// Smaller images look like each other anyhow; only equal ones are told.
const LEAST_SIDE: usize = 32;

/// Small images that are kept take so many bytes at most; beyond, one that has to be compared is read again.
pub(super) const KEPT_BYTES: usize = 1 << 28;

/// All images of a field, each looked at once.
pub(super) struct Looked<Read> {
    read: Read,
    /// What each says, as of any other cell.
    pub(super) hashes: Vec<u64>,
    /// Of each, in all the ways in which it may be turned.
    likenesses: Vec<Option<[Likeness; TURNS]>>,
    /// The first of them, as they are compared.
    kept: Vec<Option<Small>>,
}

impl<'a, Read: Fn(usize) -> Result<Cell<'a>, DataError> + Sync> Looked<Read> {
    /// Looks at so many images; `read` gives that of a row, and those that are kept fill so much `room`.
    pub(super) fn at(rows: usize, read: Read, room: usize) -> Result<Looked<Read>, DataError> {
        let look = |row: usize| {
            let cell = read(row)?;
            let small = small_of(&cell);
            let likenesses = small.as_ref().and_then(likenesses);
            let kept = small.filter(|small| likenesses.is_some() && (row + 1) * small.bytes() <= room);
            Ok((folded(&cell), (likenesses, kept)))
        };
        let looked: Vec<_> = (0..rows).into_par_iter().map(look).collect::<Result<_, DataError>>()?;
        let (hashes, (likenesses, kept)) = looked.into_iter().unzip();
        Ok(Looked { read, hashes, likenesses, kept })
    }

    /// Which images that do not teach are copies of one that does. One that was turned is a copy if `same` says that both
    /// rows have the same answer: an arrow to the left is none of one to the right.
    pub(super) fn copies(
        &self,
        is_held_out: &[bool],
        same: impl Fn(usize, usize) -> Result<bool, DataError> + Sync,
    ) -> Result<Seen, DataError> {
        halves(is_held_out, |parts| {
            let hash = |(likenesses, part): (&Option<[Likeness; TURNS]>, &Option<bool>)| {
                part.and(likenesses.map(|likenesses| likenesses[0].waves))
            };
            let hashes: Vec<Option<u64>> = self.likenesses.iter().zip(parts).map(hash).collect();
            let parts: Vec<u8> = parts.iter().map(|part| u8::from(*part == Some(true))).collect();
            let near = Near::new(&hashes, &parts, WAVE_BITS);
            let is_looked_at = |row: &usize| hashes[*row].is_some();
            let rows = (0..parts.len()).into_par_iter().filter(is_looked_at);
            let found = rows.map(|row| self.pairs_of(row, &near, &same));
            let pairs = found.collect::<Result<Vec<_>, DataError>>()?.concat();
            let mut rows: Vec<usize> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
            rows.sort_unstable();
            rows.dedup();
            Ok(Alike { pairs, rows, unfinished: 0 })
        })
    }

    /// The copies of an image among the later ones of another part.
    fn pairs_of(
        &self,
        row: usize,
        near: &Near<'_>,
        same: impl Fn(usize, usize) -> Result<bool, DataError>,
    ) -> Result<Vec<(usize, usize)>, DataError> {
        let mut others = BTreeSet::new();
        for (turn, likeness) in self.likenesses[row].iter().flatten().enumerate() {
            let is_near = |other: &usize| self.likenesses[*other].is_some_and(|of| likeness.is_near(of[0]));
            for other in near.to(likeness.waves, row).into_iter().filter(is_near) {
                if !others.contains(&other)
                    && self.are_copies(row, turn, other)?
                    && (turn == 0 || same(row, other)?)
                {
                    others.insert(other);
                }
            }
        }
        Ok(others.into_iter().map(|other| (row, other)).collect())
    }

    /// Whether one image, turned in this way, is the other.
    fn are_copies(&self, row: usize, turn: usize, other: usize) -> Result<bool, DataError> {
        let (one, other) = (self.small(row)?, self.small(other)?);
        Ok(one.zip(other).is_some_and(|(one, other)| alike(&one.turned(turn), &other)))
    }

    /// An image as it is compared.
    fn small(&self, row: usize) -> Result<Option<Cow<'_, Small>>, DataError> {
        match &self.kept[row] {
            Some(small) => Ok(Some(Cow::Borrowed(small))),
            None => Ok(small_of(&(self.read)(row)?).map(Cow::Owned)),
        }
    }
}

/// What an image looks like in each way in which it may be turned; none for one that is flat.
fn likenesses(small: &Small) -> Option<[Likeness; TURNS]> {
    let plain = likeness(small)?;
    Some(std::array::from_fn(|turn| match turn {
        0 => plain,
        _ => likeness(&small.turned(turn)).unwrap_or(plain), // as little flat as the other
    }))
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

    /// What a cell shows, turned by a quarter and mirrored.
    fn transposed(cell: Cell<'_>) -> Cell<'_> {
        let Cell::Image(Pixels { height: side, bytes, .. }) = &cell else { return cell };
        let bytes: Vec<u8> =
            (0..side * side).map(|place| bytes[place % side * side + place / side]).collect();
        Cell::Image(Pixels { height: *side, width: *side, channels: 1, bytes: bytes.into() })
    }

    #[test]
    fn a_turned_copy_is_one_if_it_has_the_same_answer() {
        let read = |row: usize| {
            Ok(match row {
                0 => picture(40, 0.3),
                1 => picture(50, 1.7),
                _ => transposed(picture(60, 0.3)),
            })
        };
        let looked = Looked::at(3, read, KEPT_BYTES).unwrap();
        let copies = |same: bool| looked.copies(&[false, false, true], |_, _| Ok(same)).unwrap().pairs;
        assert_eq!((copies(true), copies(false)), (vec![(2, 0)], vec![]));
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
        let copies = |room| Looked::at(6, read, room).unwrap().copies(&is_held_out, |_, _| Ok(true)).unwrap();
        assert_eq!(copies(KEPT_BYTES).pairs, [(1, 0), (3, 4)]);
        for room in [0, 3 * 4 * 32 * 32] {
            assert_eq!(copies(room), copies(KEPT_BYTES));
        }
    }
}
