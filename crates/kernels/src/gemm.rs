//! Products of matrices: `C = A.B`, with bias and relu while the numbers are still in registers.
//!
//! Blocked as in Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): panels of A and B are packed
//! so that the innermost loop reads both in order, and a tile of C stays in registers.
//!
//! Each element of C is summed in one order on every rung and for every number of rows, columns and threads: K is cut into
//! blocks by its length alone, products are fused-added in order within a block, and blocks are added in order. Below the highest
//! [`Precision`](crate::Precision) a product on tiles has an order of its own.

mod block;
mod few;
mod micro;
mod pack;
mod prepared;
mod rows;
mod split;
mod tiled;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::Write;
use crate::ctx::Ctx;
use crate::isa::Rung;
use crate::scratch;

pub(crate) use block::Block;
pub(crate) use micro::{Stage, at_least, floor, store, sweep};
pub(crate) use pack::{Lines, Pack, Standing, pack_all, pack_block};
pub use prepared::{gemm_prepare, gemm_prepared, gemm_prepared_len};
pub(crate) use rows::{PackedRows, Rows};

/// A matrix in a slice: element (i, j) stands at `i * row + j * col`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// From one row to the next.
    pub row: usize,
    /// From one column to the next.
    pub col: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of this many columns, one after the other.
    pub fn rows(data: &'a [f32], columns: usize) -> Matrix<'a> {
        Matrix { data, row: columns, col: 1 }
    }

    /// The transpose of rows of this many columns: its own columns stand one after the other.
    pub fn transposed(data: &'a [f32], columns: usize) -> Matrix<'a> {
        Matrix { data, row: 1, col: columns }
    }

    /// The part that begins at this row and column.
    pub(crate) fn from(self, [row, column]: [usize; 2]) -> Matrix<'a> {
        Matrix { data: &self.data[row * self.row + column * self.col..], ..self }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows == 0 || columns == 0 || (rows - 1) * self.row + (columns - 1) * self.col < self.data.len()
    }
}

/// A matrix to write to: row `i` starts at `i * row`, its columns stand side by side.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    /// The numbers.
    pub data: &'a mut [f32],
    /// From one row to the next; at least the number of columns.
    pub row: usize,
}

impl<'a> MatrixMut<'a> {
    /// Rows of this many columns, one after the other.
    pub fn rows(data: &'a mut [f32], columns: usize) -> MatrixMut<'a> {
        MatrixMut { data, row: columns }
    }
}

/// What is added to a finished product.
#[derive(Clone, Copy, Debug, Default)]
pub enum Bias<'a> {
    /// Nothing.
    #[default]
    None,
    /// A number for each column: the bias of a dense layer, `y = x.W^T + b`.
    Columns(&'a [f32]),
    /// A number for each row: the bias of a convolution, whose rows are channels.
    Rows(&'a [f32]),
}

/// What is done to an element of C once its sum is complete: the bias first, then relu (which lets NaN pass).
///
/// With [`Write::Add`] what stood in C is part of the sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added to the sum.
    pub bias: Bias<'a>,
    /// Whether negative sums become zero.
    pub relu: bool,
}

impl<'a> Epilogue<'a> {
    /// Nothing: the product as it is.
    pub const NONE: Epilogue<'static> = Epilogue { bias: Bias::None, relu: false };

