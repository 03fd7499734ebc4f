//! How the tiles of a convolution are cut.

use std::ops::Range;

use super::PLACES;
use crate::conv::{Conv2d, Geometry, TASKS};

/// Transformed numbers of a task, in and out: with the weights of a place they fit an L2 cache.
const NUMBERS: usize = 1 << 16;

/// Tiles of a task, at least: two full vectors, so that a weight that is read is multiplied more than once, however many channels there
/// are.
const FEWEST_TILES: usize = 32;

/// The tiles of a convolution: rows of pieces, one after the other over all images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) conv: Conv2d,
    pub(super) output: [usize; 2],
    /// Rows of tiles of an image.
    pub(super) down: usize,
    /// Pieces in a row.
    pub(super) across: usize,
    /// Rows that are looked at together.
    pub(super) rows: usize,
}

/// Some rows of one image.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) image: usize,
    pub(super) rows: Range<usize>,
    /// The first of its pieces among all that are looked at together.
    pub(super) first: usize,
}

impl Cut {
    /// Pieces of so many tiles, looked at in panels of `wide` tiles.
    pub(super) fn of(geometry: &Geometry, piece: usize, wide: usize) -> Cut {
        let Geometry { conv, output, .. } = *geometry;
        let (down, across) = (output[0].div_ceil(2), output[1].div_ceil(2 * piece));
        let tiles = |rows: usize| (rows * across * piece).next_multiple_of(wide);
        let most = (NUMBERS / (PLACES * (conv.channels + conv.filters))).max(FEWEST_TILES);
        let all = (down * conv.batch).max(1);
        // As few empty columns in the last panel as can be, then as many rows, as long as there is something for each thread.
        let full = |rows: usize| rows * across * piece * 1000 / tiles(rows);
        let some = all.div_ceil(TASKS).max(wide.div_ceil(across * piece).min(all)).min(64);
        let fitting = (1..=some).filter(|rows| *rows == 1 || tiles(*rows) <= most);
        let rows = fitting.max_by_key(|rows| (full(*rows), *rows)).unwrap_or(1);
        Cut { conv, output, down, across, rows }
    }

    /// Rows of all images.
    pub(super) fn all_rows(&self) -> usize {
        self.conv.batch * self.down
    }

    /// Some rows of all images, image by image.
    pub(super) fn runs(&self, rows: Range<usize>) -> impl Iterator<Item = Run> {
        let (down, across) = (self.down, self.across);
        let mut next = rows.start;
        std::iter::from_fn(move || {
            (next < rows.end).then(|| {
                let (image, row) = (next / down, next % down);
                let count = (down - row).min(rows.end - next);
                let first = (next - rows.start) * across;
                next += count;
                Run { image, rows: row..row + count, first }
            })
        })
    }
}
