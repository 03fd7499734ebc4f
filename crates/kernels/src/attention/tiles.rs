//! The two products of attention, over panels: some columns of a matrix side by side, its rows one after the other.
//!
//! Everything lies in the first two caches and is used once or a few times, so the left side is read as it is.

use crate::isa::rungs;
use crate::panels::{PANEL, Row};

/// Rows of a tile of 16 columns: with 6 it fills 12 of the 16 registers of AVX2.
const TALL: usize = 6;

/// Rows of a tile of 8 columns.
const TALLER: usize = 8;

rungs! {
    /// `c = a b`, or `c += a b` to `ADD`. `a`: panels of `A` columns, `apart` rows from each other; `b`: `[k, B]`; `c`: `[m, B]`.
    ///
    /// An element is one chain of fused products along `k`.
    pub(super) fn across<const A: usize, const B: usize, const ADD: bool>(
        a: &[[f32; A]], apart: usize, b: &[[f32; B]], c: &mut [[f32; B]],
    ) -> () {
        let tall = if B < PANEL { TALLER } else { TALL };
        let mut i = 0;
        while i < c.len() {
            let left = c.len() - i;
            let rows = left.div_ceil(left.div_ceil(tall)); // 8 is 4 + 4, not 6 + 2
            match rows {
                1 => across_tile::<1, A, B, ADD>(a, apart, i, b, c),
                2 => across_tile::<2, A, B, ADD>(a, apart, i, b, c),
                3 => across_tile::<3, A, B, ADD>(a, apart, i, b, c),
                4 => across_tile::<4, A, B, ADD>(a, apart, i, b, c),
                5 => across_tile::<5, A, B, ADD>(a, apart, i, b, c),
                6 => across_tile::<6, A, B, ADD>(a, apart, i, b, c),
                7 => across_tile::<7, A, B, ADD>(a, apart, i, b, c),
                _ => across_tile::<8, A, B, ADD>(a, apart, i, b, c),
            }
            i += rows;
        }
    }

    /// `c = a^T b`, or `c += a^T b` to `ADD`. `a`: one panel `[k, 16]`, `b`: `[k, B]`, `c`: at most 16 rows of `B`.
    ///
    /// Of `k` row `i` of `c` wants the first `seen + i` alone; what stands in `a` behind them is zero.
    pub(super) fn down<const B: usize, const ADD: bool>(
        a: &[Row], b: &[[f32; B]], c: &mut [[f32; B]], seen: usize,
    ) -> () {
        let mut i = 0;
        while i < c.len() {
            let left = c.len() - i;
            let rows = left.div_ceil(left.div_ceil(TALL));
            let a = &a[..a.len().min(seen + i + rows - 1)];
            match rows {
                1 => down_tile::<1, B, ADD>(a, i, b, c),
                2 => down_tile::<2, B, ADD>(a, i, b, c),
                3 => down_tile::<3, B, ADD>(a, i, b, c),
                4 => down_tile::<4, B, ADD>(a, i, b, c),
                5 => down_tile::<5, B, ADD>(a, i, b, c),
                _ => down_tile::<6, B, ADD>(a, i, b, c),
            }
            i += rows;
        }
    }
}

#[inline(always)]
fn across_tile<const M: usize, const A: usize, const B: usize, const ADD: bool>(
    a: &[[f32; A]],
    apart: usize,
    i: usize,
    b: &[[f32; B]],
    c: &mut [[f32; B]],
) {
    let Some(c) = c[i..].first_chunk_mut::<M>() else { return };
    let mut sums = if ADD { *c } else { [[0.0; B]; M] };
    let (whole, rest) = b.as_chunks::<A>();
    for (panel, b) in whole.iter().enumerate() {
        let Some(a) = a[panel * apart + i..].first_chunk::<M>() else { return };
        steps(a, b, &mut sums);
    }
    if !rest.is_empty() {
        let Some(a) = a[whole.len() * apart + i..].first_chunk::<M>() else { return };
        steps(a, rest, &mut sums);
    }
    *c = sums;
}

/// Adds what one panel of the left side gives.
#[inline(always)]
fn steps<const M: usize, const A: usize, const B: usize>(
    a: &[[f32; A]; M],
    b: &[[f32; B]],
    sums: &mut [[f32; B]; M],
) {
    for (k, b) in b.iter().enumerate() {
        for r in 0..M {
            for lane in 0..B {
                sums[r][lane] = a[r][k].mul_add(b[lane], sums[r][lane]);
            }
        }
    }
}

#[inline(always)]
fn down_tile<const M: usize, const B: usize, const ADD: bool>(
    a: &[Row],
    i: usize,
    b: &[[f32; B]],
    c: &mut [[f32; B]],
) {
    let Some(c) = c[i..].first_chunk_mut::<M>() else { return };
    if i + M > PANEL {
        return; // never; the compiler then knows that all below is in range
    }
    let mut sums = if ADD { *c } else { [[0.0; B]; M] };
    for (a, b) in a.iter().zip(b) {
        for r in 0..M {
            for lane in 0..B {
                sums[r][lane] = a[i + r].mul_add(b[lane], sums[r][lane]);
            }
        }
    }
    // A wall: without it the compiler makes vectors of `a`, whose numbers lie side by side as well, and three times the work.
    let mut stored = sums;
    for (c, sums) in c.iter_mut().zip(std::hint::black_box(&mut stored).iter()) {
        *c = *sums;
    }
}
