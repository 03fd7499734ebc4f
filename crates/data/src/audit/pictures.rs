//! Images that stand, as copies in another size, quality or light, in two parts of the data.

mod alike;
mod likeness;
mod near;
mod waves;

use rayon::prelude::*;

use super::{Alike, Seen, halves};
use crate::DataError;
use crate::source::{Cell, Pixels};

use alike::alike;
use likeness::{Likeness, WAVE_BITS, likeness};
use near::Near;

/// Smaller images look like each other anyhow; only equal ones are told.
const LEAST_SIDE: usize = 32;

/// Which images that do not teach are copies of one that does; `image` gives the image of a row.
pub(super) fn copies<'a>(
    image: impl Fn(usize) -> Result<Option<Pixels<'a>>, DataError> + Sync,
    is_held_out: &[bool],
) -> Result<Seen, DataError> {
    let rows = 0..is_held_out.len();
    let looked: Vec<Option<Likeness>> = rows
        .into_par_iter()
        .map(|row| {
            let image = image(row)?;
            let image = image.filter(|image| image.height.min(image.width) >= LEAST_SIDE);
            Ok(image.as_ref().and_then(likeness))
        })
        .collect::<Result<_, DataError>>()?;
    let look = |parts: &[Option<bool>]| {
        let hash =
            |(likeness, part): (&Option<Likeness>, &Option<bool>)| part.and(likeness.map(|it| it.waves));
        let hashes: Vec<Option<u64>> = looked.iter().zip(parts).map(hash).collect();
        let parts: Vec<u8> = parts.iter().map(|part| u8::from(*part == Some(true))).collect();
        let near = Near::new(&hashes, &parts, WAVE_BITS);
        let of = |row: usize| -> Result<Vec<(usize, usize)>, DataError> {
            let is_near = |other: &usize| {
                looked[row].zip(looked[*other]).is_some_and(|(one, other)| one.is_near(other))
            };
            let others: Vec<usize> = near.of(row).into_iter().filter(is_near).collect();
            let one = if others.is_empty() { None } else { image(row)? };
            let Some(one) = one else { return Ok(vec![]) };
            let mut found = vec![];
            for other in others {
                if image(other)?.is_some_and(|other| alike(&one, &other)) {
                    found.push((row, other));
                }
            }
            Ok(found)
        };
        let found: Result<Vec<_>, DataError> = (0..parts.len()).into_par_iter().map(of).collect();
        let pairs = found?.concat();
        let mut rows: Vec<usize> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
        rows.sort_unstable();
        rows.dedup();
        Ok(Alike { pairs, rows, unfinished: 0 })
    };
    halves(is_held_out, look)
}

/// The image that a cell holds.
pub(super) fn image_of(cell: Cell<'_>) -> Option<Pixels<'_>> {
    match cell {
        Cell::Image(image) => Some(image),
        Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Name(_) => None,
    }
}
