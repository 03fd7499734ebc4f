//! The transforms, which add, subtract and halve alone.

use super::product::Block;
use super::{PLACES, QUAD};

/// `G g G'`: rows of `G` are (1, 0, 0), (1, 1, 1) / 2, (1, -1, 1) / 2, (0, 0, 1).
#[inline(always)]
pub(super) fn weight(g: &[f32; 9]) -> [f32; PLACES] {
    let line = |a: f32, b: f32, c: f32| {
        let outer = a + c;
        [a, 0.5 * (outer + b), 0.5 * (outer - b), c]
    };
    let [a, b, c] = [0, 1, 2].map(|column| line(g[column], g[3 + column], g[6 + column]));
    let mut out = [0.0; PLACES];
    for row in 0..4 {
        out[4 * row..][..4].copy_from_slice(&line(a[row], b[row], c[row]));
    }
    out
}

/// `B'` times four numbers of each of several: rows of `B'` are (1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1).
#[inline(always)]
pub(super) fn see<const W: usize>(d: &[[f32; W]; 4]) -> [[f32; W]; 4] {
    let mut out = [[0.0; W]; 4];
    for i in 0..W {
        out[0][i] = d[0][i] - d[2][i];
        out[1][i] = d[1][i] + d[2][i];
        out[2][i] = d[2][i] - d[1][i];
        out[3][i] = d[1][i] - d[3][i];
    }
    out
}

/// `A'` times four numbers: rows of `A'` are (1, 1, 1, 0), (0, 1, -1, -1).
#[inline(always)]
fn tell([a, b, c, d]: [f32; 4]) -> [f32; 2] {
    [a + b + c, b - c - d]
}

/// `d B` of a quad of tiles in one row of places, of which it sees ten.
#[inline(always)]
pub(super) fn see_row(row: &[f32; 2 * QUAD + 2]) -> [[f32; QUAD]; 4] {
    // Four pieces of four: their even and odd numbers are each one shuffle of two pieces.
    let mut pieces = [[0.0; QUAD]; 4];
    for (piece, first) in pieces.iter_mut().zip([0, 4, 2, 6]) {
        piece.copy_from_slice(&row[first..first + QUAD]);
    }
    let [a, b, c, d] = pieces;
    let even = |a: [f32; QUAD], b: [f32; QUAD]| [a[0], a[2], b[0], b[2]];
    let odd = |a: [f32; QUAD], b: [f32; QUAD]| [a[1], a[3], b[1], b[3]];
    see(&[even(a, b), odd(a, b), even(c, d), odd(c, d)])
}

/// `A' m A` of a block: two rows of pixels, each tile's two side by side.
///
/// Tile by tile, whole: of shorter loops the compiler makes vectors across tiles and places, and moves more than it computes.
#[inline(always)]
pub(super) fn tell_block<const W: usize>(m: &Block<W>, pixels: [&mut [[f32; 2]; W]; 2]) {
    let [top, below] = pixels;
    for i in 0..W {
        let mut columns = [[0.0; 2]; 4];
        for (column, told) in columns.iter_mut().enumerate() {
            *told = tell([m[column][i], m[4 + column][i], m[8 + column][i], m[12 + column][i]]);
        }
        let [a, b, c, d] = columns;
        top[i] = tell([a[0], b[0], c[0], d[0]]);
        below[i] = tell([a[1], b[1], c[1], d[1]]);
    }
}

/// `B' d B` of `W` channels of one tile: element (row, column) of what it sees stands at `row * pitch + column * apart`.
#[inline(always)]
pub(super) fn see_block<const W: usize>(d: &[f32], [pitch, apart]: [usize; 2]) -> Block<W> {
    let mut columns = [[[0.0; W]; 4]; 4]; // [column, row of B', channel]
    for (column, seen) in columns.iter_mut().enumerate() {
        let mut rows = [[0.0; W]; 4];
        for (row, places) in rows.iter_mut().enumerate() {
            places.copy_from_slice(&d[row * pitch + column * apart..][..W]);
        }
        *seen = see(&rows);
    }
    let mut block = [[0.0; W]; PLACES];
    for (row, block) in block.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *block = see(&[columns[0][row], columns[1][row], columns[2][row], columns[3][row]]);
    }
    block
}

/// `A dy A'` of `W` filters of one tile, the transpose of [`tell_block`]; pixels stand as in [`see_block`].
#[inline(always)]
pub(super) fn spread_block<const W: usize>(dy: &[f32], [pitch, apart]: [usize; 2]) -> Block<W> {
    let mut columns = [[[0.0; W]; 4]; 2]; // [column of pixels, row of A, filter]
    for (column, spread_out) in columns.iter_mut().enumerate() {
        let mut pixels = [[0.0; W]; 2];
        for (row, pixels) in pixels.iter_mut().enumerate() {
            pixels.copy_from_slice(&dy[row * pitch + column * apart..][..W]);
        }
        *spread_out = spread(&pixels);
    }
    let mut block = [[0.0; W]; PLACES];
    for (row, block) in block.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *block = spread(&[columns[0][row], columns[1][row]]);
    }
    block
}

/// `A` times two numbers of each of several.
#[inline(always)]
fn spread<const W: usize>(d: &[[f32; W]; 2]) -> [[f32; W]; 4] {
    let mut out = [[0.0; W]; 4];
    for i in 0..W {
        out[0][i] = d[0][i];
        out[1][i] = d[0][i] + d[1][i];
        out[2][i] = d[0][i] - d[1][i];
        out[3][i] = -d[1][i];
    }
    out
}

/// `G' u G` of one pair, the transpose of [`weight`].
#[inline(always)]
pub(super) fn taps(u: &[f32; PLACES]) -> [f32; 9] {
    let line = |a: f32, b: f32, c: f32, d: f32| {
        let (sum, difference) = (0.5 * (b + c), 0.5 * (b - c));
        [a + sum, difference, d + sum]
    };
    let columns = [0, 1, 2, 3].map(|column| line(u[column], u[4 + column], u[8 + column], u[12 + column]));
    let mut taps = [0.0; 9];
    for row in 0..3 {
        let [a, b, c, d] = columns.map(|column| column[row]);
        taps[3 * row..][..3].copy_from_slice(&line(a, b, c, d));
    }
    taps
}