    /// A number added to each column.
    pub fn columns(bias: &'a [f32]) -> Epilogue<'a> {
        Epilogue { bias: Bias::Columns(bias), relu: false }
    }

    /// A number added to each row.
    pub fn rows(bias: &'a [f32]) -> Epilogue<'a> {
        Epilogue { bias: Bias::Rows(bias), relu: false }
    }
}

/// The longest block of K. A panel of 16 columns of B then takes 20 KB, and with 6 rows of A it stays in an L1 cache of 32 KB.
/// A constant, because it decides the order of sums.
pub(crate) const DEPTH: usize = 320;
/// Rows of A that one task packs at a time: with a block of K at most 180 KB of an L2 cache.
const ROWS: usize = 144;
/// Columns of C in one task; a multiple of every tile's width.
const COLUMNS: usize = 128;
/// Numbers of B that are packed before the tasks that share them start.
const SHARED: usize = 1 << 20;
/// Multiplications of a task at least: a hand-over costs as much as some 100,000 of them.
const ALONE: usize = 1 << 19;
/// As many tasks keep some threads at work: where few rows and columns make fewer, each is narrower, though each packs A.
const TASKS: usize = 4;

/// The blocks of K, one at least, all but the last of one length.
pub(crate) fn depths(k: usize) -> impl Iterator<Item = Range<usize>> {
    let count = k.div_ceil(DEPTH).max(1);
    let step = k.div_ceil(count);
    (0..count).map(move |i| (i * step).min(k)..((i + 1) * step).min(k))
}

/// `C = A.B` or `C += A.B`, then the epilogue.
///
/// `size` is `[m, n, k]`; `a`: `[m, k]`, `b`: `[k, n]`, `c`: `[m, n]`. An empty sum (`k = 0`) is zero, and still gets bias and
/// relu. NaN and infinities pass as in a plain loop: zero times NaN is NaN.
///
/// Where the processor has tiles and [`Ctx::precision`] asks for them, products are computed so, unless a side of them is below 16
/// or they have fewer than 2^18 multiplications: so a row alone may have other bits than among many. What NaN takes part in is
/// NaN there too; what infinity takes part in is infinite at `Medium`, and infinite or NaN at `High`.
///
/// # Panics
/// If a slice is shorter than its matrix, rows of `c` overlap, or a bias has another length than its side of C.
pub fn gemm(
    ctx: &Ctx,
    size: [usize; 3],
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: MatrixMut<'_>,
    write: Write,
    epilogue: Epilogue<'_>,
) {
    let (product, c) = Product::of(ctx, size, (a, b, c), write, epilogue);
    if !product.on_tiles(&c) {
        product.on_vectors(c);
    }
}

/// As [`gemm`], in `f32` whatever precision is asked for.
pub(crate) fn gemm_highest(
    ctx: &Ctx,
    size: [usize; 3],
    a: Matrix<'_>,
    b: Matrix<'_>,
    c: MatrixMut<'_>,
    write: Write,
    epilogue: Epilogue<'_>,
) {
    let (product, c) = Product::of(ctx, size, (a, b, c), write, epilogue);
    product.on_vectors(c);
}

/// The columns of a B of `[k, n]` whose slice is as long.
fn columns_of(b: Matrix<'_>, [k, n]: [usize; 2]) -> Lines<'_> {
    assert!(b.holds(k, n), "gemm wants {k} rows and {n} columns in B, got {} numbers", b.data.len());
    Lines { data: b.data, line: b.col, deep: b.row, count: n }
}

/// A product to be cut into tasks.
struct Product<'a, B = Lines<'a>> {
    ctx: &'a Ctx,
    k: usize,
    a: Lines<'a>,
    b: B,
    write: Write,
    epilogue: Epilogue<'a>,
}

impl<'p> Product<'p> {
    /// A product whose slices are as long as its matrices, and where it goes.
    fn of<'c>(
        ctx: &'p Ctx,
        [m, n, k]: [usize; 3],
        (a, b, c): (Matrix<'p>, Matrix<'p>, MatrixMut<'c>),
        write: Write,
        epilogue: Epilogue<'p>,
    ) -> (Product<'p>, Block<'c>) {
        Product::with(ctx, [m, n, k], (a, columns_of(b, [k, n]), c), write, epilogue)
    }

    fn on_vectors(&self, c: Block<'_>) {
        if c.rows() == 0 || c.columns() == 0 {
            return;
        }
        match self.ctx.isa.rung() {
            Rung::Avx512 => self.run::<12, 32>(c),
            Rung::Avx2 | Rung::Portable => self.run::<6, 16>(c),
        }
    }

    fn run<const MR: usize, const NR: usize>(&self, c: Block<'_>) {
        let (m, n) = (c.rows(), c.columns());
        if self.is_few() {
            return self.few(&c);
        }
        if m <= ROWS {
            // Every panel of B meets all rows at once, so it is packed where it is used.
            return self.tasks::<MR, NR>(&c, 0..n, &self.b);
        }
        let columns = (SHARED / self.k.max(1)).max(1).next_multiple_of(COLUMNS);
        for first in (0..n).step_by(columns) {
            let columns = first..(first + columns).min(n);
            let panels = columns.len().div_ceil(NR);
            scratch::lend(panels * NR * self.k, |packed| {
                let Ctx { isa, team, .. } = self.ctx;
                pack_all::<NR>(*isa, Some(team), &self.b, columns.clone(), self.k, packed);
                let packed = pack::Packed { data: packed, first: columns.start, count: panels * NR };
                self.tasks::<MR, NR>(&c, columns.clone(), &packed);
            });
        }
    }
}

impl<'p, B: Sync> Product<'p, B> {
    /// The same with a B that is known to have its columns.
    fn with<'c>(
        ctx: &'p Ctx,
        [m, n, k]: [usize; 3],
        (a, b, c): (Matrix<'p>, B, MatrixMut<'c>),
        write: Write,
        epilogue: Epilogue<'p>,
    ) -> (Product<'p, B>, Block<'c>) {
        assert!(a.holds(m, k), "gemm wants {m} rows and {k} columns in A, got {} numbers", a.data.len());
        match epilogue.bias {
            Bias::None => {}
            Bias::Columns(bias) => assert_eq!(bias.len(), n, "gemm wants a bias for each of {n} columns"),
            Bias::Rows(bias) => assert_eq!(bias.len(), m, "gemm wants a bias for each of {m} rows"),
        }
        let c = Block::new(c.data, c.row, m, n);
        let a = Lines { data: a.data, line: a.row, deep: a.col, count: m };
        (Product { ctx, k, a, b, write, epilogue }, c)
    }

    /// Some columns of C, all rows.
    fn tasks<const MR: usize, const NR: usize>(&self, c: &Block<'_>, columns: Range<usize>, b: &impl Pack) {
        // No task much shorter than the others, or threads would wait.
        let down = c.rows().div_ceil(ROWS);
        let high = c.rows().div_ceil(down).next_multiple_of(MR);
        let worth = (high * columns.len() * self.k / ALONE).max(1); // tasks side by side that pay for themselves
        let usual = columns.len().div_ceil(COLUMNS);
        let across = worth.min(if down == 1 { usual.max(TASKS) } else { usual });
        let wide = columns.len().div_ceil(across).next_multiple_of(NR);
        self.each_task(c, 0..c.rows(), columns, [high, wide], |c, rows, columns| {
            self.task::<MR, NR>(c, rows, columns, b)
        });
    }

    /// Calls `work` with every block of some rows and columns of C, each at most as high and wide.
    fn each_task(
        &self,
        c: &Block<'_>,
        rows: Range<usize>,
        columns: Range<usize>,
        [high, wide]: [usize; 2],
        work: impl Fn(Block<'_>, Range<usize>, Range<usize>) + Sync,
    ) {
        let across = columns.len().div_ceil(wide);
        let count = rows.len().div_ceil(high) * across;
        let task = |i: usize| {
            let (row, column) = (rows.start + i / across * high, columns.start + i % across * wide);
            let rows = row..(row + high).min(rows.end);
            let columns = column..(column + wide).min(columns.end);
            // SAFETY: tasks are numbered once, and blocks of different numbers do not meet.
            let c = unsafe { c.part(rows.clone(), columns.clone()) };
            work(c, rows, columns);
        };
        self.ctx.team.run(count, &task);
    }

    fn task<const MR: usize, const NR: usize>(
        &self,
        mut c: Block<'_>,
        rows: Range<usize>,
        columns: Range<usize>,
        b: &impl Pack,
    ) {
        let deepest = self.k.min(DEPTH);
        scratch::lend(NR * deepest, |panel| {
            if let Some(a) = self.a.standing(rows.clone()) {
                for depth in depths(self.k) {
                    let a = a.from(depth.start);
                    self.stripe::<MR, NR>(&a, b, [&rows, &columns], depth, &mut c, panel);
                }
                return;
            }
            let high = rows.len().next_multiple_of(MR);
            scratch::lend(high * deepest, |a| {
                for depth in depths(self.k) {
                    let a = &mut a[..high * depth.len()];
                    pack::pack_block::<MR>(self.ctx.isa, &self.a, rows.clone(), depth.clone(), a);
                    self.stripe::<MR, NR>(&PackedRows(a), b, [&rows, &columns], depth, &mut c, panel);
                }
            });
        });
    }

    /// One block of K.
    fn stripe<const MR: usize, const NR: usize>(
        &self,
        a: &impl Rows,
        b: &impl Pack,
        [rows, columns]: [&Range<usize>; 2],
        depth: Range<usize>,
        c: &mut Block<'_>,
        panel: &mut [f32],
    ) {
        let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, rows.start, columns.start);
        sweep::<MR, NR>(self.ctx.isa, a, b, columns.clone(), depth, c, stage, panel);
    }
}
