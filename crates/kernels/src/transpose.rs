//! Rows to columns.

use crate::ctx::Ctx;
use crate::elementwise::{accumulate, copy};
use crate::isa::rungs;
use crate::map::CHUNK;
use crate::scratch::lend;
use crate::write::Write;

/// Rows and columns of a tile: a vector of AVX2, and half a cache line on both sides.
const TILE: usize = 8;

/// Swaps the last two axes.
///
/// `x`: `[n, rows, columns]`; `y`: `[n, columns, rows]`, overwritten.
///
/// # Panics
/// If a length is another.
pub fn transpose(ctx: &Ctx, n: usize, rows: usize, columns: usize, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), n * rows * columns, "transpose wants [{n}, {rows}, {columns}] to read");
    assert_eq!(y.len(), x.len(), "transpose wants [{n}, {columns}, {rows}] to write");
    if rows <= 1 || columns <= 1 {
        return copy(ctx, x, y, Write::Set); // the same order, or nothing at all
    }
    // A task writes some rows of `y`; at least a tile's, so that a line of `x` is fetched for few tasks.
    let task = (CHUNK / rows / TILE * TILE).max(TILE);
    // Matrices that are smaller are not cut.
    let task = if columns <= task { (task / columns).max(1) * columns } else { task };
    ctx.team.parts(y, task * rows, |i, y| {
        let (mut first, mut rest) = (i * task, y);
        while !rest.is_empty() {
            let (matrix, column) = (first / columns, first % columns);
            let taken = (columns - column).min(rest.len() / rows);
            let (part, others) = rest.split_at_mut(taken * rows);
            transpose_part(
                ctx.isa,
                columns,
                column,
                &x[matrix * rows * columns..][..rows * columns],
                part,
                rows,
            );
            (first, rest) = (first + taken, others);
        }
    });
}

/// The gradient of [`transpose`]: swaps the last two axes back. `dy`: `[n, columns, rows]`; `dx`: `[n, rows, columns]`.
///
/// # Panics
/// If a length is another.
pub fn transpose_backward(
    ctx: &Ctx,
    n: usize,
    rows: usize,
    columns: usize,
    dy: &[f32],
    dx: &mut [f32],
    write: Write,
) {
    match write {
        Write::Set => transpose(ctx, n, columns, rows, dy, dx),
        Write::Add => lend(dy.len(), |turned| {
            transpose(ctx, n, columns, rows, dy, turned);
            accumulate(ctx, turned, dx);
        }),
    }
}

rungs! {
    /// Columns of `x: [rows, columns]` from `first` on become the rows of `y: [.., rows]`.
    fn transpose_part(columns: usize, first: usize, x: &[f32], y: &mut [f32], rows: usize) {
        let taken = y.len() / rows;
        for r in (0..rows).step_by(TILE) {
            for c in (0..taken).step_by(TILE) {
                let source = &x[r * columns + first + c..];
                let target = &mut y[c * rows + r..];
                if r + TILE <= rows && c + TILE <= taken {
                    whole_tile(columns, source, rows, target);
                } else {
                    edge((rows - r).min(TILE), (taken - c).min(TILE), columns, source, rows, target);
                }
            }
        }
    }
}

/// A whole tile, through registers.
#[inline(always)]
fn whole_tile(x_stride: usize, x: &[f32], y_stride: usize, y: &mut [f32]) {
    let mut tile = [[0.0; TILE]; TILE];
    for (r, row) in tile.iter_mut().enumerate() {
        row.copy_from_slice(&x[r * x_stride..][..TILE]);
    }
    let tile = interleave(interleave(interleave(tile)));
    for (c, row) in tile.iter().enumerate() {
        y[c * y_stride..][..TILE].copy_from_slice(row);
    }
}

/// One of the three steps of a transpose: row `i` and row `i + 4` are shuffled into each other.
///
/// With the place of an element as six bits, `rrrccc`, it turns them by one; three turns swap `r` and `c`.
#[inline(always)]
fn interleave(x: [[f32; TILE]; TILE]) -> [[f32; TILE]; TILE] {
    let mut y = [[0.0; TILE]; TILE];
    for i in 0..TILE / 2 {
        for k in 0..TILE / 2 {
            y[2 * i][2 * k] = x[i][k];
            y[2 * i][2 * k + 1] = x[i + TILE / 2][k];
            y[2 * i + 1][2 * k] = x[i][k + TILE / 2];
            y[2 * i + 1][2 * k + 1] = x[i + TILE / 2][k + TILE / 2];
        }
    }
    y
}

/// A tile at the border.
#[inline(always)]
fn edge(rows: usize, columns: usize, x_stride: usize, x: &[f32], y_stride: usize, y: &mut [f32]) {
    for c in 0..columns {
        for r in 0..rows {
            y[c * y_stride + r] = x[r * x_stride + c];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{everywhere, normal};

    #[test]
    fn rows_become_columns() {
        for (n, rows, columns) in [
            (0, 3, 3),
            (2, 0, 3),
            (1, 1, 1),
            (3, 7, 9),
            (2, 8, 16),
            (5, 17, 31),
            (700, 8, 9),
            (9, 1, 4),
            (9, 4, 1),
            (1, 40_000, 3),
            (1, 3, 40_000),
            (2, 300, 301),
            (2, 5000, 9),
        ] {
            let x = normal(1, n * rows * columns);
            let y = everywhere(|ctx| {
                let mut y = vec![f32::NAN; x.len()];
                transpose(ctx, n, rows, columns, &x, &mut y);
                y
            });
            for (i, &got) in y.iter().enumerate() {
                let (matrix, c, r) = (i / (rows * columns), i / rows % columns, i % rows);
                assert_eq!(got, x[matrix * rows * columns + r * columns + c], "{n} {rows} {columns}: {i}");
            }
        }
    }

    #[test]
    fn a_gradient_is_turned_back() {
        let (n, rows, columns) = (3, 7, 9);
        let (x, before) = (normal(1, n * rows * columns), normal(2, n * rows * columns));
        let [set, added] = everywhere(|ctx| {
            let (mut y, mut set, mut added) =
                (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()], before.clone());
            transpose(ctx, n, rows, columns, &x, &mut y);
            transpose_backward(ctx, n, rows, columns, &y, &mut set, Write::Set);
            transpose_backward(ctx, n, rows, columns, &y, &mut added, Write::Add);
            [set, added]
        });
        assert_eq!(set, x);
        assert!(added.iter().zip(before.iter().zip(&x)).all(|(added, (before, x))| *added == before + x));
    }
}
