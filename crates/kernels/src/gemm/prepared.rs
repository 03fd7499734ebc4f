//! Products with a B whose panels were laid beforehand: the weights of a network that answers, which every call meets.
//!
//! Sums have the order of all other products.

use std::ops::Range;

use super::micro::store;
use super::pack::{Packed, pack_all};
use super::{Block, Epilogue, Matrix, MatrixMut, Product, Stage, TASKS, columns_of, depths};
use crate::Write;
use crate::ctx::Ctx;
use crate::isa::{Rung, rungs};
use crate::scratch;

/// Numbers of B in one task of few rows.
const TASK: usize = 1 << 15;

/// How many numbers [`gemm_prepare`] writes for a B of `[k, n]`.
pub fn gemm_prepared_len(ctx: &Ctx, [k, n]: [usize; 2]) -> usize {
    k * n.next_multiple_of(columns(ctx))
}

/// Lays a B of `[k, n]` as [`gemm_prepared`] reads it, on a processor with the same instructions.
///
/// # Panics
/// If a slice is shorter than its matrix.
pub fn gemm_prepare(ctx: &Ctx, [k, n]: [usize; 2], b: Matrix<'_>, prepared: &mut [f32]) {
    check_len(ctx, [k, n], prepared);
    let b = columns_of(b, [k, n]);
    match ctx.isa.rung() {
        Rung::Avx512 => pack_all::<32>(ctx.isa, Some(&ctx.team), &b, 0..n, k, prepared),
        Rung::Avx2 | Rung::Portable => pack_all::<16>(ctx.isa, Some(&ctx.team), &b, 0..n, k, prepared),
    }
}

/// [`gemm`](super::gemm) with a B of [`gemm_prepare`], in `f32` whatever precision is asked for.
///
/// # Panics
/// As [`gemm`](super::gemm), and if B was prepared for another size.
pub fn gemm_prepared(
    ctx: &Ctx,
    size: [usize; 3],
    a: Matrix<'_>,
    prepared: &[f32],
    c: MatrixMut<'_>,
    write: Write,
    epilogue: Epilogue<'_>,
) {
    let [_, n, k] = size;
    check_len(ctx, [k, n], prepared);
    let b = Packed { data: prepared, first: 0, count: n.next_multiple_of(columns(ctx)) };
    let (product, c) = Product::with(ctx, size, (a, b, c), write, epilogue);
    if c.rows() > 0 && c.columns() > 0 {
        match ctx.isa.rung() {
            Rung::Avx512 => product.of_panels::<12, 32>(&c),
            Rung::Avx2 | Rung::Portable => product.of_panels::<6, 16>(&c),
        }
    }
}

/// Columns of a panel.
fn columns(ctx: &Ctx) -> usize {
    match ctx.isa.rung() {
        Rung::Avx512 => 32,
        Rung::Avx2 | Rung::Portable => 16,
    }
}

fn check_len(ctx: &Ctx, [k, n]: [usize; 2], prepared: &[f32]) {
    let wanted = gemm_prepared_len(ctx, [k, n]);
    let got = prepared.len();
    assert_eq!(got, wanted, "a prepared B of {k} rows and {n} columns has {wanted} numbers, got {got}");
}

impl Product<'_, Packed<'_>> {
    fn of_panels<const MR: usize, const NR: usize>(&self, c: &Block<'_>) {
        match c.rows() {
            1 => self.side_by_side::<1, 4, 2, NR>(c),
            2 => self.side_by_side::<2, 2, 1, NR>(c),
            _ => self.tasks::<MR, NR>(c, 0..c.columns(), &self.b),
        }
    }

    /// So few rows that the sums of one panel do not fill the time that a sum waits for the product before: `P` of them at a time,
    /// or `H`, half as many, where columns are few.
    fn side_by_side<const R: usize, const P: usize, const H: usize, const NR: usize>(&self, c: &Block<'_>) {
        let usual = (TASK / self.k.max(1)).max(1).next_multiple_of(P * NR);
        let worth = (c.columns() * self.k / (2 * TASK)).clamp(1, TASKS); // tasks that pay for themselves
        let wide = usual.min(c.columns().div_ceil(worth).next_multiple_of(H * NR));
        scratch::lend(R * self.k, |a| {
            pack_all::<R>(self.ctx.isa, None, &self.a, 0..R, self.k, a);
            let a: &[[f32; R]] = a.as_chunks::<R>().0;
            self.each_task(c, 0..R, 0..c.columns(), [R, wide], |mut c, _, columns| {
                for depth in depths(self.k) {
                    let stage = Stage::of(self.write, &depth, self.k, &self.epilogue, 0, columns.start);
                    let a = &a[depth.clone()];
                    stripe::<R, P, H, NR>(self.ctx.isa, a, &self.b, columns.clone(), depth, &mut c, stage);
                }
            });
        });
    }
}

rungs! {
    /// One block of K for some columns of C.
    fn stripe<const R: usize, const P: usize, const H: usize, const NR: usize>(
        a: &[[f32; R]], b: &Packed<'_>, columns: Range<usize>, depth: Range<usize>, c: &mut Block<'_>, stage: Stage<'_>
    ) -> () {
        let mut first = columns.start;
        while first < columns.end {
            let at = first - columns.start..(first + P * NR).min(columns.end) - columns.start;
            first += match at.len().div_ceil(NR) {
                panels if panels >= P => several::<R, P, NR>(a, b, first, &depth, c, at, &stage),
                panels if panels >= H => several::<R, H, NR>(a, b, first, &depth, c, at, &stage),
                _ => several::<R, 1, NR>(a, b, first, &depth, c, at, &stage),
            };
        }
    }
}

/// `P` panels, the first of which has column `first` of B; `columns` says where they go in C. Returns how many columns they have.
#[inline(always)]
fn several<const R: usize, const P: usize, const NR: usize>(
    a: &[[f32; R]],
    b: &Packed<'_>,
    first: usize,
    depth: &Range<usize>,
    c: &mut Block<'_>,
    columns: Range<usize>,
    stage: &Stage<'_>,
) -> usize {
    let mut panels = [&[][..]; P];
    for (i, panel) in panels.iter_mut().enumerate() {
        *panel = &b.at::<NR>(first + i * NR, depth).as_chunks::<NR>().0[..a.len()];
    }
    let mut sums = [[[0.0f32; NR]; R]; P];
    for (k, a) in a.iter().enumerate() {
        for (sums, panel) in sums.iter_mut().zip(&panels) {
            for (sums, a) in sums.iter_mut().zip(a) {
                for (sum, b) in sums.iter_mut().zip(&panel[k]) {
                    *sum = a.mul_add(*b, *sum);
                }
            }
        }
    }
    // A wall, as in a tile.
    let sums = std::hint::black_box(sums);
    for (i, sums) in sums.iter().enumerate() {
        let start = columns.start + i * NR;
        store(sums, c, 0, start..(start + NR).min(columns.end), stage);
    }
    P * NR
}
